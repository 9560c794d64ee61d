"""Latency of a key at a terminal far away, as over ssh between continents.

    python -m tests.benchmarks.far [--runs N]

The terminal's replies take 300 ms, while 2,000 messages a second go to 500 symbols over TLS: the time from a key to the
cursor's move as it is seen there, as a multiple of that round trip. One round trip is the key's way to the program and
the picture's way back, which no program can shorten; the rest is measured, from the key's arrival to the output.
"""

from __future__ import annotations

import time

from tests.benchmarks.latency import ScreenWatcher, press_keys
from tests.benchmarks.results import Goal, Result, median_text, percentile, print_progress, run_alone
from tests.benchmarks.running import REPLIES, start_program, start_sender, wait_for_counters
from tests.benchmarks.screen import RecordedScreen

ROUND_TRIP = 0.3  # s
RATE = 2_000
GOAL = Goal(1.3)  # round trips
SETTLE = 5.0  # s
PRESSES = 50
GAP = 0.8  # s: no key may wait until the next


def run() -> list[float]:
    """Returns ms from each key to the cursor's move, as seen far away."""
    seen, watcher = RecordedScreen(), ScreenWatcher()
    with (
        start_sender("--rate", str(RATE), scheme="wss") as (url, _),
        start_program(url, on_output=seen.record, reply_after=ROUND_TRIP) as running,
    ):
        wait_for_counters(running, lambda report: report.messages > REPLIES)
        time.sleep(SETTLE)
        presses = press_keys(running.pty, PRESSES, GAP, ROUND_TRIP)
        time.sleep(1)
    for at, lines in seen.replay():
        watcher.update(at, lines)
    keys = [1000 * ROUND_TRIP + ms for ms in watcher.key_latencies(presses)]
    print_progress(f"far: p50 {percentile(keys, 0.5):.0f} ms, p99 {percentile(keys, 0.99):.0f} ms")
    return keys


def measure(runs: int) -> list[Result]:
    taken = [run() for _ in range(runs)]
    results = []
    for words, share, goal in (("p50", 0.5, None), ("p99", 0.99, GOAL)):
        found = [percentile(keys, share) for keys in taken]
        trips = [ms / (1000 * ROUND_TRIP) for ms in found]
        results.append(
            Result(
                f"key to cursor {words} / the round trip of {1000 * ROUND_TRIP:.0f} ms, at {RATE:,} messages/s",
                trips,
                "×",
                ours=median_text(found, "ms"),
                goal=goal,
            )
        )
    return results


if __name__ == "__main__":
    run_alone("far", __doc__, measure)
