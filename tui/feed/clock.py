"""The clock for durations."""

from __future__ import annotations

import time

_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)


def monotonic() -> float:
    """Seconds that only ever grow. Where the system has such a clock, time asleep counts too: a machine that slept for
    an hour must not believe that its data is seconds old."""
    return time.clock_gettime(_BOOTTIME) if _BOOTTIME is not None else time.monotonic()
