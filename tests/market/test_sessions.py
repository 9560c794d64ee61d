from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, reset_tzpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.market.session_hours import SessionPhase
from tui.market.sessions import Calendar, Holidays, NextTransition, calendar, zone

NOON_UTC = 1_731_672_000_000  # 2024-11-15 12:00 UTC, a Friday
HOUR = 3_600_000

times = st.integers(NOON_UTC - 400 * 24 * HOUR, NOON_UTC + 400 * 24 * HOUR)
regions = st.sampled_from(["US", "HK", "SH", "SZ", "XX"])

HOLIDAYS = {
    "US": Holidays(
        {
            date(2026, 4, 3): "Good Friday",
            date(2026, 11, 26): "Thanksgiving Day",
            date(2026, 12, 25): "Christmas Day",
            date(2027, 1, 1): "New Year's Day",
        },
        {date(2026, 11, 27): "Day after Thanksgiving Day", date(2026, 12, 24): "Christmas Eve"},
    ),
    "HK": Holidays(
        {date(2026, 2, day): "Chinese New Year" for day in (17, 18, 19)} | {date(2026, 12, 25): "Christmas Day"},
        {date(2026, 2, 16): "Chinese New Year's Eve", date(2026, 12, 24): "Christmas Eve"},
    ),
    "SH": Holidays({date(2026, 2, day): "Chinese New Year" for day in (16, 17, 18, 19, 20, 23)}, {}),
}


def known(region: str) -> Calendar:
    return calendar(region, holidays=HOLIDAYS.get(region))


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


def walked(hours: Calendar, day: str) -> str:
    """The intervals that begin within a day by the exchange's clock, or hold at its midnight: when each begins, its
    phase, and its trade date if that is another than the day."""
    at = int(datetime.fromisoformat(day).replace(tzinfo=hours.zone.tz).timestamp() * 1000)
    end = int((datetime.fromisoformat(day) + timedelta(days=1)).replace(tzinfo=hours.zone.tz).timestamp() * 1000)
    found = []
    while at < end:
        each = hours.at(at)
        when = f"{hours.zone.at(each.start):%H:%M}"
        found.append(f"{when} {each.phase.value}" + (f" of {each.date:%a %d}" if f"{each.date}" != day else ""))
        at = each.end
    return ", ".join(found)


US = "00:00 closed, 04:00 pre-market, 09:30 open, 16:00 after hours"
CN = "00:00 closed, 09:15 auction, 09:25 break, 09:30 open, 11:30 lunch, 13:00 open"
CN_AUCTION = f"{CN}, 14:57 auction, 15:00 closed"


@pytest.mark.parametrize(
    ("region", "day", "phases"),
    [
        ("US", "2024-11-15", f"{US}, 20:00 closed of Mon 18"),
        ("US", "2025-07-15", f"{US}, 20:00 closed of Wed 16"),
        (
            "HK",
            "2024-11-15",
            "00:00 closed, 09:00 auction, 09:30 open, 12:00 lunch, 13:00 open, 16:00 auction, 16:10 closed",
        ),
        ("SH", "2024-11-15", f"{CN}, 15:00 closed"),
        ("SZ", "2024-11-15", CN_AUCTION),
        ("SH", "2026-07-03", f"{CN}, 15:00 closed"),
        ("SH", "2026-07-06", f"{CN_AUCTION}, 15:05 at close, 15:30 closed"),
        ("SZ", "2026-07-03", CN_AUCTION),
        ("SZ", "2026-07-06", f"{CN_AUCTION}, 15:05 at close, 15:30 closed"),
    ],
)
def test_the_hours_of_a_day(region: str, day: str, phases: str) -> None:
    assert walked(calendar(region), day) == phases


NIGHT = "04:00 pre-market, 09:30 open, 16:00 after hours, 20:00 pause of {}, 21:00 overnight of {}"


@pytest.mark.parametrize(
    ("day", "phases"),
    [
        ("2026-12-04", f"{US}, 20:00 closed of Mon 07"),
        ("2026-12-05", "00:00 closed of Mon 07, 20:00 closed of Mon 07"),
        ("2026-12-06", "00:00 closed of Mon 07, 20:00 closed of Mon 07, 21:00 overnight of Mon 07"),
        ("2026-12-07", "21:00 overnight, " + NIGHT.format("Tue 08", "Tue 08")),
        ("2026-12-11", "21:00 overnight, 04:00 pre-market, 09:30 open, 16:00 after hours, 20:00 closed of Mon 14"),
        # A night exists before every session: none on the eve of a holiday, one on its evening.
        (
            "2026-12-24",
            "21:00 overnight, 04:00 pre-market, 09:30 open, 13:00 after hours, 17:00 closed, 20:00 closed of Mon 28",
        ),
        ("2027-01-18", "00:00 closed of Tue 19, 20:00 closed of Tue 19, 21:00 overnight of Tue 19"),
    ],
)
def test_the_night_before_a_session_is_of_its_trade_date(day: str, phases: str) -> None:
    closed = dict(HOLIDAYS["US"].closed) | {date(2027, 1, 18): "Martin Luther King Jr. Day"}
    assert walked(calendar("US", holidays=Holidays(closed, HOLIDAYS["US"].early)), day) == phases


@pytest.mark.parametrize(
    ("region", "day", "phases"),
    [
        ("US", "2026-11-26", "00:00 closed of Fri 27, 20:00 closed of Fri 27"),
        (
            "US",
            "2026-11-27",
            "00:00 closed, 04:00 pre-market, 09:30 open, 13:00 after hours, 17:00 closed, 20:00 closed of Mon 30",
        ),
        ("HK", "2026-12-24", "00:00 closed, 09:00 auction, 09:30 open, 12:00 auction, 12:10 closed"),
        ("HK", "2026-02-18", "00:00 closed of Fri 20"),
        ("SH", "2026-02-23", "00:00 closed of Tue 24"),
    ],
)
def test_a_holiday_is_closed_all_day_and_a_half_day_has_its_own_hours(region: str, day: str, phases: str) -> None:
    assert walked(known(region), day) == phases
    assert walked(calendar(region), day) != phases, "nobody told of it: a whole session"


def test_without_holidays_every_weekday_is_a_full_session() -> None:
    assert walked(known("HK"), "2031-12-25") == walked(known("HK"), "2026-11-19")


def test_a_weekend_is_closed_all_day_and_of_the_next_session() -> None:
    assert walked(calendar("HK"), "2024-11-16") == "00:00 closed of Mon 18"


@pytest.mark.parametrize(("day", "hours"), [("2025-03-09", 23), ("2025-11-02", 25)])
def test_a_day_on_which_clocks_change_is_shorter_or_longer(day: str, hours: int) -> None:
    before, after = (calendar("US").at(ms("US", f"{day}T{time}")) for time in ("12:00", "20:00"))
    assert after.end - before.start == hours * HOUR


def test_new_york_opens_at_the_same_local_time_in_summer() -> None:
    for day, utc in (("2024-11-15", "14:30"), ("2025-07-15", "13:30")):
        opened = calendar("US").at(ms("US", f"{day}T10:00")).start
        assert f"{zone('XX').at(opened):%H:%M}" == utc


@pytest.mark.parametrize("region", ["US", "HK", "SH", "SZ"])
def test_the_demo_exchange_never_closes_and_its_date_is_the_day_of_utc(region: str) -> None:
    for hour in range(24 * 8):
        at = NOON_UTC + hour * HOUR
        stretch = calendar(region, demo=True).at(at)
        assert stretch.phase is SessionPhase.OPEN and stretch.end - stretch.start == 24 * HOUR
        assert stretch.date == zone("XX").at(at).date()


@pytest.mark.parametrize(("region", "extended"), [("US", True), ("HK", False), ("SH", False), ("XX", False)])
def test_only_new_york_trades_before_and_after(region: str, extended: bool) -> None:
    assert calendar(region).has_extended_hours is extended


# --- bells ---


@pytest.mark.parametrize(
    ("region", "local", "what", "rings"),
    [
        ("US", "2026-11-23T03:59", "opens", "2026-11-23T09:30"),
        ("US", "2026-11-23T08:00", "opens", "2026-11-23T09:30"),
        ("US", "2026-11-23T09:30", "closes", "2026-11-23T16:00"),
        ("US", "2026-11-23T16:00", "ends", "2026-11-23T20:00"),
        ("US", "2026-11-23T20:00", "opens", "2026-11-24T09:30"),
        ("US", "2026-11-25T21:00", "opens", "2026-11-27T09:30"),
        ("US", "2026-11-26T12:00", "opens", "2026-11-27T09:30"),
        ("US", "2026-11-27T10:00", "closes", "2026-11-27T13:00"),
        ("US", "2026-11-27T13:00", "ends", "2026-11-27T17:00"),
        ("US", "2026-11-27T17:00", "opens", "2026-11-30T09:30"),
        ("US", "2026-12-24T17:00", "opens", "2026-12-28T09:30"),
        ("US", "2026-12-31T20:00", "opens", "2027-01-04T09:30"),
        ("US", "2026-04-02T20:00", "opens", "2026-04-06T09:30"),
        ("US", "2026-03-06T20:00", "opens", "2026-03-09T09:30"),
        ("US", "2026-10-30T20:00", "opens", "2026-11-02T09:30"),
        ("HK", "2026-11-23T09:10", "opens", "2026-11-23T09:30"),
        ("HK", "2026-11-23T11:00", "lunch", "2026-11-23T12:00"),
        ("HK", "2026-11-23T12:30", "opens", "2026-11-23T13:00"),
        ("HK", "2026-11-23T15:00", "auction", "2026-11-23T16:00"),
        ("HK", "2026-11-23T16:05", "closes", "2026-11-23T16:10"),
        ("HK", "2026-02-16T11:00", "auction", "2026-02-16T12:00"),
        ("HK", "2026-02-16T12:00", "closes", "2026-02-16T12:10"),
        ("HK", "2026-02-16T12:10", "opens", "2026-02-20T09:30"),
        ("SH", "2026-11-23T09:26", "opens", "2026-11-23T09:30"),
        ("SH", "2026-11-23T14:58", "closes", "2026-11-23T15:00"),
        ("SH", "2026-02-13T15:00", "opens", "2026-02-24T09:30"),
        ("SZ", "2026-11-23T14:00", "auction", "2026-11-23T14:57"),
        ("SZ", "2026-11-23T14:57", "closes", "2026-11-23T15:00"),
    ],
)
def test_the_next_transition(region: str, local: str, what: str, rings: str) -> None:
    assert known(region).next_transition(ms(region, local)) == NextTransition(ms(region, rings), what)


@pytest.mark.parametrize("hours", [calendar("XX"), calendar("US", demo=True)])
def test_an_exchange_that_never_closes_has_no_transitions(hours: Calendar) -> None:
    assert hours.always_open and hours.next_transition(NOON_UTC) is None
    assert hours.is_session(date(2026, 11, 22))
    assert hours.previous_session(date(2026, 11, 23)) == date(2026, 11, 22)


def test_the_search_for_a_session_is_bounded() -> None:
    shut = Holidays({date(2026, 1, 1) + timedelta(days=n): "" for n in range(365)}, {})
    hours = calendar("US", holidays=shut)
    assert hours.next_transition(ms("US", "2026-03-01T12:00")) is None
    assert hours.previous_session(date(2026, 3, 2)) is None


@pytest.mark.parametrize(
    ("region", "day", "before"),
    [
        ("US", "2026-11-24", "2026-11-23"),
        ("US", "2026-11-23", "2026-11-20"),
        ("US", "2026-11-26", "2026-11-25"),
        ("US", "2026-11-27", "2026-11-25"),
        ("US", "2026-11-30", "2026-11-27"),
        ("US", "2027-01-04", "2026-12-31"),
        ("SH", "2026-02-24", "2026-02-13"),
    ],
)
def test_the_trading_date_before(region: str, day: str, before: str) -> None:
    assert known(region).previous_session(date.fromisoformat(day)) == date.fromisoformat(before)


def test_a_holiday_has_a_name_and_a_weekend_has_none() -> None:
    hours = known("US")
    assert hours.holiday(date(2026, 11, 26)) == "Thanksgiving Day"
    assert hours.holiday(date(2026, 11, 28)) == hours.holiday(date(2026, 11, 27)) == ""
    assert [day for day in range(23, 31) if hours.closes_early(date(2026, 11, day))] == [27]


some_days = st.dictionaries(st.integers(0, 800).map(lambda n: date(2023, 10, 12) + timedelta(days=n)), st.just("a day"))


@given(regions, some_days, some_days, times)
def test_intervals_tile_time_whatever_the_holidays_and_transitions_lie_between_them(
    region: str, closed: dict[date, str], early: dict[date, str], at: int
) -> None:
    hours = calendar(region, holidays=Holidays(closed, early))
    stretch = hours.at(at)
    assert stretch.start <= at < stretch.end and hours.zone.at(at).date() <= stretch.date
    assert hours.at(stretch.start) == hours.at(stretch.end - 1) == stretch
    assert hours.at(stretch.end).start == stretch.end
    assert hours.is_session(stretch.date) or stretch.phase is SessionPhase.CLOSED
    bell = hours.next_transition(at)
    if bell is not None:
        after = hours.at(bell.time)
        assert at < bell.time == after.start
        assert (bell.what == "opens") == (after.phase is SessionPhase.OPEN)
        assert hours.next_transition(bell.time - 1) == bell
        before = hours.previous_session(after.date)
        assert before is not None and before < after.date and hours.is_session(before)


@pytest.mark.parametrize("region", ["US", "HK", "SH"])
def test_two_years_are_walked_through_without_a_gap_or_an_overlap(region: str) -> None:
    hours = known(region)
    at, end = ms(region, "2026-01-01T00:00"), ms(region, "2028-01-01T00:00")
    opened = set()
    while at < end:
        stretch = hours.at(at)
        assert stretch.start == at < stretch.end
        if stretch.phase is SessionPhase.OPEN:
            opened.add(stretch.date)
        at = stretch.end
    assert at == end
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(730)]
    assert opened == {day for day in days if day.weekday() < 5} - set(HOLIDAYS[region].closed)


@pytest.mark.parametrize("content", [b"", b"no zone"], ids=["empty", "other"])
def test_a_damaged_zone_file_of_the_machine_is_not_needed(tmp_path: Path, content: bytes) -> None:
    for name in ("America/New_York", "Asia/Hong_Kong"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(content)
    zone.cache_clear()
    ZoneInfo.clear_cache()
    reset_tzpath([str(tmp_path)])
    try:
        assert zone("US").at(NOON_UTC).hour == 7 and zone("HK").at(NOON_UTC).hour == 20
    finally:
        reset_tzpath()
        zone.cache_clear()
