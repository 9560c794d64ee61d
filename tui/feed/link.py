"""The link: a connection that is renewed whenever it ends, and what is wanted of it.

CONNECTING → AUTHENTICATING → SUBSCRIBING → LIVE     (to LIVE at once where there is nothing to ask for)
  ↑     │           │              │          │
  │     └───────────┴───────┬──────┴──────────┘
  ├── RECONNECTING ←────────┤   it failed: tried again when the wait is over, unless another copy took the key meanwhile
  │     ↓                   │
  ├── STOPPED ←─────────────┤   the key or the address is refused, another copy took the key, or a fault of ours: only
  │                         │   `reconnect()` starts again
  └─────────────────────────┘   renewed at once: the person asked for it, or room must be made
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable, Iterable, Sequence

from tui.errors import FeedError, KeyRefused, NoConnection
from tui.feed.clock import Clock, monotonic
from tui.feed.connection import Connection, ConnectionLost, connect
from tui.feed.dispatch import OnPush
from tui.feed.endpoint import check_url, host_of
from tui.feed.failures import PermanentError, RetryLater
from tui.feed.idle_timeout import IdleTimeoutDetector
from tui.feed.key_lock import AnotherClient, KeyLock, TakenOver
from tui.feed.proxy import Proxy
from tui.feed.state import LinkPhase, LinkState, Timings
from tui.feed.subscriptions import NeedsNewConnection, Subscriptions
from tui.format import count
from tui.market import Market
from tui.protocol.messages import TYPES
from tui.secrets import Token
from tui.symbol import Symbol

_DUEL = 3  # short lives in a row
_DOUBLINGS = 16  # of the wait: more would only run out of numbers

_log = logging.getLogger(__name__)


class _Retries:
    """When to try again: later and later, with jitter, afresh after half a minute of health, and not at all soon when
    another client seems to take the key back each time."""

    def __init__(self, timings: Timings) -> None:
        self._timings = timings
        self._attempt = 0
        self._short_lives = 0

    def after(self, error: FeedError, authenticated: float | None, live: float | None) -> tuple[float, FeedError]:
        """Seconds to wait after a connection that ended in `error`, and the error to tell. `authenticated` and `live`
        are for how long it was, None if it never got there."""
        timings = self._timings
        if live is not None and live > timings.healthy:
            self._attempt = self._short_lives = 0
        if isinstance(error, ConnectionLost) and authenticated is not None:
            self._short_lives = self._short_lives + 1 if authenticated < timings.short_life else 0
            if self._short_lives >= _DUEL:
                return timings.duel_wait, AnotherClient()
        attempt, self._attempt = self._attempt, min(self._attempt + 1, _DOUBLINGS)
        # Jitter, at the longest wait too, because many clients must not come back in one wave.
        delay = min(timings.retry_longest, 1.5 * timings.retry_first * 2.0**attempt) * random.uniform(2 / 3, 1.0)
        if attempt:
            delay = max(delay, timings.retry_gap * random.uniform(1.0, 1.25))
        if isinstance(error, RetryLater):
            delay = max(delay, error.wait)
        return delay, error


class Link:
    """Keeps one connection to `url` alive and writes what it brings into `market`.

    `on_state` hears of every step; `on_push` of every message that was applied; `on_fault` of a fault of ours, which
    stops the link. With a `lock` it also stops where another copy took the key, and takes it back on `reconnect()`.
    Raises UsageError where the key may not be sent to `url`.
    """

    def __init__(
        self,
        url: str,
        token: Token,
        market: Market,
        *,
        types: Sequence[str] = TYPES,
        on_state: Callable[[LinkState], None] | None = None,
        on_push: OnPush | None = None,
        on_fault: Callable[[Exception], object] | None = None,
        lock: KeyLock | None = None,
        timings: Timings | None = None,
        clock: Clock = monotonic,
        wall: Clock = time.time,
    ) -> None:
        self.url = check_url(url)
        self.host = host_of(url)
        self.is_demo = False
        self._token = token
        self._market = market
        self._types = tuple(types)
        self._on_state = on_state
        self._on_push = on_push
        self._on_fault = on_fault
        self._lock = lock
        self._timings = timings or Timings()
        self._idle_timeouts = IdleTimeoutDetector(self._timings)
        self._clock = clock
        self._wall = wall
        self._wanted: tuple[Symbol, ...] = ()
        self._wanted_changed = asyncio.Event()
        self._act = asyncio.Event()  # the person asked to reconnect now
        self._failed_requests: dict[str, int] = {}
        self._authenticated_at: float | None = None
        self._live_at: float | None = None
        self._was_live = False
        self._sharing_pid: int | None = None  # another copy that the plan has room for
        self._lost: FeedError | None = None  # why, until it is live again
        self.state = LinkState(LinkPhase.CONNECTING, clock(), self.host)

    def set_symbols(self, symbols: Iterable[Symbol]) -> None:
        """Say what to follow. New symbols are subscribed at once; dropped ones go with the next connection, for the
        vendor's page has no unsubscribe."""
        self._wanted = tuple(dict.fromkeys(symbols))
        self._market.follow(self._wanted)
        self._wanted_changed.set()

    def reconnect(self) -> None:
        """Start a fresh connection now, whatever the link is doing, and ask again for what was never answered."""
        self._failed_requests.clear()
        if self._lock is not None:
            self._lock.claim()
        self._act.set()

    async def run(self) -> None:
        """Run until cancelled. No failure of the feed leaves this method: each becomes a state with words."""
        retries = _Retries(self._timings)
        while True:
            self._act.clear()
            self._authenticated_at = self._live_at = None
            try:
                self._check_owner()
                await self._live_once()
            except NeedsNewConnection:
                delay = 0.0
            except (KeyRefused, PermanentError, TakenOver) as error:
                await self._stop(error)
                retries = _Retries(self._timings)
                continue
            except FeedError as error:
                error = self._idle_timeouts.judge(error)
                self._market.health.idle_timeout = self._idle_timeouts.silence
                delay, error = retries.after(error, self._lived(self._authenticated_at), self._lived(self._live_at))
                if not self._act.is_set():
                    self._enter(LinkPhase.RECONNECTING, retry_at=self._clock() + delay, error=error)
            except Exception as error:
                # The one place where a fault of ours becomes a state: the screen goes on and says so. Only the kind is
                # told, since the text of a stray error could hold anything.
                _log.error("link: a fault in the program", exc_info=error)
                if self._on_fault is not None:
                    self._on_fault(error)
                await self._stop(PermanentError(f"a fault in the program ({type(error).__name__})"))
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._act.wait()
            if self._act.is_set():
                retries = _Retries(self._timings)
                self._lost = None

    async def _stop(self, error: FeedError) -> None:
        self._enter(LinkPhase.STOPPED, error=error)
        await self._act.wait()
        self._lost = None

    def _lived(self, since: float | None) -> float | None:
        return None if since is None else self._clock() - since

    async def _live_once(self) -> None:
        """One connection from dialling to its end, which is always a FeedError."""
        market, clock = self._market, self._clock
        self._enter(LinkPhase.CONNECTING, self.host)
        market.set_clock((self._wall() - clock()) * 1000)
        timings = self._idle_timeouts.timings
        connection = await connect(self.url, self._token, market, timings, clock, self._on_push, self._proxied)
        self.is_demo = connection.is_demo
        market.set_hours(demo=connection.is_demo)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(connection.read(), name="feed read")
                tasks.create_task(self._renew(), name="feed renew")
                self._enter(LinkPhase.AUTHENTICATING, self.host)
                await connection.authenticate()
                self._authenticated_at = clock()
                tasks.create_task(connection.run_heartbeat(), name="feed watch")
                await self._subscribe(connection)
        except BaseExceptionGroup as group:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                # Up to 3.12 a task group that is failing already forgets that it was cancelled too.
                raise asyncio.CancelledError from None
            self._check_owner()
            raise _most_severe(group) from None
        finally:
            await connection.close()

    def _proxied(self, proxy: Proxy) -> None:
        self._enter(LinkPhase.CONNECTING, f"{self.host} through the proxy {proxy}")

    def _check_owner(self) -> None:
        """Raises TakenOver where another copy on this machine was told to use the key: two that take it from each
        other would never end. Where both were live for a while, the plan has room for both."""
        if self._lock is None or (pid := self._lock.other_pid) in (None, self._sharing_pid):
            return
        together = min(self._lived(self._live_at) or 0.0, self._lock.seconds_since_claim)
        if together <= self._timings.healthy:
            raise TakenOver(pid) from None
        self._sharing_pid = pid

    async def _renew(self) -> None:
        await self._act.wait()
        raise NoConnection("renewed on request")

    async def _subscribe(self, connection: Connection) -> None:
        """Ask for all that is wanted, then for what is added later."""
        market = self._market
        market.reconnected(self._wanted)
        subscriptions = Subscriptions(self._types, connection.subscribe, market, self._failed_requests)

        def on_type(type_: str) -> None:
            if self.state.phase is not LinkPhase.LIVE:
                self._enter(LinkPhase.SUBSCRIBING, f"{count(len(self._wanted), 'symbol')}: {type_}")

        while True:
            self._wanted_changed.clear()
            await subscriptions.sync(self._wanted, on_type)
            market.expect_data(self._wanted, self._clock())
            if self.state.phase is not LinkPhase.LIVE:
                if self._was_live:
                    market.health.reconnects += 1
                self._was_live = True
                self._lost = None
                self._live_at = self._clock()
                self._enter(LinkPhase.LIVE)
            if subscriptions.needs_new_connection(self._wanted):
                # Several symbols may go one after the other: one fresh connection will do for all of them.
                await asyncio.sleep(self._timings.retry_gap)
                if subscriptions.needs_new_connection(self._wanted):
                    raise NeedsNewConnection("renewed to make room")
            await self._wanted_changed.wait()

    def _enter(
        self, phase: LinkPhase, detail: str = "", *, retry_at: float = 0.0, error: FeedError | None = None
    ) -> None:
        if error is not None:
            # A state may be kept for long, and where its error came from holds the connection with its last frame.
            error.__traceback__ = error.__context__ = None
            self._lost = error
        self.state = LinkState(phase, self._clock(), detail, retry_at, self._lost, self._was_live)
        if self._on_state is not None:
            self._on_state(self.state)


def _most_severe(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Of errors that came together, the one that decides: a fault of ours, then a refused key (which closes the
    socket too), then whichever came first."""
    errors: list[BaseException] = []
    for error in group.exceptions:
        errors.append(_most_severe(error) if isinstance(error, BaseExceptionGroup) else error)
    return min(errors, key=lambda error: (isinstance(error, FeedError), not isinstance(error, KeyRefused)))
