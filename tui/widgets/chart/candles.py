"""Candles drawn to half a cell: a heavy body from open to close, a thin wick from high to low."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

# What stands in a cell by its upper and its lower half: 0 nothing, 1 the wick, 2 the body.
_SOLID = {
    (0, 1): "╷",
    (0, 2): "╻",
    (1, 0): "╵",
    (1, 1): "│",
    (1, 2): "╽",
    (2, 0): "╹",
    (2, 1): "╿",
    (2, 2): "┃",
}
_DASHED = _SOLID | {(1, 1): "┆", (2, 2): "┇"}


class Candle(NamedTuple):
    """The half rows, from the top, in which the high, the body's top and bottom, and the low are."""

    high: int
    top: int
    bottom: int
    low: int

    def cells(self, *, dashed: bool) -> Iterator[tuple[int, str]]:
        """Row and character of each cell."""
        signs = _DASHED if dashed else _SOLID
        for y in range(self.high // 2, self.low // 2 + 1):
            yield y, signs[self._part(2 * y), self._part(2 * y + 1)]

    def _part(self, half: int) -> int:
        if self.top <= half <= self.bottom:
            return 2
        return 1 if self.high <= half <= self.low else 0
