"""The latest trades of one symbol: time, price, size and side."""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple, TypeAlias

from tui.market.sessions import Zone
from tui.market.trade_side import AggressorSideClassifier, TradeSide
from tui.market.trade_size import LateSize, TradeSizeInference
from tui.protocol.messages import Quote, Tick

MAX_TRADES = 500  # trades of one symbol
MAX_RUN_GAP = 1_000  # ms between two trades of one run

_LARGE = 10  # times the median size
_LEAST = 1e-18  # units: no market divides them further
_STEPS = (1, 2, 5, 10)

Trade: TypeAlias = tuple[int, float, float | None, TradeSide]
"""Time in ms UTC (0 where the feed tells none), price, size in units where it is known, side. A plain tuple: there are
hundreds of thousands, and the garbage collector need not look into these."""


class TradeRun(NamedTuple):
    """Consecutive trades at one price and on one side, each within a second of the one before. `newest` and `oldest`
    are their numbers, `time` (ms UTC) is the newest's, `size` the sum of all, None where one of them is not known."""

    newest: int
    oldest: int
    time: int
    price: float
    size: float | None
    side: TradeSide

    @property
    def trades(self) -> int:
        return self.newest - self.oldest + 1


class Tape:
    """The last MAX_TRADES trades. They are numbered from 0 in the order they came; `total` is the number of the next.

    `zone` is where the exchange's date begins, with which sizes and sides are decided anew."""

    __slots__ = ("_before", "_date_ends", "_resumed", "_sides", "_trades", "_zone", "sizes", "total")

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._date_ends = 0
        self._trades: deque[Trade] = deque(maxlen=MAX_TRADES)
        self._before: Tick | None = None
        self._resumed = False  # whether the next tick is the first of a connection
        self._sides = AggressorSideClassifier()
        self.sizes = TradeSizeInference()
        self.total = 0

    def add(self, tick: Tick, quote: Quote | None, middle: float | None) -> float | None:
        """Put a tick on the tape, unless it is the one before told once more; its size where known. `quote` is the
        newest, `middle` that of the book, where that is young enough to tell a side. Costs about 1 µs."""
        before, self._before = self._before, tick
        resumed, self._resumed = self._resumed, False
        if (
            before is not None
            and tick.time == before.time
            and tick.last == before.last
            and tick.volume == before.volume
            and (resumed or self.sizes.cumulative)
        ):
            return None
        if tick.time >= self._date_ends:
            self._date_ends = _midnight_after(tick.time, self._zone)
            self.sizes.reset()
            self._sides.reset()
        size = self.sizes.infer(tick, quote, self.total)
        side = self._sides.classify(tick.last, tick.side, middle)
        self._trades.append((tick.time, tick.last, size or None, side))
        self.total += 1
        return size

    def apply_late_sizes(self) -> list[LateSize]:
        """Give earlier trades the sizes that are known by now, and tell them."""
        owed, first = self.sizes.drain_late_sizes(), self.total - len(self._trades)
        for number, _, size in owed:
            if number >= first:
                time, price, _, side = self._trades[number - first]
                self._trades[number - first] = time, price, size, side
        return owed

    def recheck_dates(self) -> None:
        """The latest trades were dated later than they can have been, perhaps on another date."""
        self._date_ends = 0

    def reconnected(self) -> None:
        """Trades passed unseen: the next one's size and side cannot be told from the one before."""
        self._resumed = True
        self.sizes.mark_gap()
        self._sides.reset()

    def __len__(self) -> int:
        return len(self._trades)

    def known_sizes(self) -> list[float]:
        """The sizes that are known, in units, oldest first."""
        return [size for _, _, size, _ in self._trades if size]

    def runs(self, newest: int | None = None) -> Iterator[TradeRun]:
        """Trades folded into runs, newest first, from the trade of that number on. Which trades belong together is
        told by neighbours alone, so that nothing shifts when the oldest go."""
        number = self.total - 1
        skipped = 0 if newest is None else max(0, number - newest)
        trades = islice(reversed(self._trades), skipped, None)
        number -= skipped
        first = next(trades, None)
        if first is None:
            return
        top, (time, price, size, side) = number, first
        earliest = time
        for next_time, next_price, next_size, next_side in trades:
            number -= 1
            if next_price == price and next_side == side and earliest - next_time <= MAX_RUN_GAP:
                size = None if size is None or next_size is None else size + next_size
            else:
                yield TradeRun(top, number + 1, time, price, size, side)
                top, time, price, size, side = number, next_time, next_price, next_size, next_side
            earliest = next_time
        yield TradeRun(top, number, time, price, size, side)


def large_trade_threshold(sizes: Iterable[float]) -> float | None:
    """From what size on a trade is large, in units: ten times the median, rounded up to 1, 2 or 5 with zeros behind, so
    that it seldom changes. None without sizes."""
    known = list(sizes)
    if not known:
        return None
    least = max(_LEAST, _LARGE * statistics.median(known))
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in _STEPS if step * power >= 0.999_999 * least)


def _midnight_after(time: int, zone: Zone) -> int:
    """When the date of `time` ends, ms UTC."""
    local = zone.at(time)
    midnight = datetime(local.year, local.month, local.day, tzinfo=local.tzinfo) + timedelta(days=1)
    return int(midnight.timestamp() * 1000)
