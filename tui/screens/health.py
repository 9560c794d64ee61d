"""Feed health: all figures of the connection and the data."""

from __future__ import annotations

import math
import os
import statistics
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, VerticalScroll
from textual.widgets import Static

from tui import format as fmt
from tui.feed.state import LinkState
from tui.market import Instrument, Market
from tui.market.data_age import describe_silence
from tui.market.entitlements import refused_types
from tui.protocol.relay_status import RelayReport
from tui.screens.follows_time import FollowsTime
from tui.screens.text_screen import TextScreen
from tui.secrets import safe_text
from tui.terminal.flow_control import TerminalFlowControl
from tui.terminal.frame_clock import MAX_FRAMES
from tui.widgets.styles import Styles

if TYPE_CHECKING:
    from tui.history.backfill import Backfill
    from tui.history.fund_list import FundListLoader

_HOUR = 60  # minutes
_LIVE = "LIVE"
_MOST_SILENT = 8  # symbols named
_LONGEST_REPLY = 160  # characters of a server's words


class HealthSnapshot(NamedTuple):
    """What the app knows at one moment. `now` in s monotonic; `wall` is this machine's clock, ms UTC."""

    now: float
    wall: float
    link: LinkState | None
    host: str
    demo: bool
    instruments: list[Instrument]
    flow_control: TerminalFlowControl
    cost: float  # s that a frame takes
    rate: float  # frames a second, at most
    backfill: Backfill | None = None
    fund_list: FundListLoader | None = None
    shared: RelayReport | None = None  # of a connection that other windows use too
    unread: int = 0  # rows of REST replies and of our own file that could not be read


class HealthFigure(NamedTuple):
    """A line of a section; `abnormal` figures are highlighted."""

    name: str
    value: str
    abnormal: bool = False


class FeedHealth(FollowsTime, TextScreen):
    """The screen of figures. Esc, q, h or a click outside closes it; the app calls `tick` once a second."""

    DEFAULT_CSS = """
    FeedHealth VerticalScroll { max-width: 96%; }
    FeedHealth Container { padding-bottom: 1; }
    FeedHealth.-wide VerticalScroll { width: 146; }
    FeedHealth.-wide #figures { width: 82; margin-right: 4; }
    """
    BINDINGS = [Binding("escape,q,h", "dismiss", "Close")]

    def __init__(self, styles: Styles, market: Market, take_snapshot: Callable[[], HealthSnapshot]) -> None:
        super().__init__()
        self._styles = styles
        self._market = market
        self._take_snapshot = take_snapshot
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
        """Show the present figures."""
        snapshot = self._take_snapshot()
        self._figures.update(self._sections(snapshot))
        self._history.update(self._link_history(snapshot))

    def _sections(self, snapshot: HealthSnapshot) -> Table:
        styles = self._styles
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        table.add_column(width=19)
        table.add_column(ratio=1, overflow="fold")
        for section, figures in (
            ("Link", link_figures(self._market, snapshot)),
            ("Shared", shared_figures(snapshot)),
            ("Data", data_figures(self._market, snapshot)),
            ("Past", history_figures(snapshot)),
            ("Refused", refused_figures(snapshot)),
            ("Silent", silent_figures(snapshot)),
            ("Faults", fault_figures(self._market, snapshot)),
            ("Screen", screen_figures(self._market, snapshot)),
        ):
            if not figures:
                continue
            table.add_row()
            table.add_row(Text(section, styles("accent", "surface", bold=True)))
            for name, value, abnormal in figures:
                table.add_row(
                    Text(f"  {name}", styles("muted", "surface")),
                    Text(
                        value,
                        styles(
                            "warning" if abnormal else "muted" if value == "0" else "text", "surface", bold=abnormal
                        ),
                    ),
                )
        return table

    def _link_history(self, snapshot: HealthSnapshot) -> Table:
        """Returns the states of the link, newest first."""
        styles = self._styles
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        table.add_column(no_wrap=True)
        table.add_column(ratio=1, overflow="fold")
        table.add_row()
        table.add_row(
            Text("History", styles("accent", "surface", bold=True)), Text("local time", styles("muted", "surface"))
        )
        for event in reversed(self._market.health.history):
            role = "ok" if event.state == _LIVE else "warning" if event.reason else "muted"
            what = Text(event.state, styles(role, "surface", bold=event.state == _LIVE))
            if event.reason:
                what.append(f"  {event.reason}", styles("text", "surface"))
            table.add_row(Text(f"  {_local_time(event.time, snapshot.wall)}", styles("muted", "surface")), what)
        return table


def link_figures(market: Market, snapshot: HealthSnapshot) -> list[HealthFigure]:
    """Returns the figures of the connection and the clocks."""
    health, clock, now = market.health, market.clock, snapshot.now
    words = safe_text(snapshot.link.describe(now)) if snapshot.link is not None else "not begun"
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
        offset = _offset_words(clock.low, clock.high)
    else:
        offset = "not known: the exchange has not told the time"
    idle = health.idle_timeout
    return [
        HealthFigure("state", words, snapshot.link is not None and not snapshot.link.is_live),
        HealthFigure("server", f"{snapshot.host or fmt.UNKNOWN}{' · DEMO' if snapshot.demo else ''}"),
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


def shared_figures(snapshot: HealthSnapshot) -> list[HealthFigure]:
    """Returns who holds a shared connection, what waits for each window that uses it, and what was lost."""
    if (shared := snapshot.shared) is None:
        return []
    own = os.getpid()
    lost = [HealthFigure("lost here", f"{shared.lost:,}", shared.lost > 0)] if shared.pid != own else []
    if len(shared.windows) == 1:  # a relay on a server, which does not know its followers
        relay = shared.windows[0]
        holder = f"{safe_text(relay.name)}: {safe_text(shared.words)}"
        return [HealthFigure("held by", holder), HealthFigure("published", fmt.count(relay.symbols, "symbol")), *lost]
    holder = (
        f"this window, pid {own}" if shared.pid == own else f"{safe_text(shared.holder)}: {safe_text(shared.words)}"
    )
    figures = [HealthFigure("held by", holder), HealthFigure("served", fmt.count(shared.served, "symbol"))]
    for window in shared.windows:
        name = "this window" if window.pid == own else safe_text(window.name)
        words = f"{name} · {fmt.count(window.symbols, 'symbol')}"
        if window.pid != shared.pid:
            words += f" · queued {window.queued:,}, conflated {window.conflated:,}, lost {window.lost:,}"
        figures.append(HealthFigure(f"pid {window.pid}" if window.pid else "over TCP", words, window.lost > 0))
    return [*figures, *lost]


def data_figures(market: Market, snapshot: HealthSnapshot) -> list[HealthFigure]:
    """Returns rates, counts and the lag of the data."""
    health = market.health
    messages, size = health.rates
    by_type = (("tick", health.ticks), ("quote", health.quotes), ("depth", health.depths), ("kline", health.klines))
    arrival = fmt.UNKNOWN
    if (delay := market.clock.delay()) is not None:
        arrival = f"{fmt.seconds(delay)}: the whole feed is delayed"
    elif (lag := market.clock.lag(snapshot.now)) is not None:
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


def history_figures(snapshot: HealthSnapshot) -> list[HealthFigure]:
    """Returns the state of the backfill, of its file and of the funds' names, and the rows that could not be read."""
    if snapshot.backfill is None:
        return []
    words, abnormal = snapshot.backfill.describe()
    figures = [HealthFigure("history", safe_text(words), abnormal)]
    if snapshot.backfill.store_error:
        figures.append(HealthFigure("not kept", safe_text(snapshot.backfill.store_error), True))
    if snapshot.fund_list is not None:
        words, abnormal = snapshot.fund_list.describe()
        figures.append(HealthFigure("names", safe_text(words), abnormal))
    if snapshot.unread:
        figures.append(HealthFigure("not read", f"{snapshot.unread:,} rows of history or names", True))
    return figures


def refused_figures(snapshot: HealthSnapshot) -> list[HealthFigure]:
    """Returns what is not served, by type, with the server's own words."""
    return [
        HealthFigure(type_, f"{fmt.count(len(symbols), 'symbol')}: {fmt.clip(safe_text(words), _LONGEST_REPLY)}", True)
        for type_, words, symbols in refused_types(snapshot.instruments)
    ]


def silent_figures(snapshot: HealthSnapshot) -> list[HealthFigure]:
    """Returns the symbols of which a type is missing while others move: `QQQ$US: no book for 2m`. Told while the link
    is live and the exchange open, without what is refused."""
    if snapshot.link is None or not snapshot.link.is_live:
        return []
    words = []
    for i in snapshot.instruments:
        silent = {type_: since for type_, since in i.ages.silent.items() if type_ not in i.refused}
        if silent and not i.is_closed:
            words.append(f"{i.symbol}: {describe_silence(silent, snapshot.now)}")
    figures = [HealthFigure("" if n else "missing", each, True) for n, each in enumerate(words[:_MOST_SILENT])]
    if len(words) > _MOST_SILENT:
        figures.append(HealthFigure("", f"and of {fmt.count(len(words) - _MOST_SILENT, 'more symbol')}", True))
    return figures


def fault_figures(market: Market, snapshot: HealthSnapshot) -> list[HealthFigure]:
    """Returns what was wrong in the data, by kind."""
    health = market.health
    holes = sum(missing_minutes(instrument, market.exchange_time(snapshot.now)) for instrument in snapshot.instruments)
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in health.malformed.most_common())
    malformed = health.malformed.total()
    figures = [HealthFigure("malformed", f"{malformed:,}{f': {kinds}' if kinds else ''}", malformed > 0)]
    if (last := health.last_malformed) is not None:
        ago = fmt.seconds(max(0.0, snapshot.now - last.at))
        figures.append(HealthFigure("  the last", f"{ago} ago, {safe_text(last.kind)}: {safe_text(last.text)}"))
    counted = (
        ("out of order", health.out_of_order, "older than what was shown"),
        ("unfollowed", health.unfollowed, "of symbols nobody asked for"),
        ("from the future", health.future, "dated later than can be"),
        ("crossed books", health.crossed, "bid above ask"),
        ("misplaced levels", health.misplaced, "books whose positions contradict their prices"),
        ("outside range", health.outside, "last or open beyond the day's high and low"),
        ("missing minutes", holes, "without a bar between others of the last hour"),
    )
    figures += [HealthFigure(name, f"{count:,} {words}" if count else "0", count > 0) for name, count, words in counted]
    if health.damaged:
        figures.append(HealthFigure("damaged lines", f"{health.damaged:,} of the recording, left out", True))
    return figures


def screen_figures(market: Market, snapshot: HealthSnapshot) -> list[HealthFigure]:
    """Returns the frames and how well the terminal keeps up."""
    health, flow_control = market.health, snapshot.flow_control
    budget = flow_control.line_budget
    costly = ", fewer because one costs so much" if snapshot.rate < MAX_FRAMES else ""
    most = f"{snapshot.rate:.0f} a second{costly}" if budget is None else "as many as the terminal takes"
    if flow_control.round_trip is None:
        terminal = "has not told whether it keeps up"
    elif budget is None:
        answer = fmt.milliseconds(1000 * (flow_control.round_trip + flow_control.backlog))
        terminal = f"keeps up, answers within {answer}"
    else:
        terminal = f"behind by {fmt.milliseconds(1000 * flow_control.backlog)}: {budget} lines a frame"
    cost = f"{fmt.milliseconds(1000 * snapshot.cost)} each"
    return [
        HealthFigure("frames", f"{health.frames:,} drawn, {health.frame_rate:.0f} a second · {cost}"),
        HealthFigure("at most", most, bool(costly) or budget is not None),
        HealthFigure("left out", f"{health.frames_skipped:,} frames; the next one had all of their data"),
        HealthFigure("terminal", terminal, budget is not None),
    ]


def missing_minutes(instrument: Instrument, time: float) -> int:
    """Returns the number of minutes without a bar between the first and the last bar of the hour before `time`, ms
    UTC."""
    slot = int(time // 60_000)
    present = [n for n, bar in enumerate(instrument.bars.window(slot - _HOUR + 1, slot)) if bar is not None]
    return present[-1] - present[0] + 1 - len(present) if present else 0


def _offset_words(low: float, high: float) -> str:
    """Returns in words that the exchange's clock is between `low` and `high` ms ahead of this machine's."""
    if low <= 0 <= high:
        return f"within {math.ceil(max(-low, high) / 100) / 10:g} s of this machine's"
    where = "ahead of" if low > 0 else "behind"
    return f"exchange {abs(low + high) / 2:,.0f} ms {where} this machine, ±{(high - low) / 2:,.0f} ms"


def _local_time(time: float, now: float) -> str:
    """Returns a time by this machine's clock, with the date if that is not today's; both in ms UTC."""
    then, today = (datetime.fromtimestamp(ms / 1000) for ms in (time, now))
    return f"{then:%H:%M:%S}" if then.date() == today.date() else f"{then:%b %d %H:%M}"
