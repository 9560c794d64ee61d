"""What is read off one order book. Prices in trade currency, sizes in units of the fund.

Levels run from the touch outward, as `in_order` puts them. A price of 0, or as good as that, means that there is no
level there (some feeds fill an empty book with zeros), so every function looks only at `levels`.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate, pairwise
from operator import attrgetter
from typing import NamedTuple

from tui.protocol.messages import MIN_PRICE, Depth, Level

_price = attrgetter("price")


class BestBidOffer(NamedTuple):
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


def valid_levels(side: list[Level]) -> list[Level]:
    """The levels that are there: those with a price and a size."""
    return [level for level in side if level.price >= MIN_PRICE and level.volume > 0]


def best_level(side: list[Level]) -> Level | None:
    """The level at the touch, or None for an empty side. It nearly always is the first."""
    if side and (first := side[0]).price >= MIN_PRICE and first.volume > 0:
        return first
    return next(iter(valid_levels(side)), None)


def best_bid_offer(depth: Depth) -> BestBidOffer | None:
    """Best bid and ask; None where a side is missing."""
    bid, ask = best_level(depth.bids), best_level(depth.asks)
    return BestBidOffer(bid.price, ask.price) if bid and ask else None


def is_crossed(depth: Depth) -> bool:
    """Whether the best bid is above the best ask."""
    known = best_bid_offer(depth)
    return known is not None and known.spread < 0


def in_order(depth: Depth) -> Depth:
    """The book with its levels from the touch outward: itself where that is so, as it nearly always is, or else a copy
    with only those that are there. Costs 1 µs."""
    asks, bids = [level.price for level in depth.asks], [level.price for level in depth.bids]
    if asks == sorted(asks) and bids == sorted(bids, reverse=True):
        return depth
    return Depth(
        symbol=depth.symbol,
        region=depth.region,
        asks=sorted(valid_levels(depth.asks), key=_price),
        bids=sorted(valid_levels(depth.bids), key=_price, reverse=True),
    )


def cumulative(side: list[Level]) -> list[float]:
    """Size from the touch down to each level, that level included."""
    return list(accumulate(level.volume for level in side))


def microprice(depth: Depth) -> float | None:
    """(a·Qb + b·Qa) / (Qa + Qb) at the touch: the mid, drawn towards the side that has less. None where there is no
    spread to be inside of."""
    bid, ask = best_level(depth.bids), best_level(depth.asks)
    if bid is None or ask is None or bid.price >= ask.price:
        return None
    # The same as the formula, and inside the spread by its form.
    return bid.price + (ask.price - bid.price) * (bid.volume / (bid.volume + ask.volume))


def imbalance(depth: Depth, k: int = 5) -> tuple[float, int] | None:
    """(ΣQb − ΣQa) / (ΣQb + ΣQa) in [-1, 1] over the nearest levels, at most `k`, that both sides have, with how many
    that were. None for a one-sided book."""
    bids, asks = valid_levels(depth.bids), valid_levels(depth.asks)
    k = min(k, len(bids), len(asks))
    if not k:
        return None
    bid = sum(level.volume for level in bids[:k])
    ask = sum(level.volume for level in asks[:k])
    return (bid - ask) / (bid + ask), k


def inferred_tick_size(depth: Depth) -> float | None:
    """The smallest distance between two neighbouring prices of the book: the tick, as far as this book shows it."""
    prices = sorted({level.price for side in (depth.asks, depth.bids) for level in valid_levels(side)})
    return min((round(b - a, 6) for a, b in pairwise(prices)), default=None)


def changed_sizes(before: list[Level], after: list[Level]) -> set[float]:
    """Prices of one side whose size is another one than before. Levels that only came into sight, beyond the last one
    known from before, are none of them."""
    sizes = {level.price: level.volume for level in before}
    known = max((n for n, level in enumerate(after, 1) if level.price in sizes), default=0)
    return {level.price for level in after[:known] if sizes.get(level.price) != level.volume}


def decimals(prices: Iterable[float], least: int = 2, most: int = 4) -> int:
    """Digits behind the point that all prices need, within bounds."""
    needed = least
    for price in prices:
        while needed < most and round(price, needed) != round(price, most):
            needed += 1
    return needed
