"""What is read off one order book. Prices in trade currency, sizes in units of the fund.

Levels run from the touch outward. A price of 0 means that there is no level there (some feeds fill an empty book with
zeros), so every function looks only at `levels`.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import NamedTuple

from tui.protocol import Depth, Level


class Touch(NamedTuple):
    """Best bid and ask of an uncrossed or crossed two-sided book."""

    bid: float
    ask: float

    @property
    def spread(self) -> float:
        return self.ask - self.bid

    @property
    def mid(self) -> float:
        return (self.ask + self.bid) / 2

    @property
    def bp(self) -> float:
        """The spread in basis points of the mid."""
        return 10_000 * self.spread / self.mid


def levels(side: list[Level]) -> list[Level]:
    """The levels that are there: those with a price and a size."""
    return [level for level in side if level.price > 0 and level.volume > 0]


def best(side: list[Level]) -> Level | None:
    """The level at the touch, or None for an empty side."""
    return next((level for level in side if level.price > 0 and level.volume > 0), None)


def touch(depth: Depth) -> Touch | None:
    """Best bid and ask; None where a side is missing."""
    bid, ask = best(depth.bids), best(depth.asks)
    return Touch(bid.price, ask.price) if bid and ask else None


def cumulative(side: list[Level]) -> list[float]:
    """Size from the touch down to each level, that level included."""
    return list(accumulate(level.volume for level in side))


def imbalance(depth: Depth, k: int = 5) -> tuple[float, int] | None:
    """(ΣQb − ΣQa) / (ΣQb + ΣQa) in [-1, 1] over the nearest levels, at most `k`, that both sides have, with how many
    that were. None for a one-sided book."""
    bids, asks = levels(depth.bids), levels(depth.asks)
    k = min(k, len(bids), len(asks))
    if not k:
        return None
    bid = sum(level.volume for level in bids[:k])
    ask = sum(level.volume for level in asks[:k])
    return (bid - ask) / (bid + ask), k


def smallest_step(depth: Depth) -> float | None:
    """The smallest distance between two neighbouring prices of the book: the tick, as far as this book shows it."""
    prices = sorted({level.price for side in (depth.asks, depth.bids) for level in levels(side)})
    return min((round(b - a, 6) for a, b in pairwise(prices)), default=None)
