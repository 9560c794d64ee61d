"""A terminal that reads slowly, as over a bad line, while the market is busy.

    python -m tests.benchmarks.slow [--runs N]

The terminal takes 20 kB a second, and five thousand messages a second come for twenty seconds. The feed has to be
drained all the same: what the server cannot write waits in its buffer. Keys are to be answered while it lasts, frames
left out, and once it is over the terminal has to show the last prices: read off the screen that its bytes make.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import NamedTuple

from tests.benchmarks.latency import ENDLESS, Watch, press
from tests.benchmarks.pty import Pty
from tests.benchmarks.results import Goal, Result, alone, say
from tests.benchmarks.running import REPLIES, Sender, program, sender, until
from tests.benchmarks.screen import Seen
from tests.benchmarks.sender import kept
from tui.protocol.messages import Quote, Tick

READS = 20_000  # bytes a second
RATE = 5_000
COUNT = 100_000
PRESSES = 4
GAP = 2.5  # s
SETTLE = 6.0  # s: the first screen alone takes such a line four
PATIENCE = 20.0  # s, for the last prices to be shown
DIALOG = 2.5  # s that one is given to open, and to close
_LOOK = 0.25  # s
_LEAST = 10  # prices on the screen, to be sure that it is one
_ROW = re.compile(r"(S\d{3})\$US +([\d,]+\.\d+) ")  # whole, and not what a dialog over it says


class Slow(NamedTuple):
    """`handled`: % of the messages sent, as soon as the last was; `took`: s to send them all; `waiting`: kB that the
    server had to keep, at most; `frames` a second; `key`: s to the slowest move of the cursor; `dialog`: s until the
    health screen stood there, or was gone, whichever took longer; `right`: s from the end of the flood until all prices
    on the screen were the last ones."""

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
    """By code, where the last message that has a price is a trade: a quote's counts only if it is younger than the
    trade before it, by a clock that is read while sending."""
    last = {message.symbol: message for message in kept()[:COUNT] if isinstance(message, Tick | Quote)}
    return {symbol.partition("$")[0]: message.last for symbol, message in last.items() if isinstance(message, Tick)}


class Prices:
    """Those in the grid, by the terminal's lines."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[str, float]] = {}

    def take(self, lines: Mapping[int, str]) -> None:
        for y, line in lines.items():
            self._rows.pop(y, None)
            if row := _ROW.search(line[:40]):
                self._rows[y] = row.group(1), float(row.group(2).replace(",", ""))

    def right(self, expected: Mapping[str, float]) -> bool:
        """Whether all are, as far as they are known."""
        known = [(code, price) for code, price in self._rows.values() if code in expected]
        return len(known) >= _LEAST and all(expected[code] == price for code, price in known)


class Dialog:
    """When the health screen came and went."""

    def __init__(self) -> None:
        self._standing: dict[int, str] = {}
        self.changes: list[tuple[float, bool]] = []

    def take(self, at: float, lines: Mapping[int, str]) -> None:
        self._standing.update(lines)
        there = any("Feed health" in line for line in self._standing.values())
        if not self.changes or self.changes[-1][1] != there:
            self.changes.append((at, there))

    def took(self, pressed: float, there: bool) -> float:
        return min((at - pressed for at, stood in self.changes if at >= pressed and stood == there), default=ENDLESS)


def run() -> Slow:
    seen, keys, dialog, prices, expected = Seen(), Watch(), Dialog(), Prices(), last_prices()
    options = ("--rate", str(RATE), "--count", str(COUNT), "--watch")
    with sender(*options) as sending, program(sending.url, on_output=seen.note, bytes_a_second=READS) as running:
        first = until(running, lambda report: report.messages > REPLIES)
        time.sleep(SETTLE)
        presses = press(running.pty, PRESSES, GAP)
        opened = _type(running.pty, b"h")
        closed = _type(running.pty, b"\x1b")
        end = time.monotonic() + COUNT / RATE + PATIENCE
        while _sent(sending) < COUNT and time.monotonic() < end:
            time.sleep(_LOOK)
        time.sleep(1)
        report = running.ask()
        watched = [[float(figure) for figure in line.split()] for line in sending.lines]
        begun, last, right = watched[0][2], watched[-1][2], ENDLESS
        end = time.monotonic() + PATIENCE
        while right == ENDLESS and time.monotonic() < end:
            time.sleep(_LOOK)
            for at, lines in seen.lines():
                keys.take(at, lines)
                dialog.take(at, lines)
                prices.take(lines)
                if at >= last and prices.right(expected):
                    right = at
                    break
    slow = Slow(
        handled=100 * report.updates / COUNT,
        took=last - begun if watched[-1][0] == COUNT else ENDLESS,
        waiting=max(waiting for _, waiting, _ in watched) / 1000,
        frames=(report.frames - first.frames) / (report.at - first.at),
        key=max(keys.answers(presses)) / 1000,
        dialog=max(dialog.took(opened, True), dialog.took(closed, False)),
        right=right - last,
    )
    say(f"slow: {slow}")
    return slow


def _type(pty: Pty, key: bytes) -> float:
    """Press it and wait; when it was pressed."""
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
    alone("slow", __doc__, measure)
