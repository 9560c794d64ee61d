"""Feed health: everything there is to know about the connection and the data, figure by figure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui import format as fmt
from tui.feed.state import LinkState
from tui.market import Instrument, Market
from tui.market.entitlements import refused_types
from tui.screens.dismiss_once import DismissOnce
from tui.secrets import safe_text
from tui.terminal.flow_control import TerminalFlowControl
from tui.terminal.frame_clock import MAX_FRAMES
from tui.widgets.styles import Styles

if TYPE_CHECKING:
    from tui.history.backfill import Backfill
    from tui.history.fund_list import FundListLoader

_HOUR = 60  # minutes
_PROVEN = "LIVE"
_WORDS = 160  # characters of what a server says


class HealthSnapshot(NamedTuple):
    """What the app knows at a moment. `now` in s, monotonic; `wall` in ms UTC, this machine's clock."""

    now: float
    wall: float
    link: LinkState | None
    host: str
    demo: bool
    instruments: list[Instrument]
    pace: TerminalFlowControl
    cost: float  # s that a frame takes
    rate: float  # frames a second, at most
    history: Backfill | None = None
    names: FundListLoader | None = None
    unread: int = 0  # rows of answers over REST, and of our own file


class HealthFigure(NamedTuple):
    """A line of a section. `odd`: not as it should be."""

    name: str
    value: str
    abnormal: bool = False


class FeedHealth(DismissOnce, ModalScreen[None]):
    """Closes on Esc, q, h or a click outside. The app calls `tick` once a second while it is open."""

    DEFAULT_CSS = """
    FeedHealth { align: center middle; background: $background 60%; }
    FeedHealth VerticalScroll {
        width: 80; max-width: 96%; height: auto; max-height: 94%;
        background: $surface; border: round $accent; border-title-color: $foreground; padding: 0 2;
        scrollbar-size-vertical: 1; scrollbar-background: $surface; scrollbar-color: $secondary;
        scrollbar-background-hover: $surface; scrollbar-background-active: $surface;
    }
    FeedHealth Container { width: 1fr; height: auto; layout: vertical; padding-bottom: 1; }
    FeedHealth Static { width: 1fr; height: auto; }
    FeedHealth.-wide VerticalScroll { width: 146; }
    FeedHealth.-wide Container { layout: horizontal; }
    FeedHealth.-wide #figures { width: 70; margin-right: 4; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (140, "-wide")]
    BINDINGS = [Binding("escape,q,h", "dismiss", "Close")]

    def __init__(self, look: Styles, market: Market, facts: Callable[[], HealthSnapshot]) -> None:
        super().__init__()
        self._look = look
        self._market = market
        self._facts = facts
        self._figures = Static(id="figures")
        self._history = Static(id="history")

    def compose(self) -> ComposeResult:
        box = VerticalScroll(Container(self._figures, self._history))
        box.border_title = "Feed health"
        box.border_subtitle = "Esc closes"
        yield box

    def on_mount(self) -> None:
        self.tick()

    def tick(self) -> None:
        """Show what is so now."""
        facts = self._facts()
        self._figures.update(self._sections(facts))
        self._history.update(self._past(facts))

    def _sections(self, facts: HealthSnapshot) -> Table:
        look = self._look
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        table.add_column(width=19)
        table.add_column(ratio=1, overflow="fold")
        for section, figures in (
            ("Link", link_figures(self._market, facts)),
            ("Data", data_figures(self._market, facts)),
            ("Past", past_figures(facts)),
            ("Refused", refused_figures(facts)),
            ("Faults", fault_figures(self._market, facts)),
            ("Screen", screen_figures(self._market, facts)),
        ):
            if not figures:
                continue
            table.add_row()
            table.add_row(Text(section, look("accent", "surface", bold=True)))
            for name, value, odd in figures:
                table.add_row(
                    Text(f"  {name}", look("muted", "surface")),
                    Text(value, look("warning" if odd else "muted" if value == "0" else "text", "surface", bold=odd)),
                )
        return table

    def _past(self, facts: HealthSnapshot) -> Table:
        """The states of the link, newest first."""
        look = self._look
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        table.add_column(no_wrap=True)
        table.add_column(ratio=1, overflow="fold")
        table.add_row()
        table.add_row(
            Text("History", look("accent", "surface", bold=True)), Text("local time", look("muted", "surface"))
        )
        for event in reversed(self._market.health.history):
            role = "up" if event.state == _PROVEN else "warning" if event.reason else "muted"
            what = Text(event.state, look(role, "surface", bold=event.state == _PROVEN))
            if event.reason:
                what.append(f"  {event.reason}", look("text", "surface"))
            table.add_row(Text(f"  {_moment(event.time, facts.wall)}", look("muted", "surface")), what)
        return table

    def on_click(self, event: object) -> None:
        if getattr(event, "widget", None) is self:
            self.dismiss()


def link_figures(market: Market, facts: HealthSnapshot) -> list[HealthFigure]:
    health, clock, now = market.health, market.clock, facts.now
    words = safe_text(facts.link.describe(now)) if facts.link is not None else "not begun"
    trips = [1000 * trip for trip in health.round_trips]
    round_trip = "no heartbeat answered yet"
    if trips:
        last, median, most = map(fmt.milliseconds, (trips[-1], statistics.median(trips), max(trips)))
        round_trip = f"last {last} · median {median} · most {most}"
    silence = now - health.frame_at if health.frame_at else None
    if clock.lead is not None:
        whose = "this machine's" if clock.ahead is None else "the exchange's own"
        offset = f"the data's is {(clock.ahead or clock.lead / 1000):,.1f} s ahead of {whose}"
    elif clock.half_width < float("inf"):
        offset = _apart(clock.low, clock.high)
    else:
        offset = "not known: the exchange has not told the time"
    idle = health.idle_timeout
    return [
        HealthFigure("state", words, facts.link is not None and not facts.link.is_live),
        HealthFigure("server", f"{facts.host or fmt.UNKNOWN}{' · DEMO' if facts.demo else ''}"),
        HealthFigure("round trip", round_trip),
        HealthFigure("heartbeats missed", f"{health.heartbeats_missed:,}", health.heartbeats_missed > 0),
        HealthFigure("without data", fmt.UNKNOWN if silence is None else f"{max(0.0, silence):.1f} s"),
        HealthFigure("reconnects", f"{health.reconnects:,}", health.reconnects > 0),
        *(
            [HealthFigure("idle time-out", f"cut after {idle:.1f} s of silence: pinged more often", True)]
            if idle
            else []
        ),
        HealthFigure("clock", offset, clock.lead is not None),
    ]


def data_figures(market: Market, facts: HealthSnapshot) -> list[HealthFigure]:
    health = market.health
    messages, size = health.rates
    by_type = (("tick", health.ticks), ("quote", health.quotes), ("depth", health.depths), ("kline", health.klines))
    arrival = fmt.UNKNOWN
    if (delay := market.clock.delay()) is not None:
        arrival = f"{fmt.seconds(delay)}: the whole feed is delayed"
    elif (lag := market.clock.lag(facts.now)) is not None:
        arrival = lag.in_full
    coalesced = max(0, health.applied - health.shown)
    units = ", ".join(f"{count:,} read as {unit}" for unit, count in health.time_units.most_common())
    return [
        HealthFigure("messages", f"{messages:,.0f}/s · {health.messages:,} in all"),
        HealthFigure("bytes", f"{fmt.compact(size)}/s · {fmt.compact(health.bytes)} in all"),
        HealthFigure("applied", " · ".join(f"{name} {fmt.size(count)}" for name, count in by_type)),
        HealthFigure("lag at arrival", arrival),
        *([HealthFigure("times", units)] if units else []),
        HealthFigure("coalesced", f"{coalesced:,} updates came between two frames"),
    ]


def past_figures(facts: HealthSnapshot) -> list[HealthFigure]:
    """How much is known of the time before and of names, what could not be read, and whether anything is kept."""
    if facts.history is None:
        return []
    words, odd = facts.history.describe()
    figures = [HealthFigure("history", safe_text(words), odd)]
    if facts.history.store_error:
        figures.append(HealthFigure("not kept", safe_text(facts.history.store_error), True))
    if facts.names is not None:
        words, odd = facts.names.describe()
        figures.append(HealthFigure("names", safe_text(words), odd))
    if facts.unread:
        figures.append(HealthFigure("not read", f"{facts.unread:,} rows of history or names", True))
    return figures


def refused_figures(facts: HealthSnapshot) -> list[HealthFigure]:
    """What is not served, by type, with the server's own words."""
    return [
        HealthFigure(type_, f"{fmt.count(len(symbols), 'symbol')}: {fmt.clip(safe_text(words), _WORDS)}", True)
        for type_, words, symbols in refused_types(facts.instruments)
    ]


def fault_figures(market: Market, facts: HealthSnapshot) -> list[HealthFigure]:
    health = market.health
    holes = sum(missing_minutes(instrument, market.exchange_time(facts.now)) for instrument in facts.instruments)
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in health.malformed.most_common())
    malformed = health.malformed.total()
    figures = [HealthFigure("malformed", f"{malformed:,}{f': {kinds}' if kinds else ''}", malformed > 0)]
    if (last := health.last_malformed) is not None:
        ago = fmt.seconds(max(0.0, facts.now - last.at))
        figures.append(HealthFigure("  the last", f"{ago} ago, {safe_text(last.kind)}: {safe_text(last.text)}"))
    counted = (
        ("out of order", health.out_of_order, "older than what was shown"),
        ("unfollowed", health.unfollowed, "of symbols nobody asked for"),
        ("from the future", health.future, "dated later than can be"),
        ("crossed books", health.crossed, "bid above ask"),
        ("outside range", health.outside, "last or open beyond the day's high and low"),
        ("missing minutes", holes, "without a bar between others of the last hour"),
    )
    figures += [HealthFigure(name, f"{count:,} {words}" if count else "0", count > 0) for name, count, words in counted]
    if health.damaged:
        figures.append(HealthFigure("damaged lines", f"{health.damaged:,} of the recording, left out", True))
    return figures


def screen_figures(market: Market, facts: HealthSnapshot) -> list[HealthFigure]:
    health, pace = market.health, facts.pace
    costly = ", fewer because one costs so much" if facts.rate < MAX_FRAMES else ""
    most = f"{facts.rate:.0f} a second{costly}" if pace.line_budget is None else "as many as the terminal takes"
    if pace.round_trip is None:
        terminal = "has not told whether it keeps up"
    elif pace.line_budget is None:
        terminal = f"keeps up, answers within {fmt.milliseconds(1000 * (pace.round_trip + pace.backlog))}"
    else:
        terminal = f"behind by {fmt.milliseconds(1000 * pace.backlog)}: {pace.line_budget} lines a frame"
    return [
        HealthFigure(
            "frames",
            f"{health.frames:,} drawn, {health.frame_rate:.0f} a second · {fmt.milliseconds(1000 * facts.cost)} each",
        ),
        HealthFigure("at most", most, bool(costly) or pace.line_budget is not None),
        HealthFigure("left out", f"{health.frames_skipped:,} frames; the next one had all of their data"),
        HealthFigure("terminal", terminal, pace.line_budget is not None),
    ]


def missing_minutes(instrument: Instrument, time: float) -> int:
    """Minutes without a bar between the first and the last bar of the hour before `time` (ms UTC)."""
    slot = int(time // 60_000)
    present = [n for n, bar in enumerate(instrument.bars.window(slot - _HOUR + 1, slot)) if bar is not None]
    return present[-1] - present[0] + 1 - len(present) if present else 0


def _apart(low: float, high: float) -> str:
    """Between which bounds (ms) the exchange's clock is ahead of ours, in words."""
    if low <= 0 <= high:
        return f"within {math.ceil(max(-low, high) / 100) / 10:g} s of this machine's"
    where = "ahead of" if low > 0 else "behind"
    return f"exchange {abs(low + high) / 2:,.0f} ms {where} this machine, ±{(high - low) / 2:,.0f} ms"


def _moment(time: float, now: float) -> str:
    """A time (ms UTC) by this machine's clock; the day, where it is not today's."""
    moment, today = (datetime.fromtimestamp(ms / 1000) for ms in (time, now))
    return f"{moment:%H:%M:%S}" if moment.date() == today.date() else f"{moment:%b %d %H:%M}"
