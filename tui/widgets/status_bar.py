"""The status bar: the state of the link, what is wrong, and figures of the feed."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive
from textual.strip import Strip

from tui import format as fmt
from tui.config.key_table import KEYS, KeyBinding, label_of
from tui.feed.state import LinkPhase, LinkState
from tui.feed.tap import AnotherClient
from tui.market import Market
from tui.market.entitlements import describe_shortfalls
from tui.protocol.relay_status import RelayReport
from tui.secrets import safe_text
from tui.widgets.line_widget import LineWidget
from tui.widgets.pane import StyledLine, fill, width_of
from tui.widgets.styles import Styles

_DOTS = {LinkPhase.LIVE: ("●", "ok"), LinkPhase.STOPPED: ("■", "bad")}
_STANDING = {"PAUSED": "‖", "ENDED": "■", "FROZEN": "‖"}
_GAP = "   "
_SHORTEST = 12  # cells: a shorter part of an explanation explains nothing


class StatusBar(LineWidget):
    """One line: the link's state with the key that acts on it, warnings, and figures. With too little room figures are
    left out whole, from the right; only then is an explanation cut, and `h why` leads to the rest."""

    DEFAULT_CSS = "StatusBar { height: 1; width: 1fr; }"

    link: reactive[LinkState | None] = reactive(None, init=False)
    """The latest state of the link."""
    unsaved: reactive[bool] = reactive(False, init=False)
    """True while the last changes are not in the config file."""
    symbols: reactive[int] = reactive(0, init=False)
    """The number of symbols in the list."""
    replay: reactive[bool] = reactive(False, init=False)
    """True if the data is of a recording."""
    terminal_delay: reactive[float] = reactive(0.0, init=False)
    """How many s the terminal is behind with what was written to it; 0 if it keeps up."""
    shared: reactive[RelayReport | None] = reactive(None, init=False)
    """The state of the connection that other windows share; None if none does."""
    now: reactive[float] = reactive(0.0, init=False)
    """The time in s monotonic, set once a second."""

    def __init__(self, styles: Styles, market: Market, keys: Sequence[KeyBinding] = KEYS) -> None:
        super().__init__(styles, "status")
        self._reconnect_key, self._health_key = label_of(keys, "reconnect"), label_of(keys, "health")
        self._freeze_key = label_of(keys, "freeze")
        self._market = market

    @property
    def replay_hints(self) -> str:
        """The footer's hints for the replay as it stands; "" without one, and at its end, where no key acts on it."""
        standing = self.link.standing if self.link is not None else "ENDED"
        return "" if not self.replay or standing == "ENDED" else "paused replay" if standing else "replay"

    def render_line(self, y: int) -> Strip:
        styles, width = self.theme_styles, self.size.width
        if self.link is None:
            return Strip.blank(width, styles("text"))
        line = [styles.segment(" ", "text"), *self._line(styles, self.link, width - 2)]
        return Strip(fill(line, width, styles("text")), width)

    def _line(self, styles: Styles, link: LinkState, width: int) -> StyledLine:
        dot, role = _DOTS.get(link.phase, ("◌", "warning"))
        if link.is_starting:
            role = "text"
        state = safe_text(link.describe(self.now))
        if link.standing:
            dot, role = _STANDING[link.standing], "warning"
        elif self.replay:
            dot, state = "▸", f"{state} in the recording"
        messages = [(state, role, True)]
        if self.terminal_delay:
            dot, role = "◌", "warning"
            behind = (f"terminal behind {fmt.seconds(self.terminal_delay)}", role, True)
            messages = [behind] if link.is_live else [behind, *messages]
        messages += [(words, "warning", False) for words in self._warnings(link)]
        effect = self._reconnect_effect(link)
        action = _key_hint(styles, self._reconnect_key, effect) if effect else []
        if link.standing == "FROZEN":
            action = _key_hint(styles, self._freeze_key, "shows the present")
        why = _key_hint(styles, self._health_key, "why")
        room = width - 2 - width_of(action)
        whole = sum(fmt.cells(words) for words, _, _ in messages) + len(_GAP) * (len(messages) - 1) <= room
        left = room if whole else room - width_of(why)
        line: StyledLine = [styles.segment(f"{dot} ", role)]
        for n, (words, colour, bold) in enumerate(messages):
            gap = _GAP if n else ""
            if n and fmt.cells(words) + len(gap) > left and left < _SHORTEST + len(gap):
                break
            words = fmt.clip(words, max(0, left - len(gap)))
            line.append(styles.segment(gap + words, colour, bold=bold))
            left -= fmt.cells(gap + words)
        line += action
        if not whole:
            return [*line, *why]
        for figure in self._figures(styles, link):
            if width_of(line) + width_of(figure) > width:
                break
            line += figure
        return line

    def _reconnect_effect(self, link: LinkState) -> str:
        """Returns what the key for reconnecting does, "" if it is no help."""
        if self.replay:
            return ""
        if link.phase in (LinkPhase.RECONNECTING, LinkPhase.STOPPED):
            return "takes it over" if isinstance(link.error, AnotherClient) else "tries now"
        is_other_waiting = link.is_joined and link.phase is LinkPhase.AUTHENTICATING and link.retry_at > self.now
        return "tries now" if is_other_waiting else ""

    def _warnings(self, link: LinkState) -> list[str]:
        """Returns what is wrong, the most severe first."""
        health = self._market.health
        found: list[str] = []
        if link.error is not None and not link.tells_error:
            found.append(safe_text(str(link.error)))
        if link.is_live:
            found += describe_shortfalls(list(self._market.instruments.values()), self.shared)
            if health.missed:
                found.append(f"heartbeat missed {health.missed}")
        if health.damaged:
            found.append(f"{fmt.count(health.damaged, 'damaged line')} left out")
        if self.unsaved:
            found.append("changes not saved")
        if (ahead := self._market.clock.ahead) is not None:
            found.append(f"data dated {ahead:,.0f} s ahead of the exchange's clock")
        if (differs := self._market.clock.known_difference) is not None:
            found.append(f"clock {abs(differs):.0f} s {'behind' if differs > 0 else 'ahead of'} the exchange's")
        return found

    def _figures(self, styles: Styles, link: LinkState) -> list[StyledLine]:
        """Returns the figures, the most important first."""
        health, clock, now = self._market.health, self._market.clock, self.now
        figures: list[tuple[str, str]] = []
        if link.is_live:
            if health.round_trip is not None:
                ago = fmt.seconds(max(0.0, now - health.pong_at))
                figures.append((f"♥ {fmt.milliseconds(1000 * health.round_trip)}, {ago} ago", "text"))
            figures.append((f"{health.rates[0]:,.0f} msg/s", "muted"))
            if (delay := clock.delay()) is not None:
                figures.append((f"lag {fmt.seconds(delay)}", "muted"))
            elif (lag := clock.lag(now)) is not None:
                figures.append((f"lag {lag.words}", "muted"))
        figures.append((fmt.count(self.symbols, "symbol"), "muted"))
        figures.append((f"reconnects {health.reconnects}", "warning" if health.reconnects else "muted"))
        malformed = health.malformed.total()
        figures.append((f"malformed {malformed}", "warning" if malformed else "muted"))
        return [[styles.segment(_GAP + words, role)] for words, role in figures]


def _key_hint(styles: Styles, key: str, effect: str) -> StyledLine:
    return [styles.segment(f"{_GAP}{key}", "accent", bold=True), styles.segment(f" {effect}", "muted")]
