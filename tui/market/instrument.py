"""All that is known of one symbol: the vendor's latest messages as they came, and little else.

What can be derived (change, spread, imbalance) is derived by whoever paints it, from `change.py` and `book.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from tui.market.bars import MINUTE, MinuteBars
from tui.market.book import best_bid_offer, best_level, decimals, inferred_tick_size
from tui.market.change import ReferencePrice
from tui.market.clock_sync import SLACK
from tui.market.reference_price import ReferencePriceTracker, session_closes
from tui.market.sessions import Calendar, SessionInterval, calendar
from tui.market.spread_stats import SpreadHistory
from tui.market.tape import Tape
from tui.market.trade_side import MAX_BOOK_AGE
from tui.protocol.messages import MIN_PRICE, Depth, Kline, Quote, Tick
from tui.symbol import Symbol

DATA_TIMEOUT = 10.0  # s: a symbol without any data for longer is said to have none yet
_TOGETHER = 16  # trades
_AHEAD = 2 * SLACK  # ms: more than is let in by a clock whose bounds are a few seconds apart
_TELLING, _LATEST = 30, 300  # bars: so many tell how prices are quoted, and more need not be asked


class LastKnownPrice(NamedTuple):
    """The last price that the past tells, and when it was so, ms UTC."""

    price: float
    time: int


class Instrument:
    """One symbol's state. Times called `_at` are s, monotonic, by arrival; `_time` are ms UTC, the data's own."""

    __slots__ = (
        "_quoting_known",
        "_tape",
        "_untold",
        "bars",
        "calendar",
        "data_overdue",
        "day",
        "decimals",
        "depth",
        "depth_at",
        "direction",
        "expected_at",
        "history_quote",
        "last",
        "last_changed_at",
        "last_time",
        "last_trade_moved",
        "mid",
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
        "tick_size",
        "tick_time",
    )

    def __init__(self, symbol: Symbol, hours: Calendar | None = None) -> None:
        self.symbol = symbol
        self.set_hours(hours or calendar(symbol.region))
        self.tick: Tick | None = None
        self.quote: Quote | None = None
        self.depth: Depth | None = None
        self.history_quote: Quote | None = None  # a quote that the stream did not bring
        self.bars = MinuteBars()
        self.tick_time = 0
        self.quote_time = 0
        self.depth_at = 0.0
        self.mid: float | None = None  # of the book, where it is uncrossed
        # Whether this connection has brought one before: the first may be old, and says nothing of the lag.
        self.tick_sampled = False
        self.quote_sampled = False
        # Last price, the one before it, when it changed, and which way it last moved (+1, -1, 0 never).
        self.last: float | None = None
        self.last_time = 0
        self.previous: float | None = None
        self.last_changed_at = 0.0
        self.direction = 0
        self.last_trade_moved = False  # whether the latest trade moved the price
        self.refused: dict[str, str] = {}  # type → why the vendor refused it
        self.spreads = SpreadHistory()
        self.expected_at = 0.0  # since when the feed is to send data; 0 while it was not asked or did not answer
        self.data_overdue = False  # whether none came within DATA_TIMEOUT
        self.tick_size: float | None = None
        self.decimals = 2
        self._quoting_known = False  # whether the past has told how many decimals prices need

    def set_hours(self, hours: Calendar) -> None:
        """Keep the dates and hours of another exchange."""
        self.calendar = hours
        self.session: SessionInterval | None = None
        self.day = ReferencePriceTracker(hours)
        self._tape = Tape(hours.zone)
        self._untold: list[tuple[Tick, Quote | None, float | None]] = []  # trades, with what tells their size and side

    def set_holidays(self, hours: Calendar) -> None:
        """Keep the hours of the same exchange, its holidays known: what the session is, is judged anew."""
        self.calendar = hours
        self.session = None
        self.day.recalibrate(hours)

    @property
    def tape(self) -> Tape:
        """The latest trades."""
        if self._untold:
            self._tell()
        return self._tape

    @property
    def newest_time(self) -> int:
        """The newest `t` of tick and quote, ms UTC; 0 without data. The age of the row is measured from it."""
        return max(self.tick_time, self.quote_time)

    def age(self, time: float) -> float | None:
        """Seconds from the newest data's own time to `time`, the exchange's in ms UTC; None without data, or where it
        is dated so far ahead that a clock must have been wrong when it came."""
        newest = self.newest_time
        return max(0.0, (time - newest) / 1000) if newest and newest - time <= _AHEAD else None

    @property
    def base(self) -> ReferencePrice | None:
        """What the day's change is measured from."""
        self.day.update(self.quote)
        return self.day.base

    @property
    def closes(self) -> Mapping[date, float]:
        """What regular sessions closed at, by their date."""
        return self.day.closes | self.day.session_close(self.last)

    @property
    def regular_last(self) -> float | None:
        """The last price that counts for the day's change: outside the regular session that session's, where known."""
        return self.last if self.day.close is None else self.day.close

    @property
    def has_data(self) -> bool:
        return self.last is not None or self.depth is not None

    @property
    def is_last_known(self) -> bool:
        """Whether the stream has brought no price, and history has."""
        return self.last is None and (len(self.bars) > 0 or self.history_quote is not None)

    @property
    def last_known(self) -> LastKnownPrice | None:
        """The last price of what is known from before; None without any."""
        bar = self.bars.get(self.bars.latest)
        known = LastKnownPrice(bar.close, bar.time + MINUTE) if bar is not None else None
        quote = self.history_quote
        if quote is not None and quote.last >= MIN_PRICE and (known is None or quote.time >= known.time):
            return LastKnownPrice(quote.last, quote.time)
        return known

    def apply_history(self, bars: Sequence[Kline], kept: bool, time: float) -> bool:
        """Take bars of the past, as Market.recall says."""
        if len(bars) >= _TELLING:
            # Where a third of the closes needs a decimal, prices are quoted with it; fewer are of trades, which print
            # finer than the book quotes.
            needed = sorted(decimals([bar.close]) for bar in bars[-_LATEST:])
            self.decimals = max(self.decimals, needed[2 * len(needed) // 3])
            self._quoting_known = True
        if kept:
            self.bars.fill_from_cache(bars)
            return True
        agrees = self.bars.merge_history(bars)
        if not agrees:
            self.day.forget_closes()
        self.day.apply_history_closes(session_closes(bars, self.calendar, time))
        return agrees

    def apply_history_quote(self, quote: Quote) -> None:
        """Take a quote of the past, unless a newer one is known."""
        if self.history_quote is None or quote.time >= self.history_quote.time:
            self.history_quote = quote
            self.day.apply_history_quote(quote)

    def forget_history(self) -> None:
        """It is another exchange's."""
        self.history_quote = None
        self._quoting_known = False
        self.bars.forget()

    def forget_after(self, time: int) -> None:
        """Undo what data dated later than `time` (ms UTC) has done: the clock that let it in was wrong."""
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
        """A newer last price. Costs a comparison and a few stores."""
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

    def roll_session(self, time: int) -> None:
        """Data of another session than before, not yet applied; `time` in ms UTC."""
        self.day.apply_history_closes(self.day.session_close(self.last))
        seen = self.tick_sampled or self.quote_sampled  # else the link was away, and the last price may not have been
        self.day.roll(time, self.last if seen else None, self.quote)

    def refuse(self, type_: str, why: str) -> None:
        """The vendor does not serve this type. Trades that came before are told first: whether bars are built of them
        must not depend on when somebody looked at the tape."""
        if self._untold:
            self._tell()
        self.refused[type_] = why

    @property
    def builds_bars(self) -> bool:
        """Whether minute bars are made here, because the feed refuses them."""
        return "kline@1" in self.refused

    def add_trade(self, tick: Tick, now: float) -> None:
        """Put a trade on the tape, and into its minute where bars are built here. The tape of a symbol that nobody
        looks at is told of many together: one by one, each would find it fallen out of the processor's cache."""
        self._untold.append((tick, self.quote, self.mid if now - self.depth_at <= MAX_BOOK_AGE else None))
        if len(self._untold) >= _TOGETHER or (self.refused and self.builds_bars):
            self._tell()

    def _tell(self) -> None:
        tape, untold, builds = self._tape, self._untold, self.builds_bars
        self._untold = []
        for tick, quote, middle in untold:
            size = tape.add(tick, quote, middle)
            owed = tape.apply_late_sizes() if tape.sizes.late_sizes else ()
            if builds and tick.time:
                self.bars.trade(tick.time, tick.last, size, newest=tick.time >= self.last_time)
                for _, time, late in owed:
                    self.bars.add_volume(time, late)

    def infer_precision(self) -> None:
        """Learn the tick size and the decimals that prices need, from the book on hand. Called when it is painted."""
        past = self.last_known if self.last is None else None
        known = self.last if past is None else past.price
        # Trades print finer than the book quotes: one decides only where neither the past nor a book does.
        prices = [known] if known is not None and not self._quoting_known else []
        if self.depth is not None:
            touch = (best_level(self.depth.bids), best_level(self.depth.asks))
            prices = [level.price for level in touch if level] or prices
        self.decimals = decimals(prices, self.decimals)
        # A tick cannot be smaller than the last decimal that prices need.
        if self.depth is not None and (self.tick_size is None or self.tick_size > 1.01 * 10.0**-self.decimals):
            step = inferred_tick_size(self.depth)
            if step and (self.tick_size is None or step < self.tick_size):
                self.tick_size = step

    def sample(self, now: float, time: float) -> None:
        """Once a second while the link is proven: what is measured by time. `now` in s, monotonic, `time` the
        exchange's, ms UTC."""
        if self.session is None or time >= self.session.end or time < self.session.start:
            self.session = self.calendar.at(time)
        self.data_overdue = not self.has_data and self.expected_at > 0 and now - self.expected_at >= DATA_TIMEOUT
        if self.depth is None:
            return
        if self.tick_size is None:
            self.infer_precision()
        # A book that nobody trades in says nothing of the spread.
        if self.session.phase.is_continuous and (known := best_bid_offer(self.depth)) is not None and known.spread > 0:
            self.spreads.sample(known.spread, self.tick_size, now)

    def reconnected(self) -> None:
        """Forget what belonged to the connection: a book has no time of its own, so an old one cannot be told from a
        new one, and what was refused may not be again."""
        self.depth = self.mid = None
        self.depth_at = self.expected_at = 0.0
        self.data_overdue = False
        self.tick_sampled = self.quote_sampled = False
        self.refused.clear()
        self.tape.reconnected()
