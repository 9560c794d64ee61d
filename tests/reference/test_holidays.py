"""What the holidays package tells of our exchanges, against what the exchanges publish."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime

import pytest

from tui.reference.holidays import load

KNOWN = load(datetime(2026, 11, 23, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("region", "year", "month", "closed"),
    [
        ("US", 2026, 4, [3]),
        ("US", 2026, 7, [3]),
        ("US", 2026, 11, [26]),
        ("US", 2026, 12, [25]),
        ("US", 2027, 1, [1, 18]),
        ("HK", 2026, 2, [17, 18, 19]),
        ("HK", 2026, 4, [3, 6, 7]),
        ("HK", 2026, 12, [25]),
        ("SH", 2026, 2, [16, 17, 18, 19, 20, 23]),
        ("SH", 2026, 10, [1, 2, 5, 6, 7]),
        ("SZ", 2026, 10, [1, 2, 5, 6, 7]),
    ],
)
def test_the_exchanges_are_closed_when_they_say_so(region: str, year: int, month: int, closed: list[int]) -> None:
    assert [day.day for day in KNOWN[region].closed if (day.year, day.month) == (year, month)] == closed


def test_new_york_and_hong_kong_have_half_days_and_the_mainland_has_none() -> None:
    assert set(KNOWN) == {"US", "HK", "SH", "SZ"}
    days = {region: [f"{day:%m-%d}" for day in known.early if day.year == 2026] for region, known in KNOWN.items()}
    assert days == {"US": ["11-27", "12-24"], "HK": ["02-16", "12-24", "12-31"], "SH": [], "SZ": []}


def test_a_year_that_china_has_not_announced_is_provisional() -> None:
    assert {region: known.provisional for region, known in KNOWN.items()} == {
        "US": frozenset(),
        "HK": frozenset(),
        "SH": frozenset({2027}),
        "SZ": frozenset({2027}),
    }


def test_names_are_english_and_without_what_stands_in_brackets() -> None:
    assert KNOWN["US"].closed[date(2026, 7, 3)] == "Independence Day"
    assert KNOWN["US"].early[date(2026, 12, 24)] == KNOWN["HK"].early[date(2026, 12, 24)] == "Christmas Eve"
    assert KNOWN["SH"].closed[date(2026, 2, 17)] == "Chinese New Year"
    names = [name for known in KNOWN.values() for days in known[:2] for name in days.values()]
    assert all(name.isascii() and name and "(" not in name for name in names)


def test_without_the_package_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    assert load(0.0) == {}
