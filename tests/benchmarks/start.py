"""Time from the start of the process to the first screen.

    python -m tests.benchmarks.start [--runs N]

The first full screen on a real 160×50 terminal, which replies to queries, against an empty Textual app; and `--version`
and `--help` against an empty Python program. All sides alternate; medians and the ratios of the pairs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future

from tests.benchmarks.pty import Pty
from tests.benchmarks.results import Goal, Result, median_text, ratios, run_alone
from tests.benchmarks.running import FOLDERS

EMPTY = (
    "from textual.app import App\n"
    "from textual.widgets import Static\n"
    "class Empty(App):\n"
    "    def compose(self):\n"
    "        yield Static('the-end-of-it')\n"
    "Empty().run()\n"
)
DASHBOARD = [sys.executable, "-m", "tui", "--demo"]


def environment(folder: str) -> dict[str, str]:
    """Returns an environment with folders of its own and a cache of compiled modules, as after an installation."""
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return ours | dict.fromkeys(FOLDERS, folder) | {"PYTHONPYCACHEPREFIX": f"{folder}/compiled"}


def until_shown(command: list[str], words: bytes, folder: str) -> float:
    """Returns s until the last words of a screen are written."""
    written, shown = bytearray(), Future[float]()

    def read(chunk: bytes, at: float) -> None:
        written.extend(chunk)
        if words in written and not shown.done():
            shown.set_result(at)

    began = time.monotonic()
    with Pty(command, environment(folder), on_output=read):
        return shown.result(30) - began


def until_done(command: list[str], folder: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment(folder))
    return time.perf_counter() - began


def measure(runs: int) -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        return _compare(runs, folder)


def _compare(runs: int, folder: str) -> list[Result]:
    nothing = [sys.executable, "-c", "pass"]
    pairs: dict[str, tuple[Callable[[], float], Callable[[], float], Goal]] = {
        "first screen / an empty Textual app's": (
            lambda: until_shown(DASHBOARD, b"Quit", folder),
            lambda: until_shown([sys.executable, "-c", EMPTY], b"the-end-of-it", folder),
            Goal(1.12),
        ),
        "--version / python -c pass": (
            lambda: until_done([sys.executable, "-m", "tui", "--version"], folder),
            lambda: until_done(nothing, folder),
            Goal(3),
        ),
        "--help / python -c pass": (
            lambda: until_done([sys.executable, "-m", "tui", "--help"], folder),
            lambda: until_done(nothing, folder),
            Goal(3),
        ),
    }
    results = []
    for what, (ours, theirs, goal) in pairs.items():
        ours(), theirs()  # warm-up: files are read from disk
        ones, others = zip(*((1000 * ours(), 1000 * theirs()) for _ in range(runs)), strict=True)
        results.append(
            Result(
                what,
                ratios(ones, others),
                "×",
                ours=median_text(ones, "ms"),
                theirs=median_text(others, "ms"),
                goal=goal,
            )
        )
    return results


if __name__ == "__main__":
    run_alone("start", __doc__, measure)
