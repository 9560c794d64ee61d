"""When a call that failed may be made again."""

from __future__ import annotations

from tui.history.rest_client import RestError

_FIRST_RETRY, _LONGEST_RETRY = 60.0, 600.0  # s


class RetryState:
    """Why the calls of one kind fail in one region, and when the next one may be made (s, monotonic)."""

    def __init__(self) -> None:
        self.reason = ""
        self.retry_at = self._delay = 0.0

    def record_failure(self, error: RestError, now: float) -> None:
        """Record a failure at `now`: each delays the next call for longer, a refusal for longest."""
        self.reason = str(error)
        self._delay = _LONGEST_RETRY if error.refused else min(_LONGEST_RETRY, 2 * self._delay or _FIRST_RETRY)
        self.retry_at = now + max(self._delay, error.wait)
