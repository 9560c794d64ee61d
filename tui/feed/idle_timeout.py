"""Detects the idle time-out of a server or proxy, which closes connections after some seconds of silence. Pure."""

from __future__ import annotations

from tui.errors import FeedError, NoConnection
from tui.feed.connection import ConnectionLost
from tui.feed.state import Timings

_RELATIVE_TOLERANCE, _ABSOLUTE_TOLERANCE = 0.05, 0.2  # of two silences of one time-out; the latter in s


class IdleTimeout(NoConnection):
    """An idle time-out closes the connections after `silence` s."""

    def __init__(self, silence: float, ping_every: float) -> None:
        super().__init__(f"an idle time-out of {silence:.1f} s cuts the link: pings now go every {ping_every:.1f} s")


class IdleTimeoutDetector:
    """Distinguishes an idle time-out from another client with the same key, and adapts the ping interval to it.

    Both close short connections one after the other: an idle time-out always after the same silence, another client
    whenever it reconnects. On a quiet feed that may be the same silence too, since our pings are periodic. So after
    each suspected time-out the second ping is moved; only an idle time-out then closes after the same silence again."""

    def __init__(self, timings: Timings) -> None:
        self._timings = timings
        self._suspected: float | None = None  # s of silence before the last close
        self._moves_ping = False  # of the next connection: its second ping comes sooner
        self.silence: float | None = None
        """The idle time-out in s; None if there is none."""

    @property
    def timings(self) -> Timings:
        """The timings of the next connection, with its ping interval."""
        timings = self._timings
        if self.silence is not None:
            every = self._ping_every(self.silence)
            return timings._replace(ping_every=every, second_ping=min(timings.second_ping, every))
        return timings._replace(second_ping=timings.second_ping / 2) if self._moves_ping else timings

    def classify(self, error: FeedError) -> FeedError:
        """Record how a connection ended. Returns the error to show: an IdleTimeout instead of the second ConnectionLost
        after the same silence."""
        if not isinstance(error, ConnectionLost):
            return error
        before, self._suspected = self._suspected, None
        if error.silence < self._timings.min_idle_timeout:
            return error
        if before is None or abs(error.silence - before) > _RELATIVE_TOLERANCE * before + _ABSOLUTE_TOLERANCE:
            self._suspected, self._moves_ping = error.silence, not self._moves_ping
            return error
        self.silence = min(error.silence, before)
        return IdleTimeout(self.silence, self._ping_every(self.silence))

    def _ping_every(self, silence: float) -> float:
        return min(self._timings.ping_every, silence / 2)
