"""The program as it is measured: the real app on the terminal it stands in, telling its counters when asked.

    python -m tests.benchmarks.program URL SYMBOLS REPORTS

They are the app's own counters, so that nothing is measured by what the measured program would not do by itself.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.benchmarks.reporting import report_on_signal
from tests.benchmarks.sender import symbols
from tui.app.app import ItickApp
from tui.app.feed_worker import FeedSource
from tui.app.preferences import LaunchOptions
from tui.config.file import ConfigFile
from tui.config.settings import Settings
from tui.secrets import Token


class Measured(ItickApp):
    """Adds the reports, and nothing else."""

    reports = -1

    def on_load(self) -> None:
        super().on_load()
        report_on_signal(self.reports, self._counters)

    def _counters(self) -> dict[str, int]:
        health = self.market.health
        wrong = health.malformed.total() + health.out_of_order + health.unfollowed
        updates = health.applied + wrong
        return {"messages": health.messages, "updates": updates, "wrong": wrong, "frames": health.frames}


def main(url: str, count: str, reports: str) -> None:
    wanted = LaunchOptions(Settings(lists={"All": tuple(symbols(int(count)))}), ConfigFile(Path(os.devnull)))
    app = Measured(wanted, FeedSource(url, Token("benchmark")))
    app.reports = int(reports)
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
