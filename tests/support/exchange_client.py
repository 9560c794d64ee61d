"""A bare client of the demo exchange, and the replies documented on the vendor's page."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tui.exchange.server import Exchange
from tui.protocol.decoder import decode
from tui.protocol.messages import Depth, Kline, Push, Quote, Tick

HELLO = {"code": 1, "msg": "Connected Successfully"}
AUTHENTICATED = {"code": 1, "resAc": "auth", "msg": "authenticated"}
AUTH_FAILED = {"code": 0, "resAc": "auth", "msg": "auth failed"}
SUBSCRIBED = {"code": 1, "resAc": "subscribe", "msg": "subscribe Successfully"}
UNRESOLVED = {"code": 0, "resAc": "subscribe", "msg": "cannot be resolved action"}
OVER_LIMIT = {"code": 0, "resAc": "subscribe", "msg": "exceeding the maximum subscription limit"}


def connect_client(exchange: Exchange, token: str | None = "key") -> connect:
    headers = {} if token is None else {"token": token}
    # No bound on the queue: a client that left something unread would not see the end of the connection.
    return connect(
        exchange.url, additional_headers=headers, proxy=None, ping_interval=None, max_queue=None, max_size=None
    )


async def receive_json(socket: ClientConnection) -> Any:
    async with asyncio.timeout(3):
        return json.loads(await socket.recv())


async def expect_authenticated(socket: ClientConnection) -> None:
    assert await receive_json(socket) == HELLO
    assert await receive_json(socket) == AUTHENTICATED


async def subscribe(socket: ClientConnection, types: str, params: str = "QQQ$US") -> None:
    await socket.send(json.dumps({"ac": "subscribe", "params": params, "types": types}))
    while (reply := await receive_json(socket)).get("resAc") is None:
        pass
    assert reply == SUBSCRIBED


async def receive_frames(socket: ClientConnection, seconds: float) -> list[bytes]:
    """Returns the frames received in the next `seconds`."""
    received: list[bytes] = []
    try:
        async with asyncio.timeout(seconds):
            while True:
                received.append(await socket.recv(decode=False))
    except TimeoutError:
        return received


async def receive_pushes(socket: ClientConnection, seconds: float) -> list[Push]:
    """Returns the data received in the next `seconds`."""
    pushes: list[Push] = []
    for frame in await receive_frames(socket, seconds):
        for message in decode(frame):
            assert isinstance(message, Tick | Quote | Depth | Kline)
            pushes.append(message)
    return pushes


async def expect_close(socket: ClientConnection, within: float) -> None:
    async with asyncio.timeout(within):
        with pytest.raises(ConnectionClosed):
            while True:
                await socket.recv()
