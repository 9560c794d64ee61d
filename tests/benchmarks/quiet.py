"""CPU usage of the program on an ordinary day.

    python -m tests.benchmarks.quiet [--runs N]

CPU time over ten seconds at a steady rate, 500 symbols, every pane open on a real terminal: without messages except the
replies to pings, on an ordinary day, and on a busy one.
"""

from __future__ import annotations

import time

from tests.benchmarks.results import Goal, Result, print_progress, run_alone
from tests.benchmarks.running import REPLIES, start_program, start_sender, wait_for_counters

GOALS = {0: Goal(1), 200: Goal(10), 2_000: Goal(20)}
"""By messages a second: % of a core."""
SETTLE = 6.0  # s: until the imports after the first screen are done
DURATION = 10.0  # s


def cpu_share(rate: int) -> float:
    """Returns % of a core."""
    with start_sender("--rate", str(rate)) as (url, _), start_program(url) as running:
        wait_for_counters(running, lambda report: report.messages >= REPLIES)
        time.sleep(SETTLE)
        first = running.read_counters()
        time.sleep(DURATION)
        last = running.read_counters()
    cpu = 100 * (last.cpu - first.cpu) / (last.at - first.at)
    print_progress(f"quiet at {rate}/s: {cpu:.2f} % of a core, {last.frames - first.frames} frames")
    return cpu


def measure(runs: int) -> list[Result]:
    cpu = [[cpu_share(rate) for rate in GOALS] for _ in range(runs)]
    return [
        Result(f"CPU at {rate:,} messages/s", figures, "%", goal=goal)
        for (rate, goal), figures in zip(GOALS.items(), zip(*cpu, strict=True), strict=True)
    ]


if __name__ == "__main__":
    run_alone("quiet", __doc__, measure)
