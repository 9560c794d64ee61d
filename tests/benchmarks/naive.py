"""The program against the same grid built the straightforward way (`naive_client.py`).

    python -m tests.benchmarks.naive [--runs N]

Both on the same terminal with 500 symbols, alternating: updates a second that reach the screen's data in a flood, and
CPU time an update at a thousand a second. The program has every pane open, the other one only its table.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from tests.benchmarks.results import Goal, Result, median_text, print_progress, ratios, run_alone
from tests.benchmarks.running import REPLIES, start_program, start_sender, wait_for_counters

FASTER, CHEAPER = Goal(8, at_least=True), Goal(5, at_least=True)
RATE = 1_000
SETTLE = 2.0  # s
DURATION = 8.0  # s: the naive client may never keep up, so time ends the measurement


class UpdateRate(NamedTuple):
    """Updates applied a second, and CPU µs for each."""

    speed: float
    cost: float


def measure_updates(module: str, *options: str) -> UpdateRate:
    """Measure a client with a sender that has these options."""
    with start_sender(*options) as (url, _), start_program(url, module=module) as running:
        wait_for_counters(running, lambda report: report.messages > REPLIES)
        time.sleep(SETTLE)
        first = running.read_counters()
        time.sleep(DURATION)
        last = running.read_counters()
    updates = max(1, last.updates - first.updates - (last.wrong - first.wrong))
    found = UpdateRate(updates / (last.at - first.at), 1e6 * (last.cpu - first.cpu) / updates)
    print_progress(f"naive, {module}: {found.speed:,.0f} updates/s at {found.cost:.0f} µs, {last.rss / 1e6:.0f} MB")
    return found


def measure(runs: int) -> list[Result]:
    flood, steady = [], []
    for _ in range(runs):
        flood.append((measure_updates("program"), measure_updates("naive_client")))
        steady.append(
            (measure_updates("program", "--rate", str(RATE)), measure_updates("naive_client", "--rate", str(RATE)))
        )
    ours, theirs = ([pair[side].speed for pair in flood] for side in (0, 1))
    results = [
        Result(
            "updates applied a second in a flood / the naive client's",
            ratios(ours, theirs),
            "×",
            ours=median_text(ours, "/s"),
            theirs=median_text(theirs, "/s"),
            goal=FASTER,
        )
    ]
    ours, theirs = ([pair[side].cost for pair in steady] for side in (0, 1))
    results.append(
        Result(
            f"CPU for an update at {RATE:,}/s, the naive client's / ours",
            ratios(theirs, ours),
            "×",
            ours=median_text(ours, "µs"),
            theirs=median_text(theirs, "µs"),
            goal=CHEAPER,
        )
    )
    return results


if __name__ == "__main__":
    run_alone("naive", __doc__, measure)
