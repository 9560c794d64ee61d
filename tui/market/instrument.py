"""The state of one symbol: the vendor's latest messages unchanged, its bars, its tape and little else.

What can be derived (change, spread, imbalance) is derived when it is painted, by `change.py` and `book.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from tui.market.bars import MINUTE, MinuteBars
from tui.market.book import best_bid_offer
from tui.market.change import ReferencePrice
from tui.market.clock_sync import SLACK
from tui.market.data_age import DataAges, Evidence
from tui.market.depth_history import DepthHistory
from tui.market.fair_value import FairValues
from tui.market.price_precision import PricePrecision
from tui.market.reference_price import ReferencePriceTracker, session_closes
from tui.market.sessions import Calendar, SessionInterval, calendar
from tui.market.split import Split
from tui.market.spread_stats import SpreadHistory
from tui.market.tape import Tape
from tui.market.tick_size import price_grid
from tui.market.trade_side import MAX_BOOK_AGE
from tui.protocol.messages import MIN_PRICE, Depth, Kline, Quote, Tick
from tui.symbol import Symbol

DATA_TIMEOUT = 10.0  # s after the subscription was accepted
_MAX_EVIDENCE_AGE = 10_000  # ms
_MIN_EVIDENCE = 2  # trades or quote changes
_EVIDENCE_HOLDS = 600_000  # ms
_TAPE_BATCH = 16  # trades
_MAX_AHEAD = 2 * SLACK  # ms: a clock whose bounds are a few seconds apart lets in less


class LastKnownPrice(NamedTuple):
    """The last price known from history, and its time, ms UTC."""

    price: float
    time: int


class Instrument:
    """One symbol's state. Attributes named `_at` are times of arrival, s monotonic; `_time` are the data's own, ms
    UTC."""

    __slots__ = (
        "_evidence",
        "_evidence_at",
        "_pending_trades",
        "_split",
        "_tape",
        "ages",
        "bars",
        "calendar",
        "closed_by_plan",
        "data_overdue",
        "day",
        "depth",
        "depth_at",
        "depth_history",
        "direction",
        "expected_at",
        "fair_values",
        "history_quote",
        "is_indicative",
        "last",
        "last_changed_at",
        "last_time",
        "last_trade_moved",
        "mid",
        "precision",
        "previous",
        "quote",
        "quote_sampled",
        "quote_time",
        "refused",
        "session",
        "spreads",
        "symbol",
        "tick",
        "tick_sampled",
        "tick_time",
        "trading_until",
    )

    def __init__(self, symbol: Symbol, hours: Calendar | None = None) -> None:
        self.symbol = symbol
        self.set_hours(hours or calendar(symbol.region))
        self.tick: Tick | None = None
        self.quote: Quote | None = None
        self.depth: Depth | None = None
        self.history_quote: Quote | None = None  # the newest that came over REST
        self.bars = MinuteBars()
        self.tick_time = self.quote_time = self.last_time = 0
        self.depth_at = self.last_changed_at = 0.0
        self.depth_history: DepthHistory | None = None
        self.ages = DataAges()
        self.mid: float | None = None  # of an uncrossed book
        # Whether the book is an auction's, locked or crossed, of which no figure is derived.
        self.is_indicative = False
        # Whether this connection has had a tick or quote: its first may be old, and is no sample of the lag.
        self.tick_sampled = self.quote_sampled = False
        # Last price, the one before it, when it changed, and the sign of the last change (0: none yet).
        self.last: float | None = None
        self.previous: float | None = None
        self.direction = 0
        self.last_trade_moved = False  # whether the latest trade moved the price
        self.refused: dict[str, str] = {}  # by type, the vendor's reason
        self.spreads = SpreadHistory()
        self.expected_at = 0.0  # when its subscription was accepted; 0 before
        self.data_overdue = False  # whether no data came within DATA_TIMEOUT
        self.precision = PricePrecision()
        self.closed_by_plan = False  # whether the exchange was closed by its calendar at the last sample
        self.trading_until = 0  # ms UTC: until then its data counts for more than its calendar; 0 if it does not
        self._evidence = 0  # current trades and quote changes while closed by plan
        self._evidence_at = 0  # ms UTC: the time of the latest

    def set_hours(self, hours: Calendar) -> None:
        """Adopt the calendar of another exchange, which resets the session, the tape, the previous close and IOPVs."""
        self.calendar = hours
        self.session: SessionInterval | None = None
        self.day = ReferencePriceTracker(hours)
        self._split: Split | None = None  # the one that the bars are known to follow
        self.fair_values = FairValues()
        self._tape = Tape(hours)
        # With the quote and mid they are classified by.
        self._pending_trades: list[tuple[Tick, Quote | None, float | None]] = []

    def set_holidays(self, hours: Calendar) -> None:
        """Adopt the calendar of the same exchange with other holidays, which recalibrates the session and closes."""
        self.calendar = hours
        self.session = None
        self._tape.calendar = hours
        self.day.recalibrate(hours)

    @property
    def tape(self) -> Tape:
        """The latest trades, the pending ones included."""
        if self._pending_trades:
            self._flush_trades()
        return self._tape

    @property
    def newest_time(self) -> int:
        """The newest time of tick and quote, ms UTC, from which the age is measured; 0 without data."""
        return max(self.tick_time, self.quote_time)

    def age(self, time: float) -> float | None:
        """Returns the seconds from the newest data's own time to `time` (the exchange's, ms UTC); None without data, or
        if that is dated so far ahead that a clock must have been wrong when it came."""
        newest = self.newest_time
        return max(0.0, (time - newest) / 1000) if newest and newest - time <= _MAX_AHEAD else None

    @property
    def base(self) -> ReferencePrice | None:
        """What the day's change is measured from, None if unknown."""
        self.update_reference()
        return self.day.base

    def update_reference(self) -> None:
        """Take what change is measured from by the newest quote; after a split, drop the bars of the unit before it."""
        self.day.update(self.quote)
        if self.day.split is not self._split:
            self._split = split = self.day.split
            if split is not None:
                self.bars.drop_where(lambda bar: bar.time < split.time and not split.in_unit(bar.close))

    @property
    def suspects_split(self) -> bool:
        """True if a split is likely since the close before, and no reference in its unit is known yet."""
        if self.day.split is None:
            return False
        self.update_reference()
        return self.day.suspects_split

    @property
    def closes(self) -> Mapping[date, float]:
        """The regular closes by date, today's included once it is final."""
        return self.day.closes | self.day.session_close(self.last)

    @property
    def regular_last(self) -> float | None:
        """The last price for the day's change: outside the regular session that session's close, None if unknown."""
        return self.last if self.day.is_regular else self.day.close

    @property
    def has_data(self) -> bool:
        """True once the stream has brought a price or a book."""
        return self.last is not None or self.depth is not None

    @property
    def is_last_known(self) -> bool:
        """True if only history, not the stream, has brought a price."""
        return self.last is None and (len(self.bars) > 0 or self.history_quote is not None)

    @property
    def last_known(self) -> LastKnownPrice | None:
        """The last price from history; None without any."""
        bar = self.bars.get(self.bars.latest)
        known = LastKnownPrice(bar.close, bar.time + MINUTE) if bar is not None else None
        quote = self.history_quote
        if quote is not None and quote.last >= MIN_PRICE and (known is None or quote.time >= known.time):
            return LastKnownPrice(quote.last, quote.time)
        return known

    def apply_history(self, bars: Sequence[Kline], cached: bool, time: float) -> bool:
        """Merge past bars as `Market.apply_history` does; `time` is the exchange's, ms UTC."""
        self.precision.learn(bars)
        self.update_reference()
        split = self.day.split
        known = [bar for bar in bars if split is None or bar.time >= split.time or split.in_unit(bar.close)]
        if cached:
            self.bars.fill_from_cache(known)
            return True
        agrees = self.bars.merge_history(known)
        self.bars.complete_before(int(time // MINUTE))
        if split is not None and not split.adjusted and bars and len(known) == len(bars):
            split.adjusted, agrees = True, False
        if not agrees:
            self.day.forget_closes()
        self.day.apply_history_closes(session_closes(known, self.calendar, time))
        self.update_reference()
        return agrees

    def apply_history_quote(self, quote: Quote) -> None:
        """Apply a quote that came over REST, unless a newer one did."""
        if self.history_quote is None or quote.time >= self.history_quote.time:
            self.history_quote = quote
            self.day.apply_history_quote(quote)

    def forget_history(self) -> None:
        """Drop all history, which was that of another exchange."""
        self.history_quote = None
        self.precision.forget_history()
        self.bars.forget()

    def forget_after(self, time: int) -> None:
        """Undo the effects of data dated later than `time` (ms UTC), let in by a clock that was wrong."""
        if self.tick_time > time:
            self.tick_time = 0
        if self.quote_time > time:
            self.quote_time = 0
        if self.last_time > time:
            self.last_time = 0
        if self.history_quote is not None and self.history_quote.time > time:
            self.history_quote = None
        self.bars.forget_after(time // MINUTE)
        self.tape.recheck_dates()
        today = self.calendar.at(time).date
        self.day.closes = {day: close for day, close in self.day.closes.items() if day <= today}
        self.day.recalibrate(self.calendar)

    def set_last(self, price: float, time: int, now: float) -> None:
        """Set the last price, of `time` (ms UTC), arrived at `now` (s, monotonic). Costs a comparison and a few
        stores."""
        if price < MIN_PRICE:
            return
        before = self.last
        if price != before:
            if before is not None:
                self.direction = 1 if price > before else -1
                self.previous = before
                self.last_changed_at = now
                self.last_trade_moved = True
            self.last = price
        else:
            self.last_trade_moved = False
        self.last_time = time

    def roll_session(self, time: int, price: float) -> None:
        """Roll to the session of `time` (ms UTC), before the first data of it, at `price`, is applied."""
        if close := self.day.session_close(self.last):
            self.day.apply_history_closes(close)
        is_current = self.tick_sampled or self.quote_sampled  # else trades may have been missed since the last price
        is_news = price >= MIN_PRICE and price != self.last
        self.day.roll(time, self.last if is_current else None, self.quote, price if is_news else None)
        self.update_reference()

    def refuse(self, type_: str, why: str) -> None:
        """Mark a type as refused by the vendor; `why` is its reason. Pending trades are flushed first, so that whether
        bars are built from them does not depend on when the tape was painted."""
        if self._pending_trades:
            self._flush_trades()
        self.refused[type_] = why

    @property
    def builds_bars(self) -> bool:
        """True if minute bars are built from trades, because the feed refuses them."""
        return "kline@1" in self.refused

    def add_trade(self, tick: Tick, now: float) -> None:
        """Add a trade that arrived at `now` (s, monotonic) to the tape, and to its minute bar if bars are built from
        trades. 16 trades are buffered before appending: single appends to an off-screen symbol miss the CPU cache."""
        self._pending_trades.append((tick, self.quote, self.mid if now - self.depth_at <= MAX_BOOK_AGE else None))
        if len(self._pending_trades) >= _TAPE_BATCH or (self.refused and self.builds_bars):
            self._flush_trades()

    def settle_close(self, tick: Tick) -> None:
        """Consider a trade just added for the official close; the closing auction's is told by its size."""
        newest = next(self.tape.runs(self.tape.total - 1), None)
        self.day.auction_trade(tick.last, newest.size if newest is not None else None)

    def settle_close_without_trades(self, quote: Quote, before: Quote | None) -> None:
        """Consider a quote for the official close, where the feed sends no trades; what its volume has grown by since
        the quote before is its size."""
        size = None
        if before is not None and before.volume is not None and quote.volume is not None:
            size = quote.volume - before.volume
        if quote.last >= MIN_PRICE and quote.time:
            self.day.auction_trade(quote.last, size)

    def _flush_trades(self) -> None:
        tape, trades, builds = self._tape, self._pending_trades, self.builds_bars
        self._pending_trades = []
        for tick, quote, mid in trades:
            size = tape.add(tick, quote, mid)
            late_sizes = tape.apply_late_sizes() if tape.sizes.late_sizes else ()
            if builds and tick.time:
                self.bars.add_trade(tick.time, tick.last, size, newest=tick.time >= self.last_time)
                for _, time, late_size in late_sizes:
                    self.bars.add_volume(time, late_size)

    def infer_precision(self) -> None:
        """Set the tick size and the decimals of prices, by the table of its region, else by its book. Called when the
        symbol is painted."""
        last_known = self.last_known if self.last is None else None
        last = self.last if last_known is None else last_known.price
        grid = None
        if not self.calendar.always_open:
            day = self.session.date if self.session is not None else self.calendar.at(self.newest_time).date
            grid = price_grid(self.symbol.region, day)
        shown: list[float | None] = []
        if grid is not None:
            shown = [base.price] if (base := self.base) is not None else []
            if (quote := self.quote) is not None:
                shown += [quote.open, quote.high, quote.low]
        self.precision.infer(grid, self.depth, last, shown)

    def is_in_auction(self, time: float) -> bool:
        """Returns True if at `time` (ms UTC) the exchange holds an auction or has not gone on to continuous trading
        since one."""
        return self.calendar.has_auctions and not self._session_at(time).phase.is_continuous

    def _session_at(self, time: float) -> SessionInterval:
        session = self.session
        if session is None or time >= session.end or time < session.start:
            self.session = session = self.calendar.at(time)
        return session

    def sample(self, now: float, time: float) -> bool:
        """Sample time-weighted figures; called once a second while the link is live. `now` is s monotonic, `time` the
        exchange's, ms UTC. Returns True if other types are silent than before, or the symbol is as a whole."""
        before = self.data_overdue, self.is_closed
        session = self._session_at(time)
        self.closed_by_plan = session.phase.is_closed
        if self._evidence and (not self.closed_by_plan or 0 < self.trading_until <= time):
            self._evidence = self.trading_until = 0
        if self.last is not None and self.suspects_split:
            self.day.recheck_split(self.last)
        self.data_overdue = not self.has_data and self.expected_at > 0 and now - self.expected_at >= DATA_TIMEOUT
        changed = self._judge_ages(session, now, time) or before != (self.data_overdue, self.is_closed)
        if self.depth is None:
            return changed
        if self.precision.tick_size is None:
            self.infer_precision()
        # Outside continuous trading the spread of a book is not what trading costs, nor is that of a silent one.
        is_current = session.phase.is_continuous and "depth" not in self.ages.silent
        if is_current and (known := best_bid_offer(self.depth)) is not None and known.spread > 0:
            tick = self.precision.tick_at(known.mid)
            self.spreads.sample(known.spread, tick, now)
        return changed

    def _judge_ages(self, session: SessionInterval, now: float, time: float) -> bool:
        """Find the types that are silent; returns True if they are others than before."""
        bars, times = len(self.bars), (self.tick_time, self.quote_time, self.last_changed_at, self.expected_at)
        if self.ages.are_judged_by(times, session, self.trading_until, self.depth is None, bars, len(self.refused)):
            return False
        quote_lag = (self.tick_time - self.quote_time) / 1000 if self.tick_time and self.quote_time else 0.0
        if self.ages.are_even(quote_lag):
            return False
        bars_held = None if self.builds_bars else bars or None
        data = {"tick": self.tick, "quote": self.quote, "depth": self.depth, "kline@1": bars_held}
        return self.ages.judge(
            Evidence(
                held=[type_ for type_, held in data.items() if held is not None],
                since=max(self.expected_at, now - (time - session.start) / 1000),
                price_moved_at=self.last_changed_at,
                quote_lag=quote_lag,
                trades=session.phase.is_continuous or self.trading_until > 0,
            )
        )

    def is_silent(self, type_: str) -> bool:
        """Returns True if data of a type is missing while another type moves."""
        return type_ in self.ages.silent

    @property
    def bars_type(self) -> str:
        """The type that carries the minute bars."""
        return "tick" if self.builds_bars else "kline@1"

    @property
    def is_last_silent(self) -> bool:
        """True if neither trades nor quotes move the last price any more, while the book or the bars move."""
        silent = self.ages.silent
        return (
            bool(silent)
            and self.last is not None
            and (self.tick is None or "tick" in silent)
            and (self.quote is None or "quote" in silent)
        )

    @property
    def day_quote(self) -> Quote | None:
        """The quote; None if it does not tell of the last price's day."""
        return self.quote if self.quote is not None and self.day.is_of_date(self.quote, self.quote_time) else None

    @property
    def is_closed(self) -> bool:
        """True if the exchange is closed by its calendar, and no data shows otherwise."""
        return self.closed_by_plan and not self.trading_until

    def is_closed_at(self, time: float) -> bool:
        """Returns `is_closed` for a `time` (ms UTC) that may lie past the last sample."""
        return self._session_at(time).phase.is_closed and time >= self.trading_until

    def note_trading(self, made: int, time: float) -> None:
        """Count a trade or quote change of `made` while the exchange is closed by its calendar; `time` is the
        exchange's, both ms UTC. Evidence before plan: two current ones within ten minutes mean that it trades, for ten
        minutes."""
        if time - made <= _MAX_EVIDENCE_AGE:
            self._evidence = 1 + self._evidence * (made - self._evidence_at <= _EVIDENCE_HOLDS)
            self._evidence_at = made
            if self._evidence >= _MIN_EVIDENCE:
                self.trading_until = made + _EVIDENCE_HOLDS

    def reconnected(self) -> None:
        """Drop what belonged to the last connection: its book, which carries no time to tell an old one by, and its
        refusals, which the next one may not repeat."""
        self.depth = self.mid = None
        self.is_indicative = False
        self.depth_at = self.expected_at = 0.0
        self.data_overdue = False
        self.ages.reset()
        self.tick_sampled = self.quote_sampled = False
        self.refused.clear()
        self.tape.reconnected()
