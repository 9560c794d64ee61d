"""What the program takes of a core on an ordinary day.

    python -m tests.benchmarks.quiet [--runs N]

CPU time over ten seconds at a steady rate, 500 symbols, every pane open on a real terminal: with nothing coming at all
but the answers to pings, on an ordinary day, and on a busy one.
"""

from __future__ import annotations

import time

from tests.benchmarks.results import Goal, Result, alone, say
from tests.benchmarks.running import REPLIES, program, sender, until

GOALS = {0: Goal(1), 200: Goal(10), 2_000: Goal(20)}
"""By messages a second: % of a core."""
SETTLE = 6.0  # s: until what is loaded after the first screen is there
LONG = 10.0  # s


def share(rate: int) -> float:
    """% of a core."""
    with sender("--rate", str(rate)) as (url, _), program(url) as running:
        until(running, lambda report: report.messages >= REPLIES)
        time.sleep(SETTLE)
        first = running.ask()
        time.sleep(LONG)
        last = running.ask()
    taken = 100 * (last.cpu - first.cpu) / (last.at - first.at)
    say(f"quiet at {rate}/s: {taken:.2f} % of a core, {last.frames - first.frames} frames")
    return taken


def measure(runs: int) -> list[Result]:
    taken = [[share(rate) for rate in GOALS] for _ in range(runs)]
    return [
        Result(f"CPU at {rate:,} messages/s", figures, "%", goal=goal)
        for (rate, goal), figures in zip(GOALS.items(), zip(*taken, strict=True), strict=True)
    ]


if __name__ == "__main__":
    alone("quiet", __doc__, measure)
