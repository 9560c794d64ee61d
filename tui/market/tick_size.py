"""Tick sizes by region and price: tables with the date from which each holds. A rule for a coming year is one more row.

Sources: Regulation NMS rule 612 (its half penny begins in November 2027); HKEX, Second Schedule, part D, for exchange
traded funds; the Shanghai and Shenzhen exchanges' trading rules for funds.
"""

from __future__ import annotations

import math
from datetime import date
from functools import cache, lru_cache
from typing import NamedTuple


class DatedTicks(NamedTuple):
    """Tick sizes from the trade date `since` on, as (price, tick) pairs: the tick of prices up to and including that
    price, or below it if `below`."""

    since: date
    ticks: tuple[tuple[float, float], ...]
    below: bool = False


_HK = (
    (1.0, 0.001),
    (5.0, 0.002),
    (10.0, 0.005),
    (20.0, 0.01),
    (100.0, 0.02),
    (200.0, 0.05),
    (500.0, 0.1),
    (1_000.0, 0.2),
    (2_000.0, 0.5),
    (math.inf, 1.0),
)

TICKS: dict[str, tuple[DatedTicks, ...]] = {
    "US": (DatedTicks(date.min, ((1.0, 0.0001), (math.inf, 0.01)), below=True),),
    "HK": (DatedTicks(date.min, _HK),),
    "SH": (DatedTicks(date.min, ((math.inf, 0.001),)),),
    "SZ": (DatedTicks(date.min, ((math.inf, 0.001),)),),
}
"""By region, the oldest first."""


class _Band(NamedTuple):
    """The prices from `start` on, `tick` apart; `number` is that of `start` among all possible prices."""

    start: float
    tick: float
    number: int


class PriceGrid(NamedTuple):
    """All possible prices, numbered from 0 at a price of zero: those of the numbers n and n + 1 are neighbours.

    `below`: a price at which the tick changes has the tick of the prices above it, else of those below."""

    bands: tuple[_Band, ...]
    below: bool = False

    def number(self, price: float) -> int:
        """Returns the number of the possible price nearest to `price`."""
        start, tick, number = self._band(price)
        return number + round((price - start) / tick)

    def price(self, number: int) -> float:
        """Returns the price of a number; it is negative below zero."""
        start, tick, first = next((band for band in reversed(self.bands) if band.number <= number), self.bands[0])
        return round(start + (number - first) * tick, 6)

    def tick(self, price: float) -> float:
        """Returns the tick size at a price."""
        return self._band(price).tick

    def holds(self, price: float) -> bool:
        """Returns True if `price` is a possible one."""
        start, tick, _ = self._band(price)
        ticks = (price - start) / tick
        return abs(ticks - round(ticks)) < 0.01

    def _band(self, price: float) -> _Band:
        for band in reversed(self.bands):
            if band.start < price or (self.below and band.start == price):
                return band
        return self.bands[0]


def even_grid(tick: float) -> PriceGrid:
    """Returns the grid with one tick size at all prices."""
    return PriceGrid((_Band(0.0, tick, 0),))


@lru_cache(maxsize=64)
def price_grid(region: str, day: date) -> PriceGrid | None:
    """Returns the possible prices on a trade date; None for regions without a table. HK has 9.995, 10.00, 10.01; US has
    0.9999, 1.00, 1.01."""
    return next((_grid(dated) for dated in reversed(TICKS.get(region, ())) if dated.since <= day), None)


@cache
def _grid(dated: DatedTicks) -> PriceGrid:
    bands, start, number = [], 0.0, 0
    for bound, tick in dated.ticks:
        bands.append(_Band(start, tick, number))
        if bound < math.inf:
            start, number = bound, number + round((bound - start) / tick)
    return PriceGrid(tuple(bands), dated.below)


def tick_size(region: str, price: float, day: date) -> float | None:
    """Returns the tick size at `price` on a trade date; None for regions without a table.

    HK: 9.995 has 0.005, 10.01 has 0.01; US: 0.9999 has 0.0001, 1.00 has 0.01.
    """
    grid = price_grid(region, day)
    return grid.tick(price) if grid is not None else None
