"""The state of the market: one plain object that the feed writes and the screen reads.

Nothing is queued between the two. A symbol that ticks a thousand times between two frames costs a thousand cheap
writes here and one repaint there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from tui.market.alert_engine import AlertEngine
from tui.market.alerts import Alert
from tui.market.bars import MINUTE, OLDEST, completed_bars, is_valid_bar
from tui.market.book import in_order, is_crossed
from tui.market.clock_sync import ClockOffset
from tui.market.health import Health
from tui.market.instrument import Instrument
from tui.market.sessions import Calendar, Holidays, calendar
from tui.market.trade_side import uncrossed_mid
from tui.protocol.messages import MAX_PRICE, MAX_TIME, MIN_PRICE, MIN_TIME, Depth, Kline, Push, Quote, Tick
from tui.symbol import Symbol, canonical, split_wire_symbol

_MAX_SPELLINGS = 4_096
_LONGEST_SPELLING = 64  # characters: a symbol has a quarter of them
PORTION = 50
"""Instruments: work on more of them, once a second, is done in portions, between which there may be a frame."""


class Market:
    """Instruments by symbol, the set of those that changed since the last frame, and the health counters.

    `on_change` is called when the first change after a frame arrives, so that a frame clock at rest can wake.
    `on_input` is told of everything that comes in from outside but the messages themselves, as the name of the method
    called and its arguments: called again in the same order with the same, they make the same market. `on_read` is told
    when frames have been read, with the time they all arrived (s, monotonic); what it returns is given each of them.
    """

    def __init__(self, on_change: Callable[[], None] | None = None) -> None:
        self.instruments: dict[Symbol, Instrument] = {}
        self.clock = ClockOffset()
        self.health = Health()
        self.on_change = on_change
        self.on_call: Callable[[str, tuple[Any, ...]], None] | None = None
        self.alert_engine = AlertEngine()
        self.alerts_sleep = ""
        """Why no alert may fire, whatever comes; "" where they may."""
        self.on_frames: Callable[[float], Callable[[bytes | bytearray], None] | None] | None = None
        self._demo = False
        self._holidays: dict[str, Holidays] = {}
        self._calendars: dict[str, Calendar] = {}
        self.wall_base = 0.0  # ms: wall clock − monotonic, taken at each connect
        self._changed: set[Instrument] = set()
        self._by_spelling: dict[str, Instrument | None] = {}
        self._regions: set[str] = set()

    # --- what is followed ---

    def follow(self, symbols: Iterable[Symbol]) -> None:
        """Make room for symbols; those known already keep their data."""
        symbols = tuple(symbols)
        self._tell("follow", symbols)
        for symbol in symbols:
            if symbol not in self.instruments:
                self.instruments[symbol] = instrument = Instrument(symbol, self.calendar(symbol.region))
                self.alert_engine.attach(instrument)
        self._respell()

    def set_alerts(self, alerts: Iterable[Alert]) -> None:
        """Watch for these. They change nothing else here, so that a recording need not know of them."""
        self.alert_engine.set_alerts(alerts, self.instruments)

    def set_hours(self, demo: bool) -> None:
        """Keep the hours of the demo exchange, or else each region's own."""
        self._tell("set_hours", demo)
        if demo != self._demo:
            self._demo = demo
            self._calendars.clear()
            for instrument in self.instruments.values():
                instrument.set_hours(self.calendar(instrument.symbol.region))
                instrument.forget_history()
                self._mark(instrument)

    def set_holidays(self, holidays: Mapping[str, Holidays]) -> None:
        """Learn on which days each region's exchange does not open, and on which it closes early. They stand in place
        of those known before."""
        self._tell("set_holidays", holidays)
        self._holidays = dict(holidays)
        self._calendars.clear()
        for instrument in self.instruments.values():
            instrument.set_holidays(self.calendar(instrument.symbol.region))
            self._mark(instrument)

    def calendar(self, region: str) -> Calendar:
        """The hours of a region's exchange, or of the demo exchange, with the holidays known by now."""
        if region not in self._calendars:
            self._calendars[region] = calendar(region, self._demo, self._holidays.get(region))
        return self._calendars[region]

    def reconnected(self, wanted: Iterable[Symbol]) -> None:
        """A new connection serves just the wanted symbols: drop the others, and every book, until it comes anew."""
        wanted = tuple(wanted)
        self._tell("reconnected", wanted)
        keep = set(wanted)
        self.instruments = {symbol: i for symbol, i in self.instruments.items() if symbol in keep}
        self._changed.intersection_update(self.instruments.values())
        self.clock.reset_connection()
        for instrument in self.instruments.values():
            instrument.reconnected()
            self._mark(instrument)
        self.alert_engine.attach_all(self.instruments.values())
        self._respell()

    def refuse(self, symbols: Iterable[Symbol], type_: str, why: str) -> None:
        """The vendor does not serve a type for these symbols."""
        symbols = tuple(symbols)
        self._tell("refuse", symbols, type_, why)
        for symbol in symbols:
            if instrument := self.instruments.get(symbol):
                instrument.refuse(type_, why)
                self._mark(instrument)

    def set_clock(self, wall_base: float) -> None:
        """Take the wall clock anew, as wall − monotonic in ms. Where it was set meanwhile, what was known of the
        exchange's clock moves with it."""
        self._tell("set_clock", wall_base)
        self.clock.shift_local(wall_base - self.wall_base if self.wall_base else 0.0)
        self.wall_base = wall_base

    def observe_date(self, sent: float, received: float, date: float) -> None:
        """An HTTP `Date` header, ms UTC, of an answer asked for and received at these times, s monotonic. One that no
        message could be dated either tells nothing."""
        if not MIN_TIME <= date < MAX_TIME:
            return
        self._tell("observe_date", sent, received, date)
        self.clock.observe_date(self.local_time(sent), self.local_time(received), date)

    def discard_lag_since(self, since: int) -> None:
        """What came after so many frames were seen waited for a program that was stopped: no lag is told from it."""
        self._tell("disregard", since)
        self.clock.discard_lag_since(since)

    # --- the past ---

    def apply_history(self, symbol: Symbol, bars: Sequence[Kline], kept: bool, now: float) -> bool:
        """Take minute bars of the past, oldest first: `kept` in our own file, or told by the vendor at `now`, who then
        left out none between the first and the last. The stream's word counts for the minute in progress, and the
        version of a minute with more volume. False where the vendor's contradict those kept, which are then forgotten.
        """
        bars = tuple(bars)
        self._tell("recall", symbol, bars, kept, now)
        if (instrument := self.instruments.get(symbol)) is None:
            return True
        time = self.exchange_time(now)
        latest = self._latest(now)
        sound = sum(map(is_valid_bar, bars))
        self.health.future += sum(bar.time > latest for bar in bars if is_valid_bar(bar))
        if sound < len(bars):
            self.health.malformed["history"] += len(bars) - sound
        agrees = instrument.apply_history(completed_bars(bars, time), kept, time)
        self._mark(instrument)
        return agrees

    def apply_history_closes(self, symbol: Symbol, closes: Mapping[str, float]) -> None:
        """Take what earlier regular sessions closed at, by their date as `2026-11-20`. What is no price is left out."""
        closes = {day: close for day, close in closes.items() if MIN_PRICE <= close <= MAX_PRICE}
        self._tell("recall_closes", symbol, closes)
        if (instrument := self.instruments.get(symbol)) is not None:
            instrument.day.apply_history_closes({date.fromisoformat(day): close for day, close in closes.items()})
            self._mark(instrument)

    def apply_history_quote(self, symbol: Symbol, quote: Quote, now: float) -> None:
        """Take a quote that was asked for and came at `now`, beside the stream: its previous close, and its last price
        as long as the stream has brought none."""
        self._tell("recall_quote", symbol, quote, now)
        if (instrument := self.instruments.get(symbol)) is None:
            return
        if quote.time > self._latest(now):
            self.health.future += 1
            return
        instrument.apply_history_quote(quote)
        self._mark(instrument)

    def _tell(self, name: str, *arguments: Any) -> None:
        if self.on_call is not None:
            self.on_call(name, arguments)

    def _respell(self) -> None:
        self._by_spelling = {str(symbol): instrument for symbol, instrument in self.instruments.items()}
        self._regions = {symbol.region for symbol in self.instruments}

    # --- the way of the data ---

    def apply(self, message: Push, now: float) -> Instrument | None:
        """Take one message that arrived at `now` (s, monotonic). The instrument it changed, or None where it was
        older than what is known, of a symbol nobody follows, or a bar that cannot be: all are counted.

        Per tick: one look-up, the order check, a few slots written, one set insertion.
        """
        spelling = message.symbol if message.region is None else f"{message.symbol}${message.region}"
        instrument = self._by_spelling.get(spelling) or self._find(message, spelling)
        if instrument is None:
            self.health.unfollowed += 1
            return None
        kind = type(message)
        if kind is Tick:
            applied = self._tick(instrument, message, now)  # type: ignore[arg-type]
        elif kind is Quote:
            applied = self._quote(instrument, message, now)  # type: ignore[arg-type]
        elif kind is Depth:
            applied = self._depth(instrument, message, now)  # type: ignore[arg-type]
        elif is_valid_bar(message):  # type: ignore[arg-type]
            applied = self._kline(instrument, message, now)  # type: ignore[arg-type]
        else:
            self.health.malformed["kline"] += 1
            return None
        if not applied:
            self.health.out_of_order += 1
            return None
        by_instrument = self.alert_engine.by_instrument
        if by_instrument and instrument in by_instrument and not self.alerts_sleep:
            self.alert_engine.evaluate(instrument, kind, self.exchange_time(now))
        if not self._changed and self.on_change is not None:
            self._changed.add(instrument)
            self.on_change()
        else:
            self._changed.add(instrument)
        return instrument

    def _check_time(self, instrument: Instrument, message: Tick | Quote, now: float) -> int | None:
        """Returns the time (ms UTC) that a tick or quote counts with, 0 if none is known, or None if it is out of order
        among those of its type. Before data of a new session it rolls the instrument's session."""
        is_tick = type(message) is Tick
        newest = instrument.tick_time if is_tick else instrument.quote_time
        time = message.time or newest
        if time < newest:
            if self._is_older(instrument, newest, now):
                return None
            newest = 0  # it was false, and is forgotten
        if time > newest:
            arrival = now * 1000 + self.wall_base
            if time > arrival + self.clock.reach and not self.clock.accepts_ahead(time, arrival):
                message.time = time = self._undated(newest)
            elif instrument.tick_sampled if is_tick else instrument.quote_sampled:
                self.clock.observe_frame(instrument.symbol, time, arrival)
            if time >= instrument.day.ends:
                instrument.roll_session(time)
            if is_tick:
                instrument.tick_sampled = True
                instrument.tick_time = time
            else:
                instrument.quote_sampled = True
                instrument.quote_time = time
        return time

    def _tick(self, instrument: Instrument, tick: Tick, now: float) -> bool:
        time = self._check_time(instrument, tick, now)
        if time is None:
            return False
        instrument.tick = tick
        if time >= instrument.last_time:
            instrument.set_last(tick.last, time, now)
        if tick.last >= MIN_PRICE:
            instrument.add_trade(tick, now)
        self.health.ticks += 1
        return True

    def _quote(self, instrument: Instrument, quote: Quote, now: float) -> bool:
        time = self._check_time(instrument, quote, now)
        if time is None:
            return False
        instrument.quote = quote
        if instrument.day.base is None:
            instrument.day.update(quote)
        # Without a trade to compare with, a quote counts also where it has no time.
        if instrument.tick is None or time > instrument.tick_time:
            instrument.set_last(quote.last, time, now)
            if instrument.refused and instrument.builds_bars and quote.time and quote.last >= MIN_PRICE:
                instrument.bars.trade(quote.time, quote.last, None)
        if quote.high is not None and quote.low is not None and not quote.low <= quote.last <= quote.high:
            self.health.outside += 1  # flagged, not dropped: the vendor's own sample is such a one
        self.health.quotes += 1
        return True

    def _depth(self, instrument: Instrument, depth: Depth, now: float) -> bool:
        instrument.depth = depth = in_order(depth)
        instrument.depth_at = now
        instrument.mid = uncrossed_mid(depth)
        if instrument.mid is None and is_crossed(depth):
            self.health.crossed += 1
        self.health.depths += 1
        return True

    def _kline(self, instrument: Instrument, bar: Kline, now: float) -> bool:
        if bar.interval != 1:
            return False
        latest = self._latest(now)
        if bar.time > latest:
            self.health.future += 1
            return False
        if bar.time < self.exchange_time(now) - OLDEST:
            return False
        if instrument.bars.latest * MINUTE > latest:
            instrument.forget_after(int(latest))
        bar.symbol, bar.region = instrument.symbol  # one spelling for all that are kept: a message brings its own
        if not instrument.bars.update(bar):
            return False
        instrument.bars.synthesized = False
        self.health.klines += 1
        return True

    def _latest(self, now: float) -> float:
        """The latest time, ms UTC, that what arrives at `now` can be dated; `clock.py` tells why."""
        return self.local_time(now) + self.clock.reach

    def _is_older(self, instrument: Instrument, known: int, now: float) -> bool:
        """Whether a message dated before `known`, the newest time of its symbol and type, is older for that. It is not
        where the newest proves to be false, by a clock that was wrong when it came: all of that is forgotten then."""
        self.clock.observe_refused(self.local_time(now))
        latest = self._latest(now)
        if known > latest:
            instrument.forget_after(int(latest))
        return known <= latest

    def _undated(self, newest: int) -> int:
        """The time of a message from the future. Its price may be right, its time cannot be, and would shut out every
        message after it: it counts as one without a time."""
        self.health.future += 1
        return newest

    def _find(self, message: Push, spelling: str) -> Instrument | None:
        """The instrument of a spelling not met before, remembered for the next time."""
        if spelling in self._by_spelling or len(spelling) > _LONGEST_SPELLING:
            return None
        code, region = split_wire_symbol(message.symbol, message.region)
        regions = (region,) if region else self._regions
        same_code = [i for each in regions if (i := self.instruments.get(canonical(code, each))) is not None]
        instrument = same_code[0] if len(same_code) == 1 else None
        if len(self._by_spelling) < _MAX_SPELLINGS:
            self._by_spelling[spelling] = instrument
        return instrument

    # --- the way of the frames ---

    def _mark(self, instrument: Instrument) -> None:
        woke = not self._changed
        self._changed.add(instrument)
        if woke and self.on_change is not None:
            self.on_change()

    def drain_changed(self) -> set[Instrument]:
        """The instruments changed since the last call."""
        changed, self._changed = self._changed, set()
        self.health.shown += len(changed)
        return changed

    def sample(self, now: float, instruments: Iterable[Instrument]) -> None:
        """Once a second for every instrument while the link is proven: what is measured by time."""
        time = self.exchange_time(now)
        for instrument in instruments:
            instrument.sample(now, time)

    def expect_data(self, symbols: Iterable[Symbol], now: float) -> None:
        """The feed accepted to serve these: from now on data is waited for."""
        symbols = tuple(symbols)
        self._tell("served", symbols, now)
        for symbol in symbols:
            if (instrument := self.instruments.get(symbol)) is not None and not instrument.expected_at:
                instrument.expected_at = now

    def local_time(self, now: float) -> float:
        """ms of wall clock at `now`: the clock as it stood at connect, plus monotonic time since."""
        return now * 1000 + self.wall_base

    def exchange_time(self, now: float) -> float:
        """ms UTC by the exchange's clock, as well as it is known."""
        return self.local_time(now) + self.clock.offset

    def age(self, instrument: Instrument, now: float) -> float | None:
        """Seconds since the newest tick or quote was made, by its own time; None without one."""
        return instrument.age(self.exchange_time(now))
