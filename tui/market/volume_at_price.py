"""Volume at price: the sizes of a date's trades summed by price and by the side that crossed the spread."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import NamedTuple

from tui.market.trade_side import TradeSide

MAX_PRICES = 1_024
VALUE_AREA = 0.7  # of the volume

_UNITS = 10_000  # of a price: trades print finer than the book


class TradedVolume(NamedTuple):
    """What was traded in a range of prices, in units: bought, sold, and all of it, unknown sides included."""

    bought: float
    sold: float
    total: float


class ValueArea(NamedTuple):
    """The smallest range of prices around the point of control that holds VALUE_AREA of the volume; of several, the one
    that holds most."""

    low: float
    high: float


class VolumeAtPrice:
    """The sums, in the order of prices; `since` is the time of the first trade in them, ms UTC, 0 without one.
    `is_inferred` is True once a side was not told by the feed.

    Takes at most 32 kB: four numbers for each of MAX_PRICES prices. Where more are traded, prices are taken together
    by ten of the finest steps, as often as needed."""

    __slots__ = ("_bought", "_prices", "_sold", "_step", "_total", "is_inferred", "since")

    def __init__(self) -> None:
        self.since = 0
        self.is_inferred = False
        self._step = 1  # of the prices, in 1/10,000
        self._prices = array("q")  # in 1/10,000, ascending
        self._bought = array("d")
        self._sold = array("d")
        self._total = array("d")

    def add(self, price: float, size: float, side: TradeSide) -> None:
        """Add a size in units. Costs 0.6 µs, so that sizes of one price and side are better summed before."""
        key = round(price * _UNITS / self._step) * self._step
        at = bisect_left(self._prices, key)
        if at == len(self._prices) or self._prices[at] != key:
            self._prices.insert(at, key)
            for sums in (self._bought, self._sold, self._total):
                sums.insert(at, 0.0)
        self._total[at] += size
        if side[-1] == "B":
            self._bought[at] += size
        elif side[-1] == "S":
            self._sold[at] += size
        self.is_inferred = self.is_inferred or side[0] == "~"
        if len(self._prices) > MAX_PRICES:
            self._coarsen()

    def _coarsen(self) -> None:
        """Take prices together by ten steps."""
        self._step *= 10
        keys, columns = self._prices, (self._bought, self._sold, self._total)
        self._prices, new = array("q"), (array("d"), array("d"), array("d"))
        for at, key in enumerate(keys):
            key = round(key / self._step) * self._step
            if not self._prices or self._prices[-1] != key:
                self._prices.append(key)
                for sums in new:
                    sums.append(0.0)
            for sums, old in zip(new, columns, strict=True):
                sums[-1] += old[at]
        self._bought, self._sold, self._total = new
        if len(self._prices) > MAX_PRICES:
            self._coarsen()

    def between(self, low: float, high: float) -> TradedVolume:
        """Returns what was traded from the price `low` up to but not including `high`."""
        start, stop = (bisect_left(self._prices, round(price * _UNITS)) for price in (low, high))
        return TradedVolume(sum(self._bought[start:stop]), sum(self._sold[start:stop]), sum(self._total[start:stop]))

    @property
    def delta(self) -> float:
        """The cumulative delta: units bought less units sold."""
        return sum(self._bought) - sum(self._sold)

    @property
    def point_of_control(self) -> float | None:
        """The price with most volume, the lowest of several; None without trades."""
        return self._prices[self._busiest] / _UNITS if self._prices else None

    @property
    def _busiest(self) -> int:
        return max(range(len(self._total)), key=self._total.__getitem__)

    @property
    def value_area(self) -> ValueArea | None:
        """The value area; None without trades."""
        if not self._prices:
            return None
        prices, control = self._prices, self._busiest
        needed = VALUE_AREA * sum(self._total) * (1 - 1e-9)
        best, least = (0, len(prices) - 1), (prices[-1] - prices[0] + 1, 0.0)
        low, held = 0, sum(self._total[:control])
        for high in range(control, len(prices)):
            held += self._total[high]
            while low < control and held - self._total[low] >= needed:
                held -= self._total[low]
                low += 1
            if held >= needed and (prices[high] - prices[low], -held) < least:
                best, least = (low, high), (prices[high] - prices[low], -held)
        return ValueArea(prices[best[0]] / _UNITS, prices[best[1]] / _UNITS)
