"""A simulated order book of one fund: ten levels a side, changed in small steps.

Prices are whole ticks. A level keeps its size until an order or a trade changes it, so consecutive snapshots differ in
a few levels only.
"""

from __future__ import annotations

import math
from random import Random

LEVELS = 10

BookSide = list[list[int]]  # [price in ticks, size in shares], best first


class Book:
    """An order book whose `bids` and `asks` hold LEVELS levels each, sorted from the best price outward and never
    crossed.

    `mid` is the first mid price in ticks, `spread` the typical spread in ticks, `lot` the size of a typical order in
    shares.
    """

    def __init__(self, mid: float, spread: int, lot: int, random: Random) -> None:
        self._spread = spread
        self._lot = lot
        self._random = random
        self._target_spread = spread
        bid = round(mid - spread / 2)
        self.bids = self._rebuild_side([], bid, -1)
        self.asks = self._rebuild_side([], bid + spread, 1)

    @property
    def mid(self) -> float:
        """The mid price, in ticks."""
        return (self.bids[0][0] + self.asks[0][0]) / 2

    def execute(self, is_buy: bool, size: int) -> tuple[int, int]:
        """Execute a market order against the best level; returns the price in ticks and the size executed.

        A level that would be empty is refilled at once, as by a hidden order: the best price moves in `evolve` only.
        """
        level = (self.asks if is_buy else self.bids)[0]
        size = min(size, level[1])
        level[1] = level[1] - size or self._level_size(0)
        return level[0], size

    def evolve(self, fair_price: float) -> None:
        """Move the book to the fair price (ticks) and change a few of its sizes."""
        random = self._random
        if random.random() < 0.15:
            self._target_spread = max(1, self._spread + random.choice((-1, 0, 0, 0, 1)))
        bid, ask = self.bids[0][0], self.asks[0][0]
        drift = fair_price - (bid + ask) / 2
        if abs(drift) > 0.75 or ask - bid != self._target_spread:
            bid = round(fair_price - self._target_spread / 2)
            self.bids = self._rebuild_side(self.bids, bid, -1)
            self.asks = self._rebuild_side(self.asks, bid + self._target_spread, 1)
        for _ in range(random.choice((1, 1, 2, 3))):
            side = self.bids if random.random() < 0.5 else self.asks
            index = min(LEVELS - 1, int(random.expovariate(0.5)))
            self._change_level(side[index], index)

    def _rebuild_side(self, side: BookSide, best_price: int, direction: int) -> BookSide:
        """Returns the side with a new best price: levels nearer than it are dropped, levels beyond it are kept."""
        remaining = [level for level in side if (level[0] - best_price) * direction >= 0]
        added: BookSide = []
        price, stop = best_price, remaining[0][0] if remaining else best_price + direction
        while price != stop and len(added) < LEVELS:
            added.append([price, self._level_size(len(added))])
            price += direction * min(self._level_gap(), abs(stop - price))
        side = (added + remaining)[:LEVELS]
        while len(side) < LEVELS:
            side.append([side[-1][0] + direction * self._level_gap(), self._level_size(len(side))])
        return side

    def _level_gap(self) -> int:
        """Returns the ticks between two levels: one for a tight fund, sometimes more for a wide one."""
        return 1 if self._spread < 3 else self._random.choice((1, 1, 2, self._spread // 2 + 1))

    def _level_size(self, index: int) -> int:
        """Returns the size of a new level: whole lots, log-normal, larger away from the best price."""
        lots = math.exp(self._random.gauss(0.9 + 0.09 * index, 0.75))
        return max(1, round(lots)) * self._lot

    def _change_level(self, level: list[int], index: int) -> None:
        """Add an order to the level, remove one, or replace the level's size."""
        change = (1 + int(self._random.random() * 4)) * self._lot
        if self._random.random() < 0.5:
            level[1] += change
        elif level[1] > change:
            level[1] -= change
        if level[1] > self._level_size(index) * 6 or level[1] < self._lot // 4:
            level[1] = self._level_size(index)
