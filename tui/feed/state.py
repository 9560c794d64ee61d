"""The state of the link, with its words for the status bar, and all timings of the feed."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from tui.errors import FeedError, HolderLeft, NotShared, TakingOver


class LinkPhase(Enum):
    """The phases of a connection, in order. The value is the word on the status bar."""

    CONNECTING = "connecting"
    AUTHENTICATING = "authenticating"
    SUBSCRIBING = "subscribing"
    LIVE = "LIVE"
    RECONNECTING = "reconnecting"  # lost, or it could not be joined; the next attempt is at `retry_at`
    STOPPED = "stopped"  # a retry would not help until the user acts


_SEEKING = (LinkPhase.CONNECTING, LinkPhase.RECONNECTING)
_STEPS = (LinkPhase.CONNECTING, LinkPhase.AUTHENTICATING, LinkPhase.SUBSCRIBING)


class LinkState(NamedTuple):
    """A state of the link. Times are s, monotonic. `detail` says what is being connected to or subscribed. `error` is
    why the link was lost or stopped, until it is live again. `was_live`: it was live before. `standing` is how a replay
    stands, PAUSED or ENDED, and "" while its data moves. `is_joined`: the connection is that of another process."""

    phase: LinkPhase
    since: float
    detail: str = ""
    retry_at: float = 0.0
    error: FeedError | None = None
    was_live: bool = False
    standing: str = ""
    is_joined: bool = False

    @property
    def word(self) -> str:
        """The phase in a word or two."""
        if self.is_moving:
            return "moving" if isinstance(self.error, HolderLeft) else "taking over"
        if self.is_joined and self.phase is LinkPhase.AUTHENTICATING:
            return "joined"
        if self.is_refused or (self.phase is LinkPhase.RECONNECTING and not self.was_live):
            return "trying again"
        return str(self.phase.value)

    @property
    def is_moving(self) -> bool:
        """True while the process that held the connection is gone, and no other one, or this one, holds it yet."""
        return self.phase in _SEEKING and isinstance(self.error, HolderLeft | TakingOver)

    @property
    def is_refused(self) -> bool:
        """True while another process uses the key and cannot be joined: it is tried again and again."""
        return self.phase in _SEEKING and isinstance(self.error, NotShared)

    @property
    def tells_error(self) -> bool:
        """True if the words say why the link is not live."""
        return self.phase in (LinkPhase.RECONNECTING, LinkPhase.STOPPED) or self.is_moving or self.is_refused

    @property
    def is_live(self) -> bool:
        """True if the data on the screen is current."""
        return self.phase is LinkPhase.LIVE and not self.standing

    @property
    def is_starting(self) -> bool:
        """True from the first attempt to connect until the link is live or lost: what has come is not old."""
        return self.phase in _STEPS and not self.was_live and self.error is None

    def describe(self, now: float) -> str:
        """Returns the state at `now` (s, monotonic) in words: `reconnecting in 4 s: connection reset`."""
        wait = max(0, round(self.retry_at - now))
        return self._describe(f"in {wait} s" if wait else "")

    @property
    def words(self) -> str:
        """As `describe`, without the time of the next attempt."""
        return self._describe("")

    def _describe(self, when: str) -> str:
        if self.standing:
            moving = self._replace(standing="")
            return self.standing if moving.is_live else f"{self.standing}: {moving._describe(when)}"
        if self.is_moving:
            return str(self.error)
        if self.tells_error:
            return f"{self.word} {when}".rstrip() + f": {self.error}"
        if self.is_joined and when:  # the other process waits
            return f"{self.word} {self.detail} ({when})"
        return f"{self.word} {self.detail}".rstrip()


class Timings(NamedTuple):
    """All timings of the feed, in s. Only tests change them."""

    open: float = 10.0  # TCP, TLS and the WebSocket handshake together
    join: float = 2.0  # to a process that shares its connection
    silence: float = 3.0  # of a process that shares its connection, which reports once a second
    join_again: float = 5.0  # after it could not be joined
    auth: float = 10.0  # from the open socket to "authenticated"
    reply: float = 10.0  # to a subscribe request
    ping_every: float = 15.0  # page, step 5: at least every 30 s
    second_ping: float = 2.0  # after the first ping
    min_idle_timeout: float = 1.0  # a connection closed after less silence was not closed for being idle
    pong: float = 10.0
    urgent_pong: float = 3.0  # after a busy feed fell silent: any frame counts
    check_every: float = 0.5  # how often the silence is checked
    stall_threshold: float = 1.0  # a check so late means that the process was stopped, and what it reads now waited
    suspend_threshold: float = 60.0  # a check so late: the vendor has dropped the connection
    close: float = 1.0  # the closing handshake
    retry_first: float = 0.5
    retry_longest: float = 60.0
    retry_gap: float = 3.0  # the shortest delay from the second attempt on
    rate_limit_wait: float = 30.0  # the shortest delay after HTTP 429
    short_connection: float = 15.0  # a connection lost so soon after authentication …
    contention_wait: float = 60.0  # … again and again means another client with the key: wait so long, then longer
    stable_after: float = 30.0  # a connection that was live for so long resets the backoff
