"""How much of the bare receive loop's speed the whole program keeps.

    python -m tests.benchmarks.drain [MESSAGES] [PAIRS]

Both sides read the same flood from the same process, in turns: the bare `websockets` loop throws every frame away; the
program (500 symbols, four types, every pane open on a real 160×50 terminal) decodes, applies and paints. Two ratios: of
messages a second, and of CPU time for a message, which other work on the machine disturbs less.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from typing import NamedTuple

from websockets.asyncio.client import connect

from tests.benchmarks.running import REPLIES, program, sender, until
from tests.benchmarks.sender import symbols
from tui.protocol import TYPES, Subscribe, encode
from tui.symbol import join


class Drained(NamedTuple):
    """Messages a second, CPU µs for each, frames drawn a second."""

    speed: float
    cost: float
    frames: float = 0.0


async def bare(url: str, count: int) -> Drained:
    """`recv(decode=False)` alone."""
    async with connect(url, compression=None, ping_interval=None, proxy=None) as websocket:
        for type_ in TYPES:
            await websocket.send(encode(Subscribe(join(symbols()), type_)), text=True)
        for _ in range(REPLIES):
            await websocket.recv(decode=False)
        began, cpu = time.perf_counter(), time.process_time()
        for _ in range(count):
            await websocket.recv(decode=False)
        return Drained(count / (time.perf_counter() - began), 1e6 * (time.process_time() - cpu) / count)


def whole(url: str, count: int) -> Drained:
    """The program, from the first message of the flood on."""
    with program(url) as running:
        first = until(running, lambda report: report.messages > REPLIES)
        last = until(running, lambda report: report.messages >= first.messages + count)
        assert not last.wrong
        took, received = last.at - first.at, last.messages - first.messages
        return Drained(received / took, 1e6 * (last.cpu - first.cpu) / received, (last.frames - first.frames) / took)


def main(count: int = 300_000, pairs: int = 5) -> None:
    print(f"{count:,} messages over {len(symbols())} symbols, {pairs} pairs")
    print("pair    bare/s program/s  ratio  bare µs program µs  ratio frames/s")
    speeds, costs = [], []
    with sender() as (url, _):
        for pair in range(1, pairs + 1):
            limit = asyncio.run(bare(url, count))
            ours = whole(url, count)
            speeds.append(ours.speed / limit.speed)
            costs.append(limit.cost / ours.cost)
            print(
                f"{pair:>4} {limit.speed:>9,.0f} {ours.speed:>9,.0f} {speeds[-1]:>6.2f} "
                f"{limit.cost:>8.1f} {ours.cost:>10.1f} {costs[-1]:>6.2f} {ours.frames:>8.1f}",
                flush=True,
            )
    print(f"median ratio: messages a second {statistics.median(speeds):.2f}, CPU {statistics.median(costs):.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
