"""The time axis of a chart: one slot after another over session time, nights and lunch breaks left out. Pure.

A date without any bar has no slots: it may be a day on which nothing was traded, or one nobody told of. Where the
exchange never closes, or all bars of a date come outside its hours, the slots go from the first bar to the last.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date
from enum import Enum
from itertools import groupby, pairwise
from typing import NamedTuple

from tui.market.bars import MINUTE
from tui.market.session_hours import SessionPhase
from tui.market.sessions import Calendar, SessionInterval

_LONGEST = 10_000  # minutes of the whole axis, a week of an exchange that never closes: older dates are left out

DAY = 24 * 60
INTERVALS = (1, 5, 15, 30, 60, DAY)
"""Minutes of a slot; DAY is one slot a trade date, its regular session."""


class SlotMark(Enum):
    """What lies between a slot and the one before it."""

    NONE = 0
    BREAK = 1  # a time without trading within one session
    BOUND = 2  # the beginning or end of a session


class Segment(NamedTuple):
    """Time of one trade date without a break. Its slots are counted from `anchor` and hold the minutes from `first` to
    `last`; none begins before `floor` or goes past `limit`. ms UTC. `regular`: it is part of the regular session."""

    date: date
    anchor: int
    first: int
    last: int
    floor: int
    limit: int
    regular: bool = False

    @property
    def start(self) -> int:
        return min(self.anchor, self.first)


class Slot(NamedTuple):
    """From `start` up to but not including `end`, ms UTC; `mark` stands before it."""

    start: int
    end: int
    date: date
    mark: SlotMark


def segments(minutes: Sequence[int], calendar: Calendar) -> list[Segment]:
    """The segments of all dates that have bars, but for dates too long ago. `minutes`: when the bars begin, ms UTC,
    ascending."""
    found: list[Segment] = []
    n = 0
    while n < len(minutes):
        day = _day(calendar, minutes[n])
        after = bisect_left(minutes, day[-1].end, n)
        if all(stretch.phase is SessionPhase.OPEN for stretch in day):  # it never closes: dates follow without a gap
            start, end = day[0].start, day[-1].end
            last = min(end - MINUTE, minutes[-1])
            found.append(Segment(day[0].date, start, max(start, minutes[0]), last, start, end))
        else:
            found += _in_session(minutes[n:after], day)
        n = after
    held = 0
    for n, part in enumerate(reversed(found)):
        held += (part.last - part.first) // MINUTE + 1
        if held > _LONGEST and n:
            return found[-n:]
    return found


def _in_session(minutes: Sequence[int], day: Sequence[SessionInterval]) -> list[Segment]:
    """One date of an exchange with hours: its sessions, and a segment more for bars before, between or after them."""
    day_, start, end = day[0].date, day[0].start, day[-1].end
    hours = _hours(day)
    if not any(opens <= minute < closes for minute in minutes for opens, closes in hours):
        return [Segment(day_, start, minutes[0], minutes[-1], start, end)]
    found: list[Segment] = []
    first = hours[0][0]
    if minutes[0] < first:
        found.append(Segment(day_, first, minutes[0], first - MINUTE, start, first))
    for (opens, closes), until in zip(hours, [*(opens for opens, _ in hours[1:]), end], strict=True):
        found.append(Segment(day_, opens, opens, closes - MINUTE, opens, closes, regular=True))
        beyond = minutes[bisect_left(minutes, closes) : bisect_left(minutes, until)]
        if beyond:
            found.append(Segment(day_, closes, closes, beyond[-1], closes, until))
    return found


def _day(calendar: Calendar, when: int) -> list[SessionInterval]:
    """All stretches of the date that `when` lies in."""
    day = [calendar.at(when)]
    while (before := calendar.at(day[0].start - 1)).date == day[0].date:
        day.insert(0, before)
    while (after := calendar.at(day[-1].end)).date == day[0].date:
        day.append(after)
    return day


def _hours(day: Sequence[SessionInterval]) -> list[tuple[int, int]]:
    """When continuous trading begins and ends, ms UTC; the auction that closes it is part of it."""
    hours: list[tuple[int, int]] = []
    for stretch in day:
        if stretch.phase in (SessionPhase.OPEN, SessionPhase.AUCTION) and hours and hours[-1][1] == stretch.start:
            hours[-1] = hours[-1][0], stretch.end
        elif stretch.phase is SessionPhase.OPEN:
            hours.append((stretch.start, stretch.end))
    return hours


def slots(segments: Sequence[Segment], minutes: int) -> list[Slot]:
    """The slots of an interval: anchored where each segment is, cut where it ends."""
    if minutes == DAY:
        # As vendors' daily bars have it: the regular session. If all bars come outside the hours, those are wrong.
        regular = [segment for segment in segments if segment.regular] or segments
        return [_whole(list(parts)) for _, parts in groupby(regular, key=lambda segment: segment.date)]
    length = minutes * MINUTE
    marks = [SlotMark.NONE, *(_mark(before, after) for before, after in pairwise(segments))]
    return [
        Slot(max(start, part.floor), min(start + length, part.limit), part.date, SlotMark.NONE if n else mark)
        for part, mark in zip(segments, marks, strict=False)
        for n, start in enumerate(
            range(part.anchor + (part.first - part.anchor) // length * length, part.last + 1, length)
        )
    ]


def _whole(parts: Sequence[Segment]) -> Slot:
    return Slot(parts[0].start, parts[-1].limit, parts[0].date, SlotMark.NONE)


def _mark(before: Segment, after: Segment) -> SlotMark:
    within = before.date == after.date and before.last + MINUTE < after.first
    return SlotMark.BREAK if within else SlotMark.BOUND


def find_slot(slots: Sequence[Slot], time: int) -> int:
    """The number of the last slot that begins at or before `time`; 0 where none does."""
    return max(0, bisect_right(slots, time, key=lambda slot: slot.start) - 1)
