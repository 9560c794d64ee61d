"""A line drawn in braille dots: two columns and four rows of them in a cell."""

from __future__ import annotations

from collections.abc import Sequence

_BLANK = 0x2800
# The bit of a dot by its column and row in the cell, from the top.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


def dot_row(value: float, low: float, high: float, rows: int) -> int:
    """The dot row of a value, 0 at the top, in a plot of `rows` cells from `low` to `high`."""
    dots = 4 * rows - 1
    return min(dots, max(0, round((high - value) / (high - low) * dots)))


def draw_line(values: Sequence[float | None], rows: int, low: float, high: float) -> list[str]:
    """A line through the values, one dot column each, in `rows` strings of half as many characters; a None leaves a
    gap, and a cell without a dot is a space."""
    grid = [[0] * ((len(values) + 1) // 2) for _ in range(rows)]

    def dot(x: int, y: int) -> None:
        grid[y // 4][x // 2] |= _DOTS[x % 2][y % 4]

    before: int | None = None
    for x, value in enumerate(values):
        if value is None:
            before = None
            continue
        y = dot_row(value, low, high, rows)
        dot(x, y)
        if before is not None and abs(y - before) > 1:
            # The step between two values belongs half to either: drawn in one column it would look like a range.
            middle = (before + y) // 2
            for step in range(min(before, middle), max(before, middle) + 1):
                dot(x - 1, step)
            for step in range(min(middle, y), max(middle, y) + 1):
                dot(x, step)
        before = y
    return ["".join(chr(_BLANK + bits) if bits else " " for bits in row) for row in grid]
