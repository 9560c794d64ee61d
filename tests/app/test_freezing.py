"""The screen frozen while data goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from tests.app.test_app import listed, notices, type_into
from tests.app.test_replaying import playing
from tests.support.launch_options import launch_options
from tests.support.modal_host import widget_text
from tests.support.recordings import tick_lines, write_recording
from tests.support.wait_until import until
from tui.app.app import ItickApp
from tui.app.feed_worker import FeedSource
from tui.exchange.server import Exchange
from tui.market.alerts import parse_alert
from tui.screens.health import FeedHealth
from tui.secrets import Token
from tui.symbol import Symbol

QQQ, SPY, IWM = (Symbol(code, "US") for code in ("QQQ", "SPY", "IWM"))


@asynccontextmanager
async def busy() -> AsyncIterator[tuple[ItickApp, Pilot[None]]]:
    """The app with two symbols whose prices change all the time."""
    async with Exchange(rate=200.0) as exchange:
        app = ItickApp(launch_options([QQQ, SPY]), FeedSource(exchange.url, Token("key")))
        async with app.run_test(size=(160, 45)) as pilot:
            await until(lambda: all(i.last and i.depth and i.bars for i in app.market.instruments.values()), 20)
            await until(lambda: app.feed.is_live)
            yield app, pilot


def picture(app: ItickApp) -> list[str]:
    """The lines of all panes."""
    panes = [pane for pane in app.dashboard._panes if pane.display]
    return [pane.render_line(y).text for pane in panes for y in range(pane.size.height)]


def top(app: ItickApp) -> str:
    return app.dashboard.header.render_line(0).text


def bottom(app: ItickApp) -> str:
    return app.dashboard.status.render_line(0).text


async def data_goes_on(app: ItickApp, pilot: Pilot[None]) -> None:
    """Wait until much has changed, and time has, which is drawn once a second."""
    before, began = app.market.health.messages, app.clock()
    await until(lambda: app.market.health.messages > before + 100 and app.clock() > began + 2.2, 20)
    await pilot.pause()


async def test_a_frozen_picture_stands_still_and_says_so_and_the_same_key_ends_it() -> None:
    async with busy() as (app, pilot):
        await pilot.press("p")
        await pilot.pause()
        assert " FROZEN " in top(app) and "‖ FROZEN" in bottom(app) and "p shows the present" in bottom(app)
        frozen, time, clock = picture(app), app.dashboard.chart.time, app.dashboard.header.time
        await data_goes_on(app, pilot)
        assert picture(app) == frozen and app.dashboard.chart.time == time
        assert app.dashboard.header.time > clock, "the clock shows the present"
        assert "LIVE" not in bottom(app) and "LIVE" not in "".join(frozen)
        await pilot.press("p")
        await pilot.pause()
        assert "FROZEN" not in top(app) and "LIVE" in bottom(app)
        assert picture(app) != frozen
        assert app.dashboard.watchlist.rows == list(app.market.instruments.values())
        shown = picture(app)
        await until(lambda: picture(app) != shown)


async def test_keys_act_on_the_frozen_figures() -> None:
    async with busy() as (app, pilot):
        await pilot.press("p")
        await pilot.pause()
        grid, chart = app.dashboard.watchlist, app.dashboard.chart
        last = {i.symbol: i.last for i in grid.rows}
        await data_goes_on(app, pilot)
        await pilot.press("j", "space", "s", "l")
        await pilot.pause()
        assert grid.selected is not None and chart.instrument is grid.selected and grid.has_marks
        assert {i.symbol: i.last for i in grid.rows} == last
        assert all(f"{price:.2f}" in "".join(picture(app)) for price in last.values() if price)
        assert last != {i.symbol: i.last for i in app.market.instruments.values()}
        marked = [i.symbol for i in grid.marked]
        await pilot.press("p")
        await pilot.pause()
        assert [i.symbol for i in grid.marked] == marked and grid.sort == "-last"
        assert chart.instrument in app.market.instruments.values(), "the present one"


async def test_a_scrolled_pane_stays_where_it_is() -> None:
    async with busy() as (app, pilot):
        app.dashboard.chart.focus()
        await pilot.press("left", "left")
        assert app.dashboard.chart.has_crosshair
        for _ in range(2):
            await pilot.press("p")
            await pilot.pause()
            assert app.dashboard.chart.has_crosshair


async def test_a_symbol_added_meanwhile_has_no_figures_in_the_frozen_picture() -> None:
    async with busy() as (app, pilot):
        await pilot.press("p")
        await type_into(app, pilot, "IWM$US")
        await until(lambda: app.market.instruments[IWM].last)
        await pilot.pause()
        assert listed(app) == ["QQQ$US", "SPY$US", "IWM$US"]
        grid = app.dashboard.watchlist
        assert "IWM$US" in grid.render_line(4).text
        assert grid.render_line(4).text.count("—") >= 8 and " … " in grid.render_line(4).text
        await pilot.press("p")
        await until(lambda: " … " not in grid.render_line(4).text and "—" not in grid.render_line(4).text)


async def test_alerts_fire_and_dialogs_are_live_while_the_picture_is_frozen() -> None:
    app = ItickApp(launch_options([QQQ]), FeedSource())
    async with app.run_test(size=(160, 45)) as pilot:
        await until(lambda: app.feed.is_live and app.market.instruments[QQQ].last, 20)
        await pilot.press("p")
        await pilot.pause()
        assert app.dashboard.frozen_at is not None
        last = app.market.instruments[QQQ].last
        app.market.set_alerts(parse_alert(f"QQQ$US {sign} {last}") for sign in "<>")
        await until(lambda: any("QQQ$US" in words for words in notices(app)), 20)
        await pilot.press("h")
        await pilot.pause()
        assert isinstance(app.screen, FeedHealth)
        figures = widget_text(app.screen.query_one("#figures"))
        await until(lambda: widget_text(app.screen.query_one("#figures")) != figures)
        assert app.dashboard.frozen_at is not None


async def test_a_lost_link_is_told_beside_the_frozen_picture() -> None:
    async with AsyncExitStack() as running:
        exchange = await running.enter_async_context(Exchange(rate=200.0))
        app = ItickApp(launch_options([QQQ]), FeedSource(exchange.url, Token("key")))
        async with app.run_test(size=(160, 45)) as pilot:
            await until(lambda: app.feed.is_live and app.market.instruments[QQQ].last)
            await pilot.press("p")
            await pilot.pause()
            await running.aclose()
            await until(lambda: not app.feed.is_live)
            await pilot.pause()
            assert "FROZEN: reconnecting" in bottom(app) and "LIVE" not in bottom(app)
            assert " stale" not in "".join(picture(app)), "it was live then"
            await pilot.press("p")
            await pilot.pause()
            assert "FROZEN" not in bottom(app) and " stale" in "".join(picture(app))


async def test_in_a_recording_the_key_pauses(tmp_path: Path) -> None:
    async with playing(write_recording(tmp_path / "r.gz", tick_lines(50, 60.0))) as (app, pilot):
        await pilot.press("p")
        assert "‖ PAUSED" in bottom(app) and "FROZEN" not in top(app)
        await pilot.press("p")
        assert "PAUSED" not in bottom(app)


async def test_a_comparison_is_frozen_too_and_goes_on_afterwards() -> None:
    async with busy() as (app, pilot):
        chart = app.dashboard.chart
        await pilot.press("space", "x")
        chart.focus()
        await pilot.press("left", "left", "p")
        await pilot.pause()
        assert chart.has_crosshair and len(chart.compared) == 2
        frozen = picture(app)
        await data_goes_on(app, pilot)
        await pilot.press("right", "left")
        assert picture(app) == frozen
        await pilot.press("p")
        await pilot.pause()
        assert chart.has_crosshair and set(chart.compared) == set(app.market.instruments.values())
