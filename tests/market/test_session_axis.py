from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.price_walks import DAYS, HK_OPEN, OPEN, at
from tui.market.bars import MINUTE
from tui.market.session_axis import DAY, INTERVALS, Slot, SlotMark, find_slot, segments, slots
from tui.market.sessions import Calendar, Holidays, calendar, zone

US, HK, SH, SZ, DEMO = (*map(calendar, ("US", "HK", "SH", "SZ")), calendar("US", True))


def times(found: list[Slot], region: str = "US") -> list[str]:
    """When slots begin, by the exchange's clock."""
    return [f"{zone(region).at(slot.start):%H:%M}" for slot in found]


def lengths(found: list[Slot]) -> list[int]:
    return [(slot.end - slot.start) // MINUTE for slot in found]


def marks(found: list[Slot], region: str = "US") -> list[tuple[str, SlotMark]]:
    return [(time, slot.mark) for time, slot in zip(times(found, region), found, strict=True) if slot.mark.value]


def test_a_session_has_all_its_minutes_whatever_the_bars() -> None:
    found = slots(segments([OPEN + 7 * MINUTE], US), 1)
    assert len(found) == 390
    assert (found[0].start, found[-1].end) == (OPEN, OPEN + 390 * MINUTE)
    assert marks(found) == []


def test_hours_are_anchored_at_the_open_and_the_last_one_is_30_minutes_long() -> None:
    found = slots(segments([OPEN], US), 60)
    assert times(found) == ["09:30", "10:30", "11:30", "12:30", "13:30", "14:30", "15:30"]
    assert lengths(found) == [60, 60, 60, 60, 60, 60, 30]


@pytest.mark.parametrize(
    ("region", "expected", "long"),
    [
        ("HK", ["09:30", "10:30", "11:30", "13:00", "14:00", "15:00", "16:00"], [60, 60, 30, 60, 60, 60, 10]),
        ("SH", ["09:30", "10:30", "13:00", "14:00"], [60, 60, 60, 60]),
        ("SZ", ["09:30", "10:30", "13:00", "14:00"], [60, 60, 60, 60]),
    ],
)
def test_hours_are_cut_at_lunch(region: str, expected: list[str], long: list[int]) -> None:
    found = slots(segments([at("2026-11-20 09:35", region)], calendar(region)), 60)
    assert (times(found, region), lengths(found)) == (expected, long)
    assert marks(found, region) == [("13:00", SlotMark.BREAK)]


def test_a_half_day_has_its_own_slots_and_what_comes_after_it_stands_behind_a_bound() -> None:
    friday = date(2026, 11, 27)
    hours = calendar("US", holidays=Holidays({}, {friday: "Day after Thanksgiving Day"}))
    bars = [at("2026-11-27 09:30"), at("2026-11-27 13:20")]
    assert times(slots(segments(bars[:1], hours), 60)) == ["09:30", "10:30", "11:30", "12:30"]
    assert lengths(slots(segments(bars[:1], hours), 60)) == [60, 60, 60, 30]
    assert marks(slots(segments(bars, hours), 60)) == [("13:00", SlotMark.BOUND)]
    hong_kong = calendar("HK", holidays=Holidays({}, {date(2026, 12, 24): "Christmas Eve"}))
    found = slots(segments([at("2026-12-24 09:30", "HK")], hong_kong), 60)
    assert (times(found, "HK"), lengths(found)) == (["09:30", "10:30", "11:30"], [60, 60, 40])


def test_bars_of_a_holiday_go_from_the_first_to_the_last() -> None:
    hours = calendar("US", holidays=Holidays({date(2026, 11, 20): "a holiday"}, {}))
    found = slots(segments([OPEN, OPEN + 5 * MINUTE], hours), 1)
    assert (found[0].start, len(found)) == (OPEN, 6)


def test_nights_and_dates_without_bars_are_left_out() -> None:
    found = slots(segments([DAYS[0], DAYS[2], OPEN], US), 1)
    assert len(found) == 3 * 390
    assert marks(found) == [("09:30", SlotMark.BOUND)] * 2
    assert [slot.date.day for slot in found[::390]] == [17, 19, 20]


def test_bars_before_and_after_the_session_are_segments_of_their_own() -> None:
    early, late = at("2026-11-20 08:17"), at("2026-11-20 16:44")
    found = slots(segments([early, OPEN, late], US), 30)
    assert times(found)[:4] == ["08:00", "08:30", "09:00", "09:30"]
    assert times(found)[-3:] == ["15:30", "16:00", "16:30"]
    assert marks(found) == [("09:30", SlotMark.BOUND), ("16:00", SlotMark.BOUND)]


def test_a_print_after_the_morning_does_not_undo_lunch() -> None:
    noon = at("2026-11-20 12:00", "HK")
    found = slots(segments([HK_OPEN, noon], HK), 60)
    assert times(found, "HK") == ["09:30", "10:30", "11:30", "12:00", "13:00", "14:00", "15:00", "16:00"]
    assert marks(found, "HK") == [("12:00", SlotMark.BOUND), ("13:00", SlotMark.BREAK)]


@pytest.mark.parametrize("when", ["2026-11-20 02:00", "2026-11-22 11:00"])
def test_where_all_data_comes_outside_the_hours_it_is_from_the_first_bar_to_the_last(when: str) -> None:
    first = at(when)
    found = slots(segments([first, first + 5 * MINUTE], US), 1)
    assert [slot.start for slot in found] == [first + n * MINUTE for n in range(6)]


@pytest.mark.parametrize("hours", [DEMO, calendar("XX")])
def test_an_exchange_that_never_closes_goes_from_the_first_bar_to_the_last_also_past_midnight(hours: Calendar) -> None:
    first = at("2026-11-20 18:37")  # 23:37 UTC
    found = slots(segments([first, first + 100 * MINUTE], hours), 1)
    assert [slot.start for slot in found] == [first + n * MINUTE for n in range(101)]
    assert marks(found) == [("19:00", SlotMark.BOUND)]
    assert times(slots(segments([first, first + 100 * MINUTE], hours), 60)) == ["18:00", "19:00", "20:00"]


def test_a_day_is_one_slot() -> None:
    found = slots(segments([DAYS[1], OPEN, OPEN - 30 * MINUTE], US)[1:], DAY)
    assert [slot.date for slot in found] == [date(2026, 11, 20)]
    found = slots(segments(sorted([DAYS[1], OPEN - 30 * MINUTE, OPEN]), US), DAY)
    assert [(slot.date.day, slot.mark) for slot in found] == [(18, SlotMark.NONE), (20, SlotMark.NONE)]
    assert times(found) == ["09:30", "09:30"], "the regular session, as vendors' daily bars have it"
    assert {f"{US.zone.at(slot.end):%H:%M}" for slot in found} == {"16:00"}


def test_a_night_and_a_sunday_evening_have_no_day_of_their_own() -> None:
    night = [at("2026-12-06 21:30"), at("2026-12-07 02:00"), at("2026-12-07 10:00"), at("2026-12-07 21:30")]
    assert [slot.date for slot in slots(segments(night, US), DAY)] == [date(2026, 12, 7)]
    dates = [slot.date for slot in slots(segments(night, US), 60)]
    assert sorted(set(dates)) == [date(2026, 12, 7), date(2026, 12, 8)]


def test_dates_too_long_ago_are_left_out() -> None:
    minutes = [OPEN + n * 1440 * MINUTE for n in range(-1000, 1)]
    found = slots(segments(minutes, DEMO), 1)
    assert 8_000 < len(found) <= 10_000
    assert found[-1].start == OPEN


def test_summer_time_ends_between_two_sessions() -> None:
    found = slots(segments([at("2026-10-30 09:30"), at("2026-11-02 09:30")], US), 60)
    assert times(found) == ["09:30", "10:30", "11:30", "12:30", "13:30", "14:30", "15:30"] * 2


@given(
    st.lists(st.integers(0, 5 * 1440), min_size=1, max_size=40, unique=True),
    st.sampled_from(INTERVALS),
    st.sampled_from([US, HK, SH, SZ, DEMO]),
)
def test_slots_follow_one_another_and_each_bar_has_its_own(minutes: list[int], interval: int, hours: Calendar) -> None:
    starts = sorted(DAYS[0] + n * MINUTE for n in minutes)
    parts = segments(starts, hours)
    found = slots(parts, interval)
    assert all(before.end <= after.start for before, after in pairwise(found))
    # A trade date may hold a weekend, so its slot may be longer than a day.
    assert all(0 < slot.end - slot.start <= interval * MINUTE * (5 if interval == DAY else 1) for slot in found)
    in_session = [start for start in starts if any(p.is_regular and p.floor <= start < p.limit for p in parts)]
    for start in in_session or starts if interval == DAY else starts:
        slot = found[find_slot(found, start)]
        assert slot.start <= start < slot.end
