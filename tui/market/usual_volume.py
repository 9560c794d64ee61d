"""The usual volume of a symbol by the minute of its session: what today's volume is compared with.

It is the median over the last trade dates of what was traded by the end of that minute. A date counts only if its
session is as long as today's (no half day among whole ones), its minutes are all known, and its prices are in today's
unit (no split since).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import TypeAlias

from msgspec import Struct

MIN_DATES = 5
"""The fewest trade dates that make a median."""
_MAX_SILENT, _MAX_SILENT_OPENING = 15, 2  # minutes without a bar in a row: of more, some may be missing

SessionMinutes: TypeAlias = tuple[range, ...]
"""The minutes of a trade date's session as slots (`time // 60,000`), one range for each part between breaks."""


class UsualVolume(Struct, frozen=True, eq=False):
    """What is usually traded by the end of each minute of the session of `date`: `volumes` holds 8 bytes for each of
    its minutes, 3 kB for a day of six and a half hours, and is empty with fewer than MIN_DATES `dates`."""

    date: date
    minutes: SessionMinutes
    dates: int
    volumes: array[float]


def cumulative_volumes(volumes: Mapping[int, float], minutes: Sequence[range]) -> array[float] | None:
    """Returns what was traded by the end of each of these minutes, from the volumes by slot. None if some of them may
    be missing: a minute without trades has no bar, so that is told by how many in a row have none."""
    total, silent, most = 0.0, 0, _MAX_SILENT_OPENING
    found = array("d")
    for slot in chain.from_iterable(minutes):
        volume = volumes.get(slot)
        if volume is None:
            silent += 1
            if silent >= most:
                return None
        else:
            silent, most = 0, _MAX_SILENT
            total += volume
        found.append(total)
    return found


def medians(days: Iterable[Sequence[float]]) -> array[float]:
    """Returns the median of the days' values at each index."""
    found = array("d")
    for values in zip(*days, strict=True):
        ordered = sorted(values)
        middle = len(ordered) // 2
        found.append(ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2)
    return found
