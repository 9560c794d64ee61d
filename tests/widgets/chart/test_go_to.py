"""The slot of a time that a person wrote."""

from __future__ import annotations

import pytest

from tests.support.charts import FUND, SHAPES
from tui.errors import UsageError
from tui.market import Instrument
from tui.market.bars import MINUTE
from tui.market.session_axis import DAY, Slot, find_slot, segments, slots
from tui.market.sessions import zone
from tui.widgets.chart.go_to import find_moment


def slots_of(i: Instrument, interval: int) -> list[Slot]:
    """Returns the slots up to the newest bar."""
    axis = slots(segments(i.bars.minutes(), i.calendar), interval)
    return axis[: find_slot(axis, i.bars.latest * MINUTE) + 1]


@pytest.mark.parametrize(
    ("text", "interval", "found"),
    [
        ("10:05", 1, "11-20 10:05"),
        ("9:30", 1, "11-20 09:30"),
        ("15:59", 1, "11-19 15:59"),  # today's is still to come
        (" 11-18 10:05 ", 1, "11-18 10:05"),
        ("11-18", 1, "11-18 09:30"),
        ("10:07", 5, "11-20 10:05"),
        ("10:29", 60, "11-20 09:30"),
        ("11-18", DAY, "11-18 09:30"),
        ("10:05", DAY, "11-20 09:30"),
    ],
)
def test_a_time_is_the_latest_such_one(text: str, interval: int, found: str) -> None:
    i = SHAPES["days"]()
    axis, local = slots_of(i, interval), zone(i.symbol.region)
    assert f"{local.at(axis[find_moment(text, axis, local)].start):%m-%d %H:%M}" == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "'' is no time: write 14:05, 11-20 or 11-20 14:05"),
        ("noon", "'noon' is no time: write 14:05, 11-20 or 11-20 14:05"),
        ("1005", "'1005' is no time: write 14:05, 11-20 or 11-20 14:05"),
        ("12:30", "no bars at 12:30: the oldest are of 11-20 09:30"),  # lunch
        ("25:00", "'25:00' is no time: write 14:05, 11-20 or 11-20 14:05"),
        ("10:99", "'10:99' is no time: write 14:05, 11-20 or 11-20 14:05"),
        ("11-19 10:00", "no bars at 11-19 10:00: the oldest are of 11-20 09:30"),
    ],
)
def test_what_is_no_time_and_what_has_no_bars_is_said(text: str, words: str) -> None:
    axis = slots_of(SHAPES["lunch"](), 1)
    with pytest.raises(UsageError) as error:
        find_moment(text, axis, zone(FUND.region))
    assert str(error.value) == words
