"""A price axis that stands still: which price each row of a ladder has.

Prices are whole numbers of 10^-decimals here, so that two of them are the same or they are not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple


class PriceAxis(NamedTuple):
    """`rows` prices, `step` apart, the highest of them `top`."""

    top: int
    step: int
    rows: int

    def price(self, row: int) -> int:
        return self.top - row * self.step

    def row(self, price: int) -> int:
        """The row of a price; negative above the axis, `rows` or more below it."""
        return (self.top - price) // self.step

    def moved(self, by: int) -> PriceAxis:
        """So many rows higher up."""
        return self._replace(top=self.top + by * self.step)

    def showing(self, low: int, high: int) -> PriceAxis:
        """Moved as little as leaves one of the prices from `low` to `high` on it."""
        return self._replace(top=max(low, min(self.top, high + (self.rows - 1) * self.step)))

    def holds(self, low: int, high: int) -> bool:
        """Whether these prices, or as much between them as can be, stand clear of both edges."""
        margin = max(1, self.rows // 6)
        reach = max(0, (self.rows - 1) // 2 - margin)
        upper, lower = self.row(high), self.row(low)
        middle = (upper + lower + 1) // 2
        return max(upper, middle - reach) >= margin and min(lower, middle + reach) < self.rows - margin


def centred(low: int, high: int, step: int, rows: int) -> PriceAxis:
    """The axis with the middle of two prices in its middle row; `low` is on the grid of steps."""
    middle = low + (high - low) // 2 // step * step
    return PriceAxis(middle + rows // 2 * step, step, rows)


def common_step(prices: Iterable[int], known: int = 0) -> int:
    """The largest step that meets all prices and divides `known`, a step from before (0: none)."""
    return math.gcd(known, *prices) or 1
