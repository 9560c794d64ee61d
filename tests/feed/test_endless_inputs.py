"""Endless input ends in bounded time and memory, with an error in words."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import re
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress

import pytest

from tests.support.feed import KEY, QQQ, QUICK, Running
from tests.support.flood_server import CHUNKED, CONT, PING, TEXT, frame
from tests.support.wait_until import until
from tui.feed.clock import monotonic
from tui.feed.connection import Connection
from tui.history.rest_client import RestClient, RestError
from tui.protocol.messages import AUTHENTICATED, CONNECTED, AuthReply, Hello, encode
from tui.secrets import Token

SHORT = QUICK._replace(open=0.5, ping_every=15.0, second_ping=0.2, pong=0.5, retry_first=60.0, retry_longest=60.0)
CLOSE = 0x88
GREETING = frame(encode(Hello(1, CONNECTED))) + frame(encode(AuthReply(1, AUTHENTICATED)))
BEGUN = frame(b"{", TEXT & 0x0F)  # a message in several frames


@asynccontextmanager
async def serve_portions(answer: Callable[[bytes], Iterable[bytes]], every: float = 0.0) -> AsyncIterator[int]:
    """A server on a port that answers a request with these portions, `every` so many s, never hangs up, and hears
    nothing more."""

    visits: list[asyncio.Task[None] | None] = []

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append(asyncio.current_task())
        with suppress(OSError, asyncio.CancelledError):
            for portion in answer(await reader.readuntil(b"\r\n\r\n")):
                writer.write(portion)
                await writer.drain()
                await asyncio.sleep(every)
            await asyncio.sleep(30)
        writer.transport.abort()

    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    server = await asyncio.start_server(visit, sock=listening)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in filter(None, visits):
            task.cancel()
        await asyncio.gather(*filter(None, visits))


def websocket_stream(*portions: bytes, again: bytes = b"") -> Callable[[bytes], Iterable[bytes]]:
    """A WebSocket that opens and greets, and what it sends then: once, and for ever."""

    def answer(head: bytes) -> Iterable[bytes]:
        key = re.search(rb"(?i)sec-websocket-key: (\S+)", head)
        assert key is not None
        accept = base64.b64encode(hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        yield (
            b"HTTP/1.1 101 Y\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            + accept
            + b"\r\n\r\n"
        )
        yield GREETING
        yield from portions
        yield from itertools.repeat(again) if again else ()

    return answer


async def end_of_link(port: int, within: float = 3.0) -> str:
    """Why the link was lost; fails where that takes too long."""
    async with Running(f"ws://127.0.0.1:{port}/fund", QQQ, timings=SHORT) as running:
        began = monotonic()
        words = await running.is_lost()
        assert monotonic() - began < within
        return words.replace(running.link.host, "HOST")


@pytest.mark.parametrize(
    ("head", "every", "words"),
    [
        (itertools.repeat(b"H"), 0.01, "cannot reach HOST: no answer within 0.5 s"),
        (
            itertools.chain([b"HTTP/1.1 101 Y\r\n"], itertools.repeat(b"a: b\r\n")),
            0.05,
            "cannot reach HOST: no answer within 0.5 s",
        ),
        (
            itertools.chain([b"HTTP/1.1 101 Y\r\n"], itertools.repeat(b"a: b\r\n" * 9_000)),
            0.0,
            "HOST does not speak WebSocket there: check the address",
        ),
        (
            itertools.chain([b"HTTP/1.1 101 Y\r\na: "], itertools.repeat(b"b" * 60_000)),
            0.0,
            "HOST does not speak WebSocket there: check the address",
        ),
        (itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000), 0.0, "HOST answered HTTP 100: check the address"),
        (
            itertools.chain([CHUNKED.replace(b"200", b"404")], itertools.repeat(b"1\r\n \r\n" * 9_000)),
            0.0,
            "cannot reach HOST: no answer within 0.5 s",
        ),
        (
            itertools.chain([b"HTTP/1.1 404 No\r\n\r\n"], itertools.repeat(b" " * 60_000)),
            0.0,
            "HOST does not speak WebSocket there: check the address",
        ),
    ],
    ids=["letter by letter", "header by header", "headers", "one header", "interim answers", "one-byte chunks", "body"],
)
async def test_an_endless_handshake_times_out(head: Iterable[bytes], every: float, words: str) -> None:
    async with serve_portions(lambda _: head, every) as port:
        assert await end_of_link(port) == words


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"", "the server closed the connection (1005)"),
        (struct.pack("!H", 1001), "the server closed the connection (1001)"),
        (struct.pack("!H", 4999) + b"\x1b[2Jbye", "the server closed the connection (4999, �[2Jbye)"),
        (struct.pack("!H", 0), "HOST does not keep to WebSocket (1002, invalid status code)"),
        (struct.pack("!H", 1006), "HOST does not keep to WebSocket (1002, invalid status code)"),
        (b"\x03", "HOST does not keep to WebSocket (1002, close frame too short)"),
        (struct.pack("!H", 1000) + b"\xff", "HOST does not keep to WebSocket (1007, invalid start byte at position 0)"),
        (b"x" * 126, "HOST does not keep to WebSocket (1002, control frame too long)"),
    ],
)
async def test_a_close_frame_ends_the_connection_although_the_server_keeps_the_socket_open(
    payload: bytes, words: str
) -> None:
    async with serve_portions(websocket_stream(frame(payload, CLOSE))) as port:
        assert await end_of_link(port) == words


@pytest.mark.parametrize(
    ("once", "again", "words"),
    [
        (BEGUN, frame(b"", CONT) * 5_000, r"link silent for \d s"),
        (BEGUN, frame(b"x" * 50_000, CONT), "a message over 2 MB"),
        (b"\x81\x7f" + struct.pack("!Q", (2 << 20) - 1), b"", r"link silent for \d s"),
        (b"\x81\x7f" + struct.pack("!Q", 1 << 62), b"", "a message over 2 MB"),
        (b"\x81\xfe", b"", r"HOST does not keep to WebSocket \(1002, incorrect masking\)"),
        (b"\x83\x7f", b"", r"HOST does not keep to WebSocket \(1002, invalid opcode\)"),
    ],
    ids=["fragments", "a growing message", "half a message", "an endless frame", "masked", "of no kind"],
)
async def test_an_endless_message_ends_the_connection(once: bytes, again: bytes, words: str) -> None:
    async with serve_portions(websocket_stream(once, again=again)) as port:
        assert re.fullmatch(words, await end_of_link(port))


async def test_a_server_that_does_not_read_our_pongs_is_not_read_and_times_out() -> None:
    """Our pongs would pile up here."""
    sizes: list[int] = []

    async def look(connection: Connection) -> None:
        while True:
            sizes.append(connection._websocket.transport.get_write_buffer_size())
            await asyncio.sleep(0.01)

    async with (
        serve_portions(websocket_stream(again=frame(b"p" * 125, PING) * 300)) as port,
        Running(f"ws://127.0.0.1:{port}/fund", QQQ, timings=SHORT._replace(reply=3.0)) as running,
    ):
        connections: list[Connection] = []
        authenticate = Connection.authenticate

        async def kept(self: Connection) -> None:
            connections.append(self)
            sending = self._websocket.transport.get_extra_info("socket")
            sending.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # else the system takes some MB of pongs
            await authenticate(self)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Connection, "authenticate", kept)
            await until(lambda: connections)
        looks = asyncio.create_task(look(connections[0]))
        words = await running.is_lost()
        looks.cancel()
        assert re.fullmatch(r"link silent for \d s|127.0.0.1:\d+ takes nothing in", words)
    assert 10_000 < max(sizes) < 200_000


@pytest.mark.parametrize(
    ("answer", "every", "words"),
    [
        (itertools.repeat(b"HTTP/1.1 100 \r\n\r\n" * 2_000), 0.0, "did not answer /fund/quotes within 0.5 s"),
        (itertools.repeat(b"H"), 0.01, "did not answer /fund/quotes within 0.5 s"),
        (
            itertools.chain([b"HTTP/1.1 200 Y\r\n"], itertools.repeat(b"a: b\r\n" * 9_000)),
            0.0,
            "the connection was cut",
        ),
        (itertools.chain([b"HTTP/1.1 200 Y\r\na: "], itertools.repeat(b"b" * 60_000)), 0.0, "the connection was cut"),
        (
            itertools.chain([b"HTTP/1.1 200 Y\r\n"], itertools.repeat(b"a: b\r\n")),
            0.05,
            "did not answer /fund/quotes within 0.5 s",
        ),
        ([b"HTTP/1.1 200 Y\r\nContent-Length: 10\r\n\r\n{"], 0.0, "did not answer /fund/quotes within 0.5 s"),
        (
            itertools.chain([CHUNKED], itertools.repeat(b"1\r\n \r\n" * 9_000)),
            0.0,
            "did not answer /fund/quotes within 0.5 s",
        ),
        (itertools.chain([CHUNKED + b"0\r\n"], itertools.repeat(b"a: b\r\n" * 9_000)), 0.0, "the connection was cut"),
    ],
    ids=["interim", "drips", "headers", "one header", "header by header", "stalls", "chunks", "trailers"],
)
async def test_an_endless_rest_response_is_an_error(answer: Iterable[bytes], every: float, words: str) -> None:
    async with serve_portions(lambda _: answer, every) as port:
        rest = RestClient(f"http://127.0.0.1:{port}", Token(KEY), within=0.5)
        began = monotonic()
        with pytest.raises(RestError) as caught:
            await rest.quotes("US", ["QQQ"])
        await rest.aclose()
    assert str(caught.value).endswith(words) and monotonic() - began < 2
