"""The status bar: what the link is doing, by its own word, and how the feed is doing."""

from __future__ import annotations

from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui import format as fmt
from tui.feed import LinkState, Phase
from tui.market import Market
from tui.market.plan import shortfalls
from tui.secrets import clean
from tui.widgets.look import Look
from tui.widgets.pane import Line, fill, width_of

_DOTS = {Phase.LIVE: ("●", "up"), Phase.STOPPED: ("■", "down")}


class StatusBar(Widget):
    """One line. What does not fit leaves from the right, figure by figure, never in the middle of one."""

    DEFAULT_CSS = "StatusBar { height: 1; width: 1fr; }"

    look: reactive[Look | None] = reactive(None, init=False)
    link: reactive[LinkState | None] = reactive(None, init=False)
    """The link's latest state."""
    symbols: reactive[int] = reactive(0, init=False)
    """How many symbols are followed."""
    now: reactive[float] = reactive(0.0, init=False)
    """s, monotonic; set once a second."""

    def __init__(self, look: Look, market: Market) -> None:
        super().__init__(id="status")
        self.set_reactive(StatusBar.look, look)
        self._market = market

    def render_line(self, y: int) -> Strip:
        look = self.look
        assert look is not None
        if self.link is None:
            return Strip.blank(self.size.width, look("text"))
        width = self.size.width - 1
        line = self._state(look, width - 1)
        for figure in self._figures(look):
            if width_of(line) + width_of(figure) + 3 > width:
                break
            line += [look.segment("   ", "text"), *figure]
        return Strip(fill([look.segment(" ", "text"), *line], self.size.width, look("text")), self.size.width)

    def _state(self, look: Look, width: int) -> Line:
        assert self.link is not None
        dot, role = _DOTS.get(self.link.phase, ("◌", "warning"))
        words = fmt.clip(clean(self.link.words(self.now)), width - 2)
        line = [look.segment(f"{dot} ", role), look.segment(words, role, bold=True)]
        if self.link.phase in (Phase.RECONNECTING, Phase.STOPPED) and len(words) + 12 < width:
            line += [look.segment("   r", "accent", bold=True), look.segment(" try now", "muted")]
        return line

    def _figures(self, look: Look) -> list[Line]:
        """The figures, the most telling first."""
        health, now = self._market.health, self.now
        figures: list[Line] = []
        if self.link is not None and self.link.phase is Phase.LIVE and health.round_trip is not None:
            beat = f"{fmt.milliseconds(1000 * health.round_trip)}, {fmt.seconds(max(0.0, now - health.pong_at))} ago"
            figures.append([look.segment("♥ ", "text"), look.segment(beat, "text")])
        figures += [[look.segment(words, "warning")] for words in shortfalls(list(self._market.instruments.values()))]
        if health.heartbeats_missed:
            figures.append([look.segment(f"heartbeat missed {health.heartbeats_missed}", "warning")])
        if (off := self._market.clock.differs) is not None:
            figures.append([look.segment(f"clock differs from the exchange by {off:.0f} s", "warning")])
        figures.append([look.segment(f"{health.rates[0]:,.0f} msg/s", "muted")])
        if self.link is not None and self.link.proven and (lag := self._market.clock.lag(now)) is not None:
            figures.append([look.segment(f"lag {lag.words}", "muted")])
        figures.append([look.segment(f"{self.symbols} symbol{'' if self.symbols == 1 else 's'}", "muted")])
        figures.append([look.segment(f"reconnects {health.reconnects}", "warning" if health.reconnects else "muted")])
        malformed = health.malformed.total()
        figures.append([look.segment(f"malformed {malformed}", "warning" if malformed else "muted")])
        return figures
