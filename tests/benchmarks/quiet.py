"""CPU usage of the program on an ordinary day.

    python -m tests.benchmarks.quiet [--runs N]

CPU time over ten seconds at a steady rate, 500 symbols, every pane open on a real terminal: without messages except the
replies to pings, on an ordinary day, and on a busy one; without TLS and with it.
"""

from __future__ import annotations

import time

from tests.benchmarks.results import Goal, Result, print_progress, run_alone
from tests.benchmarks.running import REPLIES, SCHEMES, start_program, start_sender, wait_for_counters

GOALS = {0: Goal(1), 200: Goal(1.9), 2_000: Goal(4.5)}
"""By messages a second: % of a core; with messages 0.6 times what it was over ws:// on 2026-11-30."""
SETTLE = 6.0  # s: until the imports after the first screen are done
DURATION = 10.0  # s


def cpu_share(rate: int, scheme: str) -> float:
    """Returns % of a core."""
    with start_sender("--rate", str(rate), scheme=scheme) as (url, _), start_program(url) as running:
        wait_for_counters(running, lambda report: report.messages >= REPLIES)
        time.sleep(SETTLE)
        first = running.read_counters()
        time.sleep(DURATION)
        last = running.read_counters()
    cpu = 100 * (last.cpu - first.cpu) / (last.at - first.at)
    print_progress(f"quiet at {rate}/s over {scheme}: {cpu:.2f} % of a core, {last.frames - first.frames} frames")
    return cpu


def measure(runs: int) -> list[Result]:
    cases = [(rate, scheme) for rate in GOALS for scheme in SCHEMES]
    cpu = [[cpu_share(rate, scheme) for rate, scheme in cases] for _ in range(runs)]
    return [
        Result(f"CPU at {rate:,} messages/s over {scheme}://", figures, "%", goal=GOALS[rate])
        for (rate, scheme), figures in zip(cases, zip(*cpu, strict=True), strict=True)
    ]


if __name__ == "__main__":
    run_alone("quiet", __doc__, measure)
