"""What the program shows of the time before it was started, alone on a machine without a network, and beside a feed."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from io import StringIO

import pytest

from tests.support.launch_options import launch_options
from tests.support.price_walks import OPEN, at, price_walk
from tests.support.wait_until import until
from tui.app.app import ItickApp
from tui.app.feed_worker import FeedSource
from tui.exchange.server import Exchange
from tui.history.store import BarUpdate, Store, default_store_path
from tui.market.data_status import DataStatus, data_status
from tui.protocol.messages import Tick
from tui.secrets import Token
from tui.symbol import Symbol
from tui.watchlist.tables import grid_csv

QQQ, SPY, TLT = (Symbol(code, "US") for code in ("QQQ", "SPY", "TLT"))
MONDAY = at("2026-11-23 08:00") / 1000  # s
NOWHERE = "wss://192.0.2.1/fund"  # an address that nobody has


def keep(*symbols: Symbol, demo: bool = False) -> None:
    store = Store(default_store_path(demo=demo), wall=lambda: MONDAY)
    bars = price_walk(OPEN, range(390), 512.0)
    store.write([BarUpdate(symbol, bars, {"2026-11-20": bars[-1].close}) for symbol in symbols])
    store.close()


def lines(app: ItickApp) -> str:
    panes = (app.dashboard.watchlist, app.dashboard.chart)
    return "\n".join(pane.render_line(y).text for pane in panes for y in range(pane.size.height))


def shown_order(app: ItickApp, sort: str) -> list[Symbol]:
    app.dashboard.watchlist.sort = sort
    return [i.symbol for i in app.dashboard.watchlist.rows]


async def test_without_a_network_the_last_session_is_shown_and_marked_so() -> None:
    keep(QQQ, SPY)
    app = ItickApp(launch_options([SPY, QQQ, TLT]), FeedSource(NOWHERE, Token("key")), wall=lambda: MONDAY)
    async with app.run_test(size=(160, 45)) as pilot:
        await until(lambda: app.market.instruments[SPY].is_last_known and app.market.instruments[QQQ].is_last_known)
        await pilot.pause(0.1)
        shown = lines(app)
        assert shown.count("Fri 16:00") == 2  # two rows; of the third nothing is known
        assert "1 min Fri 11-20" in shown and "15:59" in shown
        assert "%" not in shown.replace("CHG%", "")
        # Something of now: it stands above what is only known from before by its time, and by its price where that is.
        now = app.clock()
        time = int(app.market.exchange_time(now))
        app.market.apply(Tick(symbol="TLT$US", last=1.0, time=time), now)
        for sort in ("last", "age", "-time"):
            assert shown_order(app, sort)[0] == TLT
        assert shown_order(app, "-last")[-1] == TLT
        table = list(csv.DictReader(StringIO(grid_csv(*app.dashboard.watchlist.figures()))))
        figures = {row["symbol"]: (row["last"], row["state"]) for row in table}
        assert figures == {
            "TLT$US": ("1", "stale"),
            "SPY$US": ("506.4", "last known"),
            "QQQ$US": ("506.4", "last known"),
        }
        app.market.apply(Tick(symbol="QQQ$US", last=515.0, time=time), now)
        await pilot.pause(0.1)
        assert lines(app).count("Fri 16:00") == 1
    assert datetime.fromtimestamp(MONDAY, UTC).weekday() == 0


async def test_the_chart_shows_hours_of_the_past_at_once_and_the_next_run_needs_no_feed_for_it() -> None:
    async with Exchange(history=False) as exchange:
        app = ItickApp(launch_options([QQQ, SPY]), FeedSource(exchange.url, Token("key")))
        async with app.run_test(size=(160, 45)):
            await until(lambda: all(len(i.bars) > 300 and i.last for i in app.market.instruments.values()))
            rows = app.market.instruments.values()
            assert all(data_status(i, 0.0, True) is DataStatus.LIVE for i in rows)
            newest = app.market.instruments[QQQ].bars.latest
        again = Store(default_store_path(demo=True))
        bars = again.read([QQQ], 500)[QQQ].bars
        assert len(bars) > 300 and newest - bars[-1].time // 60_000 <= 1
        again.close()
    assert not default_store_path(demo=False).exists()


@pytest.mark.parametrize("symbols", [[QQQ, SPY]])
async def test_what_was_kept_of_real_prices_is_not_shown_beside_made_up_ones(symbols: Iterable[Symbol]) -> None:
    keep(*symbols)
    async with Exchange(faults=["rest-refused"], history=False) as exchange:
        app = ItickApp(launch_options(symbols), FeedSource(exchange.url, Token("key")))
        async with app.run_test(size=(160, 45)):
            await until(lambda: all(i.last and len(i.bars) for i in app.market.instruments.values()))
            assert all(len(i.bars) < 5 for i in app.market.instruments.values())
