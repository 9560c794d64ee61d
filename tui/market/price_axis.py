"""The price axis of a ladder: which price each row has, unchanged while the prices stay on it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from tui.market.tick_size import PriceGrid


class PriceAxis(NamedTuple):
    """An axis of `rows` neighbouring prices of a grid, with the price numbered `top` the highest."""

    grid: PriceGrid
    top: int
    rows: int

    def price(self, row: int) -> float:
        """Returns the price of a row."""
        return self.grid.price(self.top - row)

    def row(self, price: float) -> int:
        """Returns the row of a price: negative above the axis, `rows` or more below it."""
        return self.top - self.grid.number(price)

    def moved(self, by: int) -> PriceAxis:
        """Returns the axis moved up by so many rows."""
        return self._replace(top=self.top + by)

    def showing(self, low: float, high: float) -> PriceAxis:
        """Returns the axis moved by the least that leaves one of the prices from `low` to `high` on it."""
        lowest, highest = self.grid.number(low), self.grid.number(high)
        return self._replace(top=max(lowest, min(self.top, highest + self.rows - 1)))

    def holds(self, low: float, high: float) -> bool:
        """Returns True if these prices, or as much between them as fits, keep a margin to both edges."""
        margin = max(1, self.rows // 6)
        reach = max(0, (self.rows - 1) // 2 - margin)
        upper, lower = self.row(high), self.row(low)
        middle = (upper + lower + 1) // 2
        return max(upper, middle - reach) >= margin and min(lower, middle + reach) < self.rows - margin


def centred(grid: PriceGrid, low: float, high: float, rows: int) -> PriceAxis:
    """Returns the axis with the middle of two prices in its middle row."""
    return PriceAxis(grid, (grid.number(low) + grid.number(high)) // 2 + rows // 2, rows)


def common_step(prices: Iterable[int], known: int = 0) -> int:
    """Returns the largest step that divides all prices and `known`, an earlier step (0: none)."""
    return math.gcd(known, *prices) or 1
