"""Volume at price: the sizes of a date's trades summed by price and by the side that crossed the spread."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from math import ceil, floor
from typing import NamedTuple

from tui.market.trade_side import TradeSide
from tui.protocol.messages import MIN_PRICE

MAX_PRICES = 2_048
VALUE_AREA = 0.7  # of the volume

_UNITS = round(1 / MIN_PRICE)  # of a price: trades print finer than the book


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

    Takes at most 64 kB: four numbers for each of MAX_PRICES prices. Where more are traded, prices are taken together
    by ten of the finest steps, as often as needed."""

    __slots__ = ("_area", "_bought", "_control", "_prices", "_sold", "_step", "_total", "is_inferred", "since")

    def __init__(self) -> None:
        self.since = 0
        self.is_inferred = False
        self._step = 1  # of the prices, in units of MIN_PRICE
        self._prices = array("q")  # in units of MIN_PRICE, ascending
        self._bought = array("d")
        self._sold = array("d")
        self._total = array("d")
        # Derived when they are asked for; None if trades have come since.
        self._control: int | None = None
        self._area: ValueArea | None = None

    @property
    def step(self) -> float:
        """The distance of prices that are told apart."""
        return self._step / _UNITS

    def add(self, price: float, size: float, side: TradeSide) -> None:
        """Add a size in units. Costs 0.6 µs, so that sizes of one price and side are better summed before."""
        self._control = self._area = None
        key = self._nearest(round(price * _UNITS))
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

    def _nearest(self, price: int) -> int:
        """Returns the nearest price that is told apart, the upper one of two."""
        return (price + self._step // 2) // self._step * self._step

    def _coarsen(self) -> None:
        """Take prices together by ten steps."""
        self._step *= 10
        keys, columns = self._prices, (self._bought, self._sold, self._total)
        self._prices, new = array("q"), (array("d"), array("d"), array("d"))
        for at, key in enumerate(map(self._nearest, keys)):
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

    def profile(self, low: float, high: float, rows: int, tick: float) -> list[float]:
        """Returns what was traded in each of `rows` equal ranges of prices, from `high` down to `low`. The volume of a
        price is spread evenly over the `tick` around it: else a row with two prices would stand out from those with
        one."""
        sums, width, height = [0.0] * rows, max(tick, self.step), (high - low) / rows
        start, stop = (bisect_left(self._prices, round(price * _UNITS)) for price in (low - width, high + width))
        for key, total in zip(self._prices[start:stop], self._total[start:stop], strict=True):
            middle, reach = (high - key / _UNITS) / height, width / height / 2
            for row in range(max(0, floor(middle - reach)), min(rows, ceil(middle + reach))):
                within = min(row + 1, middle + reach) - max(row, middle - reach)
                sums[row] += total * within / (2 * reach)
        return sums

    @property
    def point_of_control(self) -> float | None:
        """The price with most volume, the lowest of several; None without trades."""
        return self._prices[self._busiest] / _UNITS if self._prices else None

    @property
    def _busiest(self) -> int:
        if self._control is None:
            self._control = max(range(len(self._total)), key=self._total.__getitem__)
        return self._control

    @property
    def value_area(self) -> ValueArea | None:
        """The value area; None without trades."""
        if self._area is None and self._prices:
            self._area = self._find_area()
        return self._area

    def _find_area(self) -> ValueArea:
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
