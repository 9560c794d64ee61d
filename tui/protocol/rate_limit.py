"""When a call may be made: so many in any minute, and none while the vendor wants to be left alone."""

from __future__ import annotations

from collections import deque


class RateLimiter:
    """At most `calls` in any `minute` (s). Times are s monotonic."""

    def __init__(self, calls: int, minute: float = 60.0) -> None:
        self._minute = minute
        self._made: deque[float] = deque(maxlen=calls)
        self._closed_until = float("-inf")

    def delay(self, now: float) -> float:
        """Seconds until the next call may be made; 0 where it may be made now."""
        full = len(self._made) == self._made.maxlen
        free = self._made[0] + self._minute if full else now
        return max(0.0, free - now, self._closed_until - now)

    def acquire(self, now: float) -> None:
        """A call is made."""
        self._made.append(now)

    def pause_until(self, until: float) -> None:
        """The vendor asked to slow down."""
        self._closed_until = max(self._closed_until, until)
