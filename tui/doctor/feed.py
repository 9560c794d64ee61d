"""The way to the feed as the dashboard goes it, one step at a time: from the name of the host to data and pings."""

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

from tui.doctor.checks import Check, Found, NotTaken, Status
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
from tui.market.sessions import SessionPhase
from tui.protocol.messages import CLASSES, OVER_LIMIT, TYPES, UNRESOLVED, Push, SubscribeReply
from tui.reference import holidays
from tui.secrets import Token, safe_text
from tui.symbol import Symbol, format_list
from tui.threads import run_in_thread

TIMINGS = Timings(open=5.0, auth=5.0, reply=5.0, pong=3.0)
WITHIN = 40.0  # s for all of it
_FIRST = 6.0  # s
_PINGS = 5
_WITHOUT = {
    "tick": "there are no trades to show",
    "quote": "there is no day's open, high, low and volume to show",
    "depth": "the order book stays empty",
    "kline@1": "the minutes of the chart are built from trades",
}
_EXPIRES_SOON = 7.0  # days
_TLS = "something between here and the server may cut it: try another network, or ask who runs this one"
_ACCOUNT = "are key and host those of your iTick account? If they are, try again later"
_ASKED = "the connection does not hold: try again"

_T = TypeVar("_T")


class FeedChecks:
    """The steps to `url`, on one connection with these symbols. Leaving its block closes what is open. Where there is
    no address (`""`) or no key, the steps that need it are not to be taken."""

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
        first: float = _FIRST,
    ) -> None:
        self._url = url
        self._token = token
        self._symbols = list(symbols)
        self._rest_apart = bool(rest)
        self._rest_base = rest or rest_base(url)
        self._calls = calls_a_minute
        self._take_over = take_over
        self._timings = timings
        self._patience = first
        self._market = Market()
        self._market.set_clock((time.time() - monotonic()) * 1000)
        self._subscriptions = Subscriptions(TYPES, self._ask, self._market, {UNRESOLVED: 1})
        self._open = contextlib.AsyncExitStack()
        self._connection: Connection | None = None
        self._reading: asyncio.Task[NoReturn] | None = None
        self._asked: dict[type[Push], float] = {}
        self._first: dict[type[Push], tuple[float, Symbol]] = {}
        self._heard_of: set[Symbol] = set()
        self._came = asyncio.Event()
        self._waits_until = 0.0
        self._knows_holidays = False
        parts = urlsplit(url)
        self._secure = parts.scheme == "wss"
        self._server = parts.hostname or ""
        self._gate = (self._server, parts.port or (443 if self._secure else 80))  # what is connected to
        self._proxy: Proxy | None = None

    async def __aenter__(self) -> Self:
        resolve_in_threads(asyncio.get_running_loop())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    def checks(self) -> list[Check]:
        """All of them, in order. They build on those of this machine."""
        asked = [
            Check(f"subscribe {type_}", partial(self._subscribe, type_), (before,), _ASKED, timed=True)
            for before, type_ in zip(("auth", *(f"subscribe {t}" for t in TYPES)), TYPES, strict=False)
        ]
        came = [
            Check(f"first {type_}", partial(self._arrives, type_), (f"subscribe {type_}",), _ASKED) for type_ in TYPES
        ]
        return [
            Check("other copies", self._copies, ("address", "key")),
            Check("proxy", self._find_proxy, ("address",), "put that variable right, or unset it"),
            Check("certificates", self._certificates, ("address",)),
            Check("name", self._name, ("proxy",), "is this machine online, and the host spelled right?", timed=True),
            Check("tcp", self._tcp, ("name",), "is the port right? A firewall may be in the way", timed=True),
            Check("tls", self._tls, ("tcp", "certificates"), _TLS, timed=self._secure),
            Check("handshake", self._handshake, ("tcp", "tls", "key", "other copies"), _ACCOUNT, timed=True),
            Check("auth", self._auth, ("handshake",), _ACCOUNT, timed=True),
            *asked,
            *came,
            Check("symbols", self._each, (asked[-1].name,), _ASKED),
            Check("pings", self._pings, ("auth",), "the network or the server stalls: try again"),
            Check("rest", self._rest, ("key",) if self._rest_apart else ("tls", "key")),
            Check("lag", self._lag, ("auth",), _ASKED),
            Check("clock", self._clock, ("handshake",)),
        ]

    # The network.

    async def _find_proxy(self) -> Found:
        with translate_network_errors(self._server, self._timings.open):
            async with asyncio.timeout(self._timings.open):
                self._proxy = proxy = others = await run_in_thread(proxy_for, self._url)
                with contextlib.suppress(NoConnection):  # REST itself will say it
                    others = await run_in_thread(proxy_for, self._rest_base)
        if proxy is not None:
            self._gate = (proxy.host, proxy.port)
        words = _proxy_words(proxy)
        if self._calls and str(others) != str(proxy):
            words += f", and for REST {_proxy_words(others)}"
        if not is_loopback(self._url) and (ignored := ignored_no_proxy_entries()):
            words += f"; no_proxy has entries that cannot be read: number {', '.join(map(str, ignored))}"
            return Found(words, "write hosts, domains, addresses or networks there, with commas between", Status.WARN)
        return Found(words)

    async def _certificates(self) -> Found:
        if is_loopback(self._url) and is_loopback(self._rest_base):
            return Found("none needed on this machine")
        _, stores, ignored = await trust(self._timings.open)
        words = f"trusted are those of {', '.join(stores)}" if stores else "none is trusted"
        if ignored:
            words += f"; there are none in {', '.join(ignored)}"
            return Found(safe_text(words), "name a file (or a folder) of certificates there, or unset it", Status.WARN)
        return Found(safe_text(words))

    async def _name(self) -> Found:
        host, port = self._gate
        named = self._gate_named
        try:
            async with asyncio.timeout(self._timings.open):
                infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError:
            raise NoConnection(f"{named}: no answer within {self._timings.open:g} s") from None
        except OSError as error:
            raise NoConnection(f"{named}: {reason(error)}") from None
        except UnicodeError:  # a..b
            raise NoConnection(f"{named} can be nobody's name") from None
        addresses = list(dict.fromkeys(str(address[0]) for *_, address in infos))
        if addresses == [host]:
            return Found(f"{named} is an address already")
        more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
        return Found(f"{named}: {addresses[0]}{more}")

    @property
    def _gate_named(self) -> str:
        return f"{self._gate[0]} (the proxy)" if self._proxy else self._gate[0]

    async def _tcp(self) -> Found:
        await self._reach()
        return Found(f"{self._gate_named} answers at port {self._gate[1]}")

    async def _tls(self) -> Found:
        if not self._secure:
            return Found("none needed on this machine")
        if self._proxy:
            return Found("inside the proxy's tunnel: the handshake tells", status=Status.SKIPPED)
        writer = await self._reach((await trust(self._timings.open)).context)
        secured: ssl.SSLObject = writer.get_extra_info("ssl_object")
        certificate: dict[str, Any] = secured.getpeercert() or {}
        if not certificate:  # of the keychain, which looks at it after OpenSSL, OpenSSL knows nothing
            return Found(f"{secured.version()}, the certificate is trusted")
        days = (ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()) / 86_400
        words = f"{secured.version()}, the certificate is by {_issuer(certificate)} and lasts {days:.0f} more days"
        if days < _EXPIRES_SOON:
            return Found(words, "whoever runs the server has to renew it", Status.WARN)
        return Found(words)

    async def _reach(self, context: ssl.SSLContext | None = None) -> asyncio.StreamWriter:
        """A connection, closed again. Raises NoConnection."""
        host, port = self._gate
        name = self._server if context else None
        with translate_network_errors(f"{host} port {port}", self._timings.open):
            async with asyncio.timeout(self._timings.open):
                _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=name)
        writer.transport.abort()
        return writer

    # The connection.

    async def _copies(self) -> Found:
        assert self._token is not None
        try:
            self._open.enter_context(KeyLock(host_of(self._url), self._token, take_over=self._take_over))
        except KeyInUse as error:
            return Found(
                f"itick-tui (pid {error.pid}) is using this key",
                "a connection from here would end that one: end it first, or give --take-over",
                Status.WARN,
                blocks=True,
            )
        return Found("none uses this key on this machine")

    async def _handshake(self) -> Found:
        assert self._token is not None
        market = self._market
        market.follow(self._symbols)
        try:
            self._connection = await connect(self._url, self._token, market, self._timings, monotonic, self._push)
        except RateLimited as error:
            return Found(str(error), f"wait {error.wait:.0f} s, and look for others that use the key", Status.FAIL)
        except ServerUnavailable as error:
            when = f"in {error.wait:.0f} s" if error.wait else "later"
            return Found(str(error), f"nothing is wrong here: try again {when}, or ask iTick", Status.FAIL)
        self._open.push_async_callback(self._connection.close)
        market.set_hours(demo=self._connection.is_demo)
        market.reconnected(self._symbols)
        self._reading = asyncio.create_task(self._connection.read())
        self._open.push_async_callback(self._stop_reading, self._reading)
        whose = " of a demo exchange" if self._connection.is_demo else ""
        return Found(f"the WebSocket{whose} is open" + (", through the proxy" if self._proxy else ""))

    async def _stop_reading(self, reading: asyncio.Task[NoReturn]) -> None:
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError, FeedError):  # told by whichever step met it
            await reading

    async def _auth(self) -> Found:
        assert self._connection is not None
        await self._while_read(self._connection.authenticate())
        return Found("the key is accepted")

    async def _subscribe(self, type_: str) -> Found:
        await self._while_read(self._subscriptions.sync_type(type_, self._symbols, lambda type_: None))
        self._market.expect_data(self._symbols, monotonic())
        symbols = count(len(self._symbols), "symbol")
        found = [refusal for refusal in refused_types(self._market.instruments.values()) if refusal.type == type_]
        if not found:
            return Found(f"{symbols} accepted")
        words = [
            f"{describe_refusal(type_, refusal.words)} for {len(refusal.symbols)} of {symbols}: "
            f"{safe_text(refusal.words)}"
            for refusal in found
            if refusal.words != OVER_LIMIT
        ]
        if words:
            return Found("; ".join(words), f"without it {_WITHOUT[type_]}", Status.WARN)
        over = sum(len(refusal.symbols) for refusal in found)
        return Found(
            f"plan limit: {len(self._symbols) - over} of {symbols} live",
            "watch fewer, or take a larger plan; what does not fit is marked as over plan",
            Status.WARN,
        )

    async def _ask(self, symbols: Iterable[Symbol], type_: str) -> SubscribeReply | None:
        assert self._connection is not None
        self._asked.setdefault(CLASSES[type_], monotonic())
        return await self._connection.subscribe(symbols, type_)

    def _push(self, message: Push, instrument: Instrument) -> None:
        self._first.setdefault(type(message), (monotonic(), instrument.symbol))
        self._heard_of.add(instrument.symbol)
        self._came.set()

    async def _arrives(self, type_: str) -> Found:
        kind = CLASSES[type_]
        if all(type_ in instrument.refused for instrument in self._market.instruments.values()):
            return Found("not served", status=Status.SKIPPED)
        if await self._comes(lambda: kind in self._first):
            at, symbol = self._first[kind]
            return Found(str(symbol), ms=1000 * (at - self._asked[kind]))
        words, advice = await self._hours(self._symbols)
        return Found(f"none within {self._patience:g} s ({words})", advice, Status.WARN)

    async def _each(self) -> Found:
        """Whether there is data of every symbol that is served."""
        served = [symbol for symbol, i in self._market.instruments.items() if len(i.refused) < len(TYPES)]
        if not served:
            return Found("not served", status=Status.SKIPPED)
        if await self._comes(lambda: self._heard_of.issuperset(served)):
            return Found(f"data came of {count(len(served), 'symbol')}")
        if not self._heard_of:
            return Found("no data at all", status=Status.SKIPPED)
        silent = [symbol for symbol in served if symbol not in self._heard_of]
        words, advice = await self._hours(silent)
        return Found(f"none of {format_list(silent)} within {self._patience:g} s ({words})", advice, Status.WARN)

    async def _comes(self, there: Callable[[], bool]) -> bool:
        """Whether it is there before the patience for data is over, which begins when this is asked first."""
        self._waits_until = self._waits_until or monotonic() + self._patience
        while not there() and (left := self._waits_until - monotonic()) > 0:
            self._came.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._while_read(self._came.wait())
        return there()

    async def _hours(self, symbols: Iterable[Symbol]) -> tuple[str, str]:
        """What the exchange of each region does now, and when it is worth to try again."""
        if not self._knows_holidays:
            self._market.set_holidays(await asyncio.to_thread(holidays.load, time.time()))
            self._knows_holidays = True
        now, words, bells = self._market.exchange_time(monotonic()), [], []
        for region in dict.fromkeys(symbol.region for symbol in symbols):
            hours = self._market.calendar(region)
            stretch = hours.at(now)
            if hours.always:
                words.append(f"{region} hours unknown")
                continue
            why = hours.holiday(stretch.date)
            words.append(f"{region} {stretch.phase.value}" + (f", {why}" if why else ""))
            if stretch.phase is SessionPhase.CLOSED and (bell := hours.next_transition(now)):
                bells.append(
                    (bell.time, f"{region} {bell.what} {hours.zone.at(bell.time):%a %H:%M} {hours.zone.label}")
                )
        if len(bells) < len(words):
            return ", ".join(words), "quiet ones, or unknown to iTick: check the spelling, or try --watch 'SPY$US'"
        return ", ".join(words), f"try again when it is open: {min(bells)[1]}"

    async def _pings(self) -> Found:
        assert self._connection is not None
        answers: list[bool] = []
        while len(answers) < _PINGS and answers.count(False) < 2:
            answers.append(await self._while_read(self._connection.ping()))
        if lost := answers.count(False):
            words = f"{lost} of {len(answers)} not answered within {self._timings.pong:g} s"
            return Found(
                words, "the link would be made again and again: try another network, or ask iTick", Status.FAIL
            )
        trips = [1000 * trip for trip in self._market.health.round_trips]
        return Found(f"{_PINGS} answered, median {statistics.median(trips):.1f} ms, slowest {max(trips):.1f} ms")

    async def _rest(self) -> Found:
        assert self._token is not None
        if not self._calls:
            return Found("not asked: calls_a_minute is 0", status=Status.SKIPPED)
        region = self._symbols[0].region
        codes = [symbol.code for symbol in self._symbols if symbol.region == region][:MAX_CODES]
        took: list[float] = []

        def dated(sent: float, received: float, date: float) -> None:
            took.append(1000 * (received - sent))  # alone, without loading what is needed for it
            self._market.observe_date(sent, received, date)

        rest = RestClient(self._rest_base, self._token, on_date=dated, within=self._timings.open)
        try:
            quotes = await rest.quotes(region, codes)
        except RestError as error:
            advice = error.advice or "the stream goes on without: history and names are missing"
            return Found(str(error), advice, Status.WARN)
        finally:
            await rest.aclose()
        words = f"{len(quotes)} of {count(len(codes), f'{region} symbol')} have a quote at {rest.host}"
        if missing := [Symbol(code, region) for code in codes if code not in quotes]:
            advice = "without one the past and the name may be missing too: are they spelled right?"
            return Found(f"{words}, not {format_list(missing)}", advice, Status.WARN)
        return Found(words, ms=took[0] if took else None)

    async def _lag(self) -> Found:
        clock = self._market.clock
        await self._comes(lambda: clock.seen > 0)
        if (delay := clock.delay()) is not None:
            return Found(
                f"the whole feed is {count(round(delay / 60), 'minute')} behind",
                "a plan may have delayed prices only: look at yours, or ask iTick",
                Status.WARN,
            )
        if (lag := clock.lag(monotonic())) is None:
            return Found("not known: nothing new came", status=Status.SKIPPED)
        return Found(lag.in_full)

    async def _clock(self) -> Found:
        clock = self._market.clock
        if (seconds := clock.differs) is not None:
            way = "behind" if seconds > 0 else "ahead of"
            return Found(
                f"this machine's is {abs(seconds):.0f} s {way} the exchange's",
                "let the network set it: timedatectl set-ntp true, on Linux. Ages on the screen allow for it",
                Status.WARN,
            )
        if clock.half_width == float("inf"):
            return Found("the server does not tell its time: ages and lag are measured by this machine's")
        sign = "-" if clock.offset < 0 else "+"
        offset, error = milliseconds(abs(clock.offset)), milliseconds(clock.half_width)
        return Found(f"the exchange's is {sign}{offset} ± {error} from this machine's")

    async def _while_read(self, work: Awaitable[_T]) -> _T:
        """The result of `work`, or why the connection ended before."""
        assert self._reading is not None
        task = asyncio.ensure_future(work)
        try:
            if self._reading.done():
                raise NotTaken("not tried: the connection is gone")
            await asyncio.wait([task, self._reading], return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                await asyncio.wait([task], timeout=0.05)  # what came together with the end may say more
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
