from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from tui.market.price_axis import PriceAxis, centred, common_step
from tui.market.tick_size import PriceGrid, even_grid, price_grid

rows = st.integers(1, 60)
numbers = st.integers(1, 10**5)
apart = st.integers(0, 30)


def table(region: str) -> PriceGrid:
    found = price_grid(region, date(2026, 11, 30))
    assert found is not None
    return found


grids = st.sampled_from([even_grid(0.01), even_grid(0.0005), table("HK"), table("US")])


def test_rows_go_down_by_one_step_each() -> None:
    axis = PriceAxis(even_grid(0.05), top=22, rows=4)
    assert [axis.price(y) for y in range(4)] == [1.1, 1.05, 1.0, 0.95]
    assert [axis.row(price) for price in (1.15, 1.1, 0.95, 0.9)] == [-1, 0, 3, 4]
    assert axis.moved(2).price(0) == 1.2


def test_rows_follow_the_tick_where_it_changes() -> None:
    axis = centred(table("HK"), 9.995, 10.0, 6)
    assert [axis.price(y) for y in range(6)] == [10.02, 10.01, 10.0, 9.995, 9.99, 9.985]
    axis = centred(table("US"), 0.9999, 1.0, 4)
    assert [axis.price(y) for y in range(4)] == [1.01, 1.0, 0.9999, 0.9998]


def test_the_step_divides_every_price_and_the_earlier_step() -> None:
    assert common_step([51_235, 51_236], 1) == 1
    assert common_step([1_005, 1_010], 5) == 5
    assert common_step([4_130, 4_135], 2) == 1, "a tick learned too large"
    assert common_step([51_200], 5) == 5, "one price says nothing"


@given(grids, numbers, apart, rows)
def test_a_new_axis_has_the_middle_of_the_touch_in_its_middle_row(
    grid: PriceGrid, n: int, apart: int, rows: int
) -> None:
    low, high = grid.price(n), grid.price(n + apart)
    axis = centred(grid, low, high, rows)
    assert axis.row(grid.price(n + apart // 2)) == rows // 2
    if rows >= 3:
        assert axis.holds(low, high), "else it would be made anew each time"


@given(grids, numbers, st.integers(0, 5), st.integers(12, 60), st.integers(-80, 80))
def test_a_touch_that_is_held_stands_clear_of_both_edges(
    grid: PriceGrid, n: int, apart: int, rows: int, by: int
) -> None:
    low, high = grid.price(n), grid.price(n + apart)
    axis = centred(grid, low, high, rows).moved(by)
    assert axis.holds(low, high) == (axis.row(high) >= rows // 6 and axis.row(low) < rows - rows // 6)


@given(grids, numbers, apart, rows, st.integers(-200, 200))
def test_an_axis_moved_by_hand_does_not_leave_the_book(grid: PriceGrid, n: int, apart: int, rows: int, by: int) -> None:
    low, high = grid.price(n), grid.price(n + apart)
    axis = centred(grid, low, high, rows).moved(by).showing(low, high)
    assert axis.row(high) < rows and axis.row(low) >= 0
