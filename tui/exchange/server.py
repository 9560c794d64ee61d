"""The demo exchange: the simulated market, served on loopback over the vendor's protocol.

`Session` answers requests and `SimulatedMarket` simulates; here are the socket, the clock and the deliveries. A frame
is encoded once for all its subscribers, and all frames of one step go out to a client in one write.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import http
import itertools
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from email.utils import formatdate
from types import TracebackType
from typing import NamedTuple, Self

from msgspec import Raw
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidMessage
from websockets.http11 import Request, Response

from tui import __version__
from tui.errors import UsageError
from tui.exchange import rest
from tui.exchange.client import Channel, Channels, Client, encode_frame
from tui.exchange.fault_effects import (
    CLOCK_OFFSET,
    DATA_DELAY,
    ENDINGS,
    UNAUTHORIZED,
    FaultEffects,
    HttpReply,
    rate_limited_reply,
)
from tui.exchange.faults import FIXED_AT_START
from tui.exchange.paths import PATHS
from tui.exchange.session import HELLO, Session, is_token_accepted
from tui.exchange.simulation import SimulatedMarket
from tui.exchange.unsolicited import UnsolicitedFrames
from tui.protocol.messages import CLASSES, Depth, Kline, Push, Quote, Tick, encode
from tui.protocol.rate_limit import RateLimiter
from tui.secrets import Token
from tui.symbol import Symbol

SERVER_NAME = f"itick-tui-exchange/{__version__}"

_STREAM_PATH = "/fund"
_STREAM_PATHS = (_STREAM_PATH, "/websocket/fund")  # the vendor's Python package uses the second
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_MARKET_STEP = 0.025  # s between two steps of the market
_HALF_OPEN_SECONDS = 120.0  # s until a half-open connection is aborted
_CONNECTIONS_COUNTED = 1_000  # the latest connections with counters of their own

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())
_log.setLevel(logging.INFO)  # at DEBUG websockets logs every header, the key among them


class Truth(NamedTuple):
    """The ground truth of a fund: the last trade, the session, the book as last published (None without a subscriber),
    and the bars of the last two hours, oldest first."""

    tick: Tick
    quote: Quote
    depth: Depth | None
    klines: list[Kline]


class _Connection(ServerConnection):
    """A connection that replies 400 to a request that is no HTTP or has a body; the library would close without a
    reply."""

    def send_data(self) -> None:
        if isinstance(self.protocol.handshake_exc, InvalidMessage) and self.protocol.handshake_exc.__cause__:
            self.transport.write(_BAD_REQUEST)
            self.protocol.handshake_exc.__cause__ = None  # reply once
        super().send_data()


class Exchange:
    """A server on loopback: `async with Exchange() as exchange:` and connect to `exchange.url`.

    `port` 0 selects a free one. `rate` is in messages a second, see SimulatedMarket. `key` None accepts any key that is
    not empty. `history` sends two hours of bars at the start of a kline subscription. `single_connection` closes the
    first of two connections with the same key (page, step 1). `heartbeat_limit` is the time in s without a ping before
    a connection is closed (page, step 5). `calls_a_minute` limits REST calls; None sets no limit. `on_request` is
    called with the connection's number, from 1, and each frame received on it. `clock` returns ms UTC. `faults` are
    names of FAULTS, and `fault_every` (s) replaces the time of each. Raises UsageError for an unknown fault, and on
    entering if the port is not available.

    It may be left and entered again: a restart on the same port, with the same market.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        rate: float = 200.0,
        seed: int = 7,
        key: Token | None = None,
        history: bool = True,
        single_connection: bool = False,
        max_symbols: int = 500,
        heartbeat_limit: float = 60.0,
        calls_a_minute: int | None = None,
        on_request: Callable[[int, bytes], None] | None = None,
        clock: Callable[[], int] | None = None,
        faults: Iterable[str] = (),
        fault_every: float | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._key = key
        self._history = history
        self._single_connection = single_connection
        self._max_symbols = max_symbols
        self._heartbeat_limit = heartbeat_limit
        self._rate_limiter = RateLimiter(calls_a_minute) if calls_a_minute is not None else None
        self._on_request = on_request
        self._faults = FaultEffects(faults, fault_every)
        self._date_offset = CLOCK_OFFSET if "clock-off" in self._faults else 0
        self._clock = _offset_clock(
            clock or _MonotonicClock(), self._date_offset + (DATA_DELAY if "lagging" in self._faults else 0)
        )
        self.market = SimulatedMarket(seed, self._clock(), rate, "tick-size-per-print" in self._faults)
        self.sent: dict[int, Counter[str]] = {}
        self._sent_earlier: Counter[str] = Counter()
        self._numbers = itertools.count(1)
        self._clients: set[Client] = set()
        self._half_open: set[Client] = set()
        self._channels: Channels = {}
        self._unsolicited = UnsolicitedFrames(
            self._clients, self._channels, lambda count: self._deliver(self.market.burst(count))
        )
        self._has_subscribers = asyncio.Event()
        self._closing = asyncio.Event()
        self._server: Server | None = None
        self._market_task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """The address of the stream: `ws://127.0.0.1:PORT/fund`."""
        return f"ws://{self._host}:{self._port}{_STREAM_PATH}"

    async def __aenter__(self) -> Self:
        try:
            self._server = await serve(
                self._serve,
                self._host,
                self._port,
                create_connection=_Connection,
                process_request=self._handshake,
                process_response=self._set_date_header,
                server_header=SERVER_NAME,
                compression=None,
                ping_interval=None,
                close_timeout=1,
                logger=_log,
            )
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise UsageError(f"port {self._port} is already in use: choose another with --port") from None
            raise UsageError(f"cannot listen on {self._host} port {self._port}: {error.strerror or error}") from None
        self._port = next(iter(self._server.sockets)).getsockname()[1]
        self._closing.clear()
        self._market_task = asyncio.create_task(self._run_market())
        self._unsolicited.set_faults(self._faults)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._unsolicited.stop()
        await self._stop_market()
        for client in self._half_open:
            client.abort()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def set_faults(self, *faults: str, every: float | None = None) -> None:
        """Replace the active faults, on open connections too. `every` (s), if given, replaces `fault_every`.

        Raises UsageError for an unknown name, and for a fault that is fixed at the start of an exchange.
        """
        for name in FIXED_AT_START.intersection(faults):
            raise UsageError(f"fault '{name}' is for an exchange from its start")
        self._faults.set_faults(faults, every)
        for client in self._clients:
            self._schedule_ending(client)
        if self._market_task is not None:
            self._unsolicited.set_faults(self._faults)

    async def close_market(self) -> None:
        """Stop all trades and faults and publish the bars in progress a last time. Connections stay open, so that a
        client's state can be compared with `truth`."""
        self.set_faults()
        await self._stop_market()
        self._deliver(self.market.changed_klines())

    def truth(self, symbol: Symbol) -> Truth | None:
        """Returns the ground truth of a fund, None if it has no subscriber."""
        listing = self.market.find_watched(symbol)
        if listing is None:
            return None
        return Truth(listing.tick(), listing.quote(), self._published_depth(symbol), listing.history(self.market.time))

    def _published_depth(self, symbol: Symbol) -> Depth | None:
        """Returns the book as last published, None without a subscriber."""
        channel = self._channels.get(symbol, {}).get(Depth)
        return channel.last if channel is not None and isinstance(channel.last, Depth) else None

    @property
    def sent_in_total(self) -> Counter[str]:
        """The counters of what was written to all connections: `frames`, and messages by kind.

        The kinds are `reply`; `data`, to be applied by a client; `stale`, older than data sent before; `malformed`;
        `unfollowed`, of a symbol never subscribed; `absurd`, with impossible numbers or times; `notice`, a refusal
        without a request. `sent` holds the same for each of the latest thousand connections by number. On a connection
        that was aborted the last frames may not have arrived.
        """
        return sum(self.sent.values(), self._sent_earlier.copy())

    # One connection.

    async def _handshake(self, socket: ServerConnection, request: Request) -> Response | None:
        if request.method != "GET":
            return None  # the library replies 405
        if request.path.partition("?")[0] in PATHS:
            http_reply: HttpReply | None = await self._rest(
                rest.parse_request(request.path), request.headers.get_all("token")
            )
        elif request.path in _STREAM_PATHS:
            http_reply = self._faults.handshake_reply(time.monotonic())
        else:
            return socket.respond(http.HTTPStatus.NOT_FOUND, "the exchange has no such path: connect to /fund\n")
        if http_reply is None:
            return None
        response = socket.respond(http_reply.status, http_reply.text)
        response.headers.update(http_reply.headers)
        return response

    async def _rest(self, rest_request: rest.RestRequest, tokens: Sequence[str]) -> HttpReply:
        """Returns the reply to a REST call, which opens no connection."""
        faults, now = self._faults, time.monotonic()
        if not is_token_accepted(self._key, Token(tokens[0] if tokens else "")):
            return UNAUTHORIZED
        if self._rate_limiter is not None:
            if wait := self._rate_limiter.delay(now):
                return rate_limited_reply(wait)
            self._rate_limiter.acquire(now)
        if "rest-slow" in faults:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(faults.every("rest-slow")):
                    await self._closing.wait()
        http_reply = faults.rest_reply(rest_request.path, now)
        if http_reply is not None:
            return http_reply
        if not self._channels:
            self.market.skip(self._clock())
        data_by_code: dict[str, Raw] = {}
        for symbol in rest_request.symbols:
            data = rest.fund_data(rest_request, self.market, symbol, self._published_depth(symbol), faults)
            if data is not None:
                data_by_code[symbol.code] = data
            await asyncio.sleep(0)  # fund_data takes about 1 ms: yield to the other clients
        return rest.build_reply(rest_request, data_by_code, faults)

    def _set_date_header(self, socket: ServerConnection, request: Request, response: Response) -> None:
        del response.headers["Date"]
        if "no-date" not in self._faults:
            response.headers["Date"] = formatdate(time.time() + self._date_offset / 1000, usegmt=True)

    async def _serve(self, socket: ServerConnection) -> None:
        session = Session(self._key, self._max_symbols, self._faults)
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            async with asyncio.timeout(self._heartbeat_limit) as deadline:
                number = next(self._numbers)
                client = Client(number, socket, session, deadline, self._open_counter(number))
                try:
                    if "auth-silent" in self._faults:
                        client.send(self._faults.alter_reply(HELLO))
                        await socket.wait_closed()
                    elif self._authenticate(client):
                        await self._handle_requests(client, socket)
                finally:
                    self._remove_client(client)
        if client.half_open:
            client.abort()
        await socket.close(client.close_code)

    def _open_counter(self, number: int) -> Counter[str]:
        self.sent[number] = Counter()
        if len(self.sent) > _CONNECTIONS_COUNTED:
            self._sent_earlier += self.sent.pop(next(iter(self.sent)))
        return self.sent[number]

    def _authenticate(self, client: Client) -> bool:
        alter = self._faults.alter_reply
        client.send(alter(HELLO), alter(client.session.authenticate(client.token)))
        if not client.session.authenticated:
            return False
        if self._single_connection:
            for other in [other for other in self._clients if other.token.reveal() == client.token.reveal()]:
                self._close_client(other)
        self._clients.add(client)
        self._schedule_ending(client)
        return True

    def _close_client(self, client: Client, close_code: int = 1000) -> None:
        """Close a connection with a close frame."""
        self._clients.discard(client)
        client.close_code = close_code
        if not client.deadline.expired():
            client.deadline.reschedule(asyncio.get_running_loop().time())

    def _schedule_ending(self, client: Client) -> None:
        """Schedule the next of the active endings for the connection."""
        if client.scheduled_fault is not None:
            client.scheduled_fault.cancel()
        ending = self._faults.next_ending()
        if ending is not None:
            loop = asyncio.get_running_loop()
            client.scheduled_fault = loop.call_later(self._faults.every(ending), self._end, client, ending)

    def _end(self, client: Client, ending: str) -> None:
        loop = asyncio.get_running_loop()
        if ending == "idle-cut" and (left := client.active_at + self._faults.every(ending) - loop.time()) > 0:
            client.scheduled_fault = loop.call_later(left, self._end, client, ending)
            return
        close_code = ENDINGS[ending]
        if close_code is not None:
            self._close_client(client, close_code)
        elif ending != "half-open":
            client.abort(reset=ending == "reset")
        elif not client.deadline.expired():
            self._remove_client(client)
            self._half_open.add(client)
            client.become_half_open()
            client.deadline.reschedule(loop.time() + _HALF_OPEN_SECONDS)

    async def _handle_requests(self, client: Client, socket: ServerConnection) -> None:
        loop = asyncio.get_running_loop()
        while True:
            frame = await socket.recv(decode=False)
            client.active_at = loop.time()
            if self._on_request is not None:
                self._on_request(client.number, frame)
            session_reply = client.session.receive(frame)
            if session_reply.ping and client in self._clients:  # a connection being closed must not extend its deadline
                client.deadline.reschedule(loop.time() + self._heartbeat_limit)
            if session_reply.reply is not None:
                reply = self._faults.alter_reply(session_reply.reply)
                if session_reply.delay:
                    loop.call_later(session_reply.delay, client.send, reply)
                else:
                    client.send(reply)
            if session_reply.closes:
                return
            for symbol, kind in session_reply.stopped:
                self._unsubscribe(client, symbol, CLASSES[kind])
            for symbol, kind in session_reply.started:
                self._subscribe(client, symbol, CLASSES[kind])
                # Simulating a fund's past and encoding its history take some ms: yield to the other clients.
                await asyncio.sleep(0)

    def _subscribe(self, client: Client, symbol: Symbol, kind: type[Push]) -> None:
        """Send the current state of one type of one fund, and add the client to its subscribers."""
        if not self._channels:
            self.market.skip(self._clock())
        listing = self.market.watch(symbol)
        if listing is None:
            return
        channel = self._channels.setdefault(symbol, {}).setdefault(kind, Channel())
        current: Sequence[Push]
        if kind is Kline:
            current = listing.history(self.market.time) if self._history else []
        else:
            current = [listing.tick() if kind is Tick else listing.quote() if kind is Quote else listing.depth()]
        if current:
            self._queue_pushes(channel, current, [client])
            client.flush()
        channel.subscribers.add(client)
        self._has_subscribers.set()

    def _unsubscribe(self, client: Client, symbol: Symbol, kind: type[Push]) -> None:
        """Remove the client from the subscribers of one type of one fund; a fund without subscribers is no longer
        simulated."""
        channels = self._channels.get(symbol, {})
        channel = channels.get(kind)
        if channel is None:
            return
        channel.subscribers.discard(client)
        if not channel.subscribers:
            del channels[kind]
        if not channels:
            del self._channels[symbol]
            self.market.unwatch(symbol)
        if not self._channels:
            self._has_subscribers.clear()

    def _remove_client(self, client: Client) -> None:
        self._clients.discard(client)
        self._half_open.discard(client)
        if client.scheduled_fault is not None:
            client.scheduled_fault.cancel()
        for symbol, kinds in client.session.subscribed.items():
            for kind in kinds:
                self._unsubscribe(client, symbol, CLASSES[kind])

    # The market.

    async def _run_market(self) -> None:
        """Step the market while it has subscribers. A late step drops the time it cannot simulate instead of queueing
        it."""
        loop = asyncio.get_running_loop()
        while True:
            await self._has_subscribers.wait()
            if "quiet" in self._faults:
                await asyncio.sleep(_MARKET_STEP)
                continue
            started = loop.time()
            now = self._clock()
            if now - self.market.time > 2000 * _MARKET_STEP:
                self.market.skip(now - int(1000 * _MARKET_STEP))
            self._deliver(self.market.step(now))
            elapsed = loop.time() - started
            # With `--demo` the client runs in this loop: a third of the time is left to it at any rate.
            await asyncio.sleep(max(elapsed / 2, _MARKET_STEP - elapsed))

    async def _stop_market(self) -> None:
        if self._market_task is not None:
            self._market_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._market_task
            self._market_task = None

    def _deliver(self, messages: Iterable[tuple[Symbol, Push]]) -> None:
        if self._faults.alters_data:
            self._deliver_altered(messages)
        else:
            for symbol, push in messages:
                channel = self._channels[symbol].get(type(push))
                if channel is not None:
                    channel.last = push
                    frame = encode_frame(encode(push))
                    for client in channel.subscribers:
                        client.queue(frame)
        for client in self._clients:
            client.flush()

    def _deliver_altered(self, messages: Iterable[tuple[Symbol, Push]]) -> None:
        now = time.monotonic()
        for (symbol, kind), group in itertools.groupby(messages, lambda message: (message[0], type(message[1]))):
            if self._faults.is_silenced(kind, now):
                continue
            channel = self._channels[symbol].get(kind)
            pushes = [push for _, push in group]
            if channel is not None:
                self._queue_pushes(channel, pushes, channel.subscribers)

    def _queue_pushes(self, channel: Channel, pushes: Sequence[Push], subscribers: Iterable[Client]) -> None:
        """Queue messages of one type of one fund for some clients, altered by the faults."""
        faults, now = self._faults, time.monotonic()
        pushes = [faults.alter_push(push, now) for push in pushes]
        channel.last = pushes[-1]
        frames = [(encode_frame(payload), messages) for payload, messages in faults.encode_frames(pushes)]
        for client in subscribers:
            for frame, messages in frames:
                client.queue(frame, "data", messages)


class _MonotonicClock:
    """A UTC clock in ms that never goes back: after a wall clock is set back it runs on until the wall clock has caught
    up."""

    def __init__(self) -> None:
        self._last = time.time_ns()
        self._then = time.monotonic_ns()

    def __call__(self) -> int:
        now = time.monotonic_ns()
        self._last = max(time.time_ns(), self._last + now - self._then)
        self._then = now
        return self._last // 1_000_000


def _offset_clock(clock: Callable[[], int], by: int) -> Callable[[], int]:
    return (lambda: clock() + by) if by else clock
