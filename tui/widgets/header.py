"""The top line: the program, the list, exchange time, and badges for what is not the real market now."""

from __future__ import annotations

from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui import format as fmt
from tui.market.sessions import zone
from tui.widgets.look import Look
from tui.widgets.pane import Line, fill, width_of


class Header(Widget):
    """One line. The badge stays to the last; the clock leaves first."""

    DEFAULT_CSS = "Header { height: 1; width: 1fr; }"

    look: reactive[Look | None] = reactive(None, init=False)
    demo: reactive[bool] = reactive(False, init=False)
    """Whether the feed is our own exchange, with made-up prices."""
    place: reactive[str] = reactive("US", init=False)
    """Whose clock is shown: the selected symbol's region."""
    time: reactive[float] = reactive(0.0, init=False)
    """The exchange's time, ms UTC, set once a second; 0 while it is not known."""

    delay: reactive[float] = reactive(0.0, init=False)
    """Seconds by which the whole feed is delayed; 0 where it is not."""

    def __init__(self, look: Look, name: str) -> None:
        super().__init__(id="header")
        self.set_reactive(Header.look, look)
        self._list_name = name

    def render_line(self, y: int) -> Strip:
        look, width = self.look, self.size.width
        assert look is not None
        left: Line = [look.segment(" itick-tui ", "accent", bold=True)]
        tab = [look.segment("  ", "text"), look.segment(f" {self._list_name} ", "background", "accent", bold=True)]
        right: Line = [look.segment(" DEMO ", "background", "warning", bold=True)] if self.demo else []
        if self.delay:
            badge = f" DELAYED {fmt.seconds(self.delay)} "
            right = [look.segment(badge, "background", "warning", bold=True), look.segment(" ", "text"), *right]
        if width_of(left) + width_of(tab) + width_of(right) + 9 <= width:
            left += tab
            right += [look.segment("  ? ", "accent", bold=True), look.segment("help ", "muted")]
        room = width - width_of(left) - width_of(right)
        clock = self._clock()
        middle: Line = []
        if clock and len(clock) + 4 <= room:
            # In the middle of the line where it can stand there, else in the middle of what is free.
            start = min(max(2, (width - len(clock)) // 2 - width_of(left)), room - len(clock) - 2)
            middle = [look.segment(" " * start, "text"), look.segment(clock, "muted")]
        return Strip([*fill([*left, *middle], width - width_of(right), look("text")), *right], width)

    def _clock(self) -> str:
        if not self.time:
            return ""
        local = zone(self.place)
        words = f"{local.at(self.time):%H:%M:%S} {local.label}"
        return f"{words} · DEMO 24h" if self.demo else words
