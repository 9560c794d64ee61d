"""One fund's order book: ten levels a side, which moves by small steps as a real one does.

Prices are whole ticks here. A level keeps its size until something happens to it, so that two pictures of the book
in a row differ in a few levels only.
"""

from __future__ import annotations

import math
from random import Random

LEVELS = 10

BookSide = list[list[int]]  # [price in ticks, size in units], from the touch outward


class Book:
    """`bids` and `asks` always hold LEVELS levels, in order, never touching each other.

    `mid` is a price in ticks, `spread` the usual one in ticks, `lot` a usual order in units of the fund."""

    def __init__(self, mid: float, spread: int, lot: int, random: Random) -> None:
        self._spread = spread
        self._lot = lot
        self._random = random
        self._target = spread
        bid = round(mid - spread / 2)
        self.bids = self._side([], bid, -1)
        self.asks = self._side([], bid + spread, 1)

    @property
    def mid(self) -> float:
        return (self.bids[0][0] + self.asks[0][0]) / 2

    def take(self, buy: bool, size: int) -> tuple[int, int]:
        """Trade against the touch: the price in ticks and the size had. A level that would be empty is filled again at
        once, as by a hidden order, so that the touch moves in `stir` alone."""
        level = (self.asks if buy else self.bids)[0]
        size = min(size, level[1])
        level[1] = level[1] - size or self._order(0)
        return level[0], size

    def stir(self, fair: float) -> None:
        """Let the book follow the fair price (ticks), and change a few of its sizes."""
        random = self._random
        if random.random() < 0.15:
            self._target = max(1, self._spread + random.choice((-1, 0, 0, 0, 1)))
        bid, ask = self.bids[0][0], self.asks[0][0]
        drift = fair - (bid + ask) / 2
        if abs(drift) > 0.75 or ask - bid != self._target:
            bid = round(fair - self._target / 2)
            self.bids = self._side(self.bids, bid, -1)
            self.asks = self._side(self.asks, bid + self._target, 1)
        for _ in range(random.choice((1, 1, 2, 3))):
            side = self.bids if random.random() < 0.5 else self.asks
            index = min(LEVELS - 1, int(random.expovariate(0.5)))
            self._resize(side[index], index)

    def _side(self, side: BookSide, touch: int, away: int) -> BookSide:
        """The side with a new touch: what stands nearer is gone, what was beyond stays as it is."""
        kept = [level for level in side if (level[0] - touch) * away >= 0]
        fresh: BookSide = []
        price, stop = touch, kept[0][0] if kept else touch + away
        while price != stop and len(fresh) < LEVELS:
            fresh.append([price, self._order(len(fresh))])
            price += away * min(self._step(), abs(stop - price))
        side = (fresh + kept)[:LEVELS]
        while len(side) < LEVELS:
            side.append([side[-1][0] + away * self._step(), self._order(len(side))])
        return side

    def _step(self) -> int:
        """Ticks between two levels: one where the fund is tight, now and then more where it is not."""
        return 1 if self._spread < 3 else self._random.choice((1, 1, 2, self._spread // 2 + 1))

    def _order(self, index: int) -> int:
        """The size of a level: lots, more of them away from the touch, much scattered."""
        lots = math.exp(self._random.gauss(0.9 + 0.09 * index, 0.75))
        return max(1, round(lots)) * self._lot

    def _resize(self, level: list[int], index: int) -> None:
        """An order joins the level or leaves it, or the level is made anew."""
        change = (1 + int(self._random.random() * 4)) * self._lot
        if self._random.random() < 0.5:
            level[1] += change
        elif level[1] > change:
            level[1] -= change
        if level[1] > self._order(index) * 6 or level[1] < self._lot // 4:
            level[1] = self._order(index)
