"""A running link, and servers that misbehave in ways that our exchange does not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Self

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request as HttpRequest
from websockets.http11 import Response

from tests.support.loopback import LoopbackServer
from tests.support.wait_until import until
from tui.feed.clock import monotonic
from tui.feed.link import Link, Opener
from tui.feed.state import LinkPhase, LinkState, Timings
from tui.feed.tap import Route
from tui.market import Instrument, Market
from tui.protocol.decoder import decode_request
from tui.protocol.messages import (
    AUTHENTICATED,
    CONNECTED,
    SUBSCRIBED,
    TYPES,
    AuthReply,
    Hello,
    Message,
    Ping,
    Pong,
    PongData,
    Push,
    Request,
    Subscribe,
    SubscribeReply,
    Tick,
    encode,
)
from tui.secrets import Token
from tui.symbol import Symbol

KEY = "5ecre7-2abf6c0e7dd8a1930a"
QQQ = Symbol("QQQ", "US")
SPY = Symbol("SPY", "US")
IEF = Symbol("IEF", "US")

QUICK = Timings(
    open=3.0,
    auth=3.0,
    reply=3.0,
    ping_every=0.02,
    second_ping=0.02,
    pong=3.0,
    check_every=0.01,
    close=0.2,
    retry_first=0.01,
    retry_longest=0.04,
    retry_gap=0.02,
)


class Running:
    """`async with Running(url) as running:` a link that runs until the end of the block, with its market and states."""

    def __init__(
        self,
        url: str,
        *symbols: Symbol,
        timings: Timings | None = QUICK,
        types: Sequence[str] = TYPES,
        on_push: Callable[[Push, Instrument], None] | None = None,
        on_state: Callable[[LinkState], None] = lambda state: None,
        route: Route | None = None,
        opener: Opener | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.market = Market()
        self.states: list[LinkState] = []

        def record_state(state: LinkState) -> None:
            self.states.append(state)
            on_state(state)

        self.link = Link(
            url,
            Token(KEY),
            self.market,
            types=types,
            on_state=record_state,
            on_push=on_push,
            route=route,
            opener=opener,
            timings=timings,
            clock=clock,
        )
        self.link.set_symbols(symbols or [QQQ, SPY])

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.link.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        texts = [state.describe(0) for state in self.states] + [repr(state) for state in self.states]
        assert not any(KEY in text for text in texts), "a state contains the key"

    async def reaches(self, phase: LinkPhase, times: int = 1) -> LinkState:
        """Returns the state in which the link entered a phase for the n-th time, as soon as it has."""
        await until(lambda: self.phases.count(phase) >= times)
        return [state for state in self.states if state.phase is phase][times - 1]

    @property
    def phases(self) -> list[LinkPhase]:
        return [state.phase for state in self.states]

    async def is_lost(self) -> str:
        """Returns why the link was lost, as soon as it was."""
        return str((await self.reaches(LinkPhase.RECONNECTING)).error)

    async def stops(self, times: int = 1) -> str:
        """Returns why the link stopped, as soon as it has."""
        return str((await self.reaches(LinkPhase.STOPPED, times)).error)


def reply_to(request: Request) -> Message:
    """Returns the reply to a request as the page has it (steps 3 and 5)."""
    return Pong(data=PongData(params=request.params)) if isinstance(request, Ping) else SubscribeReply(1, SUBSCRIBED)


class VendorServer:
    """A server that accepts every key, records the requests, and replies as `answer` returns.

    `answer` gets the number of the connection (from 1) and a request, and returns the reply, or None for none. With
    `ticks` a trade of QQQ is sent every few ms."""

    def __init__(
        self,
        answer: Callable[[int, Request], Message | None] = lambda number, request: reply_to(request),
        *,
        ticks: bool = False,
        greeting: Sequence[Message | bytes] = (Hello(1, CONNECTED), AuthReply(1, AUTHENTICATED)),
    ) -> None:
        self.connections = 0
        self.requests: list[tuple[int, Request]] = []
        self.tokens: list[list[str]] = []
        self._answer = answer
        self.ticks = ticks
        self._greeting = greeting

    def subscribed(self, number: int) -> list[tuple[str, str]]:
        """Returns (types, symbols) of each subscription on a connection, in order."""
        return [(r.types, r.params) for n, r in self.requests if n == number and isinstance(r, Subscribe)]

    async def __call__(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.connections += 1
        number = self.connections
        self.tokens.append(connection.request.headers.get_all("token"))
        ticking = asyncio.create_task(self._tick(connection))
        try:
            for message in self._greeting:
                await connection.send(message if isinstance(message, bytes) else encode(message), text=True)
            async for frame in connection:
                request = decode_request(frame if isinstance(frame, bytes) else frame.encode())
                self.requests.append((number, request))
                if (reply := self._answer(number, request)) is not None:
                    await connection.send(encode(reply), text=True)
        except ConnectionClosed:
            pass
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking

    async def _tick(self, connection: ServerConnection) -> None:
        time = 1_731_689_407_000
        with suppress(ConnectionClosed):
            while self.ticks:
                await connection.send(encode(Tick(symbol="QQQ$US", last=512.34, time=time)), text=True)
                time += 1
                await asyncio.sleep(0.005)


@asynccontextmanager
async def serving(
    handler: Callable[[ServerConnection], object],
    respond: Callable[[ServerConnection, HttpRequest], Response | None] | None = None,
) -> AsyncIterator[str]:
    """Runs a WebSocket server on a free port of loopback, and yields its URL."""
    async with serve(handler, "127.0.0.1", 0, process_request=respond, close_timeout=0.2) as server:  # type: ignore[arg-type]
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/fund"


class RawServer(LoopbackServer):
    """A TCP server that sends some bytes to each client, or nothing, and counts the connections."""

    def __init__(self, sends: bytes | None) -> None:
        super().__init__()
        self.connections = 0
        self._sends = sends

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await reader.read(65_536)
        if self._sends is not None:
            writer.write(self._sends)
        else:
            await reader.read()


def free_port() -> int:
    """Returns a port of loopback on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
