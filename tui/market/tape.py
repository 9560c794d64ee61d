"""The latest trades of one symbol: time, price, size and side."""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple, TypeAlias

from tui.market.sessions import Calendar
from tui.market.trade_side import AggressorSideClassifier, TradeSide
from tui.market.trade_size import LateSize, TradeSizeInference
from tui.protocol.messages import Quote, Tick

MAX_TRADES = 500
MAX_RUN_GAP = 1_000  # ms between two trades of one run

_LARGE_FACTOR = 10  # times the median size
_MIN_THRESHOLD = 1e-18  # units: no market divides them further
_STEPS = (1, 2, 5, 10)

Trade: TypeAlias = tuple[int, float, float | None, TradeSide]
"""Time in ms UTC (0 if the feed sends none), price, size in units (None if unknown), aggressor side. A plain tuple:
there are hundreds of thousands, and the garbage collector does not traverse tuples of plain values."""


class TradeRun(NamedTuple):
    """Aggregated prints: consecutive trades at one price and side, each at most MAX_RUN_GAP after the one before.
    `newest` and `oldest` are their numbers, `time` (ms UTC) is the newest's, `size` the sum, None if one is unknown."""

    newest: int
    oldest: int
    time: int
    price: float
    size: float | None
    side: TradeSide

    @property
    def trades(self) -> int:
        """The number of trades in the run."""
        return self.newest - self.oldest + 1


class Tape:
    """The last MAX_TRADES trades, numbered from 0 in order of arrival; `total` is the number of the next.

    With each trade date of `calendar`, the inference of sizes and sides starts again."""

    __slots__ = ("_date_ends", "_previous", "_reconnected", "_side_classifier", "_trades", "calendar", "sizes", "total")

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._date_ends = 0
        self._trades: deque[Trade] = deque(maxlen=MAX_TRADES)
        self._previous: Tick | None = None
        self._reconnected = False  # whether the next tick is the first of a connection
        self._side_classifier = AggressorSideClassifier()
        self.sizes = TradeSizeInference()
        self.total = 0

    def add(self, tick: Tick, quote: Quote | None, mid: float | None) -> float | None:
        """Add a tick to the tape, unless it repeats the one before; returns its size, None if unknown. `quote` is the
        newest; `mid` is that of the book, None if too old for the quote rule. Costs about 1 µs."""
        previous, self._previous = self._previous, tick
        is_first, self._reconnected = self._reconnected, False
        if (
            previous is not None
            and tick.time == previous.time
            and tick.last == previous.last
            and tick.volume == previous.volume
            and (is_first or self.sizes.cumulative)
        ):
            return None
        if tick.time >= self._date_ends:
            self._date_ends = self.calendar.date_ends(tick.time)
            self.sizes.reset()
            self._side_classifier.reset()
        size = self.sizes.infer(tick, quote, self.total)
        side = self._side_classifier.classify(tick.last, tick.side, mid)
        self._trades.append((tick.time, tick.last, size or None, side))
        self.total += 1
        return size

    def apply_late_sizes(self) -> list[LateSize]:
        """Set the sizes of earlier trades that became known since the last call; returns them."""
        late_sizes, first = self.sizes.drain_late_sizes(), self.total - len(self._trades)
        for number, _, size in late_sizes:
            if number >= first:
                time, price, _, side = self._trades[number - first]
                self._trades[number - first] = time, price, size, side
        return late_sizes

    def recheck_dates(self) -> None:
        """Start a new date with the next trade: the latest ones were dated in the future."""
        self._date_ends = 0

    def reconnected(self) -> None:
        """Mark a gap: size and side of the next trade cannot be inferred from the one before it."""
        self._reconnected = True
        self.sizes.mark_gap()
        self._side_classifier.reset()

    def __len__(self) -> int:
        return len(self._trades)

    def known_sizes(self) -> list[float]:
        """Returns the known sizes in units, oldest first."""
        return [size for _, _, size, _ in self._trades if size]

    def runs(self, newest: int | None = None) -> Iterator[TradeRun]:
        """Yields the runs of trades, newest first, from the trade numbered `newest` back. A run is decided by
        neighbours alone, so that it does not change when the oldest trades are dropped."""
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
    """Returns the size (units) from which a trade is large: ten times the median, rounded up to 1, 2 or 5 times a power
    of ten so that it seldom changes. None without sizes."""
    known = list(sizes)
    if not known:
        return None
    least = max(_MIN_THRESHOLD, _LARGE_FACTOR * statistics.median(known))
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in _STEPS if step * power >= 0.999_999 * least)
