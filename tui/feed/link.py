"""The link: a connection that is renewed whenever it ends, and what is wanted of it.

CONNECTING → AUTHENTICATING → SUBSCRIBING → LIVE
    ↑            │ any failure    │           │
    └─ RECONNECTING ←─────────────┴───────────┘
STOPPED: the key or the address is refused; only `reconnect()` starts again.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Iterable, Sequence

from tui.errors import FeedError, KeyRefused, NoConnection
from tui.feed.connection import Clock, Connection, OnPush, PermanentError, dial
from tui.feed.state import LinkState, Phase, Timings
from tui.feed.target import check_url, host_of
from tui.market import Market
from tui.protocol import TYPES
from tui.secrets import Token
from tui.symbol import Symbol

_UNANSWERED = "no answer"


class Link:
    """Keeps one connection to `url` alive and writes what it brings into `market`.

    `on_state` hears of every step; `on_push` of every message that was applied. Raises UsageError where the key may
    not be sent to `url`.
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
        timings: Timings | None = None,
        clock: Clock = time.monotonic,
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
        self._timings = timings or Timings()
        self._clock = clock
        self._wall = wall
        self._wanted: tuple[Symbol, ...] = ()
        self._wanted_changed = asyncio.Event()
        self._act = asyncio.Event()  # the person asked to reconnect now
        self._unanswered: dict[str, int] = {}
        self.state = LinkState(Phase.CONNECTING, clock(), self.host)

    def want(self, symbols: Iterable[Symbol]) -> None:
        """Say what to follow. New symbols are subscribed at once; dropped ones go with the next connection, for the
        vendor's page has no unsubscribe."""
        self._wanted = tuple(dict.fromkeys(symbols))
        self._market.follow(self._wanted)
        self._wanted_changed.set()

    def reconnect(self) -> None:
        """Start a fresh connection now, whatever the link is doing, and ask again for what was never answered."""
        self._unanswered.clear()
        self._act.set()

    async def run(self) -> None:
        """Run until cancelled. No failure of the feed leaves this method: each becomes a state with words."""
        attempt = 0
        while True:
            began = self._clock()
            self._act.clear()
            try:
                await self._live_once()
            except (KeyRefused, PermanentError) as error:
                self._enter(Phase.STOPPED, error=error)
                await self._act.wait()
                attempt = 0
                continue
            except FeedError as error:
                lost = error
            except Exception as error:
                # The one place where a fault of ours becomes a state: the screen goes on and says so. Only the kind is
                # told, since the text of a stray error could hold anything.
                fault = PermanentError(f"a fault in the program ({type(error).__name__}): press r to start again")
                self._enter(Phase.STOPPED, error=fault)
                await self._act.wait()
                continue
            if self._act.is_set():
                attempt = 0
                continue
            if self._clock() - began > self._timings.healthy:
                attempt = 0
            delay = self._delay(attempt)
            attempt += 1
            self._enter(Phase.RECONNECTING, retry_at=self._clock() + delay, error=lost)
            self._market.health.reconnects += 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._act.wait()

    def _delay(self, attempt: int) -> float:
        timings = self._timings
        delay = min(timings.retry_longest, timings.retry_first * 2.0**attempt)
        delay *= random.uniform(0.5, 1.0)  # many clients must not come back in one wave
        return max(delay, timings.retry_gap) if attempt else max(delay, timings.retry_first)

    async def _live_once(self) -> None:
        """One connection from dialling to its end, which is always a FeedError."""
        market, clock = self._market, self._clock
        self._enter(Phase.CONNECTING, self.host)
        market.wall_base = (self._wall() - clock()) * 1000
        connection = await dial(self.url, self._token, market, self._timings, clock, self._on_push)
        self.is_demo = connection.is_demo
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(connection.read(), name="feed read")
                tasks.create_task(self._renew(), name="feed renew")
                self._enter(Phase.AUTHENTICATING, self.host)
                await connection.authenticate()
                tasks.create_task(connection.beat(), name="feed heartbeat")
                await self._subscribe(connection)
        except BaseExceptionGroup as group:
            raise _gravest(group) from None
        finally:
            await connection.close()

    async def _renew(self) -> None:
        await self._act.wait()
        raise NoConnection("renewed on request")

    async def _subscribe(self, connection: Connection) -> None:
        """Ask for all that is wanted, one type a request and one request at a time; then for what is added later."""
        market = self._market
        market.reconnected(self._wanted)
        asked: dict[str, set[Symbol]] = {type_: set() for type_ in self._types}
        served: dict[str, set[Symbol]] = {type_: set() for type_ in self._types}
        while True:
            self._wanted_changed.clear()
            wanted = self._wanted
            for type_ in self._types:
                new = [symbol for symbol in wanted if symbol not in asked[type_]]
                if not new:
                    continue
                asked[type_].update(new)
                if self._unanswered.get(type_, 0) > 1:
                    market.refuse(new, type_, _UNANSWERED)
                    continue
                if self.state.phase is not Phase.LIVE:
                    self._enter(Phase.SUBSCRIBING, f"{len(wanted)} symbols: {type_}")
                # The whole list, since the page does not say whether a request adds to the one before or replaces it.
                reply = await connection.subscribe([s for s in wanted if s in served[type_] or s in new], type_)
                if reply is None:
                    # A late reply would be credited to the next request: only a fresh connection is sure.
                    self._unanswered[type_] = self._unanswered.get(type_, 0) + 1
                    raise NoConnection(f"{self.host} does not answer the request for {type_}")
                self._unanswered.pop(type_, None)
                if reply.code == 1:
                    served[type_].update(new)
                else:
                    market.refuse(new, type_, reply.msg)
            if self.state.phase is not Phase.LIVE:
                self._enter(Phase.LIVE)
            await self._wanted_changed.wait()

    def _enter(self, phase: Phase, detail: str = "", *, retry_at: float = 0.0, error: FeedError | None = None) -> None:
        self.state = LinkState(phase, self._clock(), detail, retry_at, error)
        if self._on_state is not None:
            self._on_state(self.state)


def _gravest(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Of errors that came together, the one that decides: a fault of ours, then a refused key (which closes the
    socket too), then whichever came first."""
    errors: list[BaseException] = []
    for error in group.exceptions:
        errors.append(_gravest(error) if isinstance(error, BaseExceptionGroup) else error)
    return min(errors, key=lambda error: (isinstance(error, FeedError), not isinstance(error, KeyRefused)))
