"""The program as it is measured: the real app on its terminal, which reports its counters on a signal.

    python -m tests.benchmarks.program URL SYMBOLS REPORTS

They are the app's own counters, so measuring adds no work.
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


class MeasuredApp(ItickApp):
    """The app with reports."""

    reports = -1

    def on_load(self) -> None:
        super().on_load()
        report_on_signal(self.reports, self._counters)

    def _counters(self) -> dict[str, int]:
        health = self.market.health
        wrong = health.malformed.total() + health.out_of_order + health.unfollowed
        updates = health.applied + wrong
        return {"messages": health.messages, "updates": updates, "wrong": wrong, "frames": health.frames}


def main(url: str, count: str, reports: str, *, app_class: type[MeasuredApp] = MeasuredApp) -> None:
    launch_options = LaunchOptions(Settings(lists={"All": tuple(symbols(int(count)))}), ConfigFile(Path(os.devnull)))
    app = app_class(launch_options, FeedSource(url, Token("benchmark")))
    app.reports = int(reports)
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
