"""The top line: the program, the lists, the exchange's session and time, and badges for what is not the real market
now."""

from __future__ import annotations

from collections.abc import Iterator

from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui import format as fmt
from tui.config.watchlists import LONGEST_NAME
from tui.market.sessions import Calendar
from tui.widgets.line_widget import LineWidget
from tui.widgets.pane import StyledLine, fill, width_of
from tui.widgets.session_words import session_words
from tui.widgets.styles import Styles


class Header(LineWidget):
    """One line. The badge stays to the last; what is said of the session gets fewer words and leaves first. A click on
    a list shows it."""

    DEFAULT_CSS = "Header { height: 1; width: 1fr; }"

    look: reactive[Styles | None] = reactive(None, init=False)
    demo: reactive[bool] = reactive(False, init=False)
    """Whether the feed is our own exchange, with made-up prices."""
    recording: reactive[bool] = reactive(False, init=False)
    """Whether all that comes in is kept in a file."""
    replay: reactive[str] = reactive("", init=False)
    """How a recording is played, `×10`; "" where the data is now's."""
    place: reactive[str] = reactive("US", init=False)
    """Whose clock is shown: the selected symbol's region."""

    hours: reactive[Calendar | None] = reactive(None, init=False)
    trading = reactive(False, init=False)  # against these hours
    """Those of that region's exchange."""

    time: reactive[float] = reactive(0.0, init=False)
    """The exchange's time, ms UTC, set once a second; 0 while it is not known."""

    delay: reactive[float] = reactive(0.0, init=False)
    """Seconds by which the whole feed is delayed; 0 where it is not."""

    lists: reactive[tuple[str, ...]] = reactive((), init=False)
    """The names of all lists, in order."""

    shown: reactive[str] = reactive("", init=False)
    """The list that is shown."""

    unsaved: reactive[str] = reactive("", init=False)
    """The list that is not kept yet; it wears a star."""

    class ListPressed(Message):
        """A list was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class HelpPressed(Message):
        """The word help was clicked."""

    def __init__(self, look: Styles) -> None:
        super().__init__(id="header")
        self.set_reactive(Header.look, look)
        self._tabs: list[tuple[int, int, str]] = []
        self._help_at = 0

    def render_line(self, y: int) -> Strip:
        look, width = self.look, self.size.width
        assert look is not None
        left: StyledLine = [look.segment(" itick-tui ", "accent", bold=True)]
        right: StyledLine = []
        for badge, role in self._badges():
            right += [look.segment(" ", "text")] * bool(right) + [
                look.segment(f" {badge} ", "background", role, bold=True)
            ]
        self._help_at = width
        if width_of(left) + width_of(right) + min(LONGEST_NAME, fmt.cells(self.shown)) + 8 + 9 <= width:
            right += [look.segment("  ? ", "accent", bold=True), look.segment("help ", "muted")]
            self._help_at = width - 7
        left += self._list_tabs(width_of(left), width - width_of(left) - width_of(right))
        room = width - width_of(left) - width_of(right)
        session = self._session(room - 3)
        middle: StyledLine = []
        if session:
            # In the middle of the line where it can stand there, else in the middle of what is free.
            taken = fmt.cells(session)
            start = min(max(2, (width - taken) // 2 - width_of(left)), room - taken - 1)
            middle = [look.segment(" " * start, "text"), look.segment(session, "muted")]
        return Strip([*fill([*left, *middle], width - width_of(right), look("text")), *right], width)

    def _badges(self) -> Iterator[tuple[str, str]]:
        if self.recording:
            yield "REC", "text"
        if self.replay:
            yield f"REPLAY {self.replay}", "accent"
        if self.delay:
            yield f"DELAYED {fmt.seconds(self.delay)}", "warning"
        if self.demo:
            yield "DEMO", "warning"

    def _list_tabs(self, x: int, room: int) -> StyledLine:
        """A tab for each list with its number, the shown one in reverse; where they do not all fit, as many as do
        around that one, between `‹` and `›`."""
        look, names = self.look, list(self.lists)
        assert look is not None
        self._tabs = []
        words = [
            f" {n} {fmt.clip(name, LONGEST_NAME)}{'*' * (name == self.unsaved)} " for n, name in enumerate(names, 1)
        ]
        at = names.index(self.shown) if self.shown in names else 0
        first = last = at
        used = 4 + fmt.cells(words[at]) if words else room + 1
        if used > room:
            return []
        while True:
            # The next one first, then the one before, as long as there is room for either.
            if last + 1 < len(words) and used + fmt.cells(words[last + 1]) <= room:
                last += 1
                used += fmt.cells(words[last])
            elif first and used + fmt.cells(words[first - 1]) <= room:
                first -= 1
                used += fmt.cells(words[first])
            else:
                break
        line: StyledLine = [look.segment(" ‹" if first else " ", "muted")]
        x += width_of(line)
        for name, word in zip(names[first : last + 1], words[first : last + 1], strict=True):
            chosen = name == self.shown
            role, ground = ("background", "accent") if chosen else ("muted", "background")
            line.append(look.segment(word, role, ground, bold=chosen))
            self._tabs.append((x, x + fmt.cells(word), name))
            x += fmt.cells(word)
        return [*line, look.segment("›", "muted")] if last + 1 < len(words) else line

    def on_click(self, event: events.Click) -> None:
        if event.x >= self._help_at:
            self.post_message(self.HelpPressed())
        for start, end, name in self._tabs:
            if start <= event.x < end:
                self.post_message(self.ListPressed(name))

    def _session(self, room: int) -> str:
        """What is said of the session in so many cells; "" where there is no room, or no time yet."""
        if not self.time or self.hours is None:
            return ""
        words = session_words(self.place, self.hours, self.time, self.demo, self.trading)
        return next((each for each in words if fmt.cells(each) <= room), "")
