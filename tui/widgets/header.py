"""The header: the program, the lists, the exchange's session and time, and badges for data that is not the real
market's of now."""

from __future__ import annotations

from collections.abc import Iterator

from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui import format as fmt
from tui.config.watchlists import LONGEST_NAME
from tui.market.sessions import Calendar, zone
from tui.widgets.line_widget import LineWidget
from tui.widgets.pane import StyledLine, fill, width_of
from tui.widgets.session_words import session_words
from tui.widgets.styles import Styles

_BESIDE_REPLAY = 40  # cells for the program, a list, and other badges


class Header(LineWidget):
    """One line. With less room the session is shortened and then left out, then tabs, `? help` and `SHARED`; the badges
    of data that is not the real market's always stay. A click on a list's tab shows the list."""

    DEFAULT_CSS = "Header { height: 1; width: 1fr; }"

    demo: reactive[bool] = reactive(False, init=False)
    """True if the feed is our own exchange, with made-up prices."""
    frozen: reactive[float] = reactive(0.0, init=False)
    """The exchange's time of a frozen picture, ms UTC; 0 while the present is shown."""
    recording: reactive[bool] = reactive(False, init=False)
    """True while all that arrives is recorded to a file."""
    replay: reactive[str] = reactive("", init=False)
    """The speed of a replay, as `×10`; "" for live data."""
    replay_details: reactive[tuple[str, ...]] = reactive((), init=False)
    """What more there is to say of a replay, as far as there is room, the most important first."""
    clock_region: reactive[str] = reactive("US", init=False)
    """The region whose session and clock are shown: the selected symbol's."""

    calendar: reactive[Calendar | None] = reactive(None, init=False)
    """The trading calendar of that region's exchange."""

    trading: reactive[bool] = reactive(False, init=False)
    """True while data shows that the exchange trades although it is closed by its calendar."""

    time: reactive[float] = reactive(0.0, init=False)
    """The exchange's time, ms UTC, set once a second; 0 while it is unknown."""

    delay: reactive[float] = reactive(0.0, init=False)
    """Delay of the whole feed in s; 0 for a feed without delay."""

    windows: reactive[int] = reactive(0, init=False)
    """How many windows share the connection; 0 if they do not, 1 if who holds it does not know the others."""

    lists: reactive[tuple[str, ...]] = reactive((), init=False)
    """The names of all lists, in order."""

    shown: reactive[str] = reactive("", init=False)
    """The name of the list that is shown."""

    unsaved: reactive[str] = reactive("", init=False)
    """The name of the list that is not in the config yet, marked by a star; "" if all are."""

    class ListPressed(Message):
        """A list was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class HelpPressed(Message):
        """The word help was clicked."""

    def __init__(self, styles: Styles) -> None:
        super().__init__(styles, "header")
        self._tabs: list[tuple[int, int, str]] = []  # first cell, cell after the last, name of the list
        self._help_at = 0

    def render_line(self, y: int) -> Strip:
        styles, width = self.theme_styles, self.size.width
        left: StyledLine = [styles.segment(" itick-tui ", "accent", bold=True)]
        right: StyledLine = []
        least = width_of(left) + min(LONGEST_NAME, fmt.cells(self.shown)) + 8  # cells, with the shown tab
        for badge, role in self._badges():
            right += _badge(styles, badge, role, bool(right))
        count = f" {self.windows}" if self.windows > 1 else ""
        shared = _badge(styles, f"SHARED{count}", "accent", bool(right)) if self.windows else []
        is_room = least + width_of(right) + width_of(shared) <= width
        right += shared if is_room else []
        self._help_at = width
        if is_room and least + width_of(right) + 9 <= width:
            right += [styles.segment("  ? ", "accent", bold=True), styles.segment("help ", "muted")]
            self._help_at = width - 7
        left += self._list_tabs(width_of(left), width - width_of(left) - width_of(right))
        room = width - width_of(left) - width_of(right)
        session = self._session(room - 3)
        middle: StyledLine = []
        if session:
            # In the middle of the line if there is room, else in the middle of what is free.
            used = fmt.cells(session)
            start = min(max(2, (width - used) // 2 - width_of(left)), room - used - 1)
            middle = [styles.segment(" " * start, "text"), styles.segment(session, "muted")]
        return Strip([*fill([*left, *middle], width - width_of(right), styles("text")), *right], width)

    def _badges(self) -> Iterator[tuple[str, str]]:
        """Returns the badges that always stay, each with its colour role."""
        if self.frozen:
            yield f"FROZEN {zone(self.clock_region).at(self.frozen):%H:%M:%S}", "warning"
        if self.recording:
            yield "REC", "text"
        if self.replay:
            words = f"REPLAY {self.replay}"
            for detail in self.replay_details:
                if len(words) + len(detail) < self.size.width - _BESIDE_REPLAY:
                    words += f" {detail}"
            yield words, "accent"
        if self.delay:
            yield f"DELAYED {fmt.seconds(self.delay)}", "warning"
        if self.demo:
            yield "DEMO", "warning"

    def _list_tabs(self, x: int, room: int) -> StyledLine:
        """Returns a tab for each list with its number, the shown one in reverse. If not all fit: as many as do around
        the shown one, between `‹` and `›`."""
        styles, names = self.theme_styles, list(self.lists)
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
            # The next list first, then the previous one, while there is room for either.
            if last + 1 < len(words) and used + fmt.cells(words[last + 1]) <= room:
                last += 1
                used += fmt.cells(words[last])
            elif first and used + fmt.cells(words[first - 1]) <= room:
                first -= 1
                used += fmt.cells(words[first])
            else:
                break
        line: StyledLine = [styles.segment(" ‹" if first else " ", "muted")]
        x += width_of(line)
        for name, word in zip(names[first : last + 1], words[first : last + 1], strict=True):
            chosen = name == self.shown
            role, ground = ("background", "accent") if chosen else ("muted", "background")
            line.append(styles.segment(word, role, ground, bold=chosen))
            self._tabs.append((x, x + fmt.cells(word), name))
            x += fmt.cells(word)
        return [*line, styles.segment("›", "muted")] if last + 1 < len(words) else line

    def on_click(self, event: events.Click) -> None:
        if event.x >= self._help_at:
            self.post_message(self.HelpPressed())
        for start, end, name in self._tabs:
            if start <= event.x < end:
                self.post_message(self.ListPressed(name))

    def _session(self, room: int) -> str:
        """Returns the session in at most `room` cells; "" if there is no room or the time is unknown."""
        if not self.time or self.calendar is None:
            return ""
        words = session_words(self.clock_region, self.calendar, self.time, self.demo, self.trading)
        return next((each for each in words if fmt.cells(each) <= room), "")


def _badge(styles: Styles, words: str, role: str, is_beside: bool) -> StyledLine:
    gap = [styles.segment(" ", "text")] if is_beside else []
    return [*gap, styles.segment(f" {words} ", "background", role, bold=True)]
