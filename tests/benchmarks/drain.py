"""Throughput of the whole program relative to a bare receive loop.

    python -m tests.benchmarks.drain [--runs N]

Both sides read the same flood from the same process, in turns, without TLS and with it, as the vendor is reached: the
bare `websockets` loop discards every frame; the program (500 symbols, four types, every pane open on a real 160×50
terminal) decodes, applies and paints. Two ratios: of messages a second, and of CPU time a message, which other load on
the machine disturbs less.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from websockets.asyncio.client import ClientConnection, connect

from tests.benchmarks.results import Goal, Result, median_text, print_progress, ratios, run_alone
from tests.benchmarks.running import REPLIES, SCHEMES, start_program, start_sender, wait_for_counters
from tests.benchmarks.sender import symbols
from tui.protocol.messages import TYPES, Subscribe, encode
from tui.symbol import join_wire_symbols

WARM_UP = 6.0  # s: until the imports and the reading of the cache after the first screen are done
RATIO, FRAMES = Goal(0.9, at_least=True), Goal(28, at_least=True)


class Throughput(NamedTuple):
    """Messages a second, CPU µs for each, frames drawn a second."""

    speed: float
    cost: float
    frames: float = 0.0


@asynccontextmanager
async def bare_loop(url: str) -> AsyncIterator[ClientConnection]:
    """Yields a connection to the sender that is about to send."""
    async with connect(url, compression=None, ping_interval=None, proxy=None, close_timeout=0.1) as websocket:
        for type_ in TYPES:
            await websocket.send(encode(Subscribe(join_wire_symbols(symbols()), type_)), text=True)
        for _ in range(REPLIES):
            await websocket.recv(decode=False)
        yield websocket


async def measure_bare_loop(url: str, count: int) -> Throughput:
    """Measure `recv(decode=False)` alone."""
    async with bare_loop(url) as websocket:
        began, cpu = time.perf_counter(), time.process_time()
        for _ in range(count):
            await websocket.recv(decode=False)
        return Throughput(count / (time.perf_counter() - began), 1e6 * (time.process_time() - cpu) / count)


def measure_program(url: str, count: int) -> Throughput:
    """Measure the program after its warm-up, as it runs all day."""
    with start_program(url) as running:
        wait_for_counters(running, lambda report: report.messages > 0)
        time.sleep(WARM_UP)
        first = running.read_counters()
        last = wait_for_counters(running, lambda report: report.messages >= first.messages + count)
        assert not last.wrong
        seconds, received = last.at - first.at, last.messages - first.messages
        return Throughput(
            received / seconds, 1e6 * (last.cpu - first.cpu) / received, (last.frames - first.frames) / seconds
        )


def measure_pair(scheme: str, count: int) -> tuple[Throughput, Throughput]:
    """Measure the bare loop, then the program."""
    with start_sender(scheme=scheme) as (url, _):
        bare, ours = asyncio.run(measure_bare_loop(url, count)), measure_program(url, count)
    print_progress(
        f"drain over {scheme}: {ours.speed:,.0f}/s of {bare.speed:,.0f}/s, {ours.speed / bare.speed:.2f}; "
        f"{bare.cost:.1f} of {ours.cost:.1f} µs, {bare.cost / ours.cost:.2f}; {ours.frames:.1f} frames/s"
    )
    return bare, ours


def measure(runs: int, count: int = 300_000) -> list[Result]:
    taken = [[measure_pair(scheme, count) for scheme in SCHEMES] for _ in range(runs)]
    results = []
    for scheme, pairs in zip(SCHEMES, zip(*taken, strict=True), strict=True):
        results += _lines(scheme, *zip(*pairs, strict=True))
    return results


def _lines(scheme: str, bare_loop: Sequence[Throughput], ours: Sequence[Throughput]) -> list[Result]:
    def compared(words: str, figure_of: Callable[[Throughput], float], unit: str, *, larger: bool) -> Result:
        """Returns a line of the table; `larger` if more is better."""
        one, other = [figure_of(throughput) for throughput in ours], [figure_of(throughput) for throughput in bare_loop]
        figure = ratios(one, other) if larger else ratios(other, one)
        return Result(words, figure, "×", ours=median_text(one, unit), theirs=median_text(other, unit), goal=RATIO)

    return [
        compared(
            f"messages a second / a bare receive loop's, {scheme}://",
            lambda throughput: throughput.speed,
            "/s",
            larger=True,
        ),
        compared(
            f"CPU for a message, a bare receive loop's / ours, {scheme}://",
            lambda throughput: throughput.cost,
            "µs",
            larger=False,
        ),
        Result(f"frames a second meanwhile, {scheme}://", [one.frames for one in ours], "/s", goal=FRAMES),
    ]


if __name__ == "__main__":
    run_alone("drain", __doc__, measure)
