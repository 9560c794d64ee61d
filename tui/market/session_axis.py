"""The time axis of a chart: slots over session time, without nights and lunch breaks.

A date without bars has no slots: it may be an unknown holiday. If the exchange never closes, or all bars of a date are
outside its hours, the slots run from the first bar to the last.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date
from enum import Enum
from functools import lru_cache
from itertools import groupby, pairwise
from typing import NamedTuple

from tui.market.bars import MINUTE
from tui.market.session_hours import SessionPhase
from tui.market.sessions import Calendar, SessionInterval

_MAX_MINUTES = 10_000  # of the whole axis, a week of an exchange that never closes: older dates are dropped

DAY = 24 * 60
INTERVALS = (1, 5, 15, 30, 60, DAY)
"""Lengths of a slot in minutes; DAY is one slot a trade date, its regular session."""


class SlotMark(Enum):
    """What separates a slot from the one before it."""

    NONE = 0
    BREAK = 1  # a break within one session
    BOUND = 2  # the beginning or end of a session


class Segment(NamedTuple):
    """A part of one date without a break, ms UTC. Its slots are aligned to `anchor` and cover the minutes from `first`
    to `last`; they are cut at `floor` and `limit`. `is_regular` is True in the
    regular session and its auctions."""

    date: date
    anchor: int
    first: int
    last: int
    floor: int
    limit: int
    is_regular: bool = False

    @property
    def start(self) -> int:
        """The earlier of anchor and first minute, ms UTC."""
        return min(self.anchor, self.first)


class Slot(NamedTuple):
    """One step of the axis, from `start` up to but not including `end`, ms UTC; `mark` precedes it."""

    start: int
    end: int
    date: date
    mark: SlotMark


def segments(minutes: Sequence[int], calendar: Calendar) -> list[Segment]:
    """Returns the segments of the latest dates that have bars. `minutes` are the start times of the bars, ms UTC,
    ascending."""
    found: list[Segment] = []
    n = 0
    while n < len(minutes):
        day = _intervals_of_date(calendar, minutes[n])
        after = bisect_left(minutes, day[-1].end, n)
        if all(interval.phase is SessionPhase.OPEN for interval in day):  # it never closes: dates follow without a gap
            start, end = day[0].start, day[-1].end
            last = min(end - MINUTE, minutes[-1])
            found.append(Segment(day[0].date, start, max(start, minutes[0]), last, start, end))
        else:
            found += _in_session(minutes[n:after], day)
        n = after
    held = 0
    for n, part in enumerate(reversed(found)):
        held += (part.last - part.first) // MINUTE + 1
        if held > _MAX_MINUTES and n:
            return found[-n:]
    return found


def _in_session(minutes: Sequence[int], day: Sequence[SessionInterval]) -> list[Segment]:
    """Returns the segments of one date: its sessions, and one for any bars before, between or after them."""
    day_, start, end = day[0].date, day[0].start, day[-1].end
    hours = _continuous_sessions(day)
    if not any(opens <= minute < closes for minute in minutes for opens, closes in hours):
        return [Segment(day_, start, minutes[0], minutes[-1], start, end)]
    found: list[Segment] = []
    first = hours[0][0]
    # Without trading outside the regular session, a bar beside it is an auction's, as one at the minute of the bell.
    is_auction = not any(interval.phase.is_extended for interval in day)
    if is_auction:  # the date's bar is complete when its trading is over, not at midnight
        end = max(minutes[-1] + MINUTE, *(interval.end for interval in day if not interval.phase.is_closed))
    if minutes[0] < first:
        found.append(Segment(day_, first, minutes[0], first - MINUTE, start, first, is_auction))
    for (opens, closes), until in zip(hours, [*(opens for opens, _ in hours[1:]), end], strict=True):
        found.append(Segment(day_, opens, opens, closes - MINUTE, opens, closes, is_regular=True))
        beyond = minutes[bisect_left(minutes, closes) : bisect_left(minutes, until)]
        if beyond:
            found.append(Segment(day_, closes, closes, beyond[-1], closes, until, is_auction))
    return found


@lru_cache(maxsize=128)
def session_minutes(calendar: Calendar, day: date) -> tuple[range, ...]:
    """Returns the minutes of a date's continuous sessions and closing auction as slots (`time // 60,000`), one range
    for each part between breaks; none on a day without a session."""
    hours = calendar.regular_hours(day)
    if hours is None:
        return ()
    sessions = _continuous_sessions(_intervals_of_date(calendar, hours[0]))
    return tuple(range(opens // MINUTE, closes // MINUTE) for opens, closes in sessions)


def _intervals_of_date(calendar: Calendar, when: int) -> list[SessionInterval]:
    """Returns all session intervals of the date of `when`, ms UTC."""
    day = [calendar.at(when)]
    while (before := calendar.at(day[0].start - 1)).date == day[0].date:
        day.insert(0, before)
    while (after := calendar.at(day[-1].end)).date == day[0].date:
        day.append(after)
    return day


def _continuous_sessions(day: Sequence[SessionInterval]) -> list[tuple[int, int]]:
    """Returns begin and end (ms UTC) of each continuous session, its closing auction included."""
    hours: list[tuple[int, int]] = []
    for interval in day:
        if interval.phase in (SessionPhase.OPEN, SessionPhase.AUCTION) and hours and hours[-1][1] == interval.start:
            hours[-1] = hours[-1][0], interval.end
        elif interval.phase is SessionPhase.OPEN:
            hours.append((interval.start, interval.end))
    return hours


def slots(segments: Sequence[Segment], minutes: int) -> list[Slot]:
    """Returns the slots of an interval in minutes, aligned to each segment's anchor and cut at its end."""
    if minutes == DAY:
        # As vendors' daily bars have it: the regular session. If all bars are outside the hours, the hours are wrong.
        regular = [segment for segment in segments if segment.is_regular] or segments
        return [_day_slot(list(parts)) for _, parts in groupby(regular, key=lambda segment: segment.date)]
    length = minutes * MINUTE
    marks = [SlotMark.NONE, *(_mark(before, after) for before, after in pairwise(segments))]
    return [
        Slot(max(start, part.floor), min(start + length, part.limit), part.date, SlotMark.NONE if n else mark)
        for part, mark in zip(segments, marks, strict=False)
        for n, start in enumerate(
            range(part.anchor + (part.first - part.anchor) // length * length, part.last + 1, length)
        )
    ]


def _day_slot(parts: Sequence[Segment]) -> Slot:
    return Slot(parts[0].start, parts[-1].limit, parts[0].date, SlotMark.NONE)


def _mark(before: Segment, after: Segment) -> SlotMark:
    within = before.date == after.date and before.last + MINUTE < after.first
    return SlotMark.BREAK if within else SlotMark.BOUND


def find_slot(slots: Sequence[Slot], time: int) -> int:
    """Returns the index of the last slot that begins at or before `time` (ms UTC), 0 if none does."""
    return max(0, bisect_right(slots, time, key=lambda slot: slot.start) - 1)
