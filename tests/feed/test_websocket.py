"""Messages are delivered as they are read, whole and in order, over real sockets."""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from typing import cast

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.utils import accept_key

from tests.support.wait_until import until
from tui.config.plain_mode import PLAIN
from tui.feed.connection import MAX_MESSAGE
from tui.feed.websocket import Connector, FrameHandler, PlainWebSocket, WebSocket


@pytest.fixture(params=[WebSocket, PlainWebSocket], autouse=True)
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[PlainWebSocket]:
    """What parses the frames: our connection or the library's."""
    monkeypatch.setenv(PLAIN, "1" if request.param is PlainWebSocket else "")
    return cast(type[PlainWebSocket], request.param)


@asynccontextmanager
async def connected(talk: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[PlainWebSocket]:
    async with serve(talk, "127.0.0.1", 0, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        websocket = await Connector(f"ws://127.0.0.1:{port}", compression=None)
        assert isinstance(websocket, PlainWebSocket)
        try:
            yield websocket
        finally:
            await websocket.close()


def handler_of(message: Callable[[bytes | bytearray], None]) -> FrameHandler:
    return FrameHandler(message, lambda: None, lambda: None)


async def receive_all(websocket: PlainWebSocket) -> list[bytes]:
    """All messages until the server says goodbye."""
    messages: list[bytes] = []
    websocket.set_handler(handler_of(lambda message: messages.append(bytes(message))))
    with pytest.raises(ConnectionClosedOK):
        await websocket.ended()
    return messages


async def test_what_parses_the_frames_is_as_the_environment_says(reader: type[PlainWebSocket]) -> None:
    async with connected(lambda server: server.wait_closed()) as websocket:
        assert type(websocket) is reader


async def test_whole_and_fragmented_messages_keep_their_order() -> None:
    async def talk(server: ServerConnection) -> None:
        await server.send("one")
        await server.send(["t", "w", "o"])
        await server.send("three")
        await server.send([b"fo", b"ur"])

    async with connected(talk) as websocket:
        assert await receive_all(websocket) == [b"one", b"two", b"three", b"four"]


async def test_messages_that_arrive_before_the_handler_is_set_are_delivered_first() -> None:
    said = asyncio.Event()

    async def talk(server: ServerConnection) -> None:
        await server.send("early")
        await said.wait()
        await server.send("late")

    async with connected(talk) as websocket:
        await asyncio.sleep(0.1)
        said.set()
        assert await receive_all(websocket) == [b"early", b"late"]


async def test_a_handler_that_fails_ends_the_connection_with_its_own_error() -> None:
    async def talk(server: ServerConnection) -> None:
        for word in ("fine", "bad", "unheard"):
            await server.send(word)
        await server.wait_closed()

    heard: list[bytes] = []

    def take(message: bytes | bytearray) -> None:
        heard.append(bytes(message))
        if message == b"bad":
            raise ZeroDivisionError

    async with connected(talk) as websocket:
        websocket.set_handler(handler_of(take))
        with pytest.raises(ZeroDivisionError):
            await websocket.ended()
    assert heard == [b"fine", b"bad"]


@pytest.mark.parametrize("when", ["begin", "end"])
async def test_a_handler_that_fails_around_the_messages_ends_the_connection_with_its_own_error(when: str) -> None:
    said = asyncio.Event()

    async def talk(server: ServerConnection) -> None:
        await said.wait()
        await server.send("late")
        await server.wait_closed()

    def fail() -> None:
        if said.is_set():
            raise ZeroDivisionError

    listener = handler_of(lambda message: None)
    async with connected(talk) as websocket:
        websocket.set_handler(listener._replace(begin=fail) if when == "begin" else listener._replace(end=fail))
        said.set()
        with pytest.raises(ZeroDivisionError):
            await websocket.ended()


async def test_no_message_is_delivered_after_close() -> None:
    async def talk(server: ServerConnection) -> None:
        while True:
            await server.send("more")
            await asyncio.sleep(0)

    heard: list[bytes] = []
    async with connected(talk) as websocket:
        websocket.set_handler(handler_of(lambda message: heard.append(bytes(message))))
        ended = asyncio.create_task(websocket.ended())
        while not heard:
            await asyncio.sleep(0.01)
        closing = asyncio.create_task(websocket.close())
        await asyncio.sleep(0)
        count = len(heard)
        await closing
        with suppress(ConnectionClosedOK):
            await ended
    assert len(heard) == count


@pytest.mark.parametrize("pause", [0.0, 0.002], ids=["quick", "slow"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
async def test_a_slow_handler_gets_every_message_before_the_end(tls: bool, pause: float) -> None:
    """TLS hands over the last bytes and tells of the end in one go, though reading is paused."""

    async def talk(server: ServerConnection) -> None:
        frames = [Frame(Opcode.TEXT, b"%0100d" % number) for number in range(50)] + [Frame(Opcode.CLOSE, b"\x03\xe8")]
        await server.recv()
        server.transport.write(b"".join(frame.serialize(mask=False) for frame in frames))
        server.transport.close()  # at once, without waiting for our goodbye

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(trust)
    heard: list[bytes] = []

    def take(message: bytes | bytearray) -> None:
        heard.append(bytes(message))
        time.sleep(pause)

    async with serve(talk, "127.0.0.1", 0, compression=None, ssl=context if tls else None) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"wss://localhost:{port}" if tls else f"ws://127.0.0.1:{port}"
        websocket = await Connector(url, compression=None, ssl=trust if tls else None)
        assert isinstance(websocket, PlainWebSocket)
        websocket.set_handler(handler_of(take))
        await websocket.send("go")
        with pytest.raises(ConnectionClosedOK):
            await websocket.ended()
    assert heard == [b"%0100d" % number for number in range(50)]


class SplitWriter:
    """A server that writes bytes as they are, in portions of its own."""

    def __init__(self, portions: list[bytes]) -> None:
        self._portions = portions

    async def talk(self, server: ServerConnection) -> None:
        for portion in self._portions:
            server.transport.write(portion)
            await asyncio.sleep(0.001)
        await server.close()


messages = st.lists(
    st.one_of(
        st.binary(max_size=200).map(lambda data: [Frame(Opcode.TEXT, data)]),
        st.integers(120, 70_000).map(lambda size: [Frame(Opcode.TEXT, b"x" * size)]),
        st.binary(max_size=5).map(lambda data: [Frame(Opcode.BINARY, data)]),
        st.tuples(st.binary(max_size=9), st.binary(max_size=9)).map(
            lambda parts: [Frame(Opcode.TEXT, parts[0], fin=False), Frame(Opcode.CONT, parts[1])]
        ),
        st.binary(max_size=9).map(lambda data: [Frame(Opcode.PING, data)]),
    ),
    max_size=8,
)


@given(messages, st.lists(st.integers(1, 400), max_size=12))
def test_every_message_is_delivered_once_however_the_bytes_are_split(sent: list[list[Frame]], cuts: list[int]) -> None:
    stream = b"".join(frame.serialize(mask=False) for frames in sent for frame in frames)
    portions: list[bytes] = []
    for cut in cuts:
        portions.append(stream[:cut])
        stream = stream[cut:]
    expected = [b"".join(bytes(frame.data) for frame in frames) for frames in sent if frames[0].opcode != Opcode.PING]

    async def all_heard() -> list[bytes]:
        async with connected(SplitWriter([*filter(None, portions), stream]).talk) as websocket:
            return await receive_all(websocket)

    assert asyncio.run(all_heard()) == expected


async def test_a_handshake_that_arrives_byte_by_byte_is_followed_by_messages() -> None:
    """Its end is found however it is cut, also where a message follows in the same portion."""
    message = Frame(Opcode.TEXT, b"first").serialize(mask=False)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        key = re.search(rb"(?i)sec-websocket-key: (\S+)", asked)
        assert key is not None
        accept = accept_key(key.group(1).decode())
        answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        answer += f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode() + message[:3]
        for cut in (
            answer[:-5],
            answer[-5:-4],
            answer[-4:],
            message[3:],
            Frame(Opcode.CLOSE, b"").serialize(mask=False),
        ):
            writer.write(cut)
            await writer.drain()
            await asyncio.sleep(0.01)
        await reader.read(100)  # the goodbye: who serves hangs up first
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        websocket = await Connector(
            f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", compression=None, close_timeout=0.1
        )
        assert isinstance(websocket, PlainWebSocket)
        assert await receive_all(websocket) == [b"first"]


@asynccontextmanager
async def serve_bytes(stream: bytes) -> AsyncIterator[tuple[PlainWebSocket, asyncio.Future[int | None]]]:
    """A WebSocket to a server that sends these bytes, and the code of the close frame that the server receives."""
    close_code: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    async def talk(server: ServerConnection) -> None:
        await server.recv()
        server.transport.write(stream)
        await server.wait_closed()
        close_code.set_result(server.close_code)

    async with serve(talk, "127.0.0.1", 0, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        websocket = await Connector(f"ws://127.0.0.1:{port}", compression=None, max_size=MAX_MESSAGE)
        assert isinstance(websocket, PlainWebSocket)
        try:
            yield websocket, close_code
        finally:
            await websocket.close()


@pytest.mark.parametrize("begun", [b"", b"be"])
@pytest.mark.parametrize("apart", [False, True], ids=["one frame", "fragments"])
async def test_a_text_frame_inside_a_fragmented_message_ends_the_connection(begun: bytes, apart: bool) -> None:
    """RFC 6455 §5.4: the fragments of one message are not interleaved with those of another."""
    frames = [
        Frame(Opcode.TEXT, b"whole"),
        Frame(Opcode.TEXT, begun, fin=False),
        Frame(Opcode.TEXT, b"in", fin=not apart),
    ]
    async with serve_bytes(b"".join(frame.serialize(mask=False) for frame in frames)) as (websocket, close_code):
        messages: list[bytes] = []
        websocket.set_handler(handler_of(lambda message: messages.append(bytes(message))))
        await websocket.send("go")
        with pytest.raises(ConnectionClosedError):
            await websocket.ended()
        assert messages == [b"whole"]
        assert await close_code == CloseCode.PROTOCOL_ERROR


@pytest.mark.parametrize("fragments", [1, 3])
@pytest.mark.parametrize("excess", [0, 1])
async def test_a_message_of_the_largest_size_is_received_and_one_byte_more_ends_the_connection(
    excess: int, fragments: int
) -> None:
    payload = b"x" * (MAX_MESSAGE + excess)
    cuts = [len(payload) * n // fragments for n in range(fragments + 1)]
    frames = [
        Frame(Opcode.CONT if start else Opcode.TEXT, payload[start:end], fin=end == len(payload))
        for start, end in pairwise(cuts)
    ]
    async with serve_bytes(b"".join(frame.serialize(mask=False) for frame in frames)) as (websocket, close_code):
        messages: list[int] = []
        websocket.set_handler(handler_of(lambda message: messages.append(len(message))))
        await websocket.send("go")
        if excess:
            with pytest.raises(ConnectionClosedError):
                await websocket.ended()
            assert await close_code == CloseCode.MESSAGE_TOO_BIG and messages == []
        else:
            ended = asyncio.create_task(websocket.ended())
            await until(lambda: messages == [MAX_MESSAGE])
            assert websocket.state is State.OPEN
            await websocket.close()
            with suppress(ConnectionClosed):
                await ended


async def test_after_an_expensive_message_reading_pauses_for_as_long_as_it_took(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else the event loop would get one turn between two of them."""
    monkeypatch.setenv(PLAIN, "")  # the library gives a turn after each message
    frames = [Frame(Opcode.TEXT, b"x" * 2_000)] * 6
    async with serve_bytes(b"".join(frame.serialize(mask=False) for frame in frames)) as (websocket, _):
        turns: list[int] = []
        turn = 0

        def handle(message: bytes | bytearray) -> None:
            turns.append(turn)
            time.sleep(0.03)

        websocket.set_handler(handler_of(handle))
        await websocket.send("go")
        while len(turns) < len(frames):
            await asyncio.sleep(0.001)
            turn += 1
        assert turns[-1] - turns[0] > 2 * len(frames), turns
