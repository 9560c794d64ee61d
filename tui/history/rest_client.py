"""Client of the vendor's REST service: one-minute bars, quotes, and the funds of a region.

It shares nothing with the live feed. Calls wait for the rate limit of the plan, and every failure is a RestError. The
service is not described on the vendor's WebSocket page.
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
from tui.feed.clock import Clock, monotonic
from tui.feed.endpoint import check_rest_url, host_of
from tui.feed.failures import RetryLater, explain_network_error, status_error, translate_network_errors
from tui.feed.http_headers import http_date
from tui.feed.proxy import Proxy, proxy_for
from tui.feed.tls import context_for
from tui.protocol.messages import Kline, Quote
from tui.protocol.rate_limit import RateLimiter
from tui.protocol.rest import (
    MOST_BARS,
    ListedFund,
    parse_envelope,
    parse_funds,
    parse_klines,
    parse_klines_of_one,
    parse_quotes,
)
from tui.secrets import Token, safe_text
from tui.symbol import Symbol
from tui.threads import run_in_thread

if TYPE_CHECKING:
    import httpx

MAX_CODES = 50  # per call

_MINUTE = 61.0  # s: the vendor counts calls as they arrive, after a varying delay, and by its own clock
_MAX_BODY = 6 << 20  # bytes: twice what MAX_CODES × MOST_BARS take; the worst case parses in a third of a second
_MIN_RATE_LIMIT_WAIT = 60.0  # s after a 429: the limit is per minute
_NOT_FOUND = 404

_Parsed = TypeVar("_Parsed")

_log = logging.getLogger(__name__)


class RestError(FeedError):
    """A call that failed; the text says why.

    `refused`: the key or the plan does not allow the call, so a retry would not help. `wait`: seconds until the vendor
    accepts another call, 0 if it did not say. `status`: the HTTP status, 0 without one."""

    def __init__(
        self, words: str, *, refused: bool = False, wait: float = 0.0, status: int = 0, advice: str = ""
    ) -> None:
        super().__init__(words, advice=advice)
        self.refused = refused
        self.wait = wait
        self.status = status


class RestClient:
    """REST client of the vendor at `base`, which makes at most `calls_a_minute`; with 0 it refuses every call. `minute`
    is the length of the rate limit's window, and `within` the time for a whole response, both in s.

    `on_date` is called for each response with when the call was sent and the response arrived (s of `clock`), and with
    its `Date` (ms UTC). `invalid_rows` counts rows that could not be parsed. Raises UsageError if the key may not be
    sent to `base`."""

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
        self._rate_limiter = RateLimiter(calls_a_minute, minute) if calls_a_minute > 0 else None
        self._poll_every = minute / 60  # s: how often a low-priority call checks whether others wait
        self._within = within
        self._clock = clock
        self._on_date = on_date
        self._opening = asyncio.Lock()
        self._transport: httpx.AsyncHTTPTransport | None = None
        self._proxy: Proxy | None = None
        self._priority_calls = 0  # waiting or in progress
        self.batch_size = MAX_CODES
        """The most codes in a call for bars: 1 once the vendor answered 404 to a call for several."""
        self.invalid_rows = 0

    @property
    def _destination(self) -> str:
        return f"{self.host} through the proxy {self._proxy}" if self._proxy else self.host

    async def klines(self, region: str, codes: Sequence[str], limit: int = MOST_BARS) -> dict[str, list[Kline]]:
        """Returns the latest `limit` one-minute bars by code, oldest first, without the codes that the vendor does not
        know. Makes one call, for `batch_size` codes at most. Raises RestError, after which `batch_size` may be less."""
        query: dict[str, object] = {"region": region, "kType": 1, "limit": min(limit, MOST_BARS)}
        if len(codes) == 1:
            parse = partial(parse_klines_of_one, symbol=Symbol(codes[0], region))
            found = await self._request("/fund/kline", {"code": codes[0]} | query, parse)
        else:
            try:
                several = {"codes": ",".join(codes)} | query
                found = await self._request("/fund/klines", several, partial(parse_klines, region=region))
            except RestError as error:
                if error.status == _NOT_FOUND:
                    self.batch_size = 1
                raise
        return {code: found[code] for code in codes if code in found}

    async def quotes(self, region: str, codes: Sequence[str]) -> dict[str, Quote]:
        """Returns the latest quotes by code, without the codes that the vendor does not know. Makes one call, for
        MAX_CODES at most. Raises RestError."""
        query = {"region": region, "codes": ",".join(codes)}
        found = await self._request("/fund/quotes", query, partial(parse_quotes, region=region))
        return {code: found[code] for code in codes if code in found}

    async def funds(self, region: str) -> list[ListedFund]:
        """Returns every fund of a region, some ten thousand. Other calls are made first. Raises RestError."""
        return await self._request(
            "/symbol/list",
            {"type": "fund", "region": region},
            partial(parse_funds, region=region),
            low_priority=True,
        )

    def share(self, users: int) -> None:
        """Make only the part of the calls that is left to one of several `users` of the key."""
        if self._rate_limiter is not None:
            self._rate_limiter.share(users)

    async def aclose(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            await self._transport.aclose()

    async def _request(
        self,
        path: str,
        query: Mapping[str, object],
        parse: Callable[[bytes], tuple[_Parsed, int]],
        low_priority: bool = False,
    ) -> _Parsed:
        """Returns the parsed data of a response. It is parsed on another thread: 2 MB take the time of a frame."""
        self._priority_calls += not low_priority
        try:
            await self._acquire_call(low_priority)
            body = await self._get(path, query)
            return await asyncio.to_thread(self._parse, path, body, parse)
        finally:
            self._priority_calls -= not low_priority

    def _parse(self, path: str, body: bytes, parse: Callable[[bytes], tuple[_Parsed, int]]) -> _Parsed:
        try:
            envelope = parse_envelope(body)
            if envelope.code != 0:
                words = safe_text(envelope.words or "")[:80] or f"code {envelope.code}"
                raise RestError(f"{self.host} does not serve {path}: {words}", refused=True)
            result, unread = parse(bytes(envelope.data))
        except MalformedMessage as error:
            raise RestError(f"{self.host} answered {path} with what cannot be read ({error.kind})") from None
        if unread:
            self.invalid_rows += unread
            _log.warning("GET %s: %d rows cannot be read", path, unread)
        return result

    async def _acquire_call(self, low_priority: bool) -> None:
        """Wait until the rate limit allows a call, and until all others are made if it has low priority."""
        if self._rate_limiter is None:
            raise RestError("calls_a_minute is 0: nothing is asked for over REST", refused=True)
        wait = self._poll_every if low_priority else 0.0
        while True:
            await asyncio.sleep(wait)
            wait = self._rate_limiter.delay(self._clock())
            if low_priority and self._priority_calls:
                wait = max(wait, self._poll_every)
            if not wait:
                break
        self._rate_limiter.acquire(self._clock())

    async def _get(self, path: str, query: Mapping[str, object]) -> bytes:
        """Returns the body of a response with status 200. Raises RestError for any other."""
        transport = await self._open_transport()
        url = f"{self._base}{path}?{urlencode(query, safe=',')}"
        try:
            async with asyncio.timeout(self._within):
                sent = self._clock()
                response = await self._send(transport, url)
                try:
                    received = self._clock()
                    status = response.status_code
                    _log.info("GET %s: %d after %.0f ms", path, status, (received - sent) * 1000)
                    self._report_date(sent, received, response.headers)
                    if status != 200:
                        raise self._status_error(path, response)
                    coding = response.headers.get("Content-Encoding", "identity")
                    if coding.lower() != "identity":
                        raise RestError(
                            f"{self.host} answered {path} in {safe_text(coding)[:20]}, which was not asked for"
                        )
                    body = bytearray()
                    async for part in self._stream_body(response):
                        body += part
                        if len(body) > _MAX_BODY:
                            raise RestError(f"{self.host} answered {path} with more than {_MAX_BODY >> 20} MB")
                    return bytes(body)
                finally:
                    with self._translate_library_errors():
                        await response.aclose()
        except TimeoutError:
            raise RestError(f"{self._destination} did not answer {path} within {self._within:g} s") from None

    async def _send(self, transport: httpx.AsyncHTTPTransport, url: str) -> httpx.Response:
        """Returns a response whose body is not read yet. It comes from the transport itself, because httpx's client
        keeps cookies, decompresses and follows redirects. Raises RestError."""
        proxies: list[Any] = []  # httpcore leaves a connection open if a SOCKS proxy breaks its protocol

        async def trace(event: str, info: dict[str, Any]) -> None:
            if event == "socks.connect_tcp.complete":
                proxies.append(info["return_value"])

        headers = {
            "User-Agent": f"itick-tui/{__version__}",
            "Accept": "*/*",
            "Accept-Encoding": "identity",  # a decompressed body can be a thousand times as large
            "token": self._token.reveal(),
        }
        try:
            with self._translate_library_errors():
                from httpx import Request  # loaded by now

                request = Request("GET", url, headers=headers, extensions={"trace": trace})
                return await transport.handle_async_request(request)
        except BaseException:
            for proxy in proxies:
                await proxy.aclose()
            raise

    async def _stream_body(self, response: httpx.Response) -> AsyncIterator[bytes]:
        """Yields the body as it arrives. Raises RestError."""
        from httpx import AsyncByteStream  # loaded by now

        assert isinstance(response.stream, AsyncByteStream)
        with self._translate_library_errors():
            async for part in response.stream:
                yield part

    @contextlib.contextmanager
    def _translate_library_errors(self) -> Iterator[None]:
        """Raises RestError in place of every exception: httpx lets those of its dependencies through, like socksio's.
        No code of ours runs within, so that its defects are not hidden."""
        try:
            yield
        except Exception as error:
            from httpx import HTTPError, InvalidURL, ProxyError  # loaded by now

            if isinstance(error, InvalidURL):
                raise RestError(f"cannot reach {self._destination}: no such host name") from None
            if not isinstance(error, HTTPError | OSError | UnicodeError):
                _log.warning("REST: unexpected %s", type(error).__name__)  # its text could hold anything
            refusal = str(error) if isinstance(error, ProxyError) else ""
            known = explain_network_error(error, self.host, self._within, self._proxy, refusal)
            raise RestError(str(known), advice=known.advice) from None

    def _report_date(self, sent: float, received: float, headers: httpx.Headers) -> None:
        """Report the server's time. RFC 9111 §5.1: a response with an `Age` comes from a cache, and its date is old."""
        dates = headers.get_list("Date")
        if self._on_date is not None and "Age" not in headers and (date := http_date(dates[0] if dates else None)):
            self._on_date(sent, received, date)

    def _status_error(self, path: str, response: httpx.Response) -> RestError:
        status, headers = response.status_code, response.headers.get_list
        error = status_error(self.host, status, headers, time.time() * 1000, _MIN_RATE_LIMIT_WAIT, path)
        wait = error.wait if isinstance(error, RetryLater) else 0.0
        if wait and self._rate_limiter is not None:
            self._rate_limiter.pause_until(self._clock() + wait)
        return RestError(str(error), refused=isinstance(error, KeyRefused), wait=wait, status=status)

    async def _open_transport(self) -> httpx.AsyncHTTPTransport:
        async with self._opening:
            if self._transport is None:
                try:
                    with translate_network_errors(self.host, self._within):
                        async with asyncio.timeout(self._within):
                            self._proxy = await run_in_thread(proxy_for, self._base)
                    context = await context_for(self._base, self._within)
                except NoConnection as error:
                    raise RestError(str(error), advice=error.advice) from None
                with self._translate_library_errors():  # the import takes as long as ten frames
                    self._transport = await asyncio.to_thread(_make_transport, self._proxy, context)
            return self._transport


def _make_transport(proxy: Proxy | None, context: ssl.SSLContext | None) -> httpx.AsyncHTTPTransport:
    from tui.feed.http_transport import make_transport

    return make_transport(proxy, context)
