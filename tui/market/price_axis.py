"""The price axis of a ladder: which price each row has, unchanged while the prices stay on it.

Prices are integers in units of 10^-decimals, so that comparisons are exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple


class PriceAxis(NamedTuple):
    """An axis of `rows` prices, `step` apart, with `top` the highest."""

    top: int
    step: int
    rows: int

    def price(self, row: int) -> int:
        """Returns the price of a row."""
        return self.top - row * self.step

    def row(self, price: int) -> int:
        """Returns the row of a price: negative above the axis, `rows` or more below it."""
        return (self.top - price) // self.step

    def moved(self, by: int) -> PriceAxis:
        """Returns the axis moved up by so many rows."""
        return self._replace(top=self.top + by * self.step)

    def showing(self, low: int, high: int) -> PriceAxis:
        """Returns the axis moved by the least that leaves one of the prices from `low` to `high` on it."""
        return self._replace(top=max(low, min(self.top, high + (self.rows - 1) * self.step)))

    def holds(self, low: int, high: int) -> bool:
        """Returns True if these prices, or as much between them as fits, keep a margin to both edges."""
        margin = max(1, self.rows // 6)
        reach = max(0, (self.rows - 1) // 2 - margin)
        upper, lower = self.row(high), self.row(low)
        middle = (upper + lower + 1) // 2
        return max(upper, middle - reach) >= margin and min(lower, middle + reach) < self.rows - margin


def centred(low: int, high: int, step: int, rows: int) -> PriceAxis:
    """Returns the axis with the middle of two prices in its middle row; `low` is a multiple of the step."""
    middle = low + (high - low) // 2 // step * step
    return PriceAxis(middle + rows // 2 * step, step, rows)


def common_step(prices: Iterable[int], known: int = 0) -> int:
    """Returns the largest step that divides all prices and `known`, an earlier step (0: none)."""
    return math.gcd(known, *prices) or 1
