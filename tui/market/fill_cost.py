"""What it costs to trade against one side of a book, at once and with orders that take what stands there.

Prices in trade currency, sizes in units of the fund, cost in basis points of the mid. Levels run from the touch
outward, and only those that are there (`book.levels`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tui.protocol.messages import Level

REACH = 10.0  # bp around the mid within which depth is told


class Fill(NamedTuple):
    """What `asked` units would get: `filled` of them, fewer where the book is too short, at the `average` price of
    those filled, for `bp` more than the mid (a sell: less); positive is a cost."""

    asked: float
    filled: float
    average: float
    bp: float

    @property
    def is_partial(self) -> bool:
        return self.filled < self.asked * (1 - 1e-9)  # sums of fractions are not exact


class DepthWithin(NamedTuple):
    """Size near the mid. `beyond` tells that the book shown ends before, so that there may be more."""

    size: float
    beyond: bool


def simulate_fill(side: Sequence[Level], size: float, mid: float) -> Fill | None:
    """Walk a side until `size` units are had; None without a level or a size. Asks are what a buy takes, bids what a
    sell takes: which one it is shows in the prices."""
    filled = paid = 0.0
    for level in side:
        taken = min(level.volume, size - filled)
        if taken <= 0:
            break
        filled += taken
        paid += taken * level.price
    if not filled:
        return None
    # An average lies between its prices; what rounding adds must not say otherwise.
    near, far = sorted((side[0].price, level.price))
    average = min(far, max(near, paid / filled))
    away = 1 if side[0].price > mid else -1
    return Fill(size, filled, average, away * 10_000 * (average - mid) / mid)


def units_for(money: float, mid: float) -> float:
    """How many whole units an amount of money is at the mid."""
    return float(math.floor(money / mid))


def depth_within(side: Sequence[Level], mid: float, reach: float = REACH) -> DepthWithin:
    """Size at prices at most `reach` bp from the mid."""
    farthest = mid * reach / 10_000 * (1 + 1e-9)
    near = [level.volume for level in side if abs(level.price - mid) <= farthest]
    return DepthWithin(sum(near), beyond=len(near) == len(side))
