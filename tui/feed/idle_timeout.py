"""Idle time-outs: a server or a proxy that cuts whoever has been silent for some seconds. Pure."""

from __future__ import annotations

from tui.errors import FeedError, NoConnection
from tui.feed.connection import ConnectionLost
from tui.feed.state import Timings

_SHARE, _LEEWAY = 0.05, 0.2  # how far two silences of one time-out may differ: a share of them, and s


class IdleTimeout(NoConnection):
    """The connection is cut for being silent."""

    def __init__(self, silence: float, ping_every: float) -> None:
        super().__init__(f"an idle time-out of {silence:.1f} s cuts the link: pings now go every {ping_every:.1f} s")


class IdleTimeoutDetector:
    """Tells an idle time-out from another client with the same key, and sets the pings by it.

    Both end short connections one after the other. An idle time-out does it at the same silence, another client at
    whatever time it comes back. On a quiet feed that can be the same silence too, since our pings come at set times; so
    after each suspected cut the second ping changes its time, and only an idle time-out's silence is the same again."""

    def __init__(self, timings: Timings) -> None:
        self._timings = timings
        self._suspected: float | None = None  # s of silence before the last cut
        self._sooner = False  # the second ping of the next connection
        self.silence: float | None = None
        """s of silence after which connections are cut; None where they are not."""

    @property
    def timings(self) -> Timings:
        """How the next connection pings."""
        timings = self._timings
        if self.silence is not None:
            every = self._ping_every(self.silence)
            return timings._replace(ping_every=every, second_ping=min(timings.second_ping, every))
        return timings._replace(second_ping=timings.second_ping / 2) if self._sooner else timings

    def judge(self, error: FeedError) -> FeedError:
        """Take in how a connection ended. Returns the error to tell: an IdleTimeout in place of the second cut at the
        same silence."""
        if not isinstance(error, ConnectionLost):
            return error
        before, self._suspected = self._suspected, None
        if error.silence < self._timings.idle_least:
            return error
        if before is None or abs(error.silence - before) > _SHARE * before + _LEEWAY:
            self._suspected, self._sooner = error.silence, not self._sooner
            return error
        self.silence = min(error.silence, before)
        return IdleTimeout(self.silence, self._ping_every(self.silence))

    def _ping_every(self, silence: float) -> float:
        return min(self._timings.ping_every, silence / 2)
