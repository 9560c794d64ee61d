from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.market.price_axis import PriceAxis, centred, common_step

rows = st.integers(1, 60)
steps = st.integers(1, 50)
places = st.integers(1, 10**6)


def test_rows_go_down_by_one_step_each() -> None:
    axis = PriceAxis(top=110, step=5, rows=4)
    assert [axis.price(y) for y in range(4)] == [110, 105, 100, 95]
    assert [axis.row(price) for price in (115, 110, 95, 90)] == [-1, 0, 3, 4]
    assert axis.moved(2).top == 120


def test_the_step_divides_every_price_and_the_earlier_step() -> None:
    assert common_step([51_235, 51_236], 1) == 1
    assert common_step([1_005, 1_010], 5) == 5
    assert common_step([4_130, 4_135], 2) == 1, "a tick learned too large"
    assert common_step([51_200], 5) == 5, "one price says nothing"


@given(places, st.integers(0, 30), steps, rows)
def test_a_new_axis_has_the_middle_of_the_touch_in_its_middle_row(n: int, apart: int, step: int, rows: int) -> None:
    low, high = n * step, (n + apart) * step
    axis = centred(low, high, step, rows)
    assert axis.row(low + apart // 2 * step) == rows // 2
    assert axis.top % step == 0
    if rows >= 3:
        assert axis.holds(low, high), "else it would be made anew each time"


@given(places, st.integers(0, 5), steps, st.integers(12, 60), st.integers(-80, 80))
def test_a_touch_that_is_held_stands_clear_of_both_edges(n: int, apart: int, step: int, rows: int, by: int) -> None:
    low, high = n * step, (n + apart) * step
    axis = centred(low, high, step, rows).moved(by)
    assert axis.holds(low, high) == (axis.row(high) >= rows // 6 and axis.row(low) < rows - rows // 6)


@given(places, st.integers(0, 30), steps, rows, st.integers(-200, 200))
def test_an_axis_moved_by_hand_does_not_leave_the_book(n: int, apart: int, step: int, rows: int, by: int) -> None:
    low, high = n * step, (n + apart) * step
    axis = centred(low, high, step, rows).moved(by).showing(low, high)
    assert axis.row(high) < rows and axis.row(low) >= 0
    assert axis.top % step == 0
