"""Exchange time by region."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

_ZONES = {
    "US": ("America/New_York", "ET"),
    "HK": ("Asia/Hong_Kong", "HKT"),
    "SH": ("Asia/Shanghai", "CST"),
    "SZ": ("Asia/Shanghai", "CST"),
}


class Zone(NamedTuple):
    """A region's time zone and the letters people know it by."""

    tz: tzinfo
    label: str

    def at(self, time: float) -> datetime:
        """`time` in ms UTC."""
        return datetime.fromtimestamp(time / 1000, self.tz)


@cache
def zone(region: str) -> Zone:
    """The zone of a region's exchange; UTC, and named so, where it is not known."""
    if region in _ZONES:
        name, label = _ZONES[region]
        return Zone(ZoneInfo(name), label)
    return Zone(UTC, "UTC")
