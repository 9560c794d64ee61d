"""Bytes written to the terminal.

    python -m tests.benchmarks.bytes [--runs N]

Ten seconds of the demo exchange with a fixed seed, at two rates: 14 symbols, every pane, a terminal of 140×40 cells in
all colours that keeps up.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from tempfile import TemporaryDirectory

from tests.benchmarks.pty import Pty
from tests.benchmarks.results import Goal, Result, print_progress, run_alone
from tests.benchmarks.running import FOLDERS

GOALS = {200: Goal(26), 2_000: Goal(80)}
"""By messages a second: kB/s, 0.35 times what they were on 2026-11-30."""
SYMBOLS = "QQQ,SPY,IWM,DIA,VTI,SMH,XLK,XLE,TLT,HYG,GLD,EEM,FXI,EWZ"
SETTLE = 6.0  # s
DURATION = 10.0  # s


def rate_of_bytes(rate: int) -> float:
    """Returns kB/s."""
    exchange = [sys.executable, "-m", "tui", "exchange", "--port", "0", "--rate", str(rate), "--seed", "7"]
    with (
        TemporaryDirectory(prefix="itick-tui-") as folder,
        subprocess.Popen(exchange, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server,
    ):
        try:
            assert server.stdout is not None
            url = next(found[0] for line in server.stdout if (found := re.search(r"ws://[^\s,]+", line)))
            command = [sys.executable, "-m", "tui", "--url", url, "--watch", SYMBOLS]
            environment = {**os.environ, **dict.fromkeys(FOLDERS, folder), "ITICK_TOKEN": "demo"}
            with Pty(command, environment, columns=140, rows=40) as pty:
                time.sleep(SETTLE)
                first, began = pty.written, time.monotonic()
                time.sleep(DURATION)
                found_rate = (pty.written - first) / (time.monotonic() - began) / 1_000
        finally:
            server.kill()
    print_progress(f"bytes at {rate}/s: {found_rate:.1f} kB/s")
    return found_rate


def measure(runs: int) -> list[Result]:
    figures = [[rate_of_bytes(rate) for rate in GOALS] for _ in range(runs)]
    return [
        Result(f"written to the terminal at {rate:,} messages/s", each, "kB/s", goal=goal)
        for (rate, goal), each in zip(GOALS.items(), zip(*figures, strict=True), strict=True)
    ]


if __name__ == "__main__":
    run_alone("bytes", __doc__, measure)
