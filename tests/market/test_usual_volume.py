"""What is usually traded by a minute of the session, and which days tell it."""

from __future__ import annotations

from datetime import date

import pytest

from tests.support.price_walks import at
from tui.market.session_axis import session_minutes
from tui.market.sessions import Holidays, calendar
from tui.market.usual_volume import cumulative_volumes, medians

SESSION = [range(100, 160), range(190, 250)]


def traded(*without: range, each: float = 100.0) -> dict[int, float]:
    """Volumes of each minute of SESSION but these."""
    return {slot: each for part in SESSION for slot in part if not any(slot in gap for gap in without)}


def test_volumes_are_summed_over_the_breaks_of_a_session() -> None:
    found = cumulative_volumes(traded() | {99: 1e9, 170: 1e9, 250: 1e9}, SESSION)
    assert found is not None and len(found) == 120
    assert [found[n] for n in (0, 59, 60, 119)] == [100, 6_000, 6_100, 12_000]


@pytest.mark.parametrize(
    ("without", "is_whole"),
    [
        (range(100, 101), True),
        (range(100, 102), False),
        (range(120, 134), True),
        (range(120, 135), False),
        (range(153, 198), False),
        (range(236, 250), True),
        (range(230, 250), False),
    ],
    ids=["first minute", "two", "14 min", "15 min", "over lunch", "last 14", "last 20"],
)
def test_a_day_counts_only_where_its_minutes_are_all_known(without: range, is_whole: bool) -> None:
    found = cumulative_volumes(traded(without), SESSION)
    assert (found is not None) is is_whole
    if found is not None:
        assert found[-1] == 100 * (120 - len(without))


def test_the_median_is_taken_minute_by_minute() -> None:
    assert list(medians([[1, 10], [3, 20], [2, 90]])) == [2, 20]
    assert list(medians([[1], [4], [2], [9]])) == [3]


def test_the_minutes_of_a_session_are_those_of_continuous_trading_and_the_closing_auction() -> None:
    def spans(region: str, day: str, holidays: Holidays | None = None) -> list[tuple[int, int]]:
        parts = session_minutes(calendar(region, holidays=holidays), date.fromisoformat(day))
        midnight = at(f"{day} 00:00", region) // 60_000
        return [(part.start - midnight, part.stop - midnight) for part in parts]

    assert spans("US", "2026-12-08") == [(570, 960)]
    assert spans("US", "2026-11-27", Holidays({}, {date(2026, 11, 27): "Thanksgiving"})) == [(570, 780)]
    assert spans("HK", "2026-11-30") == [(570, 720), (780, 970)]
    assert spans("SH", "2026-11-30") == [(570, 690), (780, 900)]
    assert spans("US", "2026-11-28") == []
    assert spans("XX", "2026-11-28") == [(0, 1440)]
