"""Figures of one order book. Prices are in trade currency, sizes in units of the fund.

Levels run from the touch outward, each price once, as `in_order` sorts them. A level below MIN_PRICE or without size is
no level (some feeds pad a book with zeros), so every function uses only `valid_levels`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import accumulate, pairwise
from typing import NamedTuple

from tui.protocol.messages import MIN_PRICE, Depth, Level


class BestBidOffer(NamedTuple):
    """Best bid and ask of a two-sided book, which may be crossed."""

    bid: float
    ask: float

    @property
    def spread(self) -> float:
        """The ask less the bid, in trade currency; negative for a crossed book."""
        return self.ask - self.bid

    @property
    def mid(self) -> float:
        """The mean of bid and ask."""
        return (self.ask + self.bid) / 2

    @property
    def bp(self) -> float:
        """The spread in basis points of the mid."""
        return 10_000 * self.spread / self.mid


def valid_levels(side: list[Level]) -> list[Level]:
    """Returns the levels with a price and a size."""
    return [level for level in side if level.price >= MIN_PRICE and level.volume > 0]


def best_level(side: list[Level]) -> Level | None:
    """Returns the level at the touch, None for an empty side. It nearly always is the first."""
    if side and (first := side[0]).price >= MIN_PRICE and first.volume > 0:
        return first
    return next(iter(valid_levels(side)), None)


def best_bid_offer(depth: Depth) -> BestBidOffer | None:
    """Returns the best bid and ask; None if a side is empty."""
    bid, ask = best_level(depth.bids), best_level(depth.asks)
    return BestBidOffer(bid.price, ask.price) if bid and ask else None


def in_order(depth: Depth) -> tuple[Depth, bool]:
    """Returns the book with its levels from the touch outward and each price once, and whether the levels' own
    positions contradict their prices. It is the book itself if nothing is odd, as nearly always, else a copy of its
    valid levels. Costs less than 1 µs for ten levels a side."""
    if _is_in_order(depth):
        return depth, False
    asks = sorted(valid_levels(depth.asks), key=lambda level: (level.price, level.level))
    bids = sorted(valid_levels(depth.bids), key=lambda level: (-level.price, level.level))
    contradict = any(before > after for side in (asks, bids) for before, after in pairwise(_positions(side)))
    return Depth(symbol=depth.symbol, region=depth.region, asks=_merged(asks), bids=_merged(bids)), contradict


def _is_in_order(depth: Depth) -> bool:
    """Returns True if nothing is odd. One plain loop a side: lists of prices and positions would cost four times as
    much."""
    position, price = 0, -1.0
    for level in depth.asks:
        if price < (price := level.price) and position <= (position := level.level):
            continue
        return False
    position, price = 0, math.inf
    for level in depth.bids:
        if price > (price := level.price) and position <= (position := level.level):
            continue
        return False
    return True


def _positions(side: list[Level]) -> list[int]:
    return [level.level for level in side if level.level]


def _merged(side: list[Level]) -> list[Level]:
    """Returns a sorted side with the sizes of one price added."""
    sizes: dict[float, float] = {}
    for level in side:
        sizes[level.price] = sizes.get(level.price, 0.0) + level.volume
    return [Level(price, size) for price, size in sizes.items()]


def cumulative(side: list[Level]) -> list[float]:
    """Returns the cumulative size from the touch up to and including each level."""
    return list(accumulate(level.volume for level in side))


def microprice(depth: Depth) -> float | None:
    """Returns (a·Qb + b·Qa) / (Qa + Qb) at the touch: the mid, weighted towards the side with less size. None for a
    one-sided, locked or crossed book."""
    bid, ask = best_level(depth.bids), best_level(depth.asks)
    if bid is None or ask is None or bid.price >= ask.price:
        return None
    # Equal to the formula, in a form that rounding cannot move outside the spread.
    return bid.price + (ask.price - bid.price) * (bid.volume / (bid.volume + ask.volume))


def imbalance(depth: Depth, k: int = 5) -> tuple[float, int] | None:
    """Returns (ΣQb − ΣQa) / (ΣQb + ΣQa) in [-1, 1] over the nearest levels that both sides have, at most `k`, and their
    number. None for a one-sided book."""
    bids, asks = valid_levels(depth.bids), valid_levels(depth.asks)
    k = min(k, len(bids), len(asks))
    if not k:
        return None
    bid = sum(level.volume for level in bids[:k])
    ask = sum(level.volume for level in asks[:k])
    return (bid - ask) / (bid + ask), k


def inferred_tick_size(depth: Depth) -> float | None:
    """Returns the smallest step between neighbouring prices of the book, an upper bound of the tick size; None with
    fewer than two prices."""
    prices = sorted({level.price for side in (depth.asks, depth.bids) for level in valid_levels(side)})
    return min((round(b - a, 6) for a, b in pairwise(prices)), default=None)


def changed_sizes(before: list[Level], after: list[Level]) -> set[float]:
    """Returns the prices of one side whose size has changed. Levels beyond the last price in common are not among them:
    they only moved into view."""
    sizes = {level.price: level.volume for level in before}
    shared = max((n for n, level in enumerate(after, 1) if level.price in sizes), default=0)
    return {level.price for level in after[:shared] if sizes.get(level.price) != level.volume}


def decimals(prices: Iterable[float], least: int = 2, most: int = 4) -> int:
    """Returns how many decimals the prices need, at least `least` and at most `most`."""
    needed = least
    for price in prices:
        while needed < most and round(price, needed) != round(price, most):
            needed += 1
    return needed
