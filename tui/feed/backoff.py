"""How long a link waits before it connects again."""

from __future__ import annotations

import random

from tui.errors import FeedError
from tui.feed.connection import ConnectionLost
from tui.feed.failures import RetryLater
from tui.feed.state import Timings
from tui.feed.tap import AnotherClient

MAX_DOUBLINGS = 16
"""Of a delay: keeps 2.0**n from overflowing."""

_CONTENTION = 3  # short connections in a row mean another client with the key …
_DELIBERATE_CONTENTION = 2  # … and so many that the server closed deliberately, the last of them short
_MAX_CONTENTION_DOUBLINGS = 4  # of the wait: each attempt ends the connection of the other client for a moment


class Backoff:
    """Exponential backoff with jitter. It starts over after a stable connection, and waits longer when another client
    seems to use the key."""

    def __init__(self, timings: Timings) -> None:
        self._timings = timings
        self._start_over()

    def _start_over(self) -> None:
        self._attempt = self._contentions = 0
        self._short_connections = self._deliberate_closes = 0  # in a row

    def next_delay(
        self, error: FeedError, authenticated: float | None, live: float | None, unshared: str = ""
    ) -> tuple[float, FeedError]:
        """Returns the delay (s) after a connection that ended in `error`, and the error to show. `authenticated` and
        `live` are how long (s) the connection was in these phases, None if it never was; `unshared` is why others
        cannot join."""
        timings = self._timings
        if live is not None and live > timings.stable_after:
            self._start_over()
        if isinstance(error, ConnectionLost) and authenticated is not None:
            is_short = authenticated < timings.short_connection
            self._short_connections = self._short_connections + 1 if is_short else 0
            self._deliberate_closes = self._deliberate_closes + 1 if error.is_deliberate else 0
            is_replaced = is_short and self._deliberate_closes >= _DELIBERATE_CONTENTION
            if is_replaced or self._short_connections >= _CONTENTION:
                doublings = min(self._contentions, _MAX_CONTENTION_DOUBLINGS)
                self._contentions += 1
                return timings.contention_wait * 2.0**doublings, AnotherClient(unshared)
        attempt, self._attempt = self._attempt, min(self._attempt + 1, MAX_DOUBLINGS)
        # Jitter, at the longest delay too: clients that were cut off together must not reconnect together.
        delay = min(timings.retry_longest, 1.5 * timings.retry_first * 2.0**attempt) * random.uniform(2 / 3, 1.0)
        if attempt:
            delay = max(delay, timings.retry_gap * random.uniform(1.0, 1.25))
        if isinstance(error, RetryLater):
            delay = max(delay, error.wait)
        return delay, error
