"""Exchange time by region: zones, and the hours of a trading date. Pure: holidays and early closes are told from
outside; until then, and for years nobody told of, every weekday is a whole session."""

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
        return Zone(_zone_info(name), label)
    return Zone(UTC, "UTC")


def _zone_info(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError):  # this machine's file is damaged
        from importlib import resources

        with resources.files("tzdata").joinpath("zoneinfo", name).open("rb") as file:
            return ZoneInfo.from_file(file, name)


class SessionPhase(Enum):
    """What an exchange does at a time of day."""

    CLOSED = "closed"
    PRE = "pre-market"
    AUCTION = "auction"
    OPEN = "open"
    BREAK = "break"
    LUNCH = "lunch"
    POST = "after hours"

    @property
    def is_extended(self) -> bool:
        """Traded, but not in the regular session."""
        return self in (SessionPhase.PRE, SessionPhase.POST)

    @property
    def is_continuous(self) -> bool:
        """Traded without a pause, so that the spread of a book is what trading costs."""
        return self is SessionPhase.OPEN or self.is_extended

    @property
    def is_regular(self) -> bool:
        """Part of the trading date: its auctions and its lunch too."""
        return self in (SessionPhase.AUCTION, SessionPhase.OPEN, SessionPhase.BREAK, SessionPhase.LUNCH)


class SessionInterval(NamedTuple):
    """One phase of one date, from `start` up to but not including `end`, ms UTC. None goes past midnight: of a closed
    exchange, `end` is when its next stretch may begin."""

    phase: SessionPhase
    date: date
    start: int
    end: int


class NextTransition(NamedTuple):
    """What the next bell rings in, as a word behind the region: `opens`, `lunch`, `auction`, `closes`, and `ends` of
    after hours. `time` in ms UTC."""

    time: int
    what: str


class Holidays(NamedTuple):
    """The days on which one exchange does not open, and those on which it closes early, each with its name."""

    closed: Mapping[date, str]
    early: Mapping[date, str]


Hours = tuple[tuple[str, SessionPhase], ...]
"""The phases of a day, each with the local time it begins at; before the first and from the last on it is closed."""

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
"""By region the hours of a whole day, and of one that closes early; the mainland's exchanges have none of these."""

_LONGEST_CLOSED = 31  # days in which a next session is looked for


class Calendar:
    """The hours of one exchange, date by date."""

    def __init__(self, zone: Zone, hours: Hours, early: Hours = (), holidays: Holidays | None = None) -> None:
        self.zone = zone
        self._hours, self._early = _timed(hours), _timed(early)
        self._holidays = holidays or Holidays({}, {})
        self.always_open = hours is _ALWAYS
        """Whether it never closes, as the demo exchange, or as far as anybody knows."""
        self.has_extended_hours = any(phase.is_extended for _, phase in hours)
        """Whether it also trades before or after its regular session."""

    def at(self, when: float) -> SessionInterval:
        """The stretch that `when` (ms UTC) lies in. Costs about 10 µs: to be asked again when it ends."""
        today = self.zone.at(when).date()
        bounds = [(self._ms(today, time.min), SessionPhase.CLOSED), *self._bounds(today)]
        ends = [*(start for start, _ in bounds[1:]), self._ms(today + timedelta(days=1), time.min)]
        return next(
            SessionInterval(phase, today, start, end)
            for (start, phase), end in zip(bounds, ends, strict=True)
            if when < end
        )

    def next_transition(self, when: float) -> NextTransition | None:
        """The first bell after `when` (ms UTC), nights, weekends and holidays passed over; None where it never closes,
        or no session is found within a month. Holds until that bell."""
        if self.always_open:
            return None
        today = self.zone.at(when).date()
        for days in range(_LONGEST_CLOSED):
            before = SessionPhase.CLOSED
            for start, phase in self._bounds(today + timedelta(days=days)):
                if start > when and (what := _bell(before, phase)):
                    return NextTransition(start, what)
                before = phase
        return None

    def is_session(self, day: date) -> bool:
        """Whether it opens on that date."""
        return self.always_open or (day.weekday() < 5 and day not in self._holidays.closed)

    def previous_session(self, day: date) -> date | None:
        """The trading date before that date; None where none is found within a month."""
        before = (day - timedelta(days=days) for days in range(1, _LONGEST_CLOSED))
        return next((day for day in before if self.is_session(day)), None)

    def holiday(self, day: date) -> str:
        """Why it does not open on that date, where it is no weekend; "" where it does."""
        return self._holidays.closed.get(day, "") if day.weekday() < 5 else ""

    def closes_early(self, day: date) -> bool:
        """Whether that date's session is a short one."""
        return bool(self._early) and self.is_session(day) and day in self._holidays.early

    def _bounds(self, day: date) -> list[tuple[int, SessionPhase]]:
        """When each phase of a date begins, ms UTC, after the closed one it begins with."""
        if not self.is_session(day):
            return []
        hours = self._early if self.closes_early(day) else self._hours
        return [(self._ms(day, begin), phase) for begin, phase in hours]

    def _ms(self, day: date, begin: time) -> int:
        return int(datetime.combine(day, begin, self.zone.tz).timestamp() * 1000)


def _timed(hours: Hours) -> list[tuple[time, SessionPhase]]:
    return [(time.fromisoformat(begin), phase) for begin, phase in hours]


def _bell(before: SessionPhase, phase: SessionPhase) -> str:
    """What a bell between two phases rings in; "" where none rings, as at the beginning of the pre-market."""
    if phase is SessionPhase.OPEN:
        return "opens"
    if before is SessionPhase.OPEN:
        return {SessionPhase.LUNCH: "lunch", SessionPhase.AUCTION: "auction"}.get(phase, "closes")
    if phase is SessionPhase.CLOSED:
        return "ends" if before is SessionPhase.POST else "closes"
    return ""


def calendar(region: str, demo: bool = False, holidays: Holidays | None = None) -> Calendar:
    """The hours of a region's exchange. The demo exchange never closes, and its date is the day of UTC; the same is
    taken where hours are not known."""
    if demo or region not in _HOURS:
        return Calendar(Zone(UTC, "UTC"), _ALWAYS)
    return Calendar(zone(region), *_HOURS[region], holidays)
