"""Exchange time by region: zones, and the hours of a trading date. Holidays and early closes are not known here."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum
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


class Phase(Enum):
    """What an exchange does at a time of day."""

    CLOSED = "closed"
    PRE = "pre-market"
    AUCTION = "auction"
    OPEN = "open"
    BREAK = "break"
    POST = "after hours"

    @property
    def extended(self) -> bool:
        """Traded, but not in the regular session."""
        return self in (Phase.PRE, Phase.POST)

    @property
    def regular(self) -> bool:
        """Part of the trading date: its auctions and its lunch break too."""
        return self in (Phase.AUCTION, Phase.OPEN, Phase.BREAK)


class Stretch(NamedTuple):
    """One phase of one date, from `start` up to but not including `end`, ms UTC. Of a closed exchange, `end` is when
    its next stretch may begin."""

    phase: Phase
    date: date
    start: int
    end: int


Hours = tuple[tuple[str, Phase], ...]
"""The phases of a day, each with the local time it begins at; before the first and from the last on it is closed."""

_US: Hours = (
    ("04:00", Phase.PRE),
    ("09:30", Phase.OPEN),
    ("16:00", Phase.POST),
    ("20:00", Phase.CLOSED),
)
_HK: Hours = (
    ("09:00", Phase.AUCTION),
    ("09:30", Phase.OPEN),
    ("12:00", Phase.BREAK),
    ("13:00", Phase.OPEN),
    ("16:00", Phase.AUCTION),
    ("16:10", Phase.CLOSED),
)
_SH: Hours = (
    ("09:15", Phase.AUCTION),
    ("09:25", Phase.BREAK),
    ("09:30", Phase.OPEN),
    ("11:30", Phase.BREAK),
    ("13:00", Phase.OPEN),
    ("15:00", Phase.CLOSED),
)
_SZ: Hours = (*_SH[:-1], ("14:57", Phase.AUCTION), ("15:00", Phase.CLOSED))
_ALWAYS: Hours = (("00:00", Phase.OPEN),)

_HOURS = {"US": _US, "HK": _HK, "SH": _SH, "SZ": _SZ}


class Calendar:
    """The hours of one exchange. `extended`: whether it also trades before or after its regular session."""

    def __init__(self, zone: Zone, hours: Hours) -> None:
        self._zone = zone
        self._phases = [(time.fromisoformat(begin), phase) for begin, phase in hours]
        self.always = hours is _ALWAYS
        """Whether it never closes, as the demo exchange, or as far as anybody knows."""
        self.extended = any(phase.extended for _, phase in hours)

    def at(self, when: float) -> Stretch:
        """The stretch that `when` (ms UTC) lies in. Costs about 10 µs: to be asked again when it ends."""
        today = self._zone.at(when).date()
        bounds = [(self._ms(today, time.min), Phase.CLOSED)]
        if self.always or today.weekday() < 5:
            bounds += [(self._ms(today, begin), phase) for begin, phase in self._phases]
        ends = [*(start for start, _ in bounds[1:]), self._ms(today + timedelta(days=1), time.min)]
        return next(
            Stretch(phase, today, start, end) for (start, phase), end in zip(bounds, ends, strict=True) if when < end
        )

    def is_session(self, day: date) -> bool:
        """Whether it opens on that date."""
        return self.always or day.weekday() < 5

    def previous_session(self, day: date) -> date:
        """The trading date before that date."""
        day -= timedelta(days=1)
        while not self.is_session(day):
            day -= timedelta(days=1)
        return day

    def _ms(self, day: date, begin: time) -> int:
        return int(datetime.combine(day, begin, self._zone.tz).timestamp() * 1000)


@cache
def calendar(region: str, demo: bool = False) -> Calendar:
    """The hours of a region's exchange. The demo exchange never closes, and its date is the day of UTC; the same is
    taken where hours are not known."""
    if demo or region not in _HOURS:
        return Calendar(Zone(UTC, "UTC"), _ALWAYS)
    return Calendar(zone(region), _HOURS[region])
