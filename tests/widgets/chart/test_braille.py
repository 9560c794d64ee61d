"""Lines of braille dots."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.chart.braille import in_cells, line


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 60)), min_size=1, max_size=30))
def test_a_line_has_one_stroke_a_column_and_no_holes(steps: list[tuple[int, int]]) -> None:
    points, x = [], 0
    for by, y in steps:
        points.append((x, y))
        x += by
    strokes = line(points)
    assert [column for column, _, _ in strokes] == list(range(points[-1][0] + 1))
    assert all(max(a, c) - min(b, d) <= 1 for (_, a, b), (_, c, d) in pairwise(strokes))
    assert {(column, y) for column, top, bottom in strokes for y in range(top, bottom + 1)} >= set(points)
    assert all("⠀" < character <= "⣿" for character in in_cells(strokes).values())
