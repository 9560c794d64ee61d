"""Depth over time: the largest size that stood at each price of a book, second by second and minute by minute.

A book carries no time: it counts from when it arrived, by the exchange's clock, until the next one or the loss of the
link. Memory is bounded: an hour of seconds and a day of minutes, neither of more than MAX_CELLS prices (12 bytes each),
and MAX_TRADES_KEPT trades; 2.9 MB a symbol at most, some 2 MB with ten levels a side after a day.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tui.market.book import best_level, valid_levels
from tui.market.tape import Tape
from tui.market.trade_side import TradeSide
from tui.protocol.messages import MIN_PRICE, Depth, Level

SECONDS_KEPT = 3_600
MINUTES_KEPT = 1_440
MAX_CELLS = 100_000  # prices with a size, of all columns: an hour of ten levels a side has some 90,000
MAX_COLUMN = 4_096  # prices of one column; further ones are left out
MAX_TRADES_KEPT = 20_000
MAX_LOSSES_KEPT = 1_000

_MINUTE = 60  # s
_SIDES: dict[TradeSide, int] = {"B": 2, "~B": 1, "·": 0, "~S": -1, "S": -2}


class DepthColumn(NamedTuple):
    """A stretch of time: by price the largest size (units) that stood there, the best bid and ask at its end (0 for
    none), and its last trade, if any, as price and side: 2 bought, -2 sold, 1 or -1 if inferred, 0 if unknown."""

    sizes: Mapping[float, float]
    bid: float
    ask: float
    trade: tuple[float, int] | None
    lost: bool = False  # the link was lost in that time


class _Columns:
    """Columns one after another: each holds from its start (s of the exchange's clock) to that of the next."""

    __slots__ = ("_asks", "_bids", "_ends", "_latest", "_prices", "_sizes", "_span", "starts")

    def __init__(self, span: int) -> None:
        self._span = span  # s that are kept
        self.starts = array("q")
        self._ends = array("q")  # number of prices up to the end of each column
        self._prices = array("d")
        self._sizes = array("f")
        self._bids = array("d")
        self._asks = array("d")
        self._latest: tuple[dict[float, float], float, float] | None = None

    def append(self, start: int, sizes: dict[float, float], bid: float, ask: float) -> None:
        """Add a column, which the caller changes no more. One that equals the latest is a continuation of it."""
        column = sizes, bid, ask
        if column == self._latest:
            return
        self._latest = column
        self.starts.append(start)
        self._prices.extend(sizes)
        self._sizes.extend(sizes.values())
        self._ends.append(len(self._prices))
        self._bids.append(bid)
        self._asks.append(ask)
        expired = bisect_right(self.starts, start - self._span) - 1  # the last of them still stood then
        if 8 * expired > len(self.starts):
            self._drop(expired)
        if len(self._prices) > MAX_CELLS:
            self._drop(bisect_right(self._ends, len(self._prices) - 7 * MAX_CELLS // 8))

    def _drop(self, columns: int) -> None:
        """Drop the oldest columns."""
        if columns <= 0:
            return
        cells = self._ends[columns - 1]
        del self._prices[:cells], self._sizes[:cells]
        del self.starts[:columns], self._bids[:columns], self._asks[:columns], self._ends[:columns]
        self._ends = array("q", [end - cells for end in self._ends])

    def cut(self, start: int) -> None:
        """Drop what begins at `start` or later, from where on nothing is known."""
        columns = bisect_left(self.starts, start)
        cells = self._ends[columns - 1] if columns else 0
        del self._prices[cells:], self._sizes[cells:]
        del self.starts[columns:], self._bids[columns:], self._asks[columns:], self._ends[columns:]
        self._latest = None
        self.append(start, {}, 0.0, 0.0)

    def merge(self, start: int, stop: int, largest: dict[float, float]) -> tuple[float, float]:
        """Put the largest sizes of a time into `largest`; returns the best bid and ask at its end."""
        first, last = max(0, bisect_right(self.starts, start) - 1), bisect_left(self.starts, stop)
        if not last or start >= stop:
            return 0.0, 0.0
        cells = slice(self._ends[first - 1] if first else 0, self._ends[last - 1])
        _put(zip(self._prices[cells], self._sizes[cells], strict=True), largest)
        return self._bids[last - 1], self._asks[last - 1]


def _put(cells: Iterable[tuple[float, float]], largest: dict[float, float]) -> None:
    for price, size in cells:
        if size > largest.get(price, 0.0):
            largest[price] = size


class DepthHistory:
    """The depth of one symbol over time. Times are those of the exchange's clock, in s; `since` is when it began, None
    before the first book."""

    __slots__ = (
        "_book",
        "_largest",
        "_losses",
        "_minutes",
        "_seconds",
        "_tape",
        "_trade_prices",
        "_trade_sides",
        "_trade_times",
        "_trades_seen",
        "ends",
        "now",
        "since",
    )

    def __init__(self) -> None:
        self._seconds = _Columns(SECONDS_KEPT)
        self._minutes = _Columns(_MINUTE * MINUTES_KEPT)
        self.since: int | None = None
        self.now = 0
        """The second in progress."""
        self.ends = 0.0
        """When the second in progress ends, s monotonic: then `advance` is to be called before `add`."""
        self._largest = defaultdict[float, float](float)  # of the second in progress
        self._book: Depth | None = None
        self._losses = array("q")  # the first second of each time without a book
        self._trade_times = array("q")
        self._trade_prices = array("d")
        self._trade_sides = array("b")
        self._tape: Tape | None = None
        self._trades_seen = 0

    def add(self, book: Depth) -> None:
        """Add a book that arrived before `ends`. Costs 0.1 µs a level: they are looked at one by one, since the largest
        size may have stood for one book only."""
        if self.since is None:
            self.since = self.now
        largest = self._largest
        for level in book.asks:
            size, price = level.volume, level.price
            if size > largest[price]:
                largest[price] = size
        for level in book.bids:
            size, price = level.volume, level.price
            if size > largest[price]:
                largest[price] = size
        if len(largest) > MAX_COLUMN:
            self._largest = defaultdict(float, list(largest.items())[:MAX_COLUMN])
        self._book = book

    def advance(self, time: float, now: float, tape: Tape) -> None:
        """Go on to `time` (ms UTC), which is `now` (s, monotonic), with the book standing as it is and the trades that
        are new on the tape. A clock that was set back changes nothing until that time has passed again."""
        before = self.now
        self._go_on(time)
        self._take_trades(tape, before)
        self.ends = now + self.now + 1 - time / 1000

    def _go_on(self, time: float) -> None:
        second = int(time // 1000)
        if self.since is None:
            self.now = max(self.now, second)
        elif second > self.now:
            before, self.now = self.now, second
            self._seconds.append(before, self._largest, *self._touch)
            self._largest = self._standing()
            if second > before + 1:
                self._seconds.append(before + 1, dict(self._largest), *self._touch)
            for minute in _minutes_ended(before, second):
                self._end_minute(minute)

    def interrupt(self, time: float) -> None:
        """End the book that stands, at `time` (ms UTC), which may have passed before that was known: nothing is known
        until the next one."""
        stop = int(time // 1000) + 1
        if self.since is None:
            return
        if self._book is not None and stop > (self._losses[-1] if self._losses else 0):
            self._losses.append(stop)
            del self._losses[:-MAX_LOSSES_KEPT]
        self._book = None
        if self.now >= stop:
            self._seconds.cut(stop)
            self._largest = self._standing()
        else:
            self._go_on(1000 * stop)
        self.ends = 0.0

    @property
    def _touch(self) -> tuple[float, float]:
        if self._book is None:
            return 0.0, 0.0
        bid, ask = best_level(self._book.bids), best_level(self._book.asks)
        return bid.price if bid else 0.0, ask.price if ask else 0.0

    def _standing(self) -> defaultdict[float, float]:
        levels: list[Level] = []
        if self._book is not None:
            levels = [*valid_levels(self._book.asks), *valid_levels(self._book.bids)]
        return defaultdict(float, [(level.price, level.volume) for level in levels[:MAX_COLUMN]])

    def _end_minute(self, minute: int) -> None:
        largest: dict[float, float] = {}
        touch = self._seconds.merge(_MINUTE * minute, _MINUTE * (minute + 1), largest)
        self._minutes.append(_MINUTE * minute, largest, *touch)

    def column(self, start: int, stop: int) -> DepthColumn | None:
        """Returns the time from `start` up to, not including, `stop`; None if nothing is known of it. Whole minutes are
        remembered for longer than seconds."""
        largest: dict[float, float] = {}
        minutes_end = self.now // _MINUTE * _MINUTE  # from here on no minute has ended
        whole = start % _MINUTE == stop % _MINUTE == 0
        bid = ask = 0.0
        if whole and start < minutes_end:
            bid, ask = self._minutes.merge(start, min(stop, minutes_end), largest)
        if not whole or stop > minutes_end:
            bid, ask = self._seconds.merge(max(start, minutes_end) if whole else start, min(stop, self.now), largest)
        if start <= self.now < stop:
            _put(self._largest.items(), largest)
            bid, ask = self._touch
        sizes = {price: size for price, size in largest.items() if price >= MIN_PRICE}
        if not sizes or start > self.now:
            return None
        return DepthColumn(sizes, bid, ask, self._last_trade(start, stop), self._was_lost(start, stop))

    def _was_lost(self, start: int, stop: int) -> bool:
        return bisect_left(self._losses, start) < bisect_left(self._losses, stop)

    def oldest(self, *, minutes: bool) -> int:
        """Returns the first second that is remembered; of whole minutes more are."""
        starts = [part.starts[0] for part in (self._seconds, *([self._minutes] if minutes else [])) if part.starts]
        return max(min(starts, default=self.now), self.since or 0)

    def _last_trade(self, start: int, stop: int) -> tuple[float, int] | None:
        last = bisect_left(self._trade_times, stop) - 1
        if last < 0 or self._trade_times[last] < start:
            return None
        return self._trade_prices[last], self._trade_sides[last]

    def _take_trades(self, tape: Tape, since: int) -> None:
        """Take over what is new on the tape. A trade's own time may differ from that at which the book of then arrived,
        as in a delayed feed: it counts within the time from `since`, when the tape was last looked at."""
        if tape is not self._tape:
            self._trades_seen = tape.total if self._tape is None else 0
            self._tape = tape
        if tape.total == self._trades_seen:
            return
        new = []
        for run in tape.runs():
            if run.newest < self._trades_seen:
                break
            new.append((min(max(run.time // 1000, since), self.now), run.price, _SIDES[run.side]))
        self._trades_seen = tape.total
        for time, price, side in reversed(new):
            self._trade_times.append(time)
            self._trade_prices.append(price)
            self._trade_sides.append(side)
        if (excess := len(self._trade_times) - MAX_TRADES_KEPT) > 0:
            for column in (self._trade_times, self._trade_prices, self._trade_sides):
                del column[: excess + MAX_TRADES_KEPT // 8]


def _minutes_ended(before: int, now: int) -> Iterable[int]:
    """Returns the minutes that ended between two seconds; of many, in which the book stood still, the first two."""
    return range(before // _MINUTE, min(now // _MINUTE, before // _MINUTE + 2))
