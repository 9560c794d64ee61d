"""Exchange time by region: time zones, and the session intervals of a trade date.

Holidays and early closes are an argument. Without them every weekday is a full session.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tui.market.session_hours import ALWAYS, EVENINGS, HOURS, DatedHours, Hours, SessionPhase

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


class SessionInterval(NamedTuple):
    """One phase of one trade date, from `start` up to but not including `end`, ms UTC. It may pass midnight; a closed
    one ends at midnight, so that it is looked up again on the next day."""

    phase: SessionPhase
    date: date
    start: int
    end: int


class NextTransition(NamedTuple):
    """The next transition between phases, at `time` (ms UTC): `opens`, `lunch`, `auction`, `closes`, `at close`, or
    `ends` after hours. These words are printed behind the region."""

    time: int
    what: str


class Holidays(NamedTuple):
    """The days on which one exchange does not open, and those on which it closes early, each with its name.
    `provisional` are years whose days the exchange has not announced yet."""

    closed: Mapping[date, str]
    early: Mapping[date, str]
    provisional: frozenset[int] = frozenset()


_MAX_CLOSED_DAYS = 31  # days in which another session is looked for
_DAY = timedelta(days=1)
_KEPT_DAYS = 64


class Calendar:
    """The session intervals of one exchange, trade date by trade date.

    `evening`: the local time from which a trade belongs to the next session's date; None if none does.
    """

    def __init__(
        self,
        zone: Zone,
        hours: tuple[DatedHours, ...],
        holidays: Holidays | None = None,
        evening: str | None = None,
    ) -> None:
        self.zone = zone
        self._hours = [(each.since, _offsets(each.full), _offsets(each.early)) for each in hours]
        self._holidays = holidays or Holidays({}, {})
        self._evening = _offset(evening) if evening is not None else None
        self._kept_marks: dict[date, list[_Mark]] = {}
        self.always_open = hours[-1].full is ALWAYS
        """True if it never closes: the demo exchange, and exchanges whose hours are not known."""
        self.has_extended_hours = any(phase.is_extended for each in hours for _, phase in each.full)
        """True if it also trades outside its regular session."""
        self.has_auctions = any(phase is SessionPhase.AUCTION for each in hours for _, phase in each.full)
        """True if it holds call auctions."""

    def at(self, when: float) -> SessionInterval:
        """Returns the interval that `when` (ms UTC) lies in. Costs about 20 µs: call it again at its end, not
        for each message."""
        today = self.zone.at(when).date()
        midnight = self._marks(today + _DAY)[0][0]
        start, phase, day = self._marks(today)[0]
        # Of the next day's phases a night begins on this day; the mark of its midnight stays out.
        for mark in (*self._marks(today)[1:], *self._marks(today + _DAY)[1:]):
            if mark[0] > when:
                return SessionInterval(phase, day, start, min(mark[0], midnight) if phase.is_closed else mark[0])
            start, phase, day = mark
        return SessionInterval(phase, day, start, midnight)

    def _marks(self, day: date) -> list[_Mark]:
        """The midnight a day begins with, as a closed time, and then what begins on that trade date or in its evening,
        in order; of two at one time the later holds."""
        if (marks := self._kept_marks.get(day)) is None:
            found = self._phases(day)
            if self._evening is not None:
                found = sorted([(self._evening, SessionPhase.CLOSED), *found], key=lambda each: each[0])
            marks = [(self._ms(day, timedelta()), SessionPhase.CLOSED, self._date_if_closed(day, timedelta()))]
            for offset, phase in found:
                of = self._date_if_closed(day, offset) if phase is SessionPhase.CLOSED else day
                marks.append((self._ms(day, offset), phase, of))
            if len(self._kept_marks) >= _KEPT_DAYS:
                self._kept_marks.clear()
            self._kept_marks[day] = marks
        return marks

    def next_transition(self, when: float) -> NextTransition | None:
        """Returns the first transition after `when` (ms UTC), closed times passed over. It holds until then. None if it
        never closes, or if no session is found within a month."""
        if self.always_open:
            return None
        today = self.zone.at(when).date()
        for days in range(_MAX_CLOSED_DAYS):
            day = today + timedelta(days=days)
            before = SessionPhase.CLOSED
            for offset, phase in self._phases(day):
                start = self._ms(day, offset)
                if start > when and (what := _transition(before, phase)):
                    return NextTransition(start, what)
                before = phase
        return None

    def is_session(self, day: date) -> bool:
        """Returns whether it opens on that date."""
        return self.always_open or (day.weekday() < 5 and day not in self._holidays.closed)

    def previous_session(self, day: date) -> date | None:
        """Returns the trade date before that date; None if none is found within a month."""
        return self._next_session(day, -_DAY)

    def next_session(self, day: date) -> date | None:
        """Returns the trade date after that date; None if none is found within a month."""
        return self._next_session(day, _DAY)

    def _next_session(self, day: date, step: timedelta) -> date | None:
        days = (day + n * step for n in range(1, _MAX_CLOSED_DAYS))
        return next((each for each in days if self.is_session(each)), None)

    def regular_hours(self, day: date) -> tuple[int, int] | None:
        """Returns when the regular session of a trade date begins and ends, ms UTC, its auctions after the close
        included; None on a day without a session."""
        marks = self._marks(day)
        regular = [n for n, (_, phase, _) in enumerate(marks) if phase.is_regular]
        if not regular:
            return None
        after = regular[-1] + 1
        return marks[regular[0]][0], marks[after][0] if after < len(marks) else self._ms(day, _DAY)

    def date_begins(self, when: float) -> int:
        """Returns when the trade date of `when` (ms UTC) began, ms UTC: on the evening before, or with the closed days
        that lead into it."""
        day = date = self.at(when).date
        begins: int | None = None
        while starts := [start for start, _, of in self._marks(day) if of == date]:
            begins, day = min(starts), day - _DAY
        return begins if begins is not None else self.at(when).start

    def date_ends(self, when: float) -> int:
        """Returns when the trade date of `when` (ms UTC) ends, ms UTC."""
        interval = self.at(when)
        marks = self._marks(interval.date)
        behind = (start for start, _, day in marks if start >= interval.end and day != interval.date)
        return next(behind, None) or self._marks(interval.date + _DAY)[0][0]

    def regular_date(self, interval: SessionInterval) -> date:
        """Returns the trade date of the latest regular session that has begun by an interval: the interval's own date
        in that session and behind it, else the date before."""
        if interval.phase.is_regular:
            return interval.date
        hours = self.regular_hours(interval.date)
        if hours is not None and interval.start >= hours[0]:
            return interval.date
        return self.previous_session(interval.date) or interval.date

    def holiday(self, day: date) -> str:
        """Returns why it does not open on that date; "" on a weekend and if it does."""
        return self._holidays.closed.get(day, "") if day.weekday() < 5 else ""

    def closes_early(self, day: date) -> bool:
        """Returns whether that date's session is a short one."""
        return bool(self._in_force(day)[2]) and self.is_session(day) and day in self._holidays.early

    def is_provisional(self, day: date) -> bool:
        """Returns whether the exchange has not announced yet on which days of that year it opens."""
        return day.year in self._holidays.provisional

    def _in_force(self, day: date) -> tuple[date, _Phases, _Phases]:
        return next(each for each in reversed(self._hours) if each[0] <= day)

    def _phases(self, day: date) -> _Phases:
        """The phases of a trade date. The pause before a night follows a session: on a Sunday there is none."""
        if not self.is_session(day):
            return []
        _, full, early = self._in_force(day)
        phases = early if self.closes_early(day) else full
        if phases[0][1] is SessionPhase.PAUSE and not self.is_session(day - _DAY):
            return phases[1:]
        return phases

    def _date_if_closed(self, day: date, offset: timedelta) -> date:
        """The trade date of a local time at which the exchange is closed: a day without a session, and the evening in
        regions that trade then, belong to the next session."""
        if self.is_session(day) and (self._evening is None or offset < self._evening):
            return day
        return self.next_session(day) or day

    def _ms(self, day: date, offset: timedelta) -> int:
        """ms UTC of a local time: `offset` after midnight by the clock on the wall."""
        return int((datetime.combine(day, time.min) + offset).replace(tzinfo=self.zone.tz).timestamp() * 1000)


_Phases = list[tuple[timedelta, SessionPhase]]
_Mark = tuple[int, SessionPhase, date]
"""When a phase begins, ms UTC, and its trade date."""


def _offsets(hours: Hours) -> _Phases:
    return [(_offset(begin), phase) for begin, phase in hours]


def _offset(begin: str) -> timedelta:
    """Time since midnight of the trade date; `-21:00` is 21:00 of the evening before."""
    at = time.fromisoformat(begin.removeprefix("-"))
    return timedelta(days=-begin.startswith("-"), hours=at.hour, minutes=at.minute)


def _transition(before: SessionPhase, phase: SessionPhase) -> str:
    """The word for a transition between two phases; "" if it is none to tell of, as the start of the pre-market."""
    if phase is SessionPhase.OPEN:
        return "opens"
    if before is SessionPhase.OPEN:
        return {SessionPhase.LUNCH: "lunch", SessionPhase.AUCTION: "auction"}.get(phase, "closes")
    if phase is SessionPhase.AT_CLOSE:
        return str(phase.value)
    if phase is SessionPhase.CLOSED:
        return "ends" if before in (SessionPhase.POST, SessionPhase.AT_CLOSE) else "closes"
    return ""


def calendar(region: str, demo: bool = False, holidays: Holidays | None = None) -> Calendar:
    """Returns the hours of a region's exchange. The demo exchange never closes, and its trade date is the day of UTC;
    the same is assumed if hours are not known."""
    if demo or region not in HOURS:
        return Calendar(Zone(UTC, "UTC"), (DatedHours(date.min, ALWAYS),))
    return Calendar(zone(region), HOURS[region], holidays, EVENINGS.get(region))
