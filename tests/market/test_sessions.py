from __future__ import annotations

import pytest

from tui.market.sessions import zone

NOON_UTC = 1_731_672_000_000  # 2024-11-15 12:00 UTC


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
