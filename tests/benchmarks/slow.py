"""A terminal that reads slowly, as over a slow line, while the market is busy.

    python -m tests.benchmarks.slow [--runs N]

The terminal reads 20 kB a second, and five thousand messages a second arrive for twenty seconds. The feed must be read
all the same: what the server cannot write waits in its buffer. Keys must be answered meanwhile, frames are dropped, and
afterwards the terminal must show the last prices, read off the screen made of its bytes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import NamedTuple

from tests.benchmarks.latency import NEVER, ScreenWatcher, press_keys
from tests.benchmarks.pty import Pty
from tests.benchmarks.results import Goal, Result, print_progress, run_alone
from tests.benchmarks.running import REPLIES, Sender, start_program, start_sender, wait_for_counters
from tests.benchmarks.screen import RecordedScreen
from tests.benchmarks.sender import prepared_messages
from tui.protocol.messages import Quote, Tick

BYTES_A_SECOND = 20_000  # bytes a second
RATE = 5_000
COUNT = 100_000
PRESSES = 4
GAP = 2.5  # s
SETTLE = 6.0  # s: the first screen alone takes four on such a line
PATIENCE = 20.0  # s, for the last prices to be shown
DIALOG = 2.5  # s that one is given to open, and to close
_POLL_INTERVAL = 0.25  # s
_MIN_PRICES = 10  # prices on the screen, or it is not the grid
_ROW = re.compile(r"(S\d{3})\$US +([\d,]+\.\d+) ")  # a whole row, no text of a dialog over it


class SlowTerminalResult(NamedTuple):
    """The figures of one run.

    `handled`: % of the messages handled 1 s after the last was sent; `took`: s to send them all; `waiting`: most kB
    buffered at the server; `frames` a second; `key`: s to the slowest move of the cursor; `dialog`: s until the health
    screen was shown, or closed, whichever took longer; `right`: s from the end of the flood until all prices on the
    screen were the last ones.
    """

    handled: float
    took: float
    waiting: float
    frames: float
    key: float
    dialog: float
    right: float

    def __str__(self) -> str:
        return (
            f"{self.handled:.0f} % handled in {self.took:.1f} s, {self.waiting:.0f} kB waited at most, "
            f"{self.frames:.1f} frames/s; slowest key {self.key:.2f} s, dialog {self.dialog:.2f} s; "
            f"last prices after {self.right:.1f} s"
        )


def last_prices() -> dict[str, float]:
    """Returns the last price by code, of symbols whose last message with a price is a trade: a quote's counts only if
    it is younger than the trade before, by a clock that is read while sending."""
    last = {message.symbol: message for message in prepared_messages()[:COUNT] if isinstance(message, Tick | Quote)}
    return {symbol.partition("$")[0]: message.last for symbol, message in last.items() if isinstance(message, Tick)}


class GridPrices:
    """The prices in the grid, by the terminal's lines."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[str, float]] = {}

    def update(self, lines: Mapping[int, str]) -> None:
        for y, line in lines.items():
            self._rows.pop(y, None)
            if row := _ROW.search(line[:40]):
                self._rows[y] = row.group(1), float(row.group(2).replace(",", ""))

    def is_right(self, expected: Mapping[str, float]) -> bool:
        """True if all prices with a known expectation equal it."""
        known = [(code, price) for code, price in self._rows.values() if code in expected]
        return len(known) >= _MIN_PRICES and all(expected[code] == price for code, price in known)


class DialogWatcher:
    """The times at which the health screen was shown and closed."""

    def __init__(self) -> None:
        self._lines: dict[int, str] = {}
        self.changes: list[tuple[float, bool]] = []

    def update(self, at: float, lines: Mapping[int, str]) -> None:
        self._lines.update(lines)
        is_open = any("Feed health" in line for line in self._lines.values())
        if not self.changes or self.changes[-1][1] != is_open:
            self.changes.append((at, is_open))

    def duration(self, pressed: float, is_open: bool) -> float:
        return min(
            (at - pressed for at, was_open in self.changes if at >= pressed and was_open == is_open), default=NEVER
        )


def run() -> SlowTerminalResult:
    seen, keys, dialog, prices, expected = (
        RecordedScreen(),
        ScreenWatcher(),
        DialogWatcher(),
        GridPrices(),
        last_prices(),
    )
    options = ("--rate", str(RATE), "--count", str(COUNT), "--watch")
    with (
        start_sender(*options) as sending,
        start_program(sending.url, on_output=seen.record, bytes_a_second=BYTES_A_SECOND) as running,
    ):
        first = wait_for_counters(running, lambda report: report.messages > REPLIES)
        time.sleep(SETTLE)
        presses = press_keys(running.pty, PRESSES, GAP)
        opened = _press_and_wait(running.pty, b"h")
        closed = _press_and_wait(running.pty, b"\x1b")
        end = time.monotonic() + COUNT / RATE + PATIENCE
        while _sent(sending) < COUNT and time.monotonic() < end:
            time.sleep(_POLL_INTERVAL)
        time.sleep(1)
        report = running.read_counters()
        watched = [[float(figure) for figure in line.split()] for line in sending.lines]
        begun, last, right = watched[0][2], watched[-1][2], NEVER
        end = time.monotonic() + PATIENCE
        while right == NEVER and time.monotonic() < end:
            time.sleep(_POLL_INTERVAL)
            for at, lines in seen.replay():
                keys.update(at, lines)
                dialog.update(at, lines)
                prices.update(lines)
                if at >= last and prices.is_right(expected):
                    right = at
                    break
    slow = SlowTerminalResult(
        handled=100 * report.updates / COUNT,
        took=last - begun if watched[-1][0] == COUNT else NEVER,
        waiting=max(waiting for _, waiting, _ in watched) / 1000,
        frames=(report.frames - first.frames) / (report.at - first.at),
        key=max(keys.key_latencies(presses)) / 1000,
        dialog=max(dialog.duration(opened, True), dialog.duration(closed, False)),
        right=right - last,
    )
    print_progress(f"slow: {slow}")
    return slow


def _press_and_wait(pty: Pty, key: bytes) -> float:
    """Press a key and wait; returns when it was pressed."""
    pressed = time.monotonic()
    pty.type(key)
    time.sleep(DIALOG)
    return pressed


def _sent(sending: Sender) -> int:
    return int(sending.lines[-1].split()[0]) if sending.lines else 0


def measure(runs: int) -> list[Result]:
    handled, took, waiting, frames, key, dialog, right = zip(*(run() for _ in range(runs)), strict=True)
    return [
        Result(f"handled of {COUNT:,} messages, 1 s after the last", handled, "%", goal=Goal(100, at_least=True)),
        Result(f"the server's time for {COUNT:,} at {RATE:,}/s", took, "s", goal=Goal(1.02 * COUNT / RATE)),
        Result("most that waited at the server", waiting, "kB", goal=Goal(64)),
        Result("key to cursor at the slowest", key, "s", goal=Goal(1.5)),
        Result("a dialog opened, or closed, at the slowest", dialog, "s", goal=Goal(1.5)),
        Result("frames drawn meanwhile", frames, "/s"),
        Result("last prices on the terminal, after the flood", right, "s", goal=Goal(5)),
    ]


if __name__ == "__main__":
    run_alone("slow", __doc__, measure)
