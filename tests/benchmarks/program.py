"""The program as it is measured: the real app on the terminal it stands in, telling its counters when asked.

    python -m tests.benchmarks.program URL SYMBOLS REPORTS

At the start and on every SIGUSR1 one line of JSON goes to the file descriptor REPORTS. It is read from the app's own
counters, so that nothing is measured by what the measured program would not do by itself.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

from tests.benchmarks.sender import symbols
from tui.app import ItickApp, Start
from tui.config.file import ConfigFile
from tui.config.settings import Settings
from tui.desk import Wanted
from tui.secrets import Token


class Measured(ItickApp):
    """Adds the reports, and nothing else."""

    reports = -1

    def on_load(self) -> None:
        super().on_load()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._report)
        self._report()

    def _report(self) -> None:
        health = self.market.health
        report = {
            "at": time.monotonic(),
            "cpu": time.process_time(),
            "messages": health.messages,
            "wrong": health.malformed.total() + health.out_of_order + health.unfollowed,
            "frames": health.frames,
            "rss": _resident(),
        }
        os.write(self.reports, json.dumps(report).encode() + b"\n")


def _resident() -> int:
    """Bytes of memory in use now."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:  # no such file but on Linux: the most there ever was
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(url: str, count: str, reports: str) -> None:
    wanted = Wanted(Settings(lists={"All": tuple(symbols(int(count)))}), ConfigFile(Path(os.devnull)))
    app = Measured(wanted, Start(url, Token("benchmark")))
    app.reports = int(reports)
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
