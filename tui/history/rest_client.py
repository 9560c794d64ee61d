"""What the vendor tells over REST: bars of the past, quotes, the funds of a region.

It is beside the feed and never in its way: calls wait for their turn, of which a plan allows few, and whatever goes
wrong is a RestError in words. None of it is on the vendor's WebSocket page.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from tui import __version__
from tui.errors import FeedError, KeyRefused, MalformedMessage, NoConnection
from tui.feed.clock import monotonic
from tui.feed.endpoint import check_rest_url, host_of
from tui.feed.failures import RetryLater, explain_network_error, status_error, translate_network_errors
from tui.feed.http_headers import http_date
from tui.feed.proxy import Proxy, proxy_for
from tui.feed.tls import context_for
from tui.protocol import rest as answers
from tui.protocol.messages import Kline, Quote
from tui.protocol.rate_limit import RateLimiter
from tui.protocol.rest import MOST_BARS, ListedFund
from tui.secrets import Token, safe_text
from tui.symbol import Symbol
from tui.threads import run_in_thread

if TYPE_CHECKING:
    import httpx

MOST_QUOTES = 50  # codes a call asks for

_MINUTE = 61.0  # s: calls take a while to arrive, and the vendor counts what arrives in a minute of its own
_LARGEST = 6 << 20  # bytes of an answer: twice what MOST_QUOTES × MOST_BARS take; a third of a second to read the worst
_SLOW_DOWN = 60.0  # s, at least, where the vendor asks for it: its limit is one a minute
_NO_SUCH_PATH = 404

Clock = Callable[[], float]
_Read = TypeVar("_Read")

_log = logging.getLogger(__name__)


class RestError(FeedError):
    """A call without an answer; the text says why.

    `refused`: the key or the plan does not allow it, so that asking again would not help. `wait`: seconds that the
    vendor wants to be left alone, 0 where it did not say. `status` of HTTP, 0 without one."""

    def __init__(
        self, words: str, *, refused: bool = False, wait: float = 0.0, status: int = 0, advice: str = ""
    ) -> None:
        super().__init__(words, advice=advice)
        self.refused = refused
        self.wait = wait
        self.status = status


class RestClient:
    """The vendor at `base`, as `rest_base` or the setting names it, with at most `calls_a_minute`; at 0 every call is
    refused here. `minute` is how long one is, and `within` what an answer may take to its last byte, in s.

    `on_date` hears of each answer's `Date`, in ms UTC, after when the call was sent and the answer came, in s of
    `clock`. `unread` counts rows that could not be read. Raises UsageError where the key may not be sent to `base`."""

    def __init__(
        self,
        base: str,
        token: Token,
        calls_a_minute: int = 5,
        *,
        clock: Clock = monotonic,
        on_date: Callable[[float, float, float], None] | None = None,
        minute: float = _MINUTE,
        within: float = 30.0,
    ) -> None:
        self._base = check_rest_url(base)
        self.host = host_of(base)
        self._token = token
        self._turns = RateLimiter(calls_a_minute, minute) if calls_a_minute > 0 else None
        self._look_every = minute / 60  # of a patient call: whether all others are through
        self._within = within
        self._clock = clock
        self._on_date = on_date
        self._opening = asyncio.Lock()
        self._transport: httpx.AsyncHTTPTransport | None = None
        self._proxy: Proxy | None = None
        self._urgent = 0  # calls that wait or are under way, but for the patient ones
        self.at_once = MOST_QUOTES
        """Codes that a call asks for: 1 where the vendor proved to have no path for several."""
        self.unread = 0

    @property
    def _where(self) -> str:
        return f"{self.host} through the proxy {self._proxy}" if self._proxy else self.host

    async def klines(self, region: str, codes: Sequence[str], limit: int = MOST_BARS) -> dict[str, list[Kline]]:
        """One-minute bars by code, oldest first, the latest `limit` of them; a code that the vendor knows nothing of is
        missing. One call, for `at_once` codes at most. Raises RestError, after which `at_once` may be less."""
        query: dict[str, object] = {"region": region, "kType": 1, "limit": min(limit, MOST_BARS)}
        if len(codes) == 1:
            read = partial(answers.parse_klines_of_one, symbol=Symbol(codes[0], region))
            found = await self._ask("/fund/kline", {"code": codes[0]} | query, read)
        else:
            try:
                several = {"codes": ",".join(codes)} | query
                found = await self._ask("/fund/klines", several, partial(answers.parse_klines, region=region))
            except RestError as error:
                if error.status == _NO_SUCH_PATH:
                    self.at_once = 1
                raise
        return {code: found[code] for code in codes if code in found}

    async def quotes(self, region: str, codes: Sequence[str]) -> dict[str, Quote]:
        """Returns the latest quotes by code, MOST_QUOTES at most, in one call; one that the vendor does not know is
        missing. Raises RestError."""
        query = {"region": region, "codes": ",".join(codes)}
        found = await self._ask("/fund/quotes", query, partial(answers.parse_quotes, region=region))
        return {code: found[code] for code in codes if code in found}

    async def funds(self, region: str) -> list[ListedFund]:
        """Every fund of a region, some ten thousand of them. Asked for when no other call waits. Raises RestError."""
        return await self._ask(
            "/symbol/list",
            {"type": "fund", "region": region},
            partial(answers.parse_funds, region=region),
            patient=True,
        )

    async def aclose(self) -> None:
        """Let go of the connection."""
        if self._transport is not None:
            await self._transport.aclose()

    async def _ask(
        self, path: str, query: Mapping[str, object], read: Callable[[bytes], tuple[_Read, int]], patient: bool = False
    ) -> _Read:
        """What `read` makes of an answer's data, on another thread: two megabytes take as long as a frame may."""
        self._urgent += not patient
        try:
            await self._turn(patient)
            body = await self._get(path, query)
            return await asyncio.to_thread(self._read, path, body, read)
        finally:
            self._urgent -= not patient

    def _read(self, path: str, body: bytes, read: Callable[[bytes], tuple[_Read, int]]) -> _Read:
        try:
            answer = answers.parse_envelope(body)
            if answer.code != 0:
                words = safe_text(answer.words or "")[:80] or f"code {answer.code}"
                raise RestError(f"{self.host} does not serve {path}: {words}", refused=True)
            result, unread = read(bytes(answer.data))
        except MalformedMessage as error:
            raise RestError(f"{self.host} answered {path} with what cannot be read ({error.kind})") from None
        if unread:
            self.unread += unread
            _log.warning("GET %s: %d rows cannot be read", path, unread)
        return result

    async def _turn(self, patient: bool) -> None:
        """Wait until a call may be made; a patient one lets others begin first."""
        if self._turns is None:
            raise RestError("calls_a_minute is 0: nothing is asked for over REST", refused=True)
        wait = self._look_every if patient else 0.0
        while True:
            await asyncio.sleep(wait)
            wait = self._turns.delay(self._clock())
            if patient and self._urgent:
                wait = max(wait, self._look_every)
            if not wait:
                break
        self._turns.acquire(self._clock())

    async def _get(self, path: str, query: Mapping[str, object]) -> bytes:
        """The body of an answer with status 200. Raises RestError for anything else."""
        transport = await self._opened()
        url = f"{self._base}{path}?{urlencode(query, safe=',')}"
        try:
            async with asyncio.timeout(self._within):
                sent = self._clock()
                response = await self._response(transport, url)
                try:
                    received = self._clock()
                    status = response.status_code
                    _log.info("GET %s: %d after %.0f ms", path, status, (received - sent) * 1000)
                    self._tell_date(sent, received, response.headers)
                    if status != 200:
                        raise self._status_error(path, response)
                    coding = response.headers.get("Content-Encoding", "identity")
                    if coding.lower() != "identity":
                        raise RestError(
                            f"{self.host} answered {path} in {safe_text(coding)[:20]}, which was not asked for"
                        )
                    body = bytearray()
                    async for part in self._parts(response):
                        body += part
                        if len(body) > _LARGEST:
                            raise RestError(f"{self.host} answered {path} with more than {_LARGEST >> 20} MB")
                    return bytes(body)
                finally:
                    with self._library_in_words():
                        await response.aclose()
        except TimeoutError:
            raise RestError(f"{self._where} did not answer {path} within {self._within:g} s") from None

    async def _response(self, transport: httpx.AsyncHTTPTransport, url: str) -> httpx.Response:
        """The head of an answer, by the transport itself: the client above it keeps cookies, unfolds what is coded, and
        knows of redirects. Raises RestError."""
        proxies: list[Any] = []  # connections to a SOCKS proxy: httpcore leaves them open where it answers nonsense

        async def trace(event: str, info: dict[str, Any]) -> None:
            if event == "socks.connect_tcp.complete":
                proxies.append(info["return_value"])

        headers = {
            "User-Agent": f"itick-tui/{__version__}",
            "Accept": "*/*",
            "Accept-Encoding": "identity",  # what is unfolded can be a thousand times what came
            "token": self._token.reveal(),
        }
        try:
            with self._library_in_words():
                from httpx import Request  # loaded by now

                request = Request("GET", url, headers=headers, extensions={"trace": trace})
                return await transport.handle_async_request(request)
        except BaseException:
            for proxy in proxies:
                await proxy.aclose()
            raise

    async def _parts(self, response: httpx.Response) -> AsyncIterator[bytes]:
        """The body as it comes. Raises RestError."""
        from httpx import AsyncByteStream  # loaded by now

        assert isinstance(response.stream, AsyncByteStream)
        with self._library_in_words():
            async for part in response.stream:
                yield part

    @contextlib.contextmanager
    def _library_in_words(self) -> Iterator[None]:
        """Tell in words whatever the library raises: RestError in place of every exception. It lets those of others
        through, like socksio's, and has bugs. No code of ours is called within, for its faults are to be found."""
        try:
            yield
        except Exception as error:
            from httpx import HTTPError, InvalidURL, ProxyError  # loaded by now

            if isinstance(error, InvalidURL):
                raise RestError(f"cannot reach {self._where}: no such host name") from None
            if not isinstance(error, HTTPError | OSError | UnicodeError):
                _log.warning("REST: unexpected %s", type(error).__name__)  # its text could hold anything
            refusal = str(error) if isinstance(error, ProxyError) else ""
            known = explain_network_error(error, self.host, self._within, self._proxy, refusal)
            raise RestError(str(known), advice=known.advice) from None

    def _tell_date(self, sent: float, received: float, headers: httpx.Headers) -> None:
        """Hand on the server's time, but for that of an answer with an age: it was kept somewhere on the way."""
        dates = headers.get_list("Date")
        if self._on_date is not None and "Age" not in headers and (date := http_date(dates[0] if dates else None)):
            self._on_date(sent, received, date)

    def _status_error(self, path: str, response: httpx.Response) -> RestError:
        status, headers = response.status_code, response.headers.get_list
        error = status_error(self.host, status, headers, time.time() * 1000, _SLOW_DOWN, path)
        wait = error.wait if isinstance(error, RetryLater) else 0.0
        if wait and self._turns is not None:
            self._turns.pause_until(self._clock() + wait)
        return RestError(str(error), refused=isinstance(error, KeyRefused), wait=wait, status=status)

    async def _opened(self) -> httpx.AsyncHTTPTransport:
        async with self._opening:
            if self._transport is None:
                try:
                    with translate_network_errors(self.host, self._within):
                        async with asyncio.timeout(self._within):
                            self._proxy = await run_in_thread(proxy_for, self._base)
                    context = await context_for(self._base, self._within)
                except NoConnection as error:
                    raise RestError(str(error), advice=error.advice) from None
                with self._library_in_words():  # loading it takes as long as ten frames
                    self._transport = await asyncio.to_thread(_transport, self._proxy, context)
            return self._transport


def _transport(proxy: Proxy | None, context: ssl.SSLContext | None) -> httpx.AsyncHTTPTransport:
    import httpx

    from tui.feed.network_backend import load_backend, read_in_portions

    load_backend()
    # At INFO it logs every address; what it has to say of a call is logged here.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("httpcore").setLevel(logging.INFO)  # at DEBUG every header, and with them the key
    transport = httpx.AsyncHTTPTransport(
        trust_env=False,  # it would choose certificates by rules of its own
        proxy=httpx.Proxy(proxy.url, ssl_context=context if proxy.scheme == "https" else None) if proxy else None,
        # A connection for each call: what comes behind an answer would be taken for the answer to the next one.
        limits=httpx.Limits(max_keepalive_connections=0),
        verify=context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),  # the latter trusts nobody: there is no TLS
    )
    read_in_portions(transport)
    return transport
