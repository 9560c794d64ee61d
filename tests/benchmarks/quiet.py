"""CPU usage of the program on an ordinary day.

    python -m tests.benchmarks.quiet [--runs N]

CPU time over ten seconds at a steady rate, 500 symbols, every pane open on a real terminal: without messages except the
replies to pings, on an ordinary day, and on a busy one; without TLS and with it. With messages a bare `websockets` loop
that discards them is measured beside it: what a machine takes to wake up for each.
"""

from __future__ import annotations

import asyncio
import contextlib
import time

from tests.benchmarks.drain import bare_loop
from tests.benchmarks.results import Goal, Result, median_text, print_progress, run_alone
from tests.benchmarks.running import REPLIES, SCHEMES, start_program, start_sender, wait_for_counters

GOALS = {0: Goal(1), 200: Goal(1.9), 2_000: Goal(4.5)}
"""By messages a second: % of a core; with messages 0.6 times what it was over ws:// on 2026-11-30."""
SETTLE = 6.0  # s: until the imports after the first screen are done
DURATION = 10.0  # s


async def _measure_bare_loop(url: str) -> float:
    async with bare_loop(url) as websocket:
        began, cpu = time.perf_counter(), time.process_time()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DURATION):
                while True:
                    await websocket.recv(decode=False)
        return 100 * (time.process_time() - cpu) / (time.perf_counter() - began)


def cpu_shares(rate: int, scheme: str) -> tuple[float, float]:
    """Returns % of a core of the program, and of a bare loop, 0 if there is nothing to receive."""
    with start_sender("--rate", str(rate), scheme=scheme) as (url, _):
        bare = asyncio.run(_measure_bare_loop(url)) if rate else 0.0
        with start_program(url) as running:
            wait_for_counters(running, lambda report: report.messages >= REPLIES)
            time.sleep(SETTLE)
            first = running.read_counters()
            time.sleep(DURATION)
            last = running.read_counters()
    cpu = 100 * (last.cpu - first.cpu) / (last.at - first.at)
    frames = last.frames - first.frames
    print_progress(f"quiet at {rate}/s over {scheme}: {cpu:.2f} % of a core, bare loop {bare:.2f} %, {frames} frames")
    return cpu, bare


def measure(runs: int) -> list[Result]:
    cases = [(rate, scheme) for rate in GOALS for scheme in SCHEMES]
    taken = [[cpu_shares(rate, scheme) for rate, scheme in cases] for _ in range(runs)]
    results = []
    for (rate, scheme), pairs in zip(cases, zip(*taken, strict=True), strict=True):
        ours, bare = zip(*pairs, strict=True)
        theirs = f"{median_text(bare, '%')} bare loop" if rate else ""
        what = f"CPU at {rate:,} messages/s over {scheme}://"
        results.append(Result(what, ours, "%", theirs=theirs, goal=GOALS[rate]))
    return results


if __name__ == "__main__":
    run_alone("quiet", __doc__, measure)
