"""What the link is doing, in words for the status bar, and how long it waits for what."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from tui.errors import FeedError


class LinkPhase(Enum):
    """The steps of a connection's life, in order. The value is the word on the status bar."""

    CONNECTING = "connecting"
    AUTHENTICATING = "authenticating"
    SUBSCRIBING = "subscribing"
    LIVE = "LIVE"
    RECONNECTING = "reconnecting"  # lost; the next try is at `retry_at`
    STOPPED = "stopped"  # trying again would not help until the person acts


class LinkState(NamedTuple):
    """One step. Times are s, monotonic. `detail` says what is being connected to or subscribed; `error` is why the
    link was lost or stopped, also while it is being made again; `again`: it was live before."""

    phase: LinkPhase
    since: float
    detail: str = ""
    retry_at: float = 0.0
    error: FeedError | None = None
    was_live: bool = False

    @property
    def word(self) -> str:
        """The step in a word or two."""
        if self.phase is LinkPhase.RECONNECTING and not self.was_live:
            return "trying again"
        return str(self.phase.value)

    @property
    def is_live(self) -> bool:
        """Whether the numbers on the screen can be trusted to be now's."""
        return self.phase is LinkPhase.LIVE

    def describe(self, now: float) -> str:
        """The state as a person reads it, at `now`: `reconnecting in 4 s: connection reset`."""
        if self.phase is LinkPhase.RECONNECTING:
            wait = max(0, round(self.retry_at - now))
            return f"{self.word} in {wait} s: {self.error}" if wait else f"{self.word}: {self.error}"
        if self.phase is LinkPhase.STOPPED:
            return f"{self.word}: {self.error}"
        return f"{self.word} {self.detail}".rstrip()


class Timings(NamedTuple):
    """All waits of the feed, in s. Tests shorten them; people have no reason to."""

    open: float = 10.0  # TCP, TLS and the WebSocket handshake together
    auth: float = 10.0  # from the open socket to "authenticated"
    reply: float = 10.0  # an answer to a subscribe request
    ping_every: float = 15.0  # the page recommends at least every 30 s
    second_ping: float = 2.0  # after the first
    idle_least: float = 1.0  # of silence before a cut, for it to be an idle time-out
    pong: float = 10.0
    urgent_pong: float = 3.0  # where a busy feed fell silent: any frame will do
    look_every: float = 0.5  # at the silence
    stopped: float = 1.0  # a look so late: the program did not run, and what it reads now waited for it
    asleep: float = 60.0  # a machine that was away longer has been given up by the vendor
    close: float = 1.0  # how long leaving may take
    retry_first: float = 0.5
    retry_longest: float = 60.0
    retry_gap: float = 3.0  # at least, from the second try on
    slow_down: float = 30.0  # at least, where the vendor asks for it
    short_life: float = 15.0  # a connection dropped so soon after authentication …
    duel_wait: float = 60.0  # … three times in a row: another client has the key, wait so long
    healthy: float = 30.0  # a connection that lived this long starts the back-off afresh
