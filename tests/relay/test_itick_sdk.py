"""The vendor's own Python client, patched to the host of a relay. The wire of version 0.1.0 is tried without it too."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.relay.windows import LOCAL_TOKEN, Window, on_loopback
from tests.support.exchange_client import AUTHENTICATED, HELLO, SUBSCRIBED
from tests.support.feed import QQQ
from tests.support.wait_until import until
from tui.exchange.server import Exchange
from tui.feed.state import LinkPhase
from tui.protocol.messages import TYPES

REQUEST = json.dumps({"ac": "subscribe", "params": "QQQ$US,IEF$US", "types": ",".join(TYPES)})
EVERYTHING = {(symbol, type_) for symbol in ("QQQ", "IEF") for type_ in TYPES}


def kinds(messages: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Returns the symbol and the type of all data."""
    data = [message["data"] for message in messages if "type" in message.get("data", {})]
    return {(each["s"].partition("$")[0], each["type"]) for each in data}


async def test_what_the_client_sends_is_understood(tmp_path: Path) -> None:
    """Its path, its Origin, which it always sends, and its pings, which are WebSocket's and not the vendor's."""
    async with Exchange(rate=500) as exchange, Window(exchange.url, tmp_path, QQQ, listen=on_loopback()) as relay:
        await relay.running.reaches(LinkPhase.LIVE)
        address = relay.sharing.url.removesuffix("/fund")
        headers = {"token": LOCAL_TOKEN, "Origin": address.replace("ws", "http")}
        async with connect(f"{address}/websocket/fund", additional_headers=headers, proxy=None) as connection:
            await connection.send(REQUEST)
            received: list[dict[str, Any]] = []
            pong = asyncio.ensure_future(await connection.ping())
            async with asyncio.timeout(20):
                # Who waits for the pong alone reads no data: the client then stops reading altogether.
                while kinds(received) != EVERYTHING or not pong.done():
                    received.append(json.loads(await connection.recv()))
            assert received[:2] == [HELLO, AUTHENTICATED] and SUBSCRIBED in received


@pytest.mark.skipif(
    importlib.util.find_spec("itick") is None, reason="needs the vendor's client: pip install itick-sdk"
)
async def test_the_client_gets_its_data(tmp_path: Path) -> None:
    received: list[dict[str, Any]] = []
    errors: list[Exception] = []
    async with Exchange(rate=500) as exchange, Window(exchange.url, tmp_path, QQQ, listen=on_loopback()) as relay:
        await relay.running.reaches(LinkPhase.LIVE)
        client = importlib.import_module("itick.sdk").Client(LOCAL_TOKEN)
        client.WSS_URL = relay.sharing.url.removesuffix("/fund")
        client.set_message_handler(lambda message: received.append(json.loads(message)))
        client.set_error_handler(errors.append)
        await asyncio.to_thread(client.connect_fund_websocket)
        try:
            await asyncio.to_thread(client.send_websocket_message, REQUEST)
            await until(lambda: kinds(received) == EVERYTHING, 10)
            await asyncio.to_thread(client.ws.ping)  # as it does every 30 s
            before = len(received)
            await until(lambda: len(received) > before + 20, 10)
            assert received[:2] == [HELLO, AUTHENTICATED] and SUBSCRIBED in received and not errors
        finally:
            await asyncio.to_thread(client.close_websocket)
            await asyncio.to_thread(client.read_thread.join, 5)
