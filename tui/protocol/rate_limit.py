"""A sliding-window rate limiter for REST calls, which also honours Retry-After."""

from __future__ import annotations

from collections import deque


class RateLimiter:
    """A sliding-window rate limiter of `calls` in any window of `minute` s. Times are s monotonic."""

    def __init__(self, calls: int, minute: float = 60.0) -> None:
        self._limit, self._base = calls, minute
        self._minute = minute
        self._calls: deque[float] = deque(maxlen=calls)
        self._paused_until = float("-inf")

    def delay(self, now: float) -> float:
        """Returns the seconds until the next call is allowed, 0 if it is now."""
        is_full = len(self._calls) == self._calls.maxlen
        free_at = self._calls[0] + self._minute if is_full else now
        return max(0.0, free_at - now, self._paused_until - now)

    def share(self, users: int) -> None:
        """Allow one of several `users` its part of the calls from now on."""
        self._calls = deque(self._calls, maxlen=max(1, self._limit // users))
        self._minute = self._base * max(1.0, users / self._limit)

    def acquire(self, now: float) -> None:
        """Record a call at `now`."""
        self._calls.append(now)

    def pause_until(self, until: float) -> None:
        """Allow no call before `until`, as the vendor asked."""
        self._paused_until = max(self._paused_until, until)
