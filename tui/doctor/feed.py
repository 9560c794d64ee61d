"""The steps of the connection to the feed, as the dashboard takes them: from the host name to data and pings."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn, Self, TypeVar
from urllib.parse import urlsplit

from tui.doctor.checks import Check, Finding, Status, StepSkipped
from tui.doctor.fields import UnknownFields
from tui.doctor.network import NetworkChecks
from tui.doctor.session_describer import SessionDescriber
from tui.errors import FeedError, HolderLeft, NotShared
from tui.feed.clock import monotonic
from tui.feed.connection import Connection, connect
from tui.feed.dns import resolve_in_threads
from tui.feed.endpoint import canonical_host, rest_base
from tui.feed.failures import RateLimited, ServerUnavailable
from tui.feed.key_lock import KeyLock
from tui.feed.shared_connection import join
from tui.feed.state import Timings
from tui.feed.subscriptions import Subscriptions
from tui.format import count, milliseconds
from tui.history.rest_client import MAX_CODES, RestClient, RestError
from tui.market import Instrument, Market
from tui.market.entitlements import describe_refusal, refused_types
from tui.protocol.messages import CLASSES, OVER_LIMIT, TYPES, UNRESOLVED, Push, SubscribeReply
from tui.protocol.relay_status import RelayReport
from tui.relay.sharing import Sharing
from tui.secrets import Token, safe_text
from tui.symbol import Symbol, format_list

TIMINGS = Timings(open=5.0, auth=5.0, reply=5.0, pong=3.0)
TIME_LIMIT = 40.0  # s for all steps
_DATA_TIMEOUT = 6.0  # s for the first data of all types and symbols
_PING_COUNT = 5
_MISSING_DATA_WORDS = {
    "tick": "there are no trades to show",
    "quote": "there is no day's open, high, low and volume to show",
    "depth": "the order book stays empty",
    "kline@1": "the minute bars of the chart are built from trades",
}
_NAME_ADVICE = "is this machine online, and the host spelled right?"
_TLS_ADVICE = "something between here and the server may cut it: try another network, or ask the operator of this one"
_ACCOUNT_ADVICE = "are key and host those of your iTick account? If they are, try again later"
_CONNECTION_ADVICE = "the connection does not hold: try again"

_T = TypeVar("_T")


class FeedChecks:
    """The steps to `url`, on one connection with these symbols. Leaving the context closes what is open.

    Without an address ("") or a key, the steps that need it must be skipped by the runner. `first` is the time limit
    for data in s.
    """

    def __init__(
        self,
        url: str,
        token: Token | None,
        symbols: Sequence[Symbol],
        *,
        rest: str = "",
        calls_a_minute: int = 5,
        take_over: bool = False,
        timings: Timings = TIMINGS,
        first: float = _DATA_TIMEOUT,
    ) -> None:
        self._url = url
        self._token = token
        self._symbols = list(symbols)
        self._has_rest_url = bool(rest)
        self._rest_base = rest or rest_base(url)
        self._calls_a_minute = calls_a_minute
        self._take_over = take_over
        self._timings = timings
        self._data_timeout = first
        self._market = Market()
        self._market.set_clock((time.time() - monotonic()) * 1000)
        self._subscriptions = Subscriptions(self._request_subscription, self._market, {UNRESOLVED: 1})
        self._open = contextlib.AsyncExitStack()
        self._connection: Connection | None = None
        self._reading: asyncio.Task[NoReturn] | None = None
        self._subscribed_at: dict[type[Push], float] = {}
        self._first_update: dict[type[Push], tuple[float, Symbol]] = {}
        self._symbols_with_data: set[Symbol] = set()
        self._data_arrived = asyncio.Event()
        self._data_deadline = 0.0
        self._unknown_fields = UnknownFields()
        self._market.on_frames = lambda now: self._unknown_fields.look
        self._holder = ""  # the window whose connection is joined
        self._report: RelayReport | None = None
        self._describe_sessions = SessionDescriber(self._market)
        self._host = urlsplit(url).hostname or ""
        self._network = NetworkChecks(url, self._rest_base, calls_a_minute, timings)

    async def __aenter__(self) -> Self:
        resolve_in_threads(asyncio.get_running_loop())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    def checks(self) -> list[Check]:
        """Returns all steps in order. They need those of MachineChecks."""
        network = self._network
        subscribe_checks = [
            Check(f"subscribe {type_}", partial(self._subscribe, type_), (before,), _CONNECTION_ADVICE, timed=True)
            for before, type_ in zip(("auth", *(f"subscribe {t}" for t in TYPES)), TYPES, strict=False)
        ]
        first_checks = [
            Check(f"first {type_}", partial(self._check_first, type_), (f"subscribe {type_}",), _CONNECTION_ADVICE)
            for type_ in TYPES
        ]
        return [
            Check("other copies", self._check_other_copies, ("address", "key")),
            Check("proxy", network.find_proxy, ("address",), "correct that variable, or unset it"),
            Check("certificates", network.certificates, ("address",)),
            Check("name", network.name, ("proxy",), _NAME_ADVICE, timed=True),
            Check("tcp", network.tcp, ("name",), "is the port right? A firewall may be in the way", timed=True),
            Check("tls", network.tls, ("tcp", "certificates"), _TLS_ADVICE, timed=network.is_secure),
            Check("handshake", self._handshake, ("tcp", "tls", "key", "other copies"), _ACCOUNT_ADVICE, timed=True),
            Check("auth", self._auth, ("handshake",), _ACCOUNT_ADVICE, timed=True),
            *subscribe_checks,
            *first_checks,
            Check("symbols", self._check_symbols, (subscribe_checks[-1].name,), _CONNECTION_ADVICE),
            Check("fields", self._fields, ("symbols",)),
            Check("pings", self._pings, ("auth",), "the network or the server stalls: try again"),
            Check(
                "rest", self._rest, ("other copies", "key") if self._has_rest_url else ("tls", "other copies", "key")
            ),
            Check("lag", self._lag, ("auth",), _CONNECTION_ADVICE),
            Check("clock", self._clock, ("handshake",)),
        ]

    async def _check_other_copies(self) -> Finding:
        """Join the process that holds the key's connection; if there is none, hold the key."""
        assert self._token is not None
        sharing = Sharing(
            KeyLock(canonical_host(self._url), self._token),
            self._market,
            "doctor",
            take_over=self._take_over,
            serves=False,
            clock=monotonic,
            timings=self._timings,
        )
        await self._open.enter_async_context(sharing)
        self._market.follow(self._symbols)
        try:
            while self._connection is None:
                if (path := await sharing.choose()) is None:
                    return Finding("none uses this key on this machine")
                with contextlib.suppress(HolderLeft):
                    self._connection = await self._join(path, sharing)
        except NotShared as error:
            return Finding(str(error), error.advice, Status.WARN, blocks=True)
        return Finding(f"{self._holder} shares its connection: joined")

    async def _join(self, path: Path, sharing: Sharing) -> Connection:
        self._holder = f"window {sharing.holder_pid}"
        try:
            return await join(
                path, self._host, sharing, self._market, self._timings, monotonic, self._on_push, self._on_report
            )
        except HolderLeft:
            sharing.left()
            raise

    def _on_report(self, report: RelayReport) -> None:
        self._report = report

    @property
    def _through(self) -> str:
        return f", through {self._holder}" if self._holder else ""

    async def _handshake(self) -> Finding:
        assert self._token is not None
        market = self._market
        if self._connection is None:
            try:
                self._connection = await connect(
                    self._url, self._token, market, self._timings, monotonic, self._on_push
                )
            except RateLimited as error:
                advice = f"wait {error.wait:.0f} s, and look for other clients with the key"
                return Finding(str(error), advice, Status.FAIL)
            except ServerUnavailable as error:
                when = f"in {error.wait:.0f} s" if error.wait else "later"
                return Finding(str(error), f"nothing is wrong here: try again {when}, or ask iTick", Status.FAIL)
        self._open.push_async_callback(self._connection.close)
        market.reconnected(self._symbols)
        self._reading = asyncio.create_task(self._connection.read())
        self._open.push_async_callback(self._stop_reading, self._reading)
        if self._holder:
            return Finding(f"{self._holder} answers: it has the connection to {self._host}")
        whose = " of a demo exchange" if self._connection.is_demo else ""
        return Finding(f"the WebSocket{whose} is open" + (", through the proxy" if self._network.proxy else ""))

    async def _stop_reading(self, reading: asyncio.Task[NoReturn]) -> None:
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError, FeedError):  # reported by the step that met it
            await reading

    async def _auth(self) -> Finding:
        assert self._connection is not None
        try:
            # A process that shares its connection may wait for the vendor as long as it likes.
            async with asyncio.timeout(self._timings.auth if self._holder else None):
                await self._while_connected(self._connection.authenticate())
        except TimeoutError:
            words = safe_text(self._report.words) if self._report is not None else "no report"
            return Finding(f"{self._holder} has no connection: {words}", _ACCOUNT_ADVICE, Status.FAIL)
        self._market.set_hours(demo=self._connection.is_demo)
        return Finding(f"the key is accepted{self._through}")

    async def _subscribe(self, type_: str) -> Finding:
        await self._while_connected(self._subscriptions.sync_type(type_, self._symbols, lambda type_: None))
        self._market.expect_data(self._symbols, monotonic())
        symbols = count(len(self._symbols), "symbol")
        found = [refusal for refusal in refused_types(self._market.instruments.values()) if refusal.type == type_]
        if not found:
            return Finding(f"{symbols} accepted{self._through}")
        words = [
            f"{describe_refusal(type_, refusal.words)} for {len(refusal.symbols)} of {symbols}: "
            f"{safe_text(refusal.words)}"
            for refusal in found
            if refusal.words != OVER_LIMIT
        ]
        if words:
            return Finding("; ".join(words), f"without it {_MISSING_DATA_WORDS[type_]}", Status.WARN)
        over = sum(len(refusal.symbols) for refusal in found)
        return Finding(
            f"plan limit: {len(self._symbols) - over} of {symbols} live",
            "watch fewer, or take a larger plan; the symbols beyond it are marked as over plan",
            Status.WARN,
        )

    async def _request_subscription(self, symbols: Iterable[Symbol], type_: str) -> SubscribeReply | None:
        assert self._connection is not None
        self._subscribed_at.setdefault(CLASSES[type_], monotonic())
        return await self._connection.subscribe(symbols, type_)

    def _on_push(self, message: Push, instrument: Instrument) -> None:
        self._first_update.setdefault(type(message), (monotonic(), instrument.symbol))
        self._symbols_with_data.add(instrument.symbol)
        self._data_arrived.set()

    async def _check_first(self, type_: str) -> Finding:
        kind = CLASSES[type_]
        if all(type_ in instrument.refused for instrument in self._market.instruments.values()):
            return Finding("not served", status=Status.SKIPPED)
        if await self._wait_for_data(lambda: kind in self._first_update):
            at, symbol = self._first_update[kind]
            return Finding(str(symbol), ms=1000 * (at - self._subscribed_at[kind]))
        words, advice = await self._describe_sessions(self._symbols)
        return Finding(f"none within {self._data_timeout:g} s ({words})", advice, Status.WARN)

    async def _check_symbols(self) -> Finding:
        """Check that each accepted symbol has data."""
        served = [symbol for symbol, i in self._market.instruments.items() if len(i.refused) < len(TYPES)]
        if not served:
            return Finding("not served", status=Status.SKIPPED)
        if await self._wait_for_data(lambda: self._symbols_with_data.issuperset(served)):
            return Finding(f"data came of {count(len(served), 'symbol')}")
        if not self._symbols_with_data:
            return Finding("no data at all", status=Status.SKIPPED)
        missing = [symbol for symbol in served if symbol not in self._symbols_with_data]
        words, advice = await self._describe_sessions(missing)
        return Finding(f"none of {format_list(missing)} within {self._data_timeout:g} s ({words})", advice, Status.WARN)

    async def _fields(self) -> Finding:
        if not self._symbols_with_data:
            return Finding("no data at all", status=Status.SKIPPED)
        return self._unknown_fields.finding()

    async def _wait_for_data(self, condition: Callable[[], bool]) -> bool:
        """Wait for a condition until the time limit for data, which starts with the first call. Returns True if it was
        met."""
        self._data_deadline = self._data_deadline or monotonic() + self._data_timeout
        while not condition() and (left := self._data_deadline - monotonic()) > 0:
            self._data_arrived.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._while_connected(self._data_arrived.wait())
        return condition()

    async def _pings(self) -> Finding:
        assert self._connection is not None
        replies: list[bool] = []
        while len(replies) < _PING_COUNT and replies.count(False) < 2:
            replies.append(await self._while_connected(self._connection.ping()))
        if lost := replies.count(False):
            words = f"{lost} of {len(replies)} not answered within {self._timings.pong:g} s"
            return Finding(
                words, "the link would reconnect again and again: try another network, or ask iTick", Status.FAIL
            )
        trips = [1000 * trip for trip in self._market.health.round_trips]
        words = f"{_PING_COUNT} answered, median {statistics.median(trips):.1f} ms, slowest {max(trips):.1f} ms"
        return Finding(words + (f", by {self._holder}" if self._holder else ""))

    async def _rest(self) -> Finding:
        assert self._token is not None
        if not self._calls_a_minute:
            return Finding("not asked: calls_a_minute is 0", status=Status.SKIPPED)
        if self._holder:
            return Finding(f"left to {self._holder}: the calls of a minute are counted by key", status=Status.SKIPPED)
        region = self._symbols[0].region
        codes = [symbol.code for symbol in self._symbols if symbol.region == region][:MAX_CODES]
        took: list[float] = []

        def on_date(sent: float, received: float, date: float) -> None:
            took.append(1000 * (received - sent))  # of the call alone, without the imports
            self._market.observe_date(sent, received, date)

        rest = RestClient(self._rest_base, self._token, on_date=on_date, within=self._timings.open)
        try:
            quotes = await rest.quotes(region, codes)
        except RestError as error:
            advice = error.advice or "the stream goes on without: history and names are missing"
            return Finding(str(error), advice, Status.WARN)
        finally:
            await rest.aclose()
        words = f"{len(quotes)} of {count(len(codes), f'{region} symbol')} have a quote at {rest.host}"
        if missing := [Symbol(code, region) for code in codes if code not in quotes]:
            advice = "without one history and name may be missing too: are they spelled right?"
            return Finding(f"{words}, not {format_list(missing)}", advice, Status.WARN)
        return Finding(words, ms=took[0] if took else None)

    async def _lag(self) -> Finding:
        clock = self._market.clock
        await self._wait_for_data(lambda: clock.seen > 0)
        if (delay := clock.delay()) is not None:
            return Finding(
                f"the whole feed is {count(round(delay / 60), 'minute')} behind",
                "a plan may have delayed prices only: look at yours, or ask iTick",
                Status.WARN,
            )
        if (lag := clock.lag(monotonic())) is None:
            return Finding("not known: no new data came", status=Status.SKIPPED)
        return Finding(lag.in_full)

    async def _clock(self) -> Finding:
        clock = self._market.clock
        if (seconds := clock.known_difference) is not None:
            way = "behind" if seconds > 0 else "ahead of"
            return Finding(
                f"this machine's is {abs(seconds):.0f} s {way} the exchange's",
                "let the network set it: timedatectl set-ntp true, on Linux. Ages on the screen allow for it",
                Status.WARN,
            )
        if clock.half_width == float("inf"):
            return Finding("the server sends no Date: ages and lag are measured by this machine's")
        sign = "-" if clock.offset < 0 else "+"
        offset, error = milliseconds(abs(clock.offset)), milliseconds(clock.half_width)
        return Finding(f"the exchange's is {sign}{offset} ± {error} from this machine's")

    async def _while_connected(self, work: Awaitable[_T]) -> _T:
        """Returns the result of `work`; raises the error that ended the connection before."""
        assert self._reading is not None
        task = asyncio.ensure_future(work)
        try:
            if self._reading.done():
                raise StepSkipped("not tried: the connection is gone")
            await asyncio.wait([task, self._reading], return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                await asyncio.wait([task], timeout=0.05)  # a reply received with the end may be more specific
            if not task.done():
                await self._reading
            return await task
        finally:
            task.cancel()
