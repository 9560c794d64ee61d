"""The cost of a market order, simulated against one side of a book.

Prices are in trade currency, sizes in units of the fund, cost in basis points of the mid. Levels are those of
`book.valid_levels`, from the touch outward.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tui.protocol.messages import Level

REACH = 10.0  # bp around the mid within which depth is summed


class Fill(NamedTuple):
    """The fill of a market order of `asked` units: `filled` of them, fewer if the book is too short, at the `average`
    price, `bp` worse than the mid (negative: better), which is `cost` in trade currency."""

    asked: float
    filled: float
    average: float
    bp: float
    cost: float

    @property
    def is_partial(self) -> bool:
        """True if the book is too short for the whole order."""
        return self.filled < self.asked * (1 - 1e-9)  # sums of fractions are not exact


class DepthWithin(NamedTuple):
    """The size near the mid, in units. `beyond` is True if the book shown ends within reach, so there may be more."""

    size: float
    beyond: bool


class SweptDepth(NamedTuple):
    """All that stands on one side up to a price, in units and in trade currency, and how far the price is from the mid,
    in bp. `beyond` is True if the book shown ends before the price, so there may be more."""

    size: float
    money: float
    bp: float
    beyond: bool


def simulate_fill(side: Sequence[Level], size: float, mid: float) -> Fill | None:
    """Returns the fill of `size` units against a side, None without a level or a size. A buy is filled against asks, a
    sell against bids; which one it is follows from the prices."""
    filled = paid = 0.0
    for level in side:
        taken = min(level.volume, size - filled)
        if taken <= 0:
            break
        filled += taken
        paid += taken * level.price
    if not filled:
        return None
    # Rounding must not move the average outside the prices it is of.
    near, far = sorted((side[0].price, level.price))
    average = min(far, max(near, paid / filled))
    away = 1 if side[0].price > mid else -1
    worse = away * (average - mid)
    return Fill(size, filled, average, 10_000 * worse / mid, worse * filled)


def units_for(money: float, mid: float) -> float:
    """Returns how many whole units an amount of money buys at the mid."""
    return float(math.floor(money / mid))


def depth_within(side: Sequence[Level], mid: float, reach: float = REACH) -> DepthWithin:
    """Returns the size at prices at most `reach` bp from the mid."""
    farthest = mid * reach / 10_000 * (1 + 1e-9)
    near = [level.volume for level in side if abs(level.price - mid) <= farthest]
    return DepthWithin(sum(near), beyond=len(near) == len(side))


def depth_up_to(side: Sequence[Level], price: float, mid: float) -> SweptDepth:
    """Returns what stands on a side from the mid up to a price, that price included."""
    reach = abs(price - mid) * (1 + 1e-9)
    near = [level for level in side if abs(level.price - mid) <= reach]
    ends = bool(side) and abs(side[-1].price - mid) < abs(price - mid) * (1 - 1e-9)
    size, money = sum(level.volume for level in near), sum(level.volume * level.price for level in near)
    return SweptDepth(size, money, 10_000 * (price - mid) / mid, ends)
