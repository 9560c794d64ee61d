"""The latest trades of one symbol: time, price, size and side."""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias, get_args

from tui.market.bars import MINUTE
from tui.market.cumulative_delta import CumulativeDelta
from tui.market.sessions import Calendar
from tui.market.trade_pace import TradePace
from tui.market.trade_side import AggressorSideClassifier, TradeSide
from tui.market.trade_size import LateSize, TradeSizeInference
from tui.market.volume_at_price import VolumeAtPrice
from tui.protocol.messages import Quote, Tick

MAX_TRADES = 500
MAX_RUN_GAP = 1_000  # ms between two trades of one run

_SUMMED_AT_ONCE = MAX_TRADES // 2

_LARGE_FACTOR = 10  # times the median size
_MIN_THRESHOLD = 1e-18  # units: no market divides them further
_STEPS = (1, 2, 5, 10)

_SIDES: tuple[TradeSide, ...] = get_args(TradeSide)
_SIDE_NUMBERS = {side: number for number, side in enumerate(_SIDES)}
_SIDE_SIGNS = [(side[-1] == "B") - (side[-1] == "S") for side in _SIDES]


GapReason: TypeAlias = Literal["link lost", "too slow"]
"""Why trades are missing: the link was away, or what others passed on was more than this process could read."""


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

    With each trade date of `calendar`, the inference of sizes and sides starts again. Trades are columns of numbers,
    which take an eighth of the memory of objects; the one numbered n is in the place n % MAX_TRADES. `gaps` are the
    numbers of trades before which others may be missing, each with the reason, as far as the trades are remembered."""

    __slots__ = (
        "_before_gap",
        "_cumulative_delta",
        "_date_ends",
        "_gap_at",
        "_minute_ends",
        "_previous",
        "_prices",
        "_reconnected",
        "_side_classifier",
        "_sides",
        "_sizes",
        "_summed",
        "_times",
        "_volume_at_price",
        "calendar",
        "gaps",
        "pace",
        "sizes",
        "total",
    )

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._minute_ends = self._date_ends = 0
        self._times = array("q")  # ms UTC, 0 if the feed sends none
        self._prices = array("d")
        self._sizes = array("d")  # units, 0 if unknown
        self._sides = array("b")
        self._previous: Tick | None = None
        self._reconnected = False  # whether the next tick is the first of a connection
        self._side_classifier = AggressorSideClassifier()
        self.sizes = TradeSizeInference()
        self.pace = TradePace()
        self.total = 0
        self._volume_at_price, self._cumulative_delta = VolumeAtPrice(), CumulativeDelta()
        self._summed = 0  # trades whose sizes are in both
        self._gap_at = 0  # the number of the first trade after the latest gap
        self._before_gap = 0  # the time of the last trade before it, ms UTC
        self.gaps: dict[int, GapReason] = {}

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
        if tick.time >= self._minute_ends:
            self._begin_minute(tick.time)
        size = self.sizes.infer(tick, quote, self.total)
        side = self._side_classifier.classify(tick.last, tick.side, mid)
        if self.total < MAX_TRADES:
            self._times.append(tick.time)
            self._prices.append(tick.last)
            self._sizes.append(size or 0.0)
            self._sides.append(_SIDE_NUMBERS[side])
        else:
            at = self.total % MAX_TRADES
            self._times[at] = tick.time
            self._prices[at] = tick.last
            self._sizes[at] = size or 0.0
            self._sides[at] = _SIDE_NUMBERS[side]
        self.total += 1
        if self.total % _SUMMED_AT_ONCE == 0:
            self._sum_sizes()
        return size

    def _begin_minute(self, time: int) -> None:
        if time >= self._date_ends:
            self._date_ends = self.calendar.date_ends(time)
            self.sizes.reset()
            self._side_classifier.reset()
            self._forget_volume()
        minute = time // MINUTE
        self.pace.begin_minute(minute, self.total, self.calendar)
        self._minute_ends = (minute + 1) * MINUTE

    def _forget_volume(self) -> None:
        self._volume_at_price, self._cumulative_delta = VolumeAtPrice(), CumulativeDelta()
        self._summed = self.total

    @property
    def volume_at_price(self) -> VolumeAtPrice:
        """The sizes of the date's trades by price."""
        self._sum_sizes()
        return self._volume_at_price

    @property
    def cumulative_delta(self) -> CumulativeDelta:
        """What was bought of them less what was sold."""
        self._sum_sizes()
        return self._cumulative_delta

    @property
    def lacks_sizes(self) -> bool:
        """True if trades of unknown sizes may be missing in both: the link was away, and the sizes are the trades'
        own."""
        return self.sizes.cumulative is False and 0 < self.volume_at_price.since <= self._before_gap

    def _sum_sizes(self) -> None:
        """Add the sizes of the trades with a time since the last call, once it is known what a tick's volume means.
        Costs about 0.3 µs a trade."""
        if self.sizes.cumulative is None or self.sizes.late_sizes or self._summed == self.total:
            return
        volumes, sums, changes = self._volume_at_price, defaultdict[tuple[float, int], float](float), dict[int, float]()
        first = max(self._summed, self.total - len(self)) % MAX_TRADES
        stop = (self.total - 1) % MAX_TRADES + 1
        parts = [slice(first, stop)] if first < stop else [slice(first, MAX_TRADES), slice(stop)]
        for part in parts:
            columns = self._times[part], self._prices[part], self._sizes[part], self._sides[part]
            minute_begins = minute_ends = 0
            for time, price, size, side in zip(*columns, strict=True):
                if not size or not time:
                    continue
                sums[price, side] += size
                if not minute_begins <= time < minute_ends:
                    minute_begins = time - time % MINUTE
                    minute_ends = minute_begins + MINUTE
                    changes.setdefault(minute_begins, 0.0)
                    volumes.since = volumes.since or time
                changes[minute_begins] += _SIDE_SIGNS[side] * size
        for (price, side), size in sums.items():
            volumes.add(price, size, _SIDES[side])
        for time, change in changes.items():
            self._cumulative_delta.add(time, change)
        self._summed = self.total

    def apply_late_sizes(self) -> list[LateSize]:
        """Set the sizes of earlier trades that became known since the last call; returns them."""
        late_sizes, first = self.sizes.drain_late_sizes(), self.total - len(self)
        for number, _, size in late_sizes:
            if number >= first:
                self._sizes[number % MAX_TRADES] = size
        return late_sizes

    def recheck_dates(self) -> None:
        """Start a new date with the next trade: the latest ones were dated in the future."""
        self._minute_ends = self._date_ends = 0
        self.pace = TradePace()
        self._forget_volume()

    def reconnected(self) -> None:
        """Mark a gap: trades were missed while the link was away."""
        self._reconnected = True
        self.mark_gap("link lost")

    def mark_gap(self, reason: GapReason) -> None:
        """Mark a gap: size and side of the next trade cannot be inferred from the one before it."""
        if self.total:
            self.gaps = {number: why for number, why in self.gaps.items() if number > self.total - len(self)}
            self.gaps[self.total] = reason
        self._gap_at, self._minute_ends = self.total, 0
        self._before_gap = self._previous.time if self._previous is not None else 0
        self.pace.mark_gap()
        self.sizes.mark_gap()
        self._side_classifier.reset()

    def __len__(self) -> int:
        return len(self._times)

    def trades_a_minute(self, time: float) -> float | None:
        """Returns the number of trades in the minute up to `time` (ms UTC), computed from the last MAX_TRADES if they
        were more; None until a minute has passed since the first trade, or the first after a gap."""
        first = max(self.total - len(self), self._gap_at)
        number, since = self.total, time - MINUTE
        while number > first and self._times[(number - 1) % MAX_TRADES] > since:
            number -= 1
        if number > first:
            return float(self.total - number)
        if first == self._gap_at:
            return None
        return MINUTE * len(self) / max(1.0, time - self._times[first % MAX_TRADES])

    def known_sizes(self) -> list[float]:
        """Returns the known sizes in units, oldest first."""
        return [size for n in range(self.total - len(self), self.total) if (size := self._sizes[n % MAX_TRADES])]

    def runs(self, newest: int | None = None) -> Iterator[TradeRun]:
        """Yields the runs of trades, newest first, from the trade numbered `newest` back. A run is decided by
        neighbours alone, so that it does not change when the oldest trades are dropped."""
        first = self.total - len(self)
        top = self.total - 1 if newest is None else min(self.total - 1, newest)
        times, prices, sizes, sides, gaps = self._times, self._prices, self._sizes, self._sides, self.gaps
        while top >= first:
            at = top % MAX_TRADES
            price, side, size = prices[at], sides[at], sizes[at]
            number, earliest = top - 1, times[at]
            while number >= first and number + 1 not in gaps:
                other = number % MAX_TRADES
                if prices[other] != price or sides[other] != side or earliest - times[other] > MAX_RUN_GAP:
                    break
                size = size + sizes[other] if size and sizes[other] else 0.0
                number, earliest = number - 1, times[other]
            yield TradeRun(top, number + 1, times[at], price, size or None, _SIDES[side])
            top = number


def large_trade_threshold(sizes: Iterable[float]) -> float | None:
    """Returns the size (units) from which a trade is large: ten times the median, rounded up to 1, 2 or 5 times a power
    of ten so that it seldom changes. None without sizes."""
    known = list(sizes)
    if not known:
        return None
    import statistics  # slow to import, and the first frame has no trades

    least = max(_MIN_THRESHOLD, _LARGE_FACTOR * statistics.median(known))
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in _STEPS if step * power >= 0.999_999 * least)
