"""The state of the market: one plain object that the feed writes and the screen reads.

Nothing is queued between the two, so there is no backlog: a symbol that ticks a thousand times between two frames costs
a thousand cheap writes and one repaint.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from tui.market.alert_engine import AlertEngine
from tui.market.alerts import Alert
from tui.market.bars import MAX_BAR_AGE, MINUTE, SessionRange, completed_bars, is_valid_bar
from tui.market.basis import Basis, link_bases
from tui.market.book import best_bid_offer, in_order
from tui.market.clock_sync import ClockOffset
from tui.market.data_age import RESOLUTION
from tui.market.depth_histories import DepthHistories
from tui.market.fair_value import IndicativeValue
from tui.market.health import Health
from tui.market.instrument import Instrument
from tui.market.pairs import Pairs
from tui.market.premium import give_iopv
from tui.market.session_axis import session_minutes
from tui.market.sessions import Calendar, Holidays, calendar
from tui.market.spellings import learn_spelling
from tui.market.trade_side import uncrossed_mid
from tui.market.usual_volume import UsualVolume
from tui.protocol.messages import MAX_PRICE, MAX_TIME, MIN_PRICE, MIN_TIME, Depth, Kline, Push, Quote, Tick
from tui.symbol import Pair, Symbol

PORTION = 50
"""Instruments per portion: work once a second on more of them is split up, so that frames can be drawn in between."""


class Market:
    """Instruments by symbol, the set of those changed since the last frame, the exchange's clock and health counters.

    - `on_change` is called with the first change after a frame, so that an idle frame clock can resume.
    - `on_call` is called with the recorded name and the arguments of each method that feeds in something other than a
      message: the same calls and messages in the same order rebuild the same market.
    - `on_frames` is called when frames were read, with the time of their arrival (s, monotonic); each frame is then
      passed to the function it returns, if any.
    - `on_split` is called when the first price of a trade date tells of a split.
    - `alerts_sleep` is the reason why no alert may fire, "" while they may.
    """

    def __init__(self, on_change: Callable[[], None] | None = None) -> None:
        self.instruments: dict[Symbol, Instrument] = {}
        self.clock = ClockOffset()
        self.health = Health()
        self.on_change = on_change
        self.on_call: Callable[[str, tuple[Any, ...]], None] | None = None
        self.alert_engine = AlertEngine()
        self.alerts_sleep = ""
        self.pairs = Pairs(self.alert_engine)
        self.depth_histories = DepthHistories()
        self.on_split: Callable[[], None] | None = None
        self.on_frames: Callable[[float], Callable[[bytes | bytearray], None] | None] | None = None
        self._bases: tuple[Basis, ...] = ()
        self._demo = False
        self._holidays: dict[str, Holidays] = {}
        self._calendars: dict[str, Calendar] = {}
        self.wall_base = 0.0  # ms: wall clock − monotonic, read at each connect
        self._changed: set[Instrument] = set()
        self._by_spelling: dict[str, Instrument | None] = {}
        self._regions: set[str] = set()

    # --- subscriptions and reference data ---

    def follow(self, symbols: Iterable[Symbol]) -> None:
        """Add symbols to the market; those already in it keep their data."""
        self._report_call("follow", symbols := tuple(symbols))
        for symbol in symbols:
            if symbol not in self.instruments:
                self.instruments[symbol] = instrument = Instrument(symbol, self.calendar(symbol.region))
                self.alert_engine.attach(instrument)
                self.depth_histories.follow(instrument)
        self._index_instruments()

    def set_bases(self, bases: Iterable[Basis]) -> None:
        """Replace the proxies of funds' worth. They are the person's, and not recorded."""
        self._bases = tuple(bases)
        link_bases(self._bases, self.instruments)

    def set_pairs(self, pairs: Iterable[Pair]) -> None:
        """Replace the pairs, whose legs are to be followed too. They are the person's, and not recorded."""
        self.pairs.set_wanted(pairs, self.instruments)

    def row(self, symbol: Symbol) -> Instrument | None:
        """Returns the state of a symbol or a pair, None if it is not followed."""
        return self.instruments.get(symbol) or self.pairs.by_symbol.get(symbol)

    def set_alerts(self, alerts: Iterable[Alert]) -> None:
        """Replace the alerts. They change no other state, so they are not recorded."""
        self.alert_engine.set_alerts(alerts, {**self.instruments, **self.pairs.by_symbol})

    def set_hours(self, demo: bool) -> None:
        """Adopt the hours of the demo exchange, or else those of each region's exchange."""
        self._report_call("set_hours", demo)
        if demo != self._demo:
            self._demo = demo
            self._calendars.clear()
            for instrument in self.instruments.values():
                instrument.set_hours(self.calendar(instrument.symbol.region))
                instrument.forget_history()
                self._mark_changed(instrument)
            self.depth_histories.clear()
            link_bases(self._bases, self.instruments)

    def set_holidays(self, holidays: Mapping[str, Holidays]) -> None:
        """Replace the holidays and early closes of all regions."""
        self._report_call("set_holidays", holidays)
        self._holidays = dict(holidays)
        self._calendars.clear()
        for instrument in self.instruments.values():
            instrument.set_holidays(self.calendar(instrument.symbol.region))
            self._mark_changed(instrument)

    def calendar(self, region: str) -> Calendar:
        """Returns the calendar of a region's exchange, or of the demo exchange, with the holidays known so far."""
        if region not in self._calendars:
            self._calendars[region] = calendar(region, self._demo, self._holidays.get(region))
        return self._calendars[region]

    def reconnected(self, wanted: Iterable[Symbol]) -> None:
        """Begin a new connection, which serves only the wanted symbols: drop all others, and every book, because it
        carries no time to tell an old one by."""
        wanted = tuple(wanted)
        self._report_call("reconnected", wanted)
        keep = set(wanted)
        self.instruments = {symbol: i for symbol, i in self.instruments.items() if symbol in keep}
        self._changed.intersection_update(self.instruments.values())
        self.clock.reset_connection()
        for instrument in self.instruments.values():
            instrument.reconnected()
            self._mark_changed(instrument)
        self.depth_histories.keep(self.instruments.values())
        self._index_instruments()
        self.alert_engine.attach_all([*self.instruments.values(), *self.pairs.by_symbol.values()])

    def link_lost(self, at: float) -> None:
        """Mark the minute of the last frame, which arrived `at` (s, monotonic; 0 for none), as incomplete."""
        if at:
            for instrument in self.instruments.values():
                instrument.bars.link_lost(int(self.exchange_time(at) // MINUTE))
                self._mark_changed(instrument)
            self.depth_histories.interrupt(self.exchange_time(at))

    def trades_lost(self, now: float) -> None:
        """Mark that trades of any symbol may be missing since about `now` (s, monotonic): they were passed on faster
        than this process read them."""
        self._report_call("trades_lost", now)
        for instrument in self.instruments.values():
            instrument.tape.mark_gap("too slow")
            if instrument.builds_bars:
                instrument.bars.mark_incomplete(int(self.exchange_time(now) // MINUTE))
            self._mark_changed(instrument)

    def refuse(self, symbols: Iterable[Symbol], type_: str, why: str) -> None:
        """Mark a type as refused by the vendor for these symbols; `why` is its reason."""
        self._report_call("refuse", symbols := tuple(symbols), type_, why)
        for symbol in symbols:
            if instrument := self.instruments.get(symbol):
                instrument.refuse(type_, why)
                self._mark_changed(instrument)

    def set_clock(self, wall_base: float) -> None:
        """Set the wall clock, as wall − monotonic in ms. If it was stepped since the last call, the known offset of the
        exchange's clock is shifted by as much."""
        self._report_call("set_clock", wall_base)
        self.clock.shift_local(wall_base - self.wall_base if self.wall_base else 0.0)
        self.wall_base = wall_base

    def observe_date(self, sent: float, received: float, date: float) -> None:
        """Observe an HTTP `Date` header (ms UTC) of a response requested and received at these times (s, monotonic).
        One outside the range that messages can be dated is ignored."""
        if not MIN_TIME <= date < MAX_TIME:
            return
        self._report_call("observe_date", sent, received, date)
        self.clock.observe_date(self.local_time(sent), self.local_time(received), date)

    def discard_lag_since(self, since: int) -> None:
        """Discard the lag of all frames after the first `since`: they waited while the process was stopped."""
        self._report_call("disregard", since)
        self.clock.discard_lag_since(since)

    # --- history ---

    def apply_history(self, symbol: Symbol, bars: Sequence[Kline], cached: bool, now: float) -> bool:
        """Merge past minute bars, oldest first, from the cache or else received from the vendor at `now` (s, monotonic)
        without gaps. The minute in progress is left to the stream, and of two versions of a minute the one with more
        volume is kept. Returns False if the vendor's bars contradict the cached ones, which are then dropped."""
        bars = tuple(bars)
        self._report_call("recall", symbol, bars, cached, now)
        if (instrument := self.instruments.get(symbol)) is None:
            return True
        time = self.exchange_time(now)
        latest = self._latest_credible(now)
        valid = sum(map(is_valid_bar, bars))
        self.health.future += sum(bar.time > latest for bar in bars if is_valid_bar(bar))
        if valid < len(bars):
            self.health.malformed["history"] += len(bars) - valid
        agrees = instrument.apply_history(completed_bars(bars, time), cached, time)
        self._mark_changed(instrument)
        return agrees

    def apply_history_closes(self, symbol: Symbol, closes: Mapping[str, float]) -> None:
        """Add regular closes of earlier dates, by date as `2026-11-20`. Values out of the range of prices are
        ignored."""
        closes = {day: close for day, close in closes.items() if MIN_PRICE <= close <= MAX_PRICE}
        self._report_call("recall_closes", symbol, closes)
        if (instrument := self.instruments.get(symbol)) is not None:
            instrument.day.apply_history_closes({date.fromisoformat(day): close for day, close in closes.items()})
            instrument.update_reference()
            self._mark_changed(instrument)

    def apply_history_quote(self, symbol: Symbol, quote: Quote, now: float) -> None:
        """Apply a quote that came over REST at `now` (s, monotonic): its previous close, and its last price until the
        stream brings one."""
        self._report_call("recall_quote", symbol, quote, now)
        if (instrument := self.instruments.get(symbol)) is None:
            return
        if quote.time > self._latest_credible(now):
            self.health.future += 1
            return
        instrument.apply_history_quote(quote)
        self._mark_changed(instrument)

    def apply_iopv(self, symbol: Symbol, value: float, time: float, now: float) -> None:
        """Apply an IOPV that the person's command printed at `now` (s, monotonic), made at `time` (ms UTC). An older
        one than the newest, and one from the future, are counted and not applied."""
        self._report_call("iopv", symbol, value, time, now)
        if (instrument := self.instruments.get(symbol)) is None:
            return
        if time > self._latest_credible(now):
            self.health.future += 1
        elif give_iopv(instrument, IndicativeValue(value, int(time)), self.exchange_time(now)):
            self._mark_changed(instrument)
        else:
            self.health.out_of_order += 1

    def apply_usual_volume(self, symbol: Symbol, day: date, dates: int, volumes: Sequence[float]) -> None:
        """Set what is usually traded by the end of each minute of a date's session: the median of so many dates, empty
        if they are too few."""
        volumes = tuple(volumes)
        self._report_call("recall_usual_volume", symbol, day, dates, volumes)
        if (instrument := self.instruments.get(symbol)) is not None:
            minutes = session_minutes(instrument.calendar, day)
            if len(volumes) in (0, sum(map(len, minutes))):
                instrument.bars.usual = UsualVolume(day, minutes, dates, array("d", volumes))
                self._mark_changed(instrument)

    def apply_session_range(self, symbol: Symbol, day: date, low: float, high: float) -> None:
        """Set the lowest and highest price of the session before the present one, that of the date `day`."""
        self._report_call("recall_session_range", symbol, day, low, high)
        if (instrument := self.instruments.get(symbol)) is not None and low <= high:
            instrument.bars.previous_range = SessionRange(day, low, high)
            self._mark_changed(instrument)

    def _report_call(self, name: str, *arguments: Any) -> None:
        if self.on_call is not None:
            self.on_call(name, arguments)

    def _index_instruments(self) -> None:
        link_bases(self._bases, self.instruments)
        self.pairs.link(self.instruments)
        self._by_spelling = {str(symbol): instrument for symbol, instrument in self.instruments.items()}
        self._regions = {symbol.region for symbol in self.instruments}

    # --- messages ---

    def apply(self, message: Push, now: float) -> Instrument | None:
        """Apply one message that arrived at `now` (s, monotonic). Returns the instrument it changed, or None if it was
        out of order, of an unfollowed symbol, or an impossible bar; each of these is counted.

        Cost per tick: one look-up, the check of its time, a few slots written, one set insertion.
        """
        spelling = message.symbol if message.region is None else f"{message.symbol}${message.region}"
        known = self._by_spelling
        instrument = known.get(spelling) or learn_spelling(known, spelling, message, self.instruments, self._regions)
        if instrument is None:
            self.health.unfollowed += 1
            return None
        kind = type(message)
        if kind is Tick:
            applied = self._apply_tick(instrument, message, now)  # type: ignore[arg-type]
        elif kind is Quote:
            applied = self._apply_quote(instrument, message, now)  # type: ignore[arg-type]
        elif kind is Depth:
            applied = self._apply_depth(instrument, message, now)  # type: ignore[arg-type]
        elif is_valid_bar(message):  # type: ignore[arg-type]
            applied = self._apply_kline(instrument, message, now)  # type: ignore[arg-type]
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
            newest = 0  # dated in the future, and forgotten by now
        if time > newest:
            arrival = now * 1000 + self.wall_base
            if time > arrival + self.clock.reach and not self.clock.accepts_ahead(time, arrival):
                # Its price may be right, but its time would have all later messages refused as older.
                message.time = time = newest
                self.health.future += 1
            elif instrument.tick_sampled if is_tick else instrument.quote_sampled:
                self.clock.observe_frame(instrument.symbol, time, arrival)
            if time >= instrument.day.ends:
                instrument.roll_session(time, message.last)
                if instrument.day.split is not None and self.on_split is not None:
                    self.on_split()
            if instrument.closed_by_plan:
                # A trade or a changed quote shows that it trades; the first of its type on a connection may be old.
                changed = instrument.quote_sampled and message.last != instrument.last
                if instrument.tick_sampled if is_tick else changed:
                    instrument.note_trading(time, self.exchange_time(now))
            if is_tick:
                instrument.tick_sampled = True
                instrument.tick_time = time
            else:
                instrument.quote_sampled = True
                instrument.quote_time = time
        elif message.time:
            return time  # no newer data
        elif (arrival := self.exchange_time(now)) >= instrument.day.ends:  # without a time: of the session it comes in
            instrument.roll_session(int(arrival), message.last)
        age = instrument.ages.tick if is_tick else instrument.ages.quote
        if now - age.at >= RESOLUTION:
            age.note(now)
        return time

    def _apply_tick(self, instrument: Instrument, tick: Tick, now: float) -> bool:
        time = self._check_time(instrument, tick, now)
        if time is None:
            return False
        instrument.tick = tick
        if time >= instrument.last_time:
            instrument.set_last(tick.last, time, now)
        if tick.last >= MIN_PRICE:
            instrument.add_trade(tick, now)
            if time < instrument.day.auction_until:
                instrument.settle_close(tick)
        self.health.ticks += 1
        return True

    def _apply_quote(self, instrument: Instrument, quote: Quote, now: float) -> bool:
        time = self._check_time(instrument, quote, now)
        if time is None:
            return False
        before, instrument.quote = instrument.quote, quote
        if quote.iopv and time:
            instrument.fair_values.add(quote.iopv, time)
        day = instrument.day
        if day.tells_more(quote, before):  # before the next quote takes its place
            instrument.update_reference()
        if time < day.auction_until and not instrument.tick_sampled:
            instrument.settle_close_without_trades(quote, before)
        # Without a trade to compare with, a quote without a time sets the last price too.
        if instrument.tick is None or time > instrument.tick_time:
            instrument.set_last(quote.last, time, now)
            if instrument.refused and instrument.builds_bars and quote.time and quote.last >= MIN_PRICE:
                instrument.bars.add_trade(quote.time, quote.last, None)
        if quote.high is not None and quote.low is not None and not quote.low <= quote.last <= quote.high:
            self.health.outside += 1  # flagged, not dropped: the sample on the page (step 4) is out of range itself
        self.health.quotes += 1
        return True

    def _apply_depth(self, instrument: Instrument, depth: Depth, now: float) -> bool:
        depth, misplaced = in_order(depth)
        instrument.depth = depth
        if misplaced:
            self.health.misplaced += 1
        instrument.depth_at = now
        instrument.mid = uncrossed_mid(depth)
        instrument.is_indicative = False
        if instrument.mid is None and (best := best_bid_offer(depth)) is not None:
            instrument.is_indicative = instrument.is_in_auction(self.exchange_time(now))
            self.health.crossed += best.bid > best.ask and not instrument.is_indicative
        if (history := instrument.depth_history) is not None:
            if now >= history.ends:
                history.advance(self.exchange_time(now), now, instrument.tape)
            history.add(depth)
        age = instrument.ages.depth
        if now - age.at >= RESOLUTION:
            age.note(now)
        self.health.depths += 1
        return True

    def _apply_kline(self, instrument: Instrument, bar: Kline, now: float) -> bool:
        if bar.interval != 1:
            return False
        latest = self._latest_credible(now)
        if bar.time > latest:
            self.health.future += 1
            return False
        if bar.time < self.exchange_time(now) - MAX_BAR_AGE:
            return False
        if instrument.bars.latest * MINUTE > latest:
            instrument.forget_after(int(latest))
        bar.symbol, bar.region = instrument.symbol  # shares one string among all bars: a message has its own
        held = instrument.bars.get(bar.time // MINUTE)
        if not instrument.bars.update(bar):
            return False
        age = instrument.ages.kline
        if now - age.at >= RESOLUTION and bar != held:
            age.note(now)
        instrument.bars.synthesized = False
        self.health.klines += 1
        return True

    def _latest_credible(self, now: float) -> float:
        """Returns the latest credible time (ms UTC) of data that arrives at `now`; `clock_sync.py` has the reasons."""
        return self.local_time(now) + self.clock.reach

    def _is_older(self, instrument: Instrument, known: int, now: float) -> bool:
        """Returns True if a message dated before `known`, the newest time of its symbol and type, is out of order. It
        is not if `known` itself lies in the future, let in by a wrong clock: then all such data is forgotten."""
        self.clock.observe_refused(self.local_time(now))
        latest = self._latest_credible(now)
        if known > latest:
            instrument.forget_after(int(latest))
        return known <= latest

    # --- frames and time ---

    def _mark_changed(self, instrument: Instrument) -> None:
        is_first = not self._changed
        self._changed.add(instrument)
        if is_first and self.on_change is not None:
            self.on_change()

    def drain_changed(self) -> set[Instrument]:
        """Returns the instruments changed since the last call, and the pairs with a changed leg, which are to be
        derived."""
        changed, self._changed = self._changed, set()
        self.health.shown += len(changed)
        changed |= self.pairs.of_legs(changed)
        return changed

    def derive_pairs(self, now: float, shown: Iterable[Instrument]) -> None:
        """Derive the pairs among `shown` at `now` (s, monotonic), and those with alerts, which are evaluated."""
        self.pairs.derive(shown, self.exchange_time(now), alerts=not self.alerts_sleep)

    def sample(self, now: float, instruments: Iterable[Instrument]) -> None:
        """Sample time-weighted figures; called once a second for every instrument while the link is live."""
        time = self.exchange_time(now)
        for instrument in instruments:
            if instrument.sample(now, time):
                self._mark_changed(instrument)

    def expect_data(self, symbols: Iterable[Symbol], now: float) -> None:
        """Expect data of these symbols from `now` (s, monotonic) on: their subscription was accepted."""
        self._report_call("served", symbols := tuple(symbols), now)
        for symbol in symbols:
            if (instrument := self.instruments.get(symbol)) is not None and not instrument.expected_at:
                instrument.expected_at = now
                instrument.bars.link_back(int(self.exchange_time(now) // MINUTE))

    def local_time(self, now: float) -> float:
        """Returns the wall clock at `now` (s, monotonic) in ms: its value at connect plus the monotonic time since."""
        return now * 1000 + self.wall_base

    def monotonic_time(self, local: float) -> float:
        """Returns the monotonic time in s of a wall clock in ms: the inverse of `local_time`."""
        return (local - self.wall_base) / 1000

    def exchange_time(self, now: float) -> float:
        """Returns the time of the exchange's clock at `now` (s, monotonic), ms UTC, as well as its offset is known."""
        return self.local_time(now) + self.clock.offset

    def age(self, instrument: Instrument, now: float) -> float | None:
        """Returns the seconds since the time of the newest tick or quote; None without one."""
        return instrument.age(self.exchange_time(now))
