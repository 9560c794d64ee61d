"""The program against the same grid done the usual way (`usual.py`).

    python -m tests.benchmarks.naive [--runs N]

Both on the same terminal with 500 symbols, in turns: the updates that reach the screen's data a second while the server
sends as fast as it is read, and the CPU time of each update where it sends a thousand a second. The program has every
pane open, the other one only its table.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from tests.benchmarks.results import Goal, Result, alone, middle, ratios, say
from tests.benchmarks.running import REPLIES, program, sender, until

FASTER, CHEAPER = Goal(8, at_least=True), Goal(5, at_least=True)
RATE = 1_000
SETTLE = 2.0  # s
LONG = 8.0  # s: the usual way may never keep up, so it is time that ends the measuring


class Applied(NamedTuple):
    """Updates applied a second, and CPU µs for each."""

    speed: float
    cost: float


def applied(module: str, *options: str) -> Applied:
    """With a sender that has these options."""
    with sender(*options) as (url, _), program(url, module=module) as running:
        until(running, lambda report: report.messages > REPLIES)
        time.sleep(SETTLE)
        first = running.ask()
        time.sleep(LONG)
        last = running.ask()
    updates = max(1, last.updates - first.updates - (last.wrong - first.wrong))
    found = Applied(updates / (last.at - first.at), 1e6 * (last.cpu - first.cpu) / updates)
    say(f"naive, {module}: {found.speed:,.0f} updates/s at {found.cost:.0f} µs, {last.rss / 1e6:.0f} MB")
    return found


def measure(runs: int) -> list[Result]:
    flood, steady = [], []
    for _ in range(runs):
        flood.append((applied("program"), applied("usual")))
        steady.append((applied("program", "--rate", str(RATE)), applied("usual", "--rate", str(RATE))))
    ours, theirs = ([pair[side].speed for pair in flood] for side in (0, 1))
    results = [
        Result(
            "updates applied a second in a flood / the usual way",
            ratios(ours, theirs),
            "×",
            ours=middle(ours, "/s"),
            theirs=middle(theirs, "/s"),
            goal=FASTER,
        )
    ]
    ours, theirs = ([pair[side].cost for pair in steady] for side in (0, 1))
    results.append(
        Result(
            f"CPU for an update at {RATE:,}/s, the usual way / ours",
            ratios(theirs, ours),
            "×",
            ours=middle(ours, "µs"),
            theirs=middle(theirs, "µs"),
            goal=CHEAPER,
        )
    )
    return results


if __name__ == "__main__":
    alone("naive", __doc__, measure)
