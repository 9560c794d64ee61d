"""One connection's life: dialled, authenticated, asked for data, kept alive, read to its end.

It never tries twice. Whatever ends it ends as a FeedError with words; `link.py` decides what to do then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import NoReturn

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException
from websockets.frames import CloseCode
from websockets.http11 import Response

from tui.errors import NoConnection
from tui.feed.dispatch import OnPush, make_dispatcher
from tui.feed.endpoint import host_of
from tui.feed.failures import key_refused, status_error, translate_network_errors
from tui.feed.heartbeat import SilenceDetector
from tui.feed.http_headers import http_date
from tui.feed.proxy import Proxy, proxy_for
from tui.feed.state import Timings
from tui.feed.tls import context_for
from tui.feed.websocket import Connector, FrameHandler, PlainWebSocket
from tui.market import Market
from tui.protocol.messages import AuthReply, Ping, Pong, Reply, Subscribe, SubscribeReply, encode
from tui.secrets import Token, safe_text
from tui.symbol import Symbol, join_wire_symbols
from tui.threads import run_in_thread

DEMO_SERVER = "itick-tui-exchange"  # how our own exchange names itself in the handshake's Server header
_MAX_MESSAGE = 2 << 20  # bytes: all types of as many symbols as one connection may have, in one list, are half of it

Clock = Callable[[], float]


_log = logging.getLogger(__name__)


class ConnectionLost(NoConnection):
    """The other side ended the connection, or the network did, `silence` s after the last message either way."""

    def __init__(self, words: str, silence: float = 0.0) -> None:
        super().__init__(words)
        self.silence = silence


class Connection:
    """An open WebSocket. `read` and `watch` run until it ends; `authenticate` and `subscribe` ask and wait."""

    def __init__(
        self,
        websocket: PlainWebSocket,
        host: str,
        market: Market,
        timings: Timings,
        clock: Clock,
        on_push: OnPush | None,
    ) -> None:
        self._websocket = websocket
        self._host = host
        self._market = market
        self._timings = timings
        self._clock = clock
        self._on_push = on_push
        loop = asyncio.get_running_loop()
        self._auth: asyncio.Future[AuthReply] = loop.create_future()
        self._answer: asyncio.Future[SubscribeReply] | None = None
        self._pong: asyncio.Future[None] | None = None
        self._pinged = ""
        self._pulse = SilenceDetector(clock())
        self._sent_at = clock()
        market.health.missed = 0

    @property
    def is_demo(self) -> bool:
        """Whether the other side is our own exchange, by its own word."""
        response = self._websocket.response
        return response is not None and (_header(response, "Server") or "").startswith(DEMO_SERVER)

    async def read(self) -> NoReturn:
        """Until the end decode each message as it comes and hand it to the market or to whoever waits for a reply."""
        clock, health, beat = self._clock, self._market.health, self._pulse.beat
        arrived, take = make_dispatcher(self._market, self._on_push, self._reply)
        now, before = clock(), health.messages

        def begin() -> None:
            nonlocal now, before
            now, before = clock(), health.messages
            arrived(now)

        def end() -> None:
            if health.messages > before:
                health.frame_at = now
                beat(now, health.messages - before)

        self._websocket.set_handler(FrameHandler(take, begin, end))
        try:
            await self._websocket.ended()
        except ConnectionClosed as error:
            if error.sent is not None and error.sent.code == CloseCode.MESSAGE_TOO_BIG:
                health.count_malformed("too large", b"", clock())
                raise NoConnection(f"a message over {_MAX_MESSAGE >> 20} MB") from None
            if error.sent is not None and error.rcvd is None:  # by our library, for what no server may send
                why = safe_text(error.sent.reason)[:80]
                raise NoConnection(f"{self._host} does not keep to WebSocket ({error.sent.code}, {why})") from None
            raise self._dropped(error) from None

    def _reply(self, reply: Reply, now: float) -> None:
        match reply:
            case AuthReply() if not self._auth.done():
                self._auth.set_result(reply)
            case SubscribeReply() if self._answer is not None and not self._answer.done():
                self._answer.set_result(reply)
            case Pong(data) if self._pong is not None and not self._pong.done() and data.params == self._pinged:
                self._pong.set_result(None)

    async def authenticate(self) -> None:
        """Wait for the reply to the key. Raises KeyRefused, or NoConnection where none comes in time."""
        try:
            async with asyncio.timeout(self._timings.auth):
                reply = await self._auth
        except TimeoutError:
            raise NoConnection(f"{self._host} did not authenticate within {self._timings.auth:g} s") from None
        if reply.code != 1:
            raise key_refused(self._host)

    async def subscribe(self, symbols: Iterable[Symbol], type_: str) -> SubscribeReply | None:
        """Ask for one type of some symbols and wait for the answer; None where none comes in time."""
        symbols = list(symbols)
        self._answer = asyncio.get_running_loop().create_future()
        await self._send(encode(Subscribe(params=join_wire_symbols(symbols), types=type_)))
        try:
            async with asyncio.timeout(self._timings.reply):
                reply = await self._answer
        except TimeoutError:
            _log.warning("request for %s of %d symbols: no answer", type_, len(symbols))
            return None
        else:
            words = "accepted" if reply.code == 1 else f"refused: {safe_text(reply.msg)[:80]}"
            _log.info("request for %s of %d symbols: %s", type_, len(symbols), words)
            return reply
        finally:
            self._answer = None

    async def run_heartbeat(self) -> NoReturn:
        """Prove for ever that the link lives: ping on time, ask at once when a busy feed falls silent, and end the
        connection when nothing answers. While other frames arrive a missing or wrong pong is counted, and two in a
        row end it too."""
        timings, clock, server = self._timings, self._clock, self._market.clock
        missed, pings, next_ping = 0, 0, clock()
        seen, stopped = server.seen, False
        while True:
            now = clock()
            limit = self._pulse.limit(now)
            silent = limit is not None and now - self._pulse.last > limit
            if silent or now >= next_ping:
                missed = 0 if await self.ping() else missed + 1
                if missed == 2:
                    raise NoConnection("heartbeat missed twice")
                pings += 1
                # The first ping shares the line with all that comes at the start: its time is not typical.
                next_ping = now + (timings.ping_every if pings > 1 else timings.second_ping)
            planned = clock() + min(timings.look_every, max(0.0, next_ping - clock()))
            await asyncio.sleep(planned - clock())
            late = clock() - planned
            if stopped or late > timings.stopped:
                self._market.discard_lag_since(seen)  # at the next look too, for some may still be coming in
            seen, stopped = server.seen, late > timings.stopped
            if late > timings.asleep:
                self._websocket.abandon()
                raise NoConnection("this machine was asleep")

    async def ping(self) -> bool:
        """Send a ping; whether its own pong came in time. Raises NoConnection where nothing came at all, or a busy feed
        fell silent meanwhile."""
        health, clock, timings = self._market.health, self._clock, self._timings
        sent = clock()
        self._pinged = str(int(self._market.local_time(sent)))
        self._pong = pong = asyncio.get_running_loop().create_future()
        await self._send(encode(Ping(params=self._pinged)))
        late = False
        while not pong.done():
            wait = self._patience(sent) - clock()
            if wait <= 0 and late:
                break
            # A program that was stopped for a while finds its time over and the answer unread: it may read first.
            late = wait <= 0
            await asyncio.wait([pong], timeout=min(timings.pong, 0.25) if late else min(wait, timings.look_every))
        if pong.done():
            health.pong_at = clock()
            health.round_trips.append(health.pong_at - sent)
            return True
        health.heartbeats_missed += 1
        health.missed += 1
        if self._pulse.last < sent or self._patience(sent) < sent + timings.pong:
            self._websocket.abandon()
            raise NoConnection(f"link silent for {clock() - self._pulse.last:.0f} s")
        return False

    def _patience(self, sent: float) -> float:
        """Until when the answer to a ping is waited for: less long where a busy feed has fallen silent."""
        timings = self._timings
        limit = self._pulse.limit(self._clock())
        patience = sent + timings.pong
        return patience if limit is None else min(patience, max(sent, self._pulse.last + limit) + timings.urgent_pong)

    async def _send(self, frame: bytes) -> None:
        try:
            async with asyncio.timeout(self._timings.pong):
                await self._websocket.send(frame, text=True)
        except TimeoutError:
            raise NoConnection(f"{self._host} takes nothing in") from None
        except ConnectionClosed as error:
            raise self._dropped(error) from None
        self._sent_at = self._clock()

    def _dropped(self, error: ConnectionClosed) -> ConnectionLost:
        return ConnectionLost(_closed_words(error), self._clock() - max(self._pulse.last, self._sent_at))

    async def close(self) -> None:
        """Say goodbye, for at most `Timings.close` seconds."""
        await self._websocket.close()


async def connect(
    url: str,
    token: Token,
    market: Market,
    timings: Timings,
    clock: Clock,
    on_push: OnPush | None,
    on_proxy: Callable[[Proxy], None] = lambda proxy: None,
) -> Connection:
    """Open a connection with the key in the `token` header (page, step 1). `on_proxy` hears of the proxy that it goes
    through. Raises FeedError in words."""
    host = host_of(url)
    with translate_network_errors(host, timings.open):
        async with asyncio.timeout(timings.open):
            proxy = await run_in_thread(proxy_for, url)
    if proxy is not None:
        on_proxy(proxy)
    context = await context_for(url, timings.open)
    options = {"proxy_ssl": context} if proxy is not None and proxy.scheme == "https" else {}
    try:
        sent = clock()
        with translate_network_errors(host, timings.open, proxy):
            websocket = await Connector(
                url,
                additional_headers={"token": token.reveal()},
                compression=None,
                open_timeout=timings.open,
                close_timeout=timings.close,
                ping_interval=None,  # the vendor counts its own JSON pings only
                max_size=_MAX_MESSAGE,
                ssl=context,
                proxy=proxy.url if proxy is not None else None,
                **options,
            )
    except InvalidStatus as error:
        status, headers = error.response.status_code, error.response.headers.get_all
        raise status_error(host, status, headers, market.local_time(clock()), timings.slow_down) from None
    except (InvalidHandshake, WebSocketException):
        raise NoConnection(f"{host} does not speak WebSocket there: check the address") from None
    received = clock()
    assert isinstance(websocket, PlainWebSocket)
    response = websocket.response
    if response is not None and (date := http_date(_header(response, "Date"))):
        market.observe_date(sent, received, date)
    return Connection(websocket, host, market, timings, clock, on_push)


def _header(response: Response, name: str) -> str | None:
    """A header's first value: websockets' own `get` raises where there are several."""
    return next(iter(response.headers.get_all(name)), None)


def _closed_words(error: ConnectionClosed) -> str:
    frame = error.rcvd
    if frame is None:
        return "connection lost"
    reason = safe_text(frame.reason)[:80]
    what = "had an error" if frame.code == CloseCode.INTERNAL_ERROR else "closed the connection"
    return f"the server {what} ({frame.code}{', ' + reason if reason else ''})"
