"""Lines of braille dots: a cell has two columns and four rows of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

_BLANK = 0x2800
# The bit of a dot by its column and row in the cell, from the top.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
# The bits of all dots from one row to another, by column.
_STROKES = [[[sum(dots[a : b + 1]) for b in range(4)] for a in range(4)] for dots in _DOTS]

COLUMN = ("⡇", "⢸")
"""The characters with all dots of the left column, and of the right one."""

Stroke = tuple[int, int, int]
"""A column of dots and its first and last row, counted from the left and the top."""


def line(points: Sequence[tuple[int, int]]) -> list[Stroke]:
    """Returns a line through points (column, row) with rising columns, as a stroke for each column."""
    strokes = [(x, y, y) for x, y in points[:1]]
    for (x0, y0), (x1, y1) in pairwise(points):
        before = y0
        for x in range(x0 + 1, x1 + 1):
            y = y1 if x == x1 else y0 + round((y1 - y0) * (x - x0) / (x1 - x0))
            if abs(y - before) > 1:
                # Half of the step is drawn in either column: all of it in one would look like a bar's range.
                middle = (before + y) // 2
                left, top, bottom = strokes[-1]
                strokes[-1] = left, min(top, middle), max(bottom, middle)
                strokes.append((x, min(middle, y), max(middle, y)))
            else:
                strokes.append((x, y, y))
            before = y
    return strokes


def in_cells(strokes: Iterable[Stroke]) -> dict[tuple[int, int], str]:
    """Returns the characters of the strokes, by the cell's column and row."""
    cells: dict[tuple[int, int], int] = {}
    for x, top, bottom in strokes:
        column, masks = x // 2, _STROKES[x % 2]
        for row in range(top // 4, bottom // 4 + 1):
            start, end = top - 4 * row, bottom - 4 * row
            at = column, row
            cells[at] = cells.get(at, 0) | masks[start if start > 0 else 0][end if end < 3 else 3]
    return {at: chr(_BLANK + bits) for at, bits in cells.items()}
