"""The status bar: what the link is doing, by its own word, and how the feed is doing."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive
from textual.strip import Strip

from tui import format as fmt
from tui.config.key_table import KEYS, KeyBinding, label_of
from tui.feed.key_lock import TakenOver
from tui.feed.state import LinkPhase, LinkState
from tui.market import Market
from tui.market.entitlements import describe_shortfalls
from tui.secrets import safe_text
from tui.widgets.line_widget import LineWidget
from tui.widgets.pane import StyledLine, fill, width_of
from tui.widgets.styles import Styles

_DOTS = {LinkPhase.LIVE: ("●", "up"), LinkPhase.STOPPED: ("■", "down")}
_GAP = "   "
_LEAST = 12  # cells: a shorter beginning of an explanation explains nothing


class StatusBar(LineWidget):
    """One line: the link's state and what can be done about it, what is not as it should be, and figures. Where there
    is no room the figures go, from the right and whole; only then is an explanation cut, and `h why` has the rest."""

    DEFAULT_CSS = "StatusBar { height: 1; width: 1fr; }"

    look: reactive[Styles | None] = reactive(None, init=False)
    link: reactive[LinkState | None] = reactive(None, init=False)
    """The link's latest state."""
    unsaved: reactive[bool] = reactive(False, init=False)
    """Whether the last changes are not in the config file."""
    symbols: reactive[int] = reactive(0, init=False)
    """How many symbols are followed."""
    replay: reactive[bool] = reactive(False, init=False)
    """Whether all this is of a recording."""
    now: reactive[float] = reactive(0.0, init=False)
    """s, monotonic; set once a second."""

    def __init__(self, look: Styles, market: Market, keys: Sequence[KeyBinding] = KEYS) -> None:
        super().__init__(id="status")
        self._renew, self._health = label_of(keys, "reconnect"), label_of(keys, "health")
        self.set_reactive(StatusBar.look, look)
        self._market = market

    def render_line(self, y: int) -> Strip:
        look, width = self.look, self.size.width
        assert look is not None
        if self.link is None:
            return Strip.blank(width, look("text"))
        line = [look.segment(" ", "text"), *self._line(look, self.link, width - 2)]
        return Strip(fill(line, width, look("text")), width)

    def _line(self, look: Styles, link: LinkState, width: int) -> StyledLine:
        dot, role = _DOTS.get(link.phase, ("◌", "warning"))
        if self.replay:
            dot = "▸"
        said = [(safe_text(link.describe(self.now)) + " in the recording" * self.replay, role, True)]
        said += [(words, "warning", False) for words in self._troubles(link)]
        action = _key(look, self._renew, _deed(link)) if self._can_act(link) else []
        why = _key(look, self._health, "why")
        room = width - 2 - width_of(action)
        whole = sum(fmt.cells(words) for words, _, _ in said) + len(_GAP) * (len(said) - 1) <= room
        left = room if whole else room - width_of(why)
        line: StyledLine = [look.segment(f"{dot} ", role)]
        for n, (words, colour, bold) in enumerate(said):
            gap = _GAP if n else ""
            if n and fmt.cells(words) + len(gap) > left and left < _LEAST + len(gap):
                break
            words = fmt.clip(words, max(0, left - len(gap)))
            line.append(look.segment(gap + words, colour, bold=bold))
            left -= fmt.cells(gap + words)
        line += action
        if not whole:
            return [*line, *why]
        for figure in self._figures(look, link):
            if width_of(line) + width_of(figure) > width:
                break
            line += figure
        return line

    def _can_act(self, link: LinkState) -> bool:
        return link.phase in (LinkPhase.RECONNECTING, LinkPhase.STOPPED) and not self.replay

    def _troubles(self, link: LinkState) -> list[str]:
        """What is not as it should be, the gravest first."""
        health = self._market.health
        said: list[str] = []
        if link.error is not None and link.phase not in (LinkPhase.RECONNECTING, LinkPhase.STOPPED):
            said.append(safe_text(str(link.error)))
        if link.is_live:
            said += describe_shortfalls(list(self._market.instruments.values()))
            if health.missed:
                said.append(f"heartbeat missed {health.missed}")
        if health.damaged:
            said.append(f"{fmt.count(health.damaged, 'damaged line')} left out")
        if self.unsaved:
            said.append("changes not saved")
        if (ahead := self._market.clock.ahead) is not None:
            said.append(f"data dated {ahead:,.0f} s ahead of the exchange's clock")
        if (differs := self._market.clock.known_difference) is not None:
            said.append(f"clock {abs(differs):.0f} s {'behind' if differs > 0 else 'ahead of'} the exchange's")
        return said

    def _figures(self, look: Styles, link: LinkState) -> list[StyledLine]:
        """The figures, the most telling first."""
        health, clock, now = self._market.health, self._market.clock, self.now
        figures: list[tuple[str, str]] = []
        if link.is_live:
            if health.round_trip is not None:
                beat = (
                    f"{fmt.milliseconds(1000 * health.round_trip)}, {fmt.seconds(max(0.0, now - health.pong_at))} ago"
                )
                figures.append((f"♥ {beat}", "text"))
            figures.append((f"{health.rates[0]:,.0f} msg/s", "muted"))
            if (delay := clock.delay()) is not None:
                figures.append((f"lag {fmt.seconds(delay)}", "muted"))
            elif (lag := clock.lag(now)) is not None:
                figures.append((f"lag {lag.words}", "muted"))
        figures.append((fmt.count(self.symbols, "symbol"), "muted"))
        figures.append((f"reconnects {health.reconnects}", "warning" if health.reconnects else "muted"))
        malformed = health.malformed.total()
        figures.append((f"malformed {malformed}", "warning" if malformed else "muted"))
        return [[look.segment(_GAP + words, role)] for words, role in figures]


def _deed(link: LinkState) -> str:
    """What `r` does."""
    return "takes it back" if isinstance(link.error, TakenOver) else "tries now"


def _key(look: Styles, key: str, does: str) -> StyledLine:
    return [look.segment(f"{_GAP}{key}", "accent", bold=True), look.segment(f" {does}", "muted")]
