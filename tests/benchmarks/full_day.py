"""The measured program (`program.py`) with an hour of spreads for each symbol, which take an hour to come.

python -m tests.benchmarks.full_day URL SYMBOLS REPORTS
"""

from __future__ import annotations

import sys

from tests.benchmarks.program import MeasuredApp, main
from tui.history import backfill
from tui.market import Market
from tui.market.spread_stats import MINUTES

SPREADS = (0.01, 0.02, 0.03)


class FullDayApp(MeasuredApp):
    """Starts with the spreads, before the feed brings any."""

    def on_load(self) -> None:
        super().on_load()
        self.market.follow(self.preferences.lists.symbols)
        fill_spreads(self.market, self.clock())


def fill_spreads(market: Market, now: float) -> None:
    """Sample spreads in each minute of the hour before `now` (s, monotonic)."""
    for instrument in market.instruments.values():
        for minutes in range(MINUTES, 0, -1):
            for spread in SPREADS:
                instrument.spreads.sample(spread, SPREADS[0], now - 60 * minutes)


if __name__ == "__main__":
    # A real day is stored minute by minute; this one, brought at once, would be stored at once, as objects.
    backfill._WRITE_EVERY = 86_400.0
    main(*sys.argv[1:], app_class=FullDayApp)
