"""The monotonic clock that the feed, the history and the doctor measure durations with."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

Clock: TypeAlias = Callable[[], float]
"""A source of time in s: monotonic for durations, or since the epoch for a wall clock."""

_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)


def monotonic() -> float:
    """Returns s that never go backwards. Time in suspend counts on systems that have CLOCK_BOOTTIME: after an hour of
    suspend the data must not pass for seconds old."""
    return time.clock_gettime(_BOOTTIME) if _BOOTTIME is not None else time.monotonic()
