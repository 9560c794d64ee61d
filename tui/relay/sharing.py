"""Who holds the connection of a key on this machine, and how a process joins it.

The process that has the key's lock holds the connection and serves the others. One that finds the lock taken joins on
the socket that the lock file names. When the holder goes, the others race for the lock; the winner waits as long as the
vendor wants between two connections, and the rest join the winner.

seeking   ─┬─ the lock is free ──────────────→ leading
           ├─ the lock is taken ─────────────→ joining
           └─ the person takes the key over ─→ leading
joining   ─┬─ the holder answers ────────────→ following
           ├─ the holder is lost or leaves ──→ seeking
           └─ no answer, or another version ─→ refused
following ─── the holder is lost or leaves ──→ seeking
leading   ─── another takes the key over ────→ seeking
refused   ─┬─ a while later ─────────────────→ seeking
           └─ the person takes the key over ─→ leading
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import math
import os
import socket
from collections import Counter
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn, Self

from tui.errors import NotShared, UsageError, reason
from tui.feed.clock import Clock, monotonic
from tui.feed.key_lock import Holder, KeyInUse, KeyLock
from tui.feed.state import Timings
from tui.market import Market
from tui.threads import run_in_thread

if TYPE_CHECKING:
    from tui.relay.local_access import LocalAccess
    from tui.relay.server import Relay

_MAX_SOCKET_PATH = 100  # bytes: macOS allows 104, with the zero at the end
_JOIN_WITHIN = 2.0  # s for which a holder may be without a socket: it may have just begun, or be about to end
_POLL = 0.05  # s
_HAND_OVER_POLLS = 20
_CHECK_EVERY = 1.0  # s, of what others join by

_log = logging.getLogger(__name__)


class Role(Enum):
    """What a process is to the connection of its key."""

    SEEKING = "seeking"  # it asks for the lock
    JOINING = "joining"  # another process has the lock
    FOLLOWING = "following"  # that one serves it
    LEADING = "leading"  # it has the lock, connects to the vendor and serves the others
    REFUSED = "refused"  # the other process cannot be joined


class Happening(Enum):
    """What changes a role."""

    LOCK_FREE = "the lock is free"
    LOCK_TAKEN = "the lock is taken"
    HELLO = "the holder answers"
    NO_HELLO = "no answer, or another version"
    LOST = "the holder is lost or leaves"
    SUPERSEDED = "another takes the key over"
    AGAIN = "a while later"
    TAKE_OVER = "the person takes the key over"


TRANSITIONS: dict[tuple[Role, Happening], Role] = {
    (Role.SEEKING, Happening.LOCK_FREE): Role.LEADING,
    (Role.SEEKING, Happening.LOCK_TAKEN): Role.JOINING,
    (Role.JOINING, Happening.HELLO): Role.FOLLOWING,
    (Role.JOINING, Happening.LOST): Role.SEEKING,
    (Role.JOINING, Happening.NO_HELLO): Role.REFUSED,
    (Role.FOLLOWING, Happening.LOST): Role.SEEKING,
    (Role.LEADING, Happening.SUPERSEDED): Role.SEEKING,
    (Role.REFUSED, Happening.AGAIN): Role.SEEKING,
    (Role.SEEKING, Happening.TAKE_OVER): Role.LEADING,
    (Role.REFUSED, Happening.TAKE_OVER): Role.LEADING,
}


class Sharing:
    """The part of this process in the sharing of a key's connection, in an `async with` block. `name` is what it is:
    `dashboard`, `stream`. With `take_over` it becomes the holder whoever is; unless it `serves`, it shares with nobody
    what it holds. `holder_pid` is the process that it joined or could not join. `listen` serves other programs over TCP
    too, whoever is the holder. `on_wanted` is called when what others want has changed, `on_leading` when this process
    becomes the holder, `on_renew` when a process that has joined asks for a new connection.

    Entering raises UsageError if nothing can listen there."""

    def __init__(
        self,
        lock: KeyLock,
        market: Market,
        name: str,
        *,
        take_over: bool = False,
        wants_everything: bool = False,
        serves: bool = True,
        listen: LocalAccess | None = None,
        clock: Clock = monotonic,
        timings: Timings | None = None,
    ) -> None:
        self.role = Role.SEEKING
        self.relay: Relay | None = None
        self.on_wanted: Callable[[], None] = lambda: None
        self.on_leading: Callable[[], None] = lambda: None
        self.on_renew: Callable[[], None] = lambda: None
        self._lock = lock
        self._market = market
        self.name = name
        self.wants_everything = wants_everything
        self._serves = serves
        self._take_over = take_over
        self._clock = clock
        self._timings = timings or Timings()
        self.holder_pid = 0
        self._unanswered_since: float | None = None
        self._left_at = -math.inf  # when the connection of another process ended
        self._socket: Path | None = None
        self._own_folder: Path | None = None
        self._listen = listen
        self.url = ""
        """Where other programs connect over TCP, "" if they cannot."""
        self.unshared = ""
        self.passed_on: Counter[str] = Counter()
        """As `Relay.passed_on`, of the relays of this process that were closed."""

    async def __aenter__(self) -> Self:
        if (listen := self._listen) is not None:
            try:
                port = await self._open_relay().listen_tcp(listen.host, listen.port, listen.token)
            except OSError as error:
                raise UsageError(f"cannot listen on {listen}: {_listen_error(error)}") from None
            self.url = listen.url(port)
        return self

    def _open_relay(self) -> Relay:
        from tui.relay.server import Relay

        if self.relay is None:
            self.relay = Relay(self._market, self.name, lambda: self.on_wanted(), lambda: self.on_renew(), self._clock)
        return self.relay

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close_relay("the window that held the connection was closed")
        self._lock.release()

    def _happens(self, happening: Happening) -> None:
        self.role = TRANSITIONS[self.role, happening]

    @property
    def tap(self) -> Relay | None:
        """Serves those who joined while this process leads, and those over TCP always."""
        return self.relay

    async def choose(self) -> Path | None:
        """Returns the socket of the process to join, None to connect to the vendor. Raises NotShared."""
        while self.role is not Role.LEADING or await self.superseded():
            if (socket := await self._seek()) is not None:
                return socket
        self._publish()  # one that took over may have ended since, and its name be the last in the file
        self._take_over = False
        return None

    async def _seek(self) -> Path | None:
        """Returns the socket of the process to join, None if this one leads from now on. Raises NotShared."""
        if self._take_over:
            self._take_over = False
            if self._lock.holder() is not None:
                self._left_at = self._clock()  # of two that take it over at once, one connects and the other joins it
            self._lock.take_over()
            self._happens(Happening.TAKE_OVER)
            await self._lead()
            return None
        if self.role is Role.REFUSED:
            self._happens(Happening.AGAIN)
        deadline = self._clock() + _JOIN_WITHIN
        while True:
            before = self._lock.holder()
            try:
                self._lock.acquire()
            except KeyInUse as error:
                self.holder_pid = error.pid
                if exposure := self._lock.exposure:
                    self._happens(Happening.LOCK_TAKEN)
                    self.join_failed(f"cannot be joined safely: {exposure}")
            else:
                self._left_at = max(self._left_at, self._clock() - self._lock.free_for)
                self._happens(Happening.LOCK_FREE)
                await self._lead(before)
                return None
            holder = self._lock.holder()
            if holder is not None and holder.socket is not None and holder.socket.exists():
                self.holder_pid = holder.pid
                self._happens(Happening.LOCK_TAKEN)
                since = self._unanswered_since
                if since is not None and self._clock() - since > _JOIN_WITHIN:
                    self.join_failed("does not answer")
                return holder.socket
            if self._clock() >= deadline:
                self._happens(Happening.LOCK_TAKEN)
                self.join_failed("does not share it")
            await asyncio.sleep(_POLL)

    async def _lead(self, before: Holder | None = None) -> None:
        """Serve the others, then wait until the vendor allows another connection. `before` led until now."""
        if self._serves:
            await self._serve(before)
        self.on_leading()
        await asyncio.sleep(self._left_at + self._timings.retry_gap - self._clock())
        self._left_at = -math.inf

    async def hold(self) -> None:
        """Keep what others join by, while the connection is this process's own: what was removed is made again. Returns
        once another process has taken the key over."""
        while True:
            await asyncio.sleep(_CHECK_EVERY)
            with contextlib.suppress(OSError):  # no thread can be started
                if await run_in_thread(lambda: self._lock.other_pid) is not None:
                    return
                if not await run_in_thread(self._is_offered):
                    _log.warning("the lock file or the socket was removed: made again")
                    self._socket = None
                    self._remove_own_folder()
                    self._lock.claim()
                    await self._serve(None)

    def _is_offered(self) -> bool:
        """Returns False if others cannot find the socket any more."""
        path = self._socket
        return path is None or (self._lock.holder() == Holder(os.getpid(), path) and path.exists())

    async def _serve(self, before: Holder | None) -> None:
        relay = self._open_relay()
        self.unshared = self._lock.exposure
        if not self.unshared and self._lock.holder() is None:
            self.unshared = f"no lock file can be written in {self._lock.folder}"
        if not self.unshared:
            try:
                if before is not None and before.socket is not None:
                    self._remove_dead(before.socket)
                path = self._socket_path()
                await relay.listen(path)
                self._socket = path
                self._publish()
            except OSError as error:
                self.unshared = f"no socket can be made: {reason(error)}"
        if self.unshared:
            _log.warning("other windows cannot join: %s", self.unshared)

    def _publish(self) -> None:
        if self._socket is not None:
            self._lock.publish(self._socket)

    def _socket_path(self) -> Path:
        """Returns a path of its own beside the lock, or in a temporary folder where that path is too long."""
        path = self._lock.folder / f"{self._lock.name}-{os.getpid()}.sock"
        if len(os.fsencode(path)) > _MAX_SOCKET_PATH:
            import tempfile  # slow to import

            self._own_folder = Path(tempfile.mkdtemp(prefix="itick-tui-"))
            return self._own_folder / "relay.sock"
        path.unlink(missing_ok=True)  # of an earlier process with this id
        return path

    def _remove_dead(self, path: Path) -> None:
        """Remove the socket that a killed process has left, and its temporary folder."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.setblocking(False)
            if path.is_socket() and probe.connect_ex(str(path)) == errno.ECONNREFUSED:
                path.unlink()
                if path.parent != self._lock.folder:
                    path.parent.rmdir()

    async def _stop_sharing(self, words: str) -> None:
        """Stop serving those who joined; whoever came over TCP is served by way of the next holder."""
        if self._listen is None or self.relay is None:
            await self._close_relay(words)
        else:
            self._socket = None
            await self.relay.stop_sharing(words)
            self._remove_own_folder()

    async def _close_relay(self, words: str) -> None:
        relay, self.relay = self.relay, None
        self._socket = None
        if relay is not None:
            await relay.close(words)
            self.passed_on += relay.passed_on
        self._remove_own_folder()

    def _remove_own_folder(self) -> None:
        if self._own_folder is not None:
            with contextlib.suppress(OSError):
                self._own_folder.rmdir()
            self._own_folder = None

    def joined(self) -> None:
        """Note that the holder answered: there is no more reason to take the key over from it."""
        self._unanswered_since = None
        self._take_over = False
        self._happens(Happening.HELLO)

    def join_failed(self, why: str) -> NoReturn:
        """Note why the holder cannot be joined. Raises NotShared."""
        self._unanswered_since = None
        self._happens(Happening.NO_HELLO)
        raise NotShared(self.holder_pid, why)

    def left(self) -> None:
        """Note that the holder has left or is lost."""
        if self.role is Role.JOINING:
            self._unanswered_since = self._unanswered_since or self._clock()
        self._left_at = self._clock()
        self._happens(Happening.LOST)

    async def superseded(self) -> bool:
        """Returns True if another process took the key over: it is joined from now on."""
        if self.role is not Role.LEADING or self._lock.other_pid is None:
            return False
        self._happens(Happening.SUPERSEDED)
        await self._stop_sharing("another window took the connection over")
        self._lock.release()
        # Who took over waits for the lock and gets it a moment later: this process must not be there before.
        for _ in range(_HAND_OVER_POLLS):
            if not self._lock.is_free():
                break
            await asyncio.sleep(_POLL)
        return True

    def take_over(self) -> None:
        """Become the holder at the next attempt, whoever is."""
        self._take_over = True


def _listen_error(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another program has this port, choose another one"
    if error.errno == errno.EADDRNOTAVAIL:
        return "this machine has no such address"
    return reason(error)
