"""The processes that the benchmark of the relay measures.

    python -m tests.benchmarks.relay_process ROLE URL FOLDER REPORTS

The ROLE `relay` shares its connection to URL with others; `broadcast` does the same the straightforward way, as the
documentation of websockets has it, on the socket `FOLDER/broadcast`; `follower` is a window that joins the relay. It
prints how long its picture took to be complete (s), then each probe that it applies with the time (s, monotonic).
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, broadcast, unix_serve

from tests.benchmarks.reporting import report_on_signal
from tests.benchmarks.sender import symbols
from tui.feed.key_lock import KeyLock
from tui.feed.link import Link
from tui.market import Instrument, Market
from tui.protocol.messages import TYPES, Push, Subscribe, Tick, encode
from tui.relay.sharing import Sharing
from tui.secrets import Token
from tui.symbol import join_wire_symbols

_PROBES_FROM = 10_000.0  # the price of the first


async def run_relay(url: str, folder: str, reports: int) -> None:
    market = Market()
    async with Sharing(KeyLock("host", Token("benchmark"), folder=Path(folder)), market, "relay") as sharing:
        report_on_signal(reports, lambda: _counters(market.health.messages))
        await Link(url, Token("benchmark"), market, route=sharing).run()


async def run_broadcast(url: str, folder: str, reports: int) -> None:
    clients: set[ServerConnection] = set()
    received = 0

    async def serve_one(client: ServerConnection) -> None:
        await client.send(b"ready")
        clients.add(client)
        await client.wait_closed()

    async with (
        unix_serve(serve_one, f"{folder}/broadcast", compression=None, ping_interval=None),
        connect(url, compression=None, ping_interval=None, proxy=None) as upstream,
    ):
        for type_ in TYPES:
            await upstream.send(encode(Subscribe(join_wire_symbols(symbols()), type_)), text=True)
        report_on_signal(reports, lambda: _counters(received))
        async for message in upstream:
            received += 1
            broadcast(clients, message)


async def run_follower(url: str, folder: str, reports: int) -> None:
    def on_push(message: Push, instrument: Instrument) -> None:
        if type(message) is Tick and message.last >= _PROBES_FROM:
            print(f"{message.last:.2f} {time.monotonic()}", flush=True)

    market = Market()
    async with Sharing(KeyLock("host", Token("benchmark"), folder=Path(folder)), market, "dashboard") as sharing:
        link = Link(url, Token("benchmark"), market, route=sharing, on_push=on_push)
        link.set_symbols(symbols())
        began = time.monotonic()
        running = asyncio.create_task(link.run())
        while not all(each.tick and each.quote and each.depth and each.bars for each in market.instruments.values()):
            await asyncio.sleep(0.002)
        print(f"complete {time.monotonic() - began}", flush=True)
        report_on_signal(reports, lambda: _counters(market.health.messages))
        await running


def _counters(messages: int) -> dict[str, int]:
    return {"messages": messages, "updates": 0, "wrong": 0, "frames": 0}


ROLES: dict[str, Callable[[str, str, int], Coroutine[None, None, None]]] = {
    "relay": run_relay,
    "broadcast": run_broadcast,
    "follower": run_follower,
}

if __name__ == "__main__":
    role, url, folder, reports = sys.argv[1:]
    asyncio.run(ROLES[role](url, folder, int(reports)))
