"""One connection to the vendor: open, authenticate, subscribe, heartbeat, read until it is closed.

It is never retried here. Every end is a FeedError whose text says why; `link.py` decides what to do then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import NoReturn, Protocol

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException
from websockets.frames import CloseCode
from websockets.http11 import Response

from tui.errors import NoConnection
from tui.feed.clock import Clock
from tui.feed.dispatch import OnPush, make_dispatcher
from tui.feed.endpoint import host_of
from tui.feed.failures import key_refused, status_error, translate_network_errors
from tui.feed.heartbeat import SilenceDetector
from tui.feed.http_headers import http_date
from tui.feed.proxy import Proxy, proxy_for
from tui.feed.state import Timings
from tui.feed.tap import Tap
from tui.feed.tls import context_for
from tui.feed.websocket import Connector, FrameHandler, PlainWebSocket
from tui.market import Market
from tui.protocol.messages import AuthReply, Ping, Pong, Reply, Subscribe, SubscribeReply, encode
from tui.protocol.relay_status import RelayReport, RelayStatus
from tui.secrets import Token, safe_text
from tui.symbol import Symbol, join_wire_symbols
from tui.threads import run_in_thread

DEMO_SERVER = "itick-tui-exchange"  # the Server header of our own exchange's handshake
MAX_MESSAGE = 2 << 20
"""Bytes of a message: twice a list with one message of every type for MAX_SYMBOLS symbols."""

_FIRST_PRIVATE_CODE = 4000

_log = logging.getLogger(__name__)


class ConnectionLost(NoConnection):
    """The server or the network ended the connection, `silence` s after the last message in either direction.
    `is_deliberate`: the server closed it, and names no trouble of its own, as when another connection replaces it."""

    def __init__(self, words: str, silence: float = 0.0, *, is_deliberate: bool = False) -> None:
        super().__init__(words)
        self.silence = silence
        self.is_deliberate = is_deliberate


class OpenConnection(Protocol):
    """An open connection. `read` and `run_heartbeat` run until it ends; `authenticate` and `subscribe` wait for a
    reply."""

    @property
    def is_demo(self) -> bool:
        """True if the prices are made up."""

    async def read(self) -> NoReturn:
        """Apply each message. Raises NoConnection at the end."""

    async def authenticate(self) -> None:
        """Wait until it may be subscribed. Raises FeedError."""

    async def subscribe(self, symbols: Iterable[Symbol], type_: str) -> SubscribeReply | None:
        """Request one type for some symbols. Returns the reply; None if none comes in time. Raises NoConnection."""

    async def run_heartbeat(self) -> NoReturn:
        """Watch the connection. Raises NoConnection when it is lost."""

    async def renew(self) -> None:
        """Ask the process that holds the connection to the vendor for a new one, if it is another one on this machine.
        Raises NoConnection."""

    async def close(self) -> None:
        """Close it."""


class Connection:
    """A WebSocket connection to the vendor or a relay."""

    def __init__(
        self,
        websocket: PlainWebSocket,
        host: str,
        market: Market,
        timings: Timings,
        clock: Clock,
        on_push: OnPush | None,
        tap: Tap | None = None,
        on_report: Callable[[RelayReport], None] | None = None,
    ) -> None:
        self._tap = tap
        self._on_report = on_report
        self._report: RelayReport | None = None
        self._reported_at = clock()
        self._websocket = websocket
        self._host = host
        self._market = market
        self._timings = timings
        self._clock = clock
        self._on_push = on_push
        loop = asyncio.get_running_loop()
        self._auth_reply: asyncio.Future[AuthReply] = loop.create_future()
        self._subscribe_reply: asyncio.Future[SubscribeReply] | None = None
        self._pong: asyncio.Future[None] | None = None
        self._ping_params = ""
        self._silence = SilenceDetector(clock())
        self._sent_at = clock()
        market.health.missed = 0

    @property
    def is_demo(self) -> bool:
        """True if the server names itself as our own exchange, or a relay says so of it."""
        if self._report is not None:
            return self._report.is_demo
        response = self._websocket.response
        return response is not None and (header_of(response, "Server") or "").startswith(DEMO_SERVER)

    async def read(self) -> NoReturn:
        """Decode each message and pass it to the market or to the method that waits for it. Raises NoConnection at the
        end."""
        clock, market, tap = self._clock, self._market, self._tap
        health, record_frames = market.health, self._silence.record_frames
        now, before = clock(), health.messages

        def handle_reply(reply: Reply, at: float) -> None:
            if type(reply) is RelayStatus:
                self._handle_status(reply)
                if reply.arrived:
                    dispatcher.begin(min(clock(), market.monotonic_time(reply.arrived)))
            else:
                self._handle_reply(reply, at)

        def begin() -> None:
            nonlocal now, before
            now, before = clock(), health.messages
            if self._report is None:  # else the relay tells when its messages arrived
                dispatcher.begin(now)
            if tap is not None:
                tap.begin(market.local_time(now))

        def end() -> None:
            if tap is not None:
                tap.end()
            if (count := health.messages - before) > 0:
                health.frame_at = now
            if count or self._reported_at >= now:
                record_frames(now, max(1, count))

        dispatcher = make_dispatcher(market, self._on_push, handle_reply, tap)

        self._websocket.set_handler(FrameHandler(dispatcher.dispatch, begin, end))
        try:
            await self._websocket.ended()
        except ConnectionClosed as error:
            if error.sent is not None and error.sent.code == CloseCode.MESSAGE_TOO_BIG:
                health.count_malformed("too large", b"", clock())
                raise NoConnection(f"a message over {MAX_MESSAGE >> 20} MB") from None
            if error.sent is not None and error.rcvd is None:  # our side closed it for a protocol error
                why = safe_text(error.sent.reason)[:80]
                raise NoConnection(f"{self._host} does not keep to WebSocket ({error.sent.code}, {why})") from None
            raise self._connection_lost(error) from None

    def _handle_status(self, status: RelayStatus) -> None:
        self._reported_at = self._clock()
        if status.report is not None and self._on_report is not None:
            self._report = status.report
            self._on_report(status.report)

    def _handle_reply(self, reply: Reply, now: float) -> None:
        match reply:
            case AuthReply() if not self._auth_reply.done():
                self._auth_reply.set_result(reply)
            case SubscribeReply() if self._subscribe_reply is not None and not self._subscribe_reply.done():
                self._subscribe_reply.set_result(reply)
            case Pong(data) if self._pong is not None and not self._pong.done() and data.params == self._ping_params:
                self._pong.set_result(None)

    async def authenticate(self) -> None:
        """Wait for the reply to the key (page, step 2). Raises KeyRefused, or NoConnection if none comes in time. A
        relay may wait for the vendor itself, and says so."""
        while (left := self._reported_at + self._timings.auth - self._clock()) > 0 and not self._auth_reply.done():
            await asyncio.wait([self._auth_reply], timeout=left)
        if not self._auth_reply.done():
            raise NoConnection(f"{self._host} did not authenticate within {self._timings.auth:g} s")
        reply = self._auth_reply.result()
        if reply.code != 1:
            raise key_refused(self._host)

    async def subscribe(self, symbols: Iterable[Symbol], type_: str) -> SubscribeReply | None:
        """Request one type for some symbols (page, step 3). Returns the reply; None if none comes in time. Raises
        NoConnection."""
        symbols = list(symbols)
        self._subscribe_reply = asyncio.get_running_loop().create_future()
        await self._send(encode(Subscribe(params=join_wire_symbols(symbols), types=type_)))
        try:
            async with asyncio.timeout(self._timings.reply):
                reply = await self._subscribe_reply
        except TimeoutError:
            _log.warning("request for %s of %d symbols: no answer", type_, len(symbols))
            return None
        else:
            words = "accepted" if reply.code == 1 else f"refused: {safe_text(reply.msg)[:80]}"
            _log.info("request for %s of %d symbols: %s", type_, len(symbols), words)
            return reply
        finally:
            self._subscribe_reply = None

    async def run_heartbeat(self) -> NoReturn:
        """Ping at the heartbeat interval (page, step 5), and at once when a busy feed falls silent. Raises NoConnection
        when nothing arrives, when two pongs in a row are missing or wrong although frames arrive, and after a suspend
        of the machine."""
        timings, clock, server = self._timings, self._clock, self._market.clock
        missed, pings, next_ping = 0, 0, clock()
        seen, stalled = server.seen, False
        while True:
            now = clock()
            limit = self._silence.limit(now)
            silent = limit is not None and now - self._silence.last > limit
            if silent or now >= next_ping:
                missed = 0 if await self.ping() else missed + 1
                if missed == 2:
                    raise NoConnection("heartbeat missed twice")
                pings += 1
                # The first round trip is not typical: the initial data of all symbols shares the line.
                next_ping = now + (timings.ping_every if pings > 1 else timings.second_ping)
            planned = clock() + min(timings.check_every, max(0.0, next_ping - clock()))
            await asyncio.sleep(planned - clock())
            late = clock() - planned
            if stalled or late > timings.stall_threshold:
                # At the next check too: data that waited meanwhile may still be in the buffers.
                self._market.discard_lag_since(seen)
            seen, stalled = server.seen, late > timings.stall_threshold
            if late > timings.suspend_threshold:
                self._websocket.abandon()
                raise NoConnection("this machine was asleep")

    async def ping(self) -> bool:
        """Send a ping. Returns whether the matching pong came in time. Raises NoConnection if no frame came at all, or
        a busy feed fell silent meanwhile."""
        health, clock, timings = self._market.health, self._clock, self._timings
        sent = clock()
        self._ping_params = str(int(self._market.local_time(sent)))
        self._pong = pong = asyncio.get_running_loop().create_future()
        await self._send(encode(Ping(params=self._ping_params)))
        late = False
        while not pong.done():
            wait = self._pong_deadline(sent) - clock()
            if wait <= 0 and late:
                break
            # After the process was stopped the deadline has passed, and the pong may be in the buffer: read once more.
            late = wait <= 0
            await asyncio.wait([pong], timeout=min(timings.pong, 0.25) if late else min(wait, timings.check_every))
        if pong.done():
            health.pong_at = clock()
            health.round_trips.append(health.pong_at - sent)
            return True
        health.heartbeats_missed += 1
        health.missed += 1
        if self._silence.last < sent or self._pong_deadline(sent) < sent + timings.pong:
            self._websocket.abandon()
            raise NoConnection(f"link silent for {clock() - self._silence.last:.0f} s")
        return False

    def _pong_deadline(self, sent: float) -> float:
        """Returns until when a pong may come (s, monotonic): less long if a busy feed has fallen silent."""
        timings = self._timings
        limit = self._silence.limit(self._clock())
        deadline = sent + timings.pong
        return deadline if limit is None else min(deadline, max(sent, self._silence.last + limit) + timings.urgent_pong)

    async def renew(self) -> None:
        """Do nothing: this is the connection to the vendor."""

    async def _send(self, frame: bytes) -> None:
        try:
            async with asyncio.timeout(self._timings.pong):
                await self._websocket.send(frame, text=True)
        except TimeoutError:
            raise NoConnection(f"{self._host} takes nothing in") from None
        except ConnectionClosed as error:
            raise self._connection_lost(error) from None
        self._sent_at = self._clock()

    def _connection_lost(self, error: ConnectionClosed) -> NoConnection:
        silence = self._clock() - max(self._silence.last, self._sent_at)
        is_deliberate = error.rcvd is not None and _is_deliberate(error.rcvd.code)
        return ConnectionLost(_describe_close(error), silence, is_deliberate=is_deliberate)

    async def close(self) -> None:
        """Close with a closing handshake, within `Timings.close` s."""
        await self._websocket.close()


async def connect(
    url: str,
    token: Token,
    market: Market,
    timings: Timings,
    clock: Clock,
    on_push: OnPush | None,
    on_proxy: Callable[[Proxy], None] = lambda proxy: None,
    tap: Tap | None = None,
) -> Connection:
    """Returns a connection opened with the key in the `token` header (page, step 1). `on_proxy` is called with the
    proxy in use, before anything is sent to it. Raises FeedError."""
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
                ping_interval=None,  # the vendor counts only its JSON pings
                max_size=MAX_MESSAGE,
                ssl=context,
                proxy=proxy.url if proxy is not None else None,
                **options,
            )
    except InvalidStatus as error:
        status, headers = error.response.status_code, error.response.headers.get_all
        raise status_error(host, status, headers, market.local_time(clock()), timings.rate_limit_wait) from None
    except (InvalidHandshake, WebSocketException):
        raise NoConnection(f"{host} does not speak WebSocket there: check the address") from None
    received = clock()
    assert isinstance(websocket, PlainWebSocket)
    response = websocket.response
    if response is not None and (date := http_date(header_of(response, "Date"))):
        market.observe_date(sent, received, date)
    return Connection(websocket, host, market, timings, clock, on_push, tap)


def header_of(response: Response, name: str) -> str | None:
    """Returns a header's first value: websockets' own `get` raises if there are several."""
    return next(iter(response.headers.get_all(name)), None)


def _is_deliberate(code: int) -> bool:
    """Returns False for a close code (RFC 6455 §7.4.1) that tells of trouble of the server."""
    return code in (CloseCode.NORMAL_CLOSURE, CloseCode.POLICY_VIOLATION) or code >= _FIRST_PRIVATE_CODE


def _describe_close(error: ConnectionClosed) -> str:
    frame = error.rcvd
    if frame is None:
        return "connection lost"
    reason = safe_text(frame.reason)[:80]
    what = "had an error" if frame.code == CloseCode.INTERNAL_ERROR else "closed the connection"
    return f"the server {what} ({frame.code}{', ' + reason if reason else ''})"
