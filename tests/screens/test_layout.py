from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.screens.layout import Arrangement, arrange


@given(width=st.integers(1, 300), height=st.integers(1, 100))
def test_the_panes_fill_the_screen_and_never_overflow(width: int, height: int) -> None:
    plan = arrange(width, height)
    room = height - 3
    if width < 40 or height < 8:
        assert plan.arrangement is Arrangement.TOO_SMALL
    elif plan.arrangement is Arrangement.BESIDE:
        assert plan.side < width - plan.side
        assert plan.ladder + plan.chart == room
        assert (plan.ladder >= 12 and plan.ladder % 2 == 0 and plan.chart >= 8) or plan.chart == 0
    elif plan.arrangement is Arrangement.BELOW:
        assert plan.ladder + plan.chart == width
        assert plan.side % 2 == 0
        assert room - plan.side >= 7
    else:
        assert plan == (Arrangement.GRID, 0, 0, 0)


@pytest.mark.parametrize(
    ("size", "arrangement"),
    [
        ((160, 45), Arrangement.BESIDE),
        ((120, 36), Arrangement.BESIDE),
        ((80, 24), Arrangement.BELOW),
        ((60, 20), Arrangement.GRID),
        ((40, 8), Arrangement.GRID),
        ((39, 8), Arrangement.TOO_SMALL),
        ((40, 7), Arrangement.TOO_SMALL),
    ],
)
def test_arrangements_by_size(size: tuple[int, int], arrangement: Arrangement) -> None:
    assert arrange(*size).arrangement is arrangement
