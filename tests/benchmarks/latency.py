"""Latency of a message to the terminal, and of a key.

    python -m tests.benchmarks.latency [--runs N]

A message: from the moment the server writes a trade of the first symbol to the moment its price, or a later one, can be
read anywhere on the terminal. Frames are drawn 30 times a second at most, so by design a message waits for the next
one: up to 33 ms, 17 in the median. A key: from the moment Down or Up is written to the terminal to the moment the
cursor's bar stands beside the other symbol. Both while the given number of other messages a second goes to 500 symbols,
at the highest rate over TLS too.
"""

from __future__ import annotations

import random
import re
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tests.benchmarks.pty import Pty
from tests.benchmarks.results import Goal, Result, percentile, print_progress, run_alone
from tests.benchmarks.running import REPLIES, start_program, start_sender, wait_for_counters
from tests.benchmarks.screen import RecordedScreen

RATES = (100, 1_000, 20_000)
CASES = [*((rate, "ws") for rate in RATES), (RATES[-1], "wss")]
MESSAGE, KEY = Goal(38), Goal(12)  # ms, of the 99th percentile at the highest rate
FRAME_INTERVAL = 1000 / 30  # ms, at most
SETTLE = 3.0  # s
DURATION = 8.0  # s
PRESSES = 60
_PROBE = re.compile(r"(?<![\d.])1\d{4}\.\d\d(?![\d.])")
_CURSOR = re.compile(r"▌.{1,3}(S\d{3})")
NEVER = float("inf")
_DOWN, _UP = b"\x1b[B", b"\x1b[A"


class Press(NamedTuple):
    """The time a key was written (s, monotonic), and the symbol the cursor must reach."""

    at: float
    code: str


class Latencies(NamedTuple):
    """Latencies in ms; infinite if never seen."""

    messages: list[float]
    keys: list[float]


def press_keys(pty: Pty, count: int, gap: float, jitter: float = FRAME_INTERVAL / 1000) -> list[Press]:
    """Press Down and Up alternately, from the first row and back; `gap` s apart, with a jitter (s) of a frame, or of
    whatever else a key may wait for, to avoid aliasing."""
    presses = []
    for n in range(count):
        presses.append(Press(time.monotonic(), "S000" if n % 2 else "S001"))
        pty.type(_UP if n % 2 else _DOWN)
        time.sleep(gap + random.uniform(-0.5, 0.5) * jitter)
    return presses


class ScreenWatcher:
    """Collects from replayed lines when each price appeared, and when the cursor reached which symbol."""

    def __init__(self) -> None:
        self.prices: dict[str, list[float]] = {}
        self.moves: list[tuple[float, str]] = []
        self._standing: dict[int, str] = {}  # by line

    def update(self, at: float, lines: Mapping[int, str]) -> None:
        for y, line in lines.items():
            for price in _PROBE.findall(line):
                self.prices.setdefault(price, []).append(at)
            cursor = _CURSOR.search(line)
            code = cursor.group(1) if cursor is not None else ""
            if code and self._standing.get(y) != code:
                self.moves.append((at, code))
            self._standing[y] = code

    def first_shown(self, sent: dict[str, float]) -> dict[str, float]:
        """Returns when each sent price, or a later one, was first shown: between two frames the later one replaces it.
        A chunk that ends amid the digits may read as a price that is yet to be sent."""
        first, times = NEVER, {}
        for price, sent_at in reversed(sent.items()):
            seen = (at for at in self.prices.get(price, ()) if at >= sent_at)
            times[price] = first = min(first, next(seen, NEVER))
        return times

    def key_latencies(self, presses: Iterable[Press]) -> list[float]:
        """Returns ms from each key to the cursor's arrival."""
        return [
            1000
            * (min((at for at, code in self.moves if at >= press.at and code == press.code), default=NEVER) - press.at)
            for press in presses
        ]


def run(rate: int, scheme: str) -> Latencies:
    seen, watcher = RecordedScreen(), ScreenWatcher()
    with (
        start_sender("--rate", str(rate), "--probes", scheme=scheme) as sending,
        start_program(sending.url, on_output=seen.record) as running,
    ):
        wait_for_counters(running, lambda report: report.messages > REPLIES)
        time.sleep(SETTLE)
        began = time.monotonic()
        time.sleep(DURATION)
        ended = time.monotonic()
        time.sleep(1)  # what was sent last has time to arrive
        presses = press_keys(running.pty, PRESSES, 0.2)
        time.sleep(1)
        probes = [line.split() for line in sending.lines]
    for at, lines in seen.replay():
        watcher.update(at, lines)
    sent = {price: float(at) for price, at in probes}
    shown = watcher.first_shown(sent)
    messages = [1000 * (shown[price] - at) for price, at in sent.items() if began <= at < ended]
    latencies = Latencies(messages, watcher.key_latencies(presses))
    for what, figures in latencies._asdict().items():
        print_progress(
            f"latency at {rate:,}/s over {scheme}, {len(figures)} {what}: p50 {percentile(figures, 0.5):.1f} ms, "
            f"p99 {percentile(figures, 0.99):.1f} ms, never seen {figures.count(NEVER)}"
        )
    return latencies


def measure(runs: int) -> list[Result]:
    taken = [[run(*case) for case in CASES] for _ in range(runs)]
    results = []
    for (rate, scheme), found in zip(CASES, zip(*taken, strict=True), strict=True):
        highest, when = rate == RATES[-1], f"at {rate:,}/s over {scheme}://"
        results += _lines("message to terminal", when, [each.messages for each in found], MESSAGE if highest else None)
        results += _lines("key to cursor", when, [each.keys for each in found], KEY if highest else None)
    return results


def _lines(what: str, when: str, runs: Sequence[Sequence[float]], goal: Goal | None) -> list[Result]:
    design = f" (up to {FRAME_INTERVAL:.0f} by design)" if what.startswith("message") else ""
    middles = [statistics.median(figures) for figures in runs]
    return [
        Result(f"{what} {when}, p50{design}", middles, "ms"),
        Result(f"{what} {when}, p99", [percentile(figures, 0.99) for figures in runs], "ms", goal=goal),
    ]


if __name__ == "__main__":
    run_alone("latency", __doc__, measure)
