"""The demo exchange: the simulated market, served on loopback over the vendor's protocol.

`Session` knows what to answer and `Market` what happens; here are the socket, the clock and who gets what. Frames are
encoded once however many clients take them, and all that one client is due after a step goes out in one write.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import http
import itertools
import logging
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State

from tui import __version__
from tui.errors import UsageError
from tui.exchange.session import HELLO, Session
from tui.exchange.simulation import Market
from tui.protocol import Depth, Kline, Message, Push, Quote, Tick, encode
from tui.secrets import Token
from tui.symbol import Symbol

SERVER_NAME = f"itick-tui-exchange/{__version__}"

_PATH = "/fund"
_STEP = 0.025  # seconds between two steps of the market
_MOST_BUFFERED = 32 << 20  # bytes a client may leave unread before it is cut off
_CLASSES: dict[str, type[Push]] = {"tick": Tick, "quote": Quote, "depth": Depth, "kline@1": Kline}

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())
_log.setLevel(logging.INFO)  # at DEBUG websockets would log every header, and with them the key


class _Client:
    """One connection: its socket, its standing, and the frames it is due."""

    def __init__(self, number: int, socket: ServerConnection, session: Session, deadline: asyncio.Timeout) -> None:
        self.number = number
        self.session = session
        self.deadline = deadline
        tokens = socket.request.headers.get_all("token") if socket.request else []
        self.token = Token(tokens[0] if tokens else "")
        self._socket = socket
        self._due: list[bytes] = []

    def give(self, frame: bytes) -> None:
        self._due.append(frame)

    def send(self, *messages: Message) -> None:
        """Send at once, after what is already due."""
        self._due += [_framed(message) for message in messages]
        self.flush()

    def flush(self) -> None:
        """Write what is due without ever waiting for the client, and cut it off if it does not read."""
        if self._due and self._socket.state is State.OPEN:
            transport = self._socket.transport
            transport.write(b"".join(self._due))
            if transport.get_write_buffer_size() > _MOST_BUFFERED:
                transport.abort()
        self._due.clear()


class Exchange:
    """A server on loopback; `async with Exchange() as exchange:` and connect to `exchange.url`.

    `port` 0 takes a free one. `rate`: messages a second, as Market says. `key` None accepts any key that is not empty.
    `history`: two hours of bars at the start of a kline subscription. `single_connection`: a second connection with the
    same key ends the first (page, step 1). `heartbeat_limit`: seconds without a ping before the connection is ended
    (page, step 5). `on_request` is called with the connection's number, from 1, and each frame it sends. `clock` gives
    UTC ms. Entering raises UsageError where the port cannot be had."""

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
        on_request: Callable[[int, bytes], None] | None = None,
        clock: Callable[[], int] | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._key = key
        self._history = history
        self._single = single_connection
        self._max_symbols = max_symbols
        self._heartbeat_limit = heartbeat_limit
        self._on_request = on_request
        self._clock = clock or _Clock()
        self.market = Market(seed, self._clock(), rate)
        self._numbers = itertools.count(1)
        self._clients: set[_Client] = set()
        self._takers: dict[Symbol, dict[type[Push], set[_Client]]] = {}
        self._wanted = asyncio.Event()
        self._server: Server | None = None
        self._trading: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where to connect: `ws://127.0.0.1:PORT/fund`."""
        return f"ws://{self._host}:{self._port}{_PATH}"

    async def __aenter__(self) -> Self:
        try:
            self._server = await serve(
                self._serve,
                self._host,
                self._port,
                process_request=_only_fund,
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
        self._trading = asyncio.create_task(self._trade())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._trading is not None:
            self._trading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._trading
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    # One connection.

    async def _serve(self, socket: ServerConnection) -> None:
        session = Session(self._key, self._max_symbols)
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            async with asyncio.timeout(self._heartbeat_limit) as deadline:
                client = _Client(next(self._numbers), socket, session, deadline)
                try:
                    if self._admit(client):
                        await self._listen(client, socket)
                finally:
                    self._forget(client)
        await socket.close()

    def _admit(self, client: _Client) -> bool:
        client.send(HELLO, client.session.authenticate(client.token))
        if not client.session.authenticated:
            return False
        if self._single:
            earlier = {other for other in self._clients if other.token.reveal() == client.token.reveal()}
            for other in earlier:
                if not other.deadline.expired():
                    other.deadline.reschedule(asyncio.get_running_loop().time())
            self._clients -= earlier
        self._clients.add(client)
        return True

    async def _listen(self, client: _Client, socket: ServerConnection) -> None:
        loop = asyncio.get_running_loop()
        while True:
            frame = await socket.recv(decode=False)
            if self._on_request is not None:
                self._on_request(client.number, frame)
            answer = client.session.receive(frame)
            if answer.ping and client in self._clients:  # one that is being ended cannot ping itself back to life
                client.deadline.reschedule(loop.time() + self._heartbeat_limit)
            client.send(answer.reply)
            for symbol, kind in answer.started:
                self._start(client, symbol, _CLASSES[kind])
                # A fund's past takes a few ms to make and its history some more: others get their turn in between.
                await asyncio.sleep(0)

    def _start(self, client: _Client, symbol: Symbol, kind: type[Push]) -> None:
        """Send what is known of one type of one fund, and let the client take part in what follows."""
        if not self._takers:
            self.market.skip(self._clock())
        listing = self.market.watch(symbol)
        if listing is None:
            return
        if kind is Kline:
            client.send(*(listing.history(self.market.time) if self._history else []))
        else:
            client.send(listing.tick() if kind is Tick else listing.quote() if kind is Quote else listing.depth())
        self._takers.setdefault(symbol, {}).setdefault(kind, set()).add(client)
        self._wanted.set()

    def _forget(self, client: _Client) -> None:
        self._clients.discard(client)
        for symbol in client.session.subscribed:
            kinds = self._takers.get(symbol, {})
            for kind in [kind for kind, takers in kinds.items() if takers <= {client}]:
                del kinds[kind]
            for takers in kinds.values():
                takers.discard(client)
            if not kinds and self._takers.pop(symbol, None) is not None:
                self.market.unwatch(symbol)
        if not self._takers:
            self._wanted.clear()

    # The market.

    async def _trade(self) -> None:
        """Step the market while anybody watches. What a late step could not simulate is dropped, never queued."""
        loop = asyncio.get_running_loop()
        while True:
            await self._wanted.wait()
            started = loop.time()
            now = self._clock()
            if now - self.market.time > 2000 * _STEP:
                self.market.skip(now - int(1000 * _STEP))
            self._deliver(self.market.step(now))
            spent = loop.time() - started
            # A client may live on this very loop (`--demo`): however high the rate, a third of the time is its own.
            await asyncio.sleep(max(spent / 2, _STEP - spent))

    def _deliver(self, messages: Iterable[tuple[Symbol, Push]]) -> None:
        for symbol, push in messages:
            takers = self._takers[symbol].get(type(push))
            if takers:
                frame = _framed(push)
                for client in takers:
                    client.give(frame)
        for client in self._clients:
            client.flush()


class _Clock:
    """UTC in ms that never goes back: a wall clock set back goes on at its own speed until the wall has caught up."""

    def __init__(self) -> None:
        self._last = time.time_ns()
        self._then = time.monotonic_ns()

    def __call__(self) -> int:
        now = time.monotonic_ns()
        self._last = max(time.time_ns(), self._last + now - self._then)
        self._then = now
        return self._last // 1_000_000


def _only_fund(socket: ServerConnection, request: Request) -> Response | None:
    if request.path == _PATH:
        return None
    return socket.respond(http.HTTPStatus.NOT_FOUND, "the exchange has no such path: connect to /fund\n")


def _framed(message: Message) -> bytes:
    """A message as a WebSocket text frame. A server's frames carry no mask, so one serves every client."""
    return Frame(Opcode.TEXT, encode(message)).serialize(mask=False)
