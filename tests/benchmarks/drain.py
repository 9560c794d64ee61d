"""How much of the bare receive loop's speed the whole program keeps.

    python -m tests.benchmarks.drain [--runs N]

Both sides read the same flood from the same process, in turns: the bare `websockets` loop throws every frame away; the
program (500 symbols, four types, every pane open on a real 160×50 terminal) decodes, applies and paints. Two ratios: of
messages a second, and of CPU time for a message, which other work on the machine disturbs less.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from websockets.asyncio.client import connect

from tests.benchmarks.results import Goal, Result, alone, middle, ratios, say
from tests.benchmarks.running import REPLIES, program, sender, until
from tests.benchmarks.sender import symbols
from tui.protocol.messages import TYPES, Subscribe, encode
from tui.symbol import join_wire_symbols

BEGUN = 100_000  # messages


class Drained(NamedTuple):
    """Messages a second, CPU µs for each, frames drawn a second."""

    speed: float
    cost: float
    frames: float = 0.0


async def bare(url: str, count: int) -> Drained:
    """`recv(decode=False)` alone."""
    async with connect(url, compression=None, ping_interval=None, proxy=None) as websocket:
        for type_ in TYPES:
            await websocket.send(encode(Subscribe(join_wire_symbols(symbols()), type_)), text=True)
        for _ in range(REPLIES):
            await websocket.recv(decode=False)
        began, cpu = time.perf_counter(), time.process_time()
        for _ in range(count):
            await websocket.recv(decode=False)
        return Drained(count / (time.perf_counter() - began), 1e6 * (time.process_time() - cpu) / count)


def whole(url: str, count: int) -> Drained:
    """The program, once it has begun: what it loads after its first screen (holidays, what asks over REST) costs a
    second that no flood repeats."""
    with program(url) as running:
        first = until(running, lambda report: report.messages > BEGUN)
        last = until(running, lambda report: report.messages >= first.messages + count)
        assert not last.wrong
        took, received = last.at - first.at, last.messages - first.messages
        return Drained(received / took, 1e6 * (last.cpu - first.cpu) / received, (last.frames - first.frames) / took)


def turns(count: int, pairs: int) -> tuple[list[Drained], list[Drained]]:
    """The bare loop and the program, one after the other, so many times."""
    limits, ours = [], []
    say("pair    bare/s program/s  ratio  bare µs program µs  ratio frames/s")
    with sender() as (url, _):
        for pair in range(1, pairs + 1):
            limits.append(limit := asyncio.run(bare(url, count)))
            ours.append(one := whole(url, count))
            say(
                f"{pair:>4} {limit.speed:>9,.0f} {one.speed:>9,.0f} {one.speed / limit.speed:>6.2f} "
                f"{limit.cost:>8.1f} {one.cost:>10.1f} {limit.cost / one.cost:>6.2f} {one.frames:>8.1f}"
            )
    return limits, ours


def measure(runs: int, count: int = 300_000) -> list[Result]:
    limits, ours = turns(count, runs)

    def compared(words: str, of: Callable[[Drained], float], unit: str, *, larger: bool) -> Result:
        """`larger`: the more the better."""
        one, other = [of(drained) for drained in ours], [of(drained) for drained in limits]
        figure = ratios(one, other) if larger else ratios(other, one)
        goal = Goal(0.4, at_least=True)
        return Result(words, figure, "×", ours=middle(one, unit), theirs=middle(other, unit), goal=goal)

    return [
        compared("messages a second / a bare receive loop's", lambda drained: drained.speed, "/s", larger=True),
        compared("CPU for a message, a bare receive loop's / ours", lambda drained: drained.cost, "µs", larger=False),
        Result("frames a second meanwhile", [one.frames for one in ours], "/s"),
    ]


if __name__ == "__main__":
    alone("drain", __doc__, measure)
