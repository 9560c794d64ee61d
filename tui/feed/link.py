"""The link: keeps one connection open, reconnects when it ends, and holds the followed symbols.

CONNECTING → AUTHENTICATING → SUBSCRIBING → LIVE     (LIVE at once if there is nothing to subscribe to)
  ↑     │           │              │          │
  │     └───────────┴───────┬──────┴──────────┘
  ├── RECONNECTING ←────────┤   it failed, or another process uses the key and cannot be joined: retried after a delay
  │     ↓                   │
  ├── STOPPED ←─────────────┤   the key or the address is refused, or a defect of ours: only `reconnect()` starts again
  └─────────────────────────┘   at once: on request, or because only a new connection frees subscriptions
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NoReturn, Protocol

from tui.errors import FeedError, HolderLeft, KeyRefused, NoConnection, NotShared, TakingOver
from tui.feed.backoff import MAX_DOUBLINGS, Backoff
from tui.feed.clock import Clock, monotonic
from tui.feed.connection import OpenConnection, connect
from tui.feed.dispatch import OnPush
from tui.feed.endpoint import check_url, host_of
from tui.feed.failures import PermanentError
from tui.feed.idle_timeout import IdleTimeoutDetector
from tui.feed.proxy import Proxy
from tui.feed.state import LinkPhase, LinkState, Timings
from tui.feed.subscriptions import NeedsNewConnection, Subscriptions
from tui.feed.tap import Route, Tap
from tui.format import count
from tui.market import Market
from tui.protocol.messages import TYPES
from tui.protocol.relay_status import RelayReport, Window
from tui.secrets import Token
from tui.symbol import Symbol

_FIRST_JOIN_AGAIN = 0.025  # s
_TAKEN_OVER = "another window took the connection over"

_log = logging.getLogger(__name__)


class Opener(Protocol):
    """Opens a connection of another kind than the vendor's."""

    @property
    def timings(self) -> Timings:
        """The timings of a link to it."""

    async def __call__(
        self,
        market: Market,
        timings: Timings,
        clock: Clock,
        on_push: OnPush | None,
        on_report: Callable[[RelayReport], None],
    ) -> OpenConnection:
        """Returns an open connection. Raises NoConnection."""


class Link:
    """Keeps one connection to `url` open and applies its messages to `market`.

    `on_state` is called with every new state, `on_push` with every applied message, and `on_fault` with a defect of
    ours, which stops the link. With a `route` it joins the connection of another process on this machine, or shares its
    own. With an `opener` it connects by that alone, and `url` is only shown. Raises UsageError if the key may not be
    sent to `url`.
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
        route: Route | None = None,
        opener: Opener | None = None,
        timings: Timings | None = None,
        clock: Clock = monotonic,
        wall: Clock = time.time,
    ) -> None:
        self.url = url if opener is not None else check_url(url)
        self.host = host_of(url)
        self.is_demo = False
        self._token = token
        self._market = market
        self._types = tuple(types)
        self._on_state = on_state
        self._on_push = on_push
        self._on_fault = on_fault
        self._route = route
        self._opener = opener
        if route is not None:
            route.on_wanted = self._follow_wanted
            route.on_leading = self._follow_leading
            route.on_renew = self.reconnect
        self._is_joined = False
        self.report: RelayReport | None = None
        self._joins_lost = 0  # in a row
        self._timings = timings or (opener.timings if opener is not None else Timings())
        self._idle_timeouts = IdleTimeoutDetector(self._timings)
        self._clock = clock
        self._wall = wall
        self._symbols: tuple[Symbol, ...] = ()
        self._symbols_changed = asyncio.Event()
        self._reconnect_requested = asyncio.Event()
        self._is_renewed_for_all = False  # whether it is the person who asked for that
        self._failed_requests: dict[str, int] = {}
        self._authenticated_at: float | None = None
        self._live_at: float | None = None
        self._was_live = False
        self._last_error: FeedError | None = None  # until it is live again
        self.state = LinkState(LinkPhase.CONNECTING, clock(), self.host)

    def set_symbols(self, symbols: Iterable[Symbol]) -> None:
        """Set the symbols to follow. New ones are subscribed at once; the others stay subscribed until the next
        connection, because the vendor's page has no unsubscribe."""
        self._symbols = tuple(dict.fromkeys(symbols))
        self._market.follow(self._symbols)
        self._symbols_changed.set()

    def reconnect(self) -> None:
        """Open a new connection now, in any phase, and request again the types that were never answered. The process
        whose connection this one has joined is asked to do so too."""
        self._last_error = None
        self._is_renewed_for_all = True
        self._failed_requests.clear()
        self._reconnect_requested.set()

    def take_over(self) -> None:
        """Take the key over now from another process, which cannot be joined."""
        if self._route is not None:
            self._route.take_over()
        self._reconnect_requested.set()

    async def run(self) -> None:
        """Run until cancelled. No failure of the feed leaves this method: each becomes a state with an error."""
        backoff = Backoff(self._timings)
        while True:
            self._reconnect_requested.clear()
            self._is_renewed_for_all = False
            self._authenticated_at = self._live_at = None
            try:
                await self._run_connection()
            except NeedsNewConnection:
                self._leave_shared()
                delay = 0.0
            except (KeyRefused, PermanentError) as error:
                await self._stop(error)
                backoff = Backoff(self._timings)
                continue
            except FeedError as error:
                delay, error = await self._delay_after(error, backoff)
                if not self._reconnect_requested.is_set():
                    self._set_state(LinkPhase.RECONNECTING, retry_at=self._clock() + delay, error=error)
            except Exception as error:
                # The one place where a defect of ours becomes a state: the screen goes on. Only its type is shown,
                # because the text of an unexpected error could hold the key.
                _log.error("link: a fault in the program", exc_info=error)
                if self._on_fault is not None:
                    self._on_fault(error)
                await self._stop(PermanentError(f"a fault in the program ({type(error).__name__})"))
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._reconnect_requested.wait()
            if self._reconnect_requested.is_set():
                backoff = Backoff(self._timings)

    async def _delay_after(self, error: FeedError, backoff: Backoff) -> tuple[float, FeedError]:
        """Returns the delay (s) after a connection that ended in `error`, and the error to show."""
        self.report = None
        if isinstance(error, NotShared):
            return self._timings.join_again, error
        if self._is_joined:
            self._leave_shared()
            self._joins_lost = min(self._joins_lost + 1, MAX_DOUBLINGS)
            longest = min(self._timings.retry_gap, _FIRST_JOIN_AGAIN * 2.0**self._joins_lost)
            return longest * random.uniform(0.5, 1.0), error
        if self._route is not None and await self._route.superseded():
            return 0.0, NoConnection(_TAKEN_OVER)
        error = self._idle_timeouts.classify(error)
        self._market.health.idle_timeout = self._idle_timeouts.silence
        authenticated, live = self._elapsed(self._authenticated_at), self._elapsed(self._live_at)
        return backoff.next_delay(error, authenticated, live, self.unshared)

    async def _stop(self, error: FeedError) -> None:
        """Stop until `reconnect()`."""
        self._leave_shared()
        self._set_state(LinkPhase.STOPPED, error=error)
        await self._reconnect_requested.wait()

    def _leave_shared(self) -> None:
        self.report = None
        if self._is_joined and self._route is not None:
            self._is_joined = False
            self._route.left()

    def _elapsed(self, since: float | None) -> float | None:
        return None if since is None else self._clock() - since

    async def _run_connection(self) -> None:
        """Run one connection to its end. Raises FeedError."""
        market, clock = self._market, self._clock
        self._set_state(LinkPhase.CONNECTING, self.host)
        market.set_clock((self._wall() - clock()) * 1000)
        connection = await self._connect()
        is_direct = not self._is_joined and self._opener is None
        if is_direct:  # else the other process says later what it is connected to
            self._adopt_hours(connection)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(connection.read(), name="feed read")
                tasks.create_task(self._wait_for_reconnect(connection), name="feed renew")
                if is_direct:
                    if self._route is not None:
                        tasks.create_task(self._hold(self._route), name="feed hold")
                    self._set_state(LinkPhase.AUTHENTICATING, self.host)
                await connection.authenticate()
                self._authenticated_at = clock()
                self._adopt_hours(connection)
                tasks.create_task(connection.run_heartbeat(), name="feed watch")
                await self._subscribe(connection)
        except BaseExceptionGroup as group:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                # Up to Python 3.12 a task group that is failing already swallows its own cancellation.
                raise asyncio.CancelledError from None
            raise _most_severe(group) from None
        finally:
            await connection.close()

    def _report_proxy(self, proxy: Proxy) -> None:
        self._set_state(LinkPhase.CONNECTING, f"{self.host} through the proxy {proxy}")

    def _adopt_hours(self, connection: OpenConnection) -> None:
        self.is_demo = connection.is_demo
        self._market.set_hours(demo=connection.is_demo)

    async def _connect(self) -> OpenConnection:
        """Returns a connection to the vendor, or to the process that shares its own. Raises FeedError."""
        market, route, timings = self._market, self._route, self._idle_timeouts.timings
        if self._opener is not None:
            connection = await self._opener(market, timings, self._clock, self._on_push, self._follow_report)
            self._set_state(LinkPhase.CONNECTING, f"{self.host}: no relay publishes there yet")
            return connection
        path = await route.choose() if route is not None else None
        if route is None or path is None:
            return await connect(
                self.url,
                self._token,
                market,
                timings,
                self._clock,
                self._on_push,
                self._report_proxy,
                route.tap if route is not None else None,
            )
        from tui.feed.shared_connection import join

        self._is_joined = True
        try:
            shared = await join(
                path, self.host, route, market, timings, self._clock, self._on_push, self._follow_report
            )
        except NotShared:
            self._is_joined = False
            raise
        if isinstance(self._last_error, NotShared | HolderLeft):
            self._last_error = None  # from here on the process that holds the connection says how it stands
        return shared

    def _follow_report(self, report: RelayReport) -> None:
        """Show what the process that holds the connection says, until it is authenticated."""
        before, self.report = self.report, report
        if before is not None and report.lost > before.lost:
            self._market.trades_lost(self._clock())
        # Until it is connected it does not know, and what is shown is of the connection before.
        self.is_demo = report.is_demo or (self.is_demo and not report.is_served)
        if self.state.phase in (LinkPhase.CONNECTING, LinkPhase.AUTHENTICATING):
            place = report.holder if self._is_joined else report.windows[0].name
            retry_at = self._clock() + report.retry_in if report.retry_in else 0.0
            self._set_state(LinkPhase.AUTHENTICATING, f"{place}: {report.words}", retry_at=retry_at)

    def _follow_leading(self) -> None:
        """Show that this process takes the connection over, if another one held it."""
        if isinstance(self._last_error, NotShared | HolderLeft):
            self._set_state(LinkPhase.CONNECTING, self.host, error=TakingOver(self._last_error))

    def _follow_wanted(self) -> None:
        self._symbols_changed.set()

    @property
    def shared(self) -> RelayReport | None:
        """The state of the shared connection; None if no other process uses it."""
        if self.report is not None:
            return self.report
        report = tap.report() if (tap := self._tap) is not None else None
        return report if report is not None and len(report.windows) > 1 else None

    @property
    def is_holder(self) -> bool:
        """True if the connection is this process's own, not that of another."""
        return self._route is None or self._tap is not None

    @property
    def followed_by_others(self) -> Sequence[Symbol]:
        """What only the dashboards of others follow on the connection of this process."""
        followed = tap.followed_by_others if (tap := self._tap) is not None else ()
        return [symbol for symbol in followed if symbol not in self._market.instruments]

    @property
    def windows(self) -> Sequence[Window]:
        """The processes that share the connection, the one that holds it first; none if it is not shared."""
        shared = self.shared
        return shared.windows if shared is not None else ()

    @property
    def unshared(self) -> str:
        """Why other processes cannot join the connection of this one, "" if they can."""
        return self._route.unshared if self._route is not None else ""

    @property
    def _tap(self) -> Tap | None:
        return self._route.tap if self._route is not None else None

    async def _wait_for_reconnect(self, connection: OpenConnection) -> None:
        await self._reconnect_requested.wait()
        if self._is_renewed_for_all:
            await connection.renew()
        raise NoConnection("renewed on request")

    async def _hold(self, route: Route) -> NoReturn:
        await route.hold()
        raise NoConnection(_TAKEN_OVER)

    async def _subscribe(self, connection: OpenConnection) -> None:
        """Subscribe to all followed symbols, then to those that are added later."""
        market = self._market
        market.reconnected(self._symbols)
        subscriptions = Subscriptions(connection.subscribe, market, self._failed_requests)

        def report_type(type_: str) -> None:
            if self.state.phase is not LinkPhase.LIVE:
                self._set_state(LinkPhase.SUBSCRIBING, f"{count(len(self._symbols), 'symbol')}: {type_}")

        while True:
            self._symbols_changed.clear()
            wanted = self._wanted()
            await subscriptions.sync(wanted, report_type)
            market.expect_data(self._symbols, self._clock())
            if (tap := self._tap) is not None:
                tap.settle(subscriptions.decision, subscriptions.symbol_count)
            if self.state.phase is not LinkPhase.LIVE:
                if self._was_live:
                    market.health.reconnects += 1
                self._was_live = True
                self._last_error = None
                self._live_at = self._clock()
                self._joins_lost = 0
                self._set_state(LinkPhase.LIVE)
            if subscriptions.needs_new_connection(_flat(wanted)):
                # Symbols may be removed one after the other: one new connection serves them all.
                await asyncio.sleep(self._timings.retry_gap)
                if subscriptions.needs_new_connection(_flat(self._wanted())):
                    raise NeedsNewConnection("renewed to make room")
            await self._symbols_changed.wait()

    def _wanted(self) -> dict[str, Sequence[Symbol]]:
        """Returns the symbols to subscribe to by type: one's own first, then those of others."""
        own: dict[str, Sequence[Symbol]] = dict.fromkeys(self._types, self._symbols)
        if (tap := self._tap) is None:
            return own
        tap.set_own(own)
        return {type_: list(dict.fromkeys([*own.get(type_, ()), *tap.wanted.get(type_, ())])) for type_ in TYPES}

    def _set_state(
        self, phase: LinkPhase, detail: str = "", *, retry_at: float = 0.0, error: FeedError | None = None
    ) -> None:
        if error is not None:
            # States are kept for long, and a traceback would keep the connection with its last frame alive.
            error.__traceback__ = error.__context__ = None
            self._last_error = error
        self.state = LinkState(
            phase, self._clock(), detail, retry_at, self._last_error, self._was_live, is_joined=self._is_joined
        )
        if (tap := self._tap) is not None:
            tap.state_changed(self.state, self.is_demo)
        if self._on_state is not None:
            self._on_state(self.state)


def _flat(wanted: Mapping[str, Sequence[Symbol]]) -> list[Symbol]:
    return list(dict.fromkeys(symbol for symbols in wanted.values() for symbol in symbols))


def _most_severe(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Returns the error of a group that decides what to do: a defect of ours, then a refused key (which closes the
    socket too), then the first."""
    errors: list[BaseException] = []
    for error in group.exceptions:
        errors.append(_most_severe(error) if isinstance(error, BaseExceptionGroup) else error)
    return min(errors, key=lambda error: (isinstance(error, FeedError), not isinstance(error, KeyRefused)))
