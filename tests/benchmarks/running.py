"""What benchmarks start, each a process of its own: the sender, and the program with its counters to be read."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from tests.benchmarks.pty import Pty
from tests.benchmarks.sender import SYMBOLS

FOLDERS = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")
REPLIES = 6  # to the key (2) and to four subscriptions


class Report(NamedTuple):
    """Counters of the program at one moment: s monotonic, s of CPU, messages received, those with data of them and how
    many of these were not applied, frames drawn, bytes of memory."""

    at: float
    cpu: float
    messages: int
    updates: int
    wrong: int
    frames: int
    rss: int


class Sender(NamedTuple):
    """Its address, and the lines it has printed so far."""

    url: str
    lines: Sequence[str]


@contextmanager
def sender(*options: str) -> Iterator[Sender]:
    """The server in a process of its own, with its options."""
    command = [sys.executable, "-m", "tests.benchmarks.sender", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url, lines = f"ws://127.0.0.1:{process.stdout.readline().strip()}/fund", deque[str]()
        threading.Thread(target=lines.extend, args=[process.stdout], daemon=True).start()
        try:
            yield Sender(url, lines)
        finally:
            process.kill()


class Running(NamedTuple):
    """The program, in a terminal."""

    pty: Pty
    ask: Callable[[], Report]


@contextmanager
def program(url: str, symbols: int = SYMBOLS, module: str = "program", **terminal: Any) -> Iterator[Running]:
    """The program on a real 160×50 terminal, and what asks it for its counters."""
    read, write = os.pipe()
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", url, str(symbols), str(write)]
    reports = os.fdopen(read)
    with (
        TemporaryDirectory(prefix="itick-tui-") as folder,
        # Nothing of what is kept from run to run: made-up prices do not belong among a person's own, or into the next.
        Pty(command, {**os.environ, **dict.fromkeys(FOLDERS, folder)}, pass_fds=[write], **terminal) as pty,
    ):
        os.close(write)

        def report() -> Report:
            line = reports.readline()
            if not line:
                raise RuntimeError(f"the program ended: {pty.last.decode(errors='replace')}")
            return Report(**json.loads(line))

        def ask() -> Report:
            pty.process.send_signal(signal.SIGUSR1)
            return report()

        try:
            report()  # it is there, and minds the signal
            yield Running(pty, ask)
        finally:
            reports.close()


def until(running: Running, condition: Callable[[Report], bool]) -> Report:
    """Ask until the counters are so."""
    while True:
        report = running.ask()
        if condition(report):
            return report
        time.sleep(0.05)
