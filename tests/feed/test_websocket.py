"""Messages are handled as they are read, whole and in their order, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedOK

from tui.feed.websocket import Dial, Listener, WebSocket


@asynccontextmanager
async def connected(talk: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[WebSocket]:
    async with serve(talk, "127.0.0.1", 0, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        websocket = await Dial(f"ws://127.0.0.1:{port}", compression=None)
        assert isinstance(websocket, WebSocket)
        try:
            yield websocket
        finally:
            await websocket.close()


def to(message: Callable[[bytes | bytearray], None]) -> Listener:
    return Listener(message, lambda: None, lambda: None)


async def heard(websocket: WebSocket) -> list[bytes]:
    """All messages until the server says goodbye."""
    messages: list[bytes] = []
    websocket.listen(to(lambda message: messages.append(bytes(message))))
    with pytest.raises(ConnectionClosedOK):
        await websocket.ended()
    return messages


async def test_whole_and_cut_messages_keep_their_order() -> None:
    async def talk(server: ServerConnection) -> None:
        await server.send("one")
        await server.send(["t", "w", "o"])
        await server.send("three")
        await server.send([b"fo", b"ur"])

    async with connected(talk) as websocket:
        assert await heard(websocket) == [b"one", b"two", b"three", b"four"]


async def test_what_came_before_anybody_listened_is_heard_first() -> None:
    said = asyncio.Event()

    async def talk(server: ServerConnection) -> None:
        await server.send("early")
        await said.wait()
        await server.send("late")

    async with connected(talk) as websocket:
        await asyncio.sleep(0.1)
        said.set()
        assert await heard(websocket) == [b"early", b"late"]


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
        websocket.listen(to(take))
        with pytest.raises(ZeroDivisionError):
            await websocket.ended()
    assert heard == [b"fine", b"bad"]


async def test_nothing_is_heard_after_goodbye() -> None:
    async def talk(server: ServerConnection) -> None:
        while True:
            await server.send("more")
            await asyncio.sleep(0)

    heard: list[bytes] = []
    async with connected(talk) as websocket:
        websocket.listen(to(lambda message: heard.append(bytes(message))))
        while not heard:
            await asyncio.sleep(0.01)
        closing = asyncio.create_task(websocket.close())
        await asyncio.sleep(0)
        count = len(heard)
        await closing
    assert len(heard) == count
