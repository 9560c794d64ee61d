"""Exchange time by region: time zones, and the session intervals of a trading date.

Holidays and early closes are an argument. Without them every weekday is a full session.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    """A region's time zone and its usual abbreviation."""

    tz: tzinfo
    label: str

    def at(self, time: float) -> datetime:
        """Returns the local time of `time`, ms UTC."""
        return datetime.fromtimestamp(time / 1000, self.tz)


@cache
def zone(region: str) -> Zone:
    """Returns the time zone of a region's exchange; UTC for an unknown region."""
    if region in _ZONES:
        name, label = _ZONES[region]
        return Zone(_zone_info(name), label)
    return Zone(UTC, "UTC")


def _zone_info(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError):  # the machine's own zone file is damaged
        from importlib import resources

        with resources.files("tzdata").joinpath("zoneinfo", name).open("rb") as file:
            return ZoneInfo.from_file(file, name)


class SessionPhase(Enum):
    """The phase of a trading day."""

    CLOSED = "closed"
    PRE = "pre-market"
    AUCTION = "auction"
    OPEN = "open"
    BREAK = "break"
    LUNCH = "lunch"
    POST = "after hours"

    @property
    def is_extended(self) -> bool:
        """True in the pre-market and after hours, which trade outside the regular session."""
        return self in (SessionPhase.PRE, SessionPhase.POST)

    @property
    def is_continuous(self) -> bool:
        """True in continuous trading, in which the spread of a book is what trading costs."""
        return self is SessionPhase.OPEN or self.is_extended

    @property
    def is_regular(self) -> bool:
        """True in the regular session, its auctions and its lunch break included."""
        return self in (SessionPhase.AUCTION, SessionPhase.OPEN, SessionPhase.BREAK, SessionPhase.LUNCH)


class SessionInterval(NamedTuple):
    """One phase of one date, from `start` up to but not including `end`, ms UTC. It ends at local midnight at the
    latest, also when the exchange is closed."""

    phase: SessionPhase
    date: date
    start: int
    end: int


class NextTransition(NamedTuple):
    """The next transition between phases, at `time` (ms UTC): `opens`, `lunch`, `auction`, `closes`, or `ends` after
    hours. These words are printed behind the region."""

    time: int
    what: str


class Holidays(NamedTuple):
    """The holidays and the early closes of one exchange, by date with their names."""

    closed: Mapping[date, str]
    early: Mapping[date, str]


Hours = tuple[tuple[str, SessionPhase], ...]
"""The phases of a day, each with the local time it begins at. Before the first one the exchange is closed."""

_US: Hours = (
    ("04:00", SessionPhase.PRE),
    ("09:30", SessionPhase.OPEN),
    ("16:00", SessionPhase.POST),
    ("20:00", SessionPhase.CLOSED),
)
_US_EARLY: Hours = (*_US[:2], ("13:00", SessionPhase.POST), ("17:00", SessionPhase.CLOSED))
_HK: Hours = (
    ("09:00", SessionPhase.AUCTION),
    ("09:30", SessionPhase.OPEN),
    ("12:00", SessionPhase.LUNCH),
    ("13:00", SessionPhase.OPEN),
    ("16:00", SessionPhase.AUCTION),
    ("16:10", SessionPhase.CLOSED),
)
_HK_EARLY: Hours = (*_HK[:2], ("12:00", SessionPhase.AUCTION), ("12:10", SessionPhase.CLOSED))
_SH: Hours = (
    ("09:15", SessionPhase.AUCTION),
    ("09:25", SessionPhase.BREAK),
    ("09:30", SessionPhase.OPEN),
    ("11:30", SessionPhase.LUNCH),
    ("13:00", SessionPhase.OPEN),
    ("15:00", SessionPhase.CLOSED),
)
_SZ: Hours = (*_SH[:-1], ("14:57", SessionPhase.AUCTION), ("15:00", SessionPhase.CLOSED))
_ALWAYS: Hours = (("00:00", SessionPhase.OPEN),)

_HOURS: dict[str, tuple[Hours, Hours]] = {
    "US": (_US, _US_EARLY),
    "HK": (_HK, _HK_EARLY),
    "SH": (_SH, ()),
    "SZ": (_SZ, ()),
}
"""The hours of a full day and of an early close by region; Shanghai and Shenzhen have no early closes."""

_MAX_CLOSED_DAYS = 31  # days searched for the next or previous session


class Calendar:
    """The session intervals of one exchange.

    `always_open` is True if it never closes, as the demo exchange does and as is assumed of unknown regions;
    `has_extended_hours` if it also trades before or after its regular session."""

    def __init__(self, zone: Zone, hours: Hours, early: Hours = (), holidays: Holidays | None = None) -> None:
        self.zone = zone
        self._hours, self._early = _parse_times(hours), _parse_times(early)
        self._holidays = holidays or Holidays({}, {})
        self.always_open = hours is _ALWAYS
        self.has_extended_hours = any(phase.is_extended for _, phase in hours)

    def at(self, when: float) -> SessionInterval:
        """Returns the session interval that contains `when` (ms UTC). Costs about 10 µs: call it again at its end, not
        for each message."""
        today = self.zone.at(when).date()
        bounds = [(self._ms(today, time.min), SessionPhase.CLOSED), *self._bounds(today)]
        ends = [*(start for start, _ in bounds[1:]), self._ms(today + timedelta(days=1), time.min)]
        return next(
            SessionInterval(phase, today, start, end)
            for (start, phase), end in zip(bounds, ends, strict=True)
            if when < end
        )

    def next_transition(self, when: float) -> NextTransition | None:
        """Returns the first transition after `when` (ms UTC), across nights, weekends and holidays; None if the
        exchange never closes or has no session within a month. It is valid until that transition."""
        if self.always_open:
            return None
        today = self.zone.at(when).date()
        for days in range(_MAX_CLOSED_DAYS):
            before = SessionPhase.CLOSED
            for start, phase in self._bounds(today + timedelta(days=days)):
                if start > when and (what := _transition(before, phase)):
                    return NextTransition(start, what)
                before = phase
        return None

    def is_session(self, day: date) -> bool:
        """Returns True if the exchange opens on that date."""
        return self.always_open or (day.weekday() < 5 and day not in self._holidays.closed)

    def previous_session(self, day: date) -> date | None:
        """Returns the trading date before that date, None if there is none within a month."""
        before = (day - timedelta(days=days) for days in range(1, _MAX_CLOSED_DAYS))
        return next((day for day in before if self.is_session(day)), None)

    def holiday(self, day: date) -> str:
        """Returns the name of the holiday on that date, "" if it is none or on a weekend."""
        return self._holidays.closed.get(day, "") if day.weekday() < 5 else ""

    def closes_early(self, day: date) -> bool:
        """Returns True if the session of that date closes early."""
        return bool(self._early) and self.is_session(day) and day in self._holidays.early

    def _bounds(self, day: date) -> list[tuple[int, SessionPhase]]:
        """Returns the start (ms UTC) of each phase of a date, without the closed one at its beginning."""
        if not self.is_session(day):
            return []
        hours = self._early if self.closes_early(day) else self._hours
        return [(self._ms(day, begin), phase) for begin, phase in hours]

    def _ms(self, day: date, begin: time) -> int:
        return int(datetime.combine(day, begin, self.zone.tz).timestamp() * 1000)


def _parse_times(hours: Hours) -> list[tuple[time, SessionPhase]]:
    return [(time.fromisoformat(begin), phase) for begin, phase in hours]


def _transition(before: SessionPhase, phase: SessionPhase) -> str:
    """Returns the word for a transition between phases, "" for one that is not announced, as into the pre-market."""
    if phase is SessionPhase.OPEN:
        return "opens"
    if before is SessionPhase.OPEN:
        return {SessionPhase.LUNCH: "lunch", SessionPhase.AUCTION: "auction"}.get(phase, "closes")
    if phase is SessionPhase.CLOSED:
        return "ends" if before is SessionPhase.POST else "closes"
    return ""


def calendar(region: str, demo: bool = False, holidays: Holidays | None = None) -> Calendar:
    """Returns the calendar of a region's exchange. The demo exchange and those of unknown regions never close, and
    their dates are days of UTC."""
    if demo or region not in _HOURS:
        return Calendar(Zone(UTC, "UTC"), _ALWAYS)
    return Calendar(zone(region), *_HOURS[region], holidays)
