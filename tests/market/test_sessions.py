from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.market.sessions import Phase, calendar, zone

NOON_UTC = 1_731_672_000_000  # 2024-11-15 12:00 UTC, a Friday
HOUR = 3_600_000

times = st.integers(NOON_UTC - 400 * 24 * HOUR, NOON_UTC + 400 * 24 * HOUR)
regions = st.sampled_from(["US", "HK", "SH", "SZ", "XX"])


@pytest.mark.parametrize(
    ("region", "time", "label"),
    [
        ("US", "07:00", "ET"),
        ("HK", "20:00", "HKT"),
        ("SH", "20:00", "CST"),
        ("SZ", "20:00", "CST"),
        ("XX", "12:00", "UTC"),
    ],
)
def test_a_time_is_shown_as_the_exchange_s_wall_clock_has_it(region: str, time: str, label: str) -> None:
    where = zone(region)
    assert f"{where.at(NOON_UTC):%H:%M}" == time
    assert where.label == label


def test_new_york_changes_to_summer_time() -> None:
    assert f"{zone('US').at(NOON_UTC + 200 * 86_400_000):%H:%M}" == "08:00"


def ms(region: str, local: str) -> int:
    """A local time of a region as ms UTC."""
    return int(datetime.fromisoformat(local).replace(tzinfo=zone(region).tz).timestamp() * 1000)


@pytest.mark.parametrize(
    ("region", "phases"),
    [
        ("US", "00:00 closed, 04:00 pre-market, 09:30 open, 16:00 after hours, 20:00 closed"),
        ("HK", "00:00 closed, 09:00 auction, 09:30 open, 12:00 break, 13:00 open, 16:00 auction, 16:10 closed"),
        ("SH", "00:00 closed, 09:15 auction, 09:25 break, 09:30 open, 11:30 break, 13:00 open, 15:00 closed"),
        (
            "SZ",
            "00:00 closed, 09:15 auction, 09:25 break, 09:30 open, 11:30 break, 13:00 open, "
            "14:57 auction, 15:00 closed",
        ),
    ],
)
@pytest.mark.parametrize("day", ["2024-11-15", "2025-07-15"], ids=["winter", "summer"])
def test_the_hours_of_a_day(region: str, phases: str, day: str) -> None:
    hours, walked = calendar(region), []
    at, end = ms(region, f"{day}T00:00"), ms(region, f"{day}T00:00") + 24 * HOUR
    while at < end:
        stretch = hours.at(at)
        assert stretch.start == at and stretch.date == date.fromisoformat(day)
        walked.append(f"{zone(region).at(at):%H:%M} {stretch.phase.value}")
        at = stretch.end
    assert ", ".join(walked) == phases


def test_a_weekend_is_closed_all_day() -> None:
    saturday = calendar("US").at(ms("US", "2024-11-16T10:00"))
    assert saturday.phase is Phase.CLOSED and saturday.end - saturday.start == 24 * HOUR


@pytest.mark.parametrize(("day", "hours"), [("2025-03-09", 23), ("2025-11-02", 25)])
def test_a_day_on_which_clocks_change_is_shorter_or_longer(day: str, hours: int) -> None:
    sunday = calendar("US").at(ms("US", f"{day}T12:00"))
    assert sunday.end - sunday.start == hours * HOUR


def test_new_york_opens_at_the_same_local_time_in_summer() -> None:
    for day, utc in (("2024-11-15", "14:30"), ("2025-07-15", "13:30")):
        opened = calendar("US").at(ms("US", f"{day}T10:00")).start
        assert f"{zone('XX').at(opened):%H:%M}" == utc


@pytest.mark.parametrize("region", ["US", "HK", "SH", "SZ"])
def test_the_demo_exchange_never_closes_and_its_date_is_the_day_of_utc(region: str) -> None:
    for hour in range(24 * 8):
        at = NOON_UTC + hour * HOUR
        stretch = calendar(region, demo=True).at(at)
        assert stretch.phase is Phase.OPEN and stretch.end - stretch.start == 24 * HOUR
        assert stretch.date == zone("XX").at(at).date()


@pytest.mark.parametrize(("region", "extended"), [("US", True), ("HK", False), ("SH", False), ("XX", False)])
def test_only_new_york_trades_before_and_after(region: str, extended: bool) -> None:
    assert calendar(region).extended is extended


@given(regions, times)
def test_every_time_lies_in_its_stretch_and_stretches_follow_each_other(region: str, at: int) -> None:
    hours = calendar(region)
    stretch = hours.at(at)
    assert stretch.start <= at < stretch.end
    assert hours.at(stretch.start) == hours.at(stretch.end - 1) == stretch
    assert hours.at(stretch.end).start == stretch.end
