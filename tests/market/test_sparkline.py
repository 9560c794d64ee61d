from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import T, bar
from tui.market.bars import MINUTE, MinuteBars
from tui.market.sparkline import HOUR, closes_by_cell, common_span, extent, heights

points = st.lists(st.none() | st.floats(1, 1_000), min_size=1, max_size=30)


def bars_at(*minutes: int) -> MinuteBars:
    """Bars at minutes of the hour that begins with T's; each closes at its minute's number."""
    assert (T // MINUTE) % HOUR == 50
    bars = MinuteBars()
    for minute in minutes:
        bars.update(bar(minute + 10, close=minute))
    return bars


def test_each_cell_has_the_last_close_of_its_part_of_the_hour() -> None:
    assert closes_by_cell(bars_at(*range(60)), 12) == [4, 9, 14, 19, 24, 29, 34, 39, 44, 49, 54, 59]


def test_a_part_without_a_bar_is_a_gap() -> None:
    assert closes_by_cell(bars_at(0, 1, 59), 4) == [1, None, None, 59]
    assert closes_by_cell(MinuteBars(), 4) == [None] * 4


def test_a_point_stays_in_its_cell_until_its_part_of_the_hour_is_over() -> None:
    shown = [closes_by_cell(bars_at(*range(latest + 1)), 12) for latest in range(55, 61)]
    assert [cells[:-1] for cells in shown[:5]] == [shown[0][:-1]] * 5
    assert shown[5][:-2] == shown[4][1:-1]


@pytest.mark.parametrize(
    ("series", "scale"),
    [
        ([], 0.1),
        ([[None, None]], 0.1),
        ([[500.0, 500.0]], 0.1),
        ([[100.0, 100.4]], 0.5),
        ([[100.0, 100.5], [50.0, 50.6, None]], 2.0),
        ([[100.0, 300.0]], 100.0),
    ],
)
def test_one_scale_for_all_is_the_least_round_step_that_holds_the_widest(
    series: list[list[float | None]], scale: float
) -> None:
    assert common_span(map(extent, series)) == scale


def test_a_series_as_wide_as_the_span_uses_every_height() -> None:
    assert heights([99.5, 100.0, 100.5], 1.0) == [1, 4, 8]


def test_a_calm_series_stays_in_the_middle() -> None:
    assert set(heights([100.0, 100.01, 100.0], 5.0)) <= {4, 5}


def test_a_series_wider_than_the_span_is_held_at_its_ends() -> None:
    assert heights([50.0, 100.0, 150.0], 1.0) == [1, 4, 8]


def test_gaps_stay_gaps() -> None:
    assert heights([None, 100.0, None], 1.0) == [None, 4, None]
    assert heights([None, None], 1.0) == [None, None]


@given(points, st.sampled_from([0.1, 1.0, 100.0]))
def test_heights_keep_the_order_of_the_points(series: list[float | None], scale: float) -> None:
    drawn = heights(series, scale)
    assert [height is None for height in drawn] == [point is None for point in series]
    pairs = sorted((point, height) for point, height in zip(series, drawn, strict=True) if point and height)
    assert all(1 <= height <= 8 for _, height in pairs)
    assert all(low <= high for (_, low), (_, high) in pairwise(pairs))


@given(st.lists(st.lists(st.floats(1, 1.9), min_size=1), min_size=1))
def test_every_series_fits_the_common_scale(series: list[list[float]]) -> None:
    scale = common_span(extent(list(points)) for points in series)
    assert all(100 * (max(points) - min(points)) / min(points) <= scale for points in series)
