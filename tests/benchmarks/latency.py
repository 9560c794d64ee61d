"""How long a message takes to the terminal, and a key.

    python -m tests.benchmarks.latency [--runs N]

A message: from the moment the server writes a trade of the first symbol to the moment its price, or that of a later
one, can be read anywhere on the terminal. Frames are drawn 30 times a second at most, so by design a message waits for
the next one: up to 33 ms, 17 in the middle. A key: from the moment Down or Up is written to the terminal to the moment
the cursor's bar stands beside the other symbol. Both while so many other messages a second go to 500 symbols.
"""

from __future__ import annotations

import random
import re
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tests.benchmarks.pty import Pty
from tests.benchmarks.results import Goal, Result, alone, percentile, say
from tests.benchmarks.running import REPLIES, program, sender, until
from tests.benchmarks.screen import Seen

RATES = (100, 1_000, 20_000)
MESSAGE, KEY = Goal(60), Goal(50)  # ms, of the 99th percentile at the highest rate
BY_DESIGN = 1000 / 30  # ms, at most
SETTLE = 3.0  # s
PROBED = 8.0  # s
PRESSES = 60
_PROBE = re.compile(r"(?<![\d.])1\d{4}\.\d\d(?![\d.])")
_CURSOR = re.compile(r"▌.{1,3}(S\d{3})")
ENDLESS = float("inf")
_DOWN, _UP = b"\x1b[B", b"\x1b[A"


class Press(NamedTuple):
    """When the key was written, and beside which symbol the cursor is to stand then."""

    at: float
    code: str


class Latencies(NamedTuple):
    """ms; what was never seen is endless."""

    messages: list[float]
    keys: list[float]


def press(pty: Pty, count: int, gap: float) -> list[Press]:
    """Down and Up by turns, on the first row and back; `gap` s between two, give or take a frame: not in step."""
    presses = []
    for n in range(count):
        presses.append(Press(time.monotonic(), "S000" if n % 2 else "S001"))
        pty.type(_UP if n % 2 else _DOWN)
        time.sleep(gap + random.uniform(-0.5, 0.5) / 30)
    return presses


class Watch:
    """Goes through what was seen: when each price came to be there, and when the cursor came to which symbol."""

    def __init__(self) -> None:
        self.prices: dict[str, list[float]] = {}
        self.moves: list[tuple[float, str]] = []
        self._standing: dict[int, str] = {}  # by line

    def take(self, at: float, lines: Mapping[int, str]) -> None:
        for y, line in lines.items():
            for price in _PROBE.findall(line):
                self.prices.setdefault(price, []).append(at)
            cursor = _CURSOR.search(line)
            code = cursor.group(1) if cursor is not None else ""
            if code and self._standing.get(y) != code:
                self.moves.append((at, code))
            self._standing[y] = code

    def shown(self, sent: dict[str, float]) -> dict[str, float]:
        """When each price sent, or one after it, was first there: between two frames the later one takes its place.
        Where a portion ends amid the digits, half old and half new may read as one that is yet to be sent."""
        first, times = ENDLESS, {}
        for price, sent_at in reversed(sent.items()):
            seen = (at for at in self.prices.get(price, ()) if at >= sent_at)
            times[price] = first = min(first, next(seen, ENDLESS))
        return times

    def answers(self, presses: Iterable[Press]) -> list[float]:
        """ms from each key to the cursor's arrival."""
        return [
            1000
            * (
                min((at for at, code in self.moves if at >= press.at and code == press.code), default=ENDLESS)
                - press.at
            )
            for press in presses
        ]


def run(rate: int) -> Latencies:
    seen, watch = Seen(), Watch()
    with sender("--rate", str(rate), "--probes") as sending, program(sending.url, on_output=seen.note) as running:
        until(running, lambda report: report.messages > REPLIES)
        time.sleep(SETTLE)
        began = time.monotonic()
        time.sleep(PROBED)
        ended = time.monotonic()
        time.sleep(1)  # what was sent last has time to arrive
        presses = press(running.pty, PRESSES, 0.2)
        time.sleep(1)
        probes = [line.split() for line in sending.lines]
    for at, lines in seen.lines():
        watch.take(at, lines)
    sent = {price: float(at) for price, at in probes}
    shown = watch.shown(sent)
    messages = [1000 * (shown[price] - at) for price, at in sent.items() if began <= at < ended]
    latencies = Latencies(messages, watch.answers(presses))
    for what, figures in latencies._asdict().items():
        say(
            f"latency at {rate:,}/s, {len(figures)} {what}: p50 {percentile(figures, 0.5):.1f} ms, "
            f"p99 {percentile(figures, 0.99):.1f} ms, never seen {figures.count(ENDLESS)}"
        )
    return latencies


def measure(runs: int) -> list[Result]:
    taken = [[run(rate) for rate in RATES] for _ in range(runs)]
    results = []
    for rate, found in zip(RATES, zip(*taken, strict=True), strict=True):
        highest = rate == RATES[-1]
        results += _lines("message to terminal", rate, [each.messages for each in found], MESSAGE if highest else None)
        results += _lines("key to cursor", rate, [each.keys for each in found], KEY if highest else None)
    return results


def _lines(what: str, rate: int, runs: Sequence[Sequence[float]], goal: Goal | None) -> list[Result]:
    design = f" (up to {BY_DESIGN:.0f} by design)" if what.startswith("message") else ""
    middles = [statistics.median(figures) for figures in runs]
    return [
        Result(f"{what} at {rate:,}/s, p50{design}", middles, "ms"),
        Result(f"{what} at {rate:,}/s, p99", [percentile(figures, 0.99) for figures in runs], "ms", goal=goal),
    ]


if __name__ == "__main__":
    alone("latency", __doc__, measure)
