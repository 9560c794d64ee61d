"""The steps of the connection to the feed, as the dashboard takes them: from the host name to data and pings."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any, NoReturn, Self, TypeVar
from urllib.parse import urlsplit

from tui.doctor.checks import Check, Finding, Status, StepSkipped
from tui.errors import FeedError, NoConnection, reason
from tui.feed.clock import monotonic
from tui.feed.connection import Connection, connect
from tui.feed.dns import resolve_in_threads
from tui.feed.endpoint import host_of, is_loopback, rest_base
from tui.feed.failures import RateLimited, ServerUnavailable, translate_network_errors
from tui.feed.key_lock import KeyInUse, KeyLock
from tui.feed.proxy import Proxy, ignored_no_proxy_entries, proxy_for
from tui.feed.state import Timings
from tui.feed.subscriptions import Subscriptions
from tui.feed.tls import trust
from tui.format import count, milliseconds
from tui.history.rest_client import MAX_CODES, RestClient, RestError
from tui.market import Instrument, Market
from tui.market.entitlements import describe_refusal, refused_types
from tui.protocol.messages import CLASSES, OVER_LIMIT, TYPES, UNRESOLVED, Push, SubscribeReply
from tui.reference import holidays
from tui.secrets import Token, safe_text
from tui.symbol import Symbol, format_list
from tui.threads import run_in_thread

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
_EXPIRES_SOON = 7.0  # days
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
        self._has_holidays = False
        parts = urlsplit(url)
        self._secure = parts.scheme == "wss"
        self._host = parts.hostname or ""
        # Host and port of the TCP connection: the server's, or the proxy's.
        self._endpoint = (self._host, parts.port or (443 if self._secure else 80))
        self._proxy: Proxy | None = None

    async def __aenter__(self) -> Self:
        resolve_in_threads(asyncio.get_running_loop())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    def checks(self) -> list[Check]:
        """Returns all steps in order. They need those of MachineChecks."""
        subscribe_checks = [
            Check(f"subscribe {type_}", partial(self._subscribe, type_), (before,), _CONNECTION_ADVICE, timed=True)
            for before, type_ in zip(("auth", *(f"subscribe {t}" for t in TYPES)), TYPES, strict=False)
        ]
        first_checks = [
            Check(f"first {type_}", partial(self._check_first, type_), (f"subscribe {type_}",), _CONNECTION_ADVICE)
            for type_ in TYPES
        ]
        return [
            Check("other copies", self._check_key_lock, ("address", "key")),
            Check("proxy", self._find_proxy, ("address",), "correct that variable, or unset it"),
            Check("certificates", self._certificates, ("address",)),
            Check("name", self._name, ("proxy",), "is this machine online, and the host spelled right?", timed=True),
            Check("tcp", self._tcp, ("name",), "is the port right? A firewall may be in the way", timed=True),
            Check("tls", self._tls, ("tcp", "certificates"), _TLS_ADVICE, timed=self._secure),
            Check("handshake", self._handshake, ("tcp", "tls", "key", "other copies"), _ACCOUNT_ADVICE, timed=True),
            Check("auth", self._auth, ("handshake",), _ACCOUNT_ADVICE, timed=True),
            *subscribe_checks,
            *first_checks,
            Check("symbols", self._check_symbols, (subscribe_checks[-1].name,), _CONNECTION_ADVICE),
            Check("pings", self._pings, ("auth",), "the network or the server stalls: try again"),
            Check("rest", self._rest, ("key",) if self._has_rest_url else ("tls", "key")),
            Check("lag", self._lag, ("auth",), _CONNECTION_ADVICE),
            Check("clock", self._clock, ("handshake",)),
        ]

    # The network.

    async def _find_proxy(self) -> Finding:
        with translate_network_errors(self._host, self._timings.open):
            async with asyncio.timeout(self._timings.open):
                self._proxy = proxy = rest_proxy = await run_in_thread(proxy_for, self._url)
                with contextlib.suppress(NoConnection):  # reported by the step `rest`
                    rest_proxy = await run_in_thread(proxy_for, self._rest_base)
        if proxy is not None:
            self._endpoint = (proxy.host, proxy.port)
        words = _proxy_words(proxy)
        if self._calls_a_minute and str(rest_proxy) != str(proxy):
            words += f", and for REST {_proxy_words(rest_proxy)}"
        if not is_loopback(self._url) and (ignored := ignored_no_proxy_entries()):
            words += f"; no_proxy has entries that cannot be read: number {', '.join(map(str, ignored))}"
            return Finding(words, "write hosts, domains, addresses or networks there, with commas between", Status.WARN)
        return Finding(words)

    async def _certificates(self) -> Finding:
        if is_loopback(self._url) and is_loopback(self._rest_base):
            return Finding("none needed on this machine")
        _, stores, ignored = await trust(self._timings.open)
        words = f"trusted: those of {', '.join(stores)}" if stores else "none is trusted"
        if ignored:
            words += f"; there are none in {', '.join(ignored)}"
            return Finding(
                safe_text(words), "name a file (or a folder) of certificates there, or unset it", Status.WARN
            )
        return Finding(safe_text(words))

    async def _name(self) -> Finding:
        host, port = self._endpoint
        host_words = self._endpoint_words
        try:
            async with asyncio.timeout(self._timings.open):
                infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError:
            raise NoConnection(f"{host_words}: no answer within {self._timings.open:g} s") from None
        except OSError as error:
            raise NoConnection(f"{host_words}: {reason(error)}") from None
        except UnicodeError:  # a..b
            raise NoConnection(f"{host_words} is not a valid host name") from None
        addresses = list(dict.fromkeys(str(address[0]) for *_, address in infos))
        if addresses == [host]:
            return Finding(f"{host_words} is an address already")
        more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
        return Finding(f"{host_words}: {addresses[0]}{more}")

    @property
    def _endpoint_words(self) -> str:
        return f"{self._endpoint[0]} (the proxy)" if self._proxy else self._endpoint[0]

    async def _tcp(self) -> Finding:
        await self._open_tcp()
        return Finding(f"{self._endpoint_words} answers at port {self._endpoint[1]}")

    async def _tls(self) -> Finding:
        if not self._secure:
            return Finding("none needed on this machine")
        if self._proxy:
            return Finding("inside the proxy's tunnel: see the handshake", status=Status.SKIPPED)
        writer = await self._open_tcp((await trust(self._timings.open)).context)
        secured: ssl.SSLObject = writer.get_extra_info("ssl_object")
        certificate: dict[str, Any] = secured.getpeercert() or {}
        if not certificate:  # OpenSSL has no certificate that the keychain verifies after it
            return Finding(f"{secured.version()}, the certificate is trusted")
        days = (ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()) / 86_400
        words = f"{secured.version()}, the certificate is by {_issuer(certificate)} and lasts {days:.0f} more days"
        if days < _EXPIRES_SOON:
            return Finding(words, "the operator of the server has to renew it", Status.WARN)
        return Finding(words)

    async def _open_tcp(self, context: ssl.SSLContext | None = None) -> asyncio.StreamWriter:
        """Returns a connection that was opened and aborted again. Raises NoConnection."""
        host, port = self._endpoint
        name = self._host if context else None
        with translate_network_errors(f"{host} port {port}", self._timings.open):
            async with asyncio.timeout(self._timings.open):
                _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=name)
        writer.transport.abort()
        return writer

    # The connection.

    async def _check_key_lock(self) -> Finding:
        assert self._token is not None
        try:
            self._open.enter_context(KeyLock(host_of(self._url), self._token, take_over=self._take_over))
        except KeyInUse as error:
            return Finding(
                f"itick-tui (pid {error.pid}) is using this key",
                "a connection from here would end that one: end it first, or give --take-over",
                Status.WARN,
                blocks=True,
            )
        return Finding("none uses this key on this machine")

    async def _handshake(self) -> Finding:
        assert self._token is not None
        market = self._market
        market.follow(self._symbols)
        try:
            self._connection = await connect(self._url, self._token, market, self._timings, monotonic, self._on_push)
        except RateLimited as error:
            return Finding(str(error), f"wait {error.wait:.0f} s, and look for other clients with the key", Status.FAIL)
        except ServerUnavailable as error:
            when = f"in {error.wait:.0f} s" if error.wait else "later"
            return Finding(str(error), f"nothing is wrong here: try again {when}, or ask iTick", Status.FAIL)
        self._open.push_async_callback(self._connection.close)
        market.set_hours(demo=self._connection.is_demo)
        market.reconnected(self._symbols)
        self._reading = asyncio.create_task(self._connection.read())
        self._open.push_async_callback(self._stop_reading, self._reading)
        whose = " of a demo exchange" if self._connection.is_demo else ""
        return Finding(f"the WebSocket{whose} is open" + (", through the proxy" if self._proxy else ""))

    async def _stop_reading(self, reading: asyncio.Task[NoReturn]) -> None:
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError, FeedError):  # reported by the step that met it
            await reading

    async def _auth(self) -> Finding:
        assert self._connection is not None
        await self._while_connected(self._connection.authenticate())
        return Finding("the key is accepted")

    async def _subscribe(self, type_: str) -> Finding:
        await self._while_connected(self._subscriptions.sync_type(type_, self._symbols, lambda type_: None))
        self._market.expect_data(self._symbols, monotonic())
        symbols = count(len(self._symbols), "symbol")
        found = [refusal for refusal in refused_types(self._market.instruments.values()) if refusal.type == type_]
        if not found:
            return Finding(f"{symbols} accepted")
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
        words, advice = await self._session_words(self._symbols)
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
        words, advice = await self._session_words(missing)
        return Finding(f"none of {format_list(missing)} within {self._data_timeout:g} s ({words})", advice, Status.WARN)

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

    async def _session_words(self, symbols: Iterable[Symbol]) -> tuple[str, str]:
        """Returns the session of each region at present, and when to try again."""
        if not self._has_holidays:
            self._market.set_holidays(await asyncio.to_thread(holidays.load, time.time()))
            self._has_holidays = True
        now, words, openings = self._market.exchange_time(monotonic()), [], []
        for region in dict.fromkeys(symbol.region for symbol in symbols):
            calendar = self._market.calendar(region)
            interval = calendar.at(now)
            if calendar.always_open:
                words.append(f"{region} hours unknown")
                continue
            why = calendar.holiday(calendar.zone.at(now).date())
            if calendar.is_provisional(interval.date):
                why = ", ".join(filter(None, (why, f"days off of {interval.date.year} not announced yet")))
            words.append(f"{region} {interval.phase.value}" + (f", {why}" if why else ""))
            if interval.phase.is_closed and (opening := calendar.next_transition(now)):
                openings.append(
                    (
                        opening.time,
                        f"{region} {opening.what} {calendar.zone.at(opening.time):%a %H:%M} {calendar.zone.label}",
                    )
                )
        if len(openings) < len(words):
            return ", ".join(words), "quiet ones, or unknown to iTick: check the spelling, or try --watch 'SPY$US'"
        return ", ".join(words), f"try again when it is open: {min(openings)[1]}"

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
        return Finding(f"{_PING_COUNT} answered, median {statistics.median(trips):.1f} ms, slowest {max(trips):.1f} ms")

    async def _rest(self) -> Finding:
        assert self._token is not None
        if not self._calls_a_minute:
            return Finding("not asked: calls_a_minute is 0", status=Status.SKIPPED)
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


def _proxy_words(proxy: Proxy | None) -> str:
    return f"{proxy}, from {proxy.source}" if proxy else "none"


def _issuer(certificate: dict[str, Any]) -> str:
    names = {name: value for part in certificate.get("issuer", ()) for name, value in part}
    return safe_text(names.get("organizationName") or names.get("commonName") or "an unnamed issuer")[:60]
