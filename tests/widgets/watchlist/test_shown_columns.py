"""EXT% joins the default columns while a price moves outside regular hours."""

from __future__ import annotations

from datetime import datetime

from tests.support.launch_options import launch_options
from tests.support.manual_frames import ManualFramesApp
from tests.support.messages import QQQ
from tui.app.feed_worker import FeedSource
from tui.market.sessions import zone
from tui.protocol.messages import Tick
from tui.watchlist.columns import DEFAULT

WITH_EXTENDED = ("symbol", "last", "change", "change%", "ext%", *DEFAULT[4:])


def at(clock: str) -> int:
    return int(datetime.fromisoformat(f"2026-12-08T{clock}").replace(tzinfo=zone("US").tz).timestamp() * 1000)


async def test_ext_joins_the_default_columns_outside_regular_hours_and_no_others() -> None:
    app = ManualFramesApp(launch_options([QQQ]), FeedSource(""))
    async with app.run_test(size=(120, 36)):
        market, grid = app.market, app.dashboard.watchlist
        market.set_hours(False)
        market.follow([QQQ])
        market.apply_history_closes(QQQ, {"2026-12-07": 500.0})
        grid.show("x", list(market.instruments.values()))
        shown = []
        for n, (clock, price) in enumerate((("15:59", 505.0), ("16:30", 505.0), ("17:00", 494.0), ("21:30", 494.0))):
            market.wall_base = at(clock)
            market.apply(Tick(symbol=str(QQQ), last=price, time=at(clock)), 0.0)
            market.drain_changed()
            grid.tick(float(n))
            shown.append(grid.shown_columns)
        assert shown == [DEFAULT, DEFAULT, WITH_EXTENDED, WITH_EXTENDED]
        grid.columns = ("symbol", "last")
        assert grid.shown_columns == ("symbol", "last"), "what a person chose"
