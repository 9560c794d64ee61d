"""How much of the bare receive loop's speed the whole program keeps.

    python -m tests.benchmarks.drain [MESSAGES] [PAIRS]

Both sides read the same flood from the same process, in turns: the bare `websockets` loop throws every frame away; the
program (500 symbols, four types, its screen drawn headless at 160×50) decodes, applies and paints.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from websockets.asyncio.client import connect

from tests.benchmarks.sender import SYMBOLS
from tui.app import ItickApp, Start
from tui.config.file import ConfigFile
from tui.config.settings import Settings
from tui.desk import Wanted
from tui.protocol import TYPES, Subscribe, encode
from tui.secrets import Token
from tui.symbol import Symbol, join

LIST = [Symbol(f"S{n:03d}", "US") for n in range(SYMBOLS)]
REPLIES = 2 + len(TYPES)


@contextmanager
def sender(count: int) -> Iterator[str]:
    """The flooding server in a process of its own; gives its address."""
    command = [sys.executable, "-m", "tests.benchmarks.sender", str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"ws://127.0.0.1:{process.stdout.readline().strip()}/fund"
        finally:
            process.kill()


async def bare(url: str, count: int) -> float:
    """Messages a second of `recv(decode=False)` alone."""
    async with connect(url, compression=None, ping_interval=None, proxy=None) as websocket:
        for type_ in TYPES:
            await websocket.send(encode(Subscribe(join(LIST), type_)), text=True)
        for _ in range(REPLIES):
            await websocket.recv(decode=False)
        began = time.perf_counter()
        for _ in range(count):
            await websocket.recv(decode=False)
        return count / (time.perf_counter() - began)


async def program(url: str, count: int) -> tuple[float, float]:
    """Messages a second of the whole program, and the frames a second it drew meanwhile."""
    wanted = Wanted(Settings(lists={"All": tuple(LIST)}), ConfigFile(Path(os.devnull)))
    app = ItickApp(wanted, Start(url, Token("benchmark")))
    health = app.market.health
    async with app.run_test(size=(160, 50)):
        while health.messages <= REPLIES:
            await asyncio.sleep(0)
        began, first, frames = time.perf_counter(), health.messages, health.frames
        while health.messages < REPLIES + count:
            await asyncio.sleep(0.005)
        took = time.perf_counter() - began
        assert not health.malformed and not health.out_of_order and not health.unfollowed
        return (health.messages - first) / took, (health.frames - frames) / took


def main(count: int = 300_000, pairs: int = 5) -> None:
    print(f"{count:,} messages over {SYMBOLS} symbols, {pairs} pairs")
    print(f"{'pair':>4} {'bare loop/s':>12} {'program/s':>12} {'ratio':>6} {'frames/s':>9}")
    ratios = []
    with sender(count) as url:
        for pair in range(1, pairs + 1):
            limit = asyncio.run(bare(url, count))
            speed, frames = asyncio.run(program(url, count))
            ratios.append(speed / limit)
            print(f"{pair:>4} {limit:>12,.0f} {speed:>12,.0f} {speed / limit:>6.2f} {frames:>9.1f}")
    print(f"median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
