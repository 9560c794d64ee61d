"""Candles drawn to half a cell: a heavy body from open to close, a thin wick from high to low."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

# The character of a cell by its upper and its lower half: 0 blank, 1 wick, 2 body.
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


class Candle(Struct, frozen=True):
    """A candle: the half rows, from the top, of the high, the body's top and bottom, and the low."""

    high: int
    top: int
    bottom: int
    low: int

    def cells(self, *, dashed: bool) -> Iterator[tuple[int, str]]:
        """Yields row and character of each cell."""
        signs = _DASHED if dashed else _SOLID
        for y in range(self.high // 2, self.low // 2 + 1):
            yield y, signs[self._part(2 * y), self._part(2 * y + 1)]

    def _part(self, half: int) -> int:
        if self.top <= half <= self.bottom:
            return 2
        return 1 if self.high <= half <= self.low else 0
