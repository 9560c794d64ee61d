"""The small charts below the list: which symbols, what they say, and what a frame of them costs."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.support.frozen_dashboard import LIVE, START, US, Still, filled_market
from tests.support.price_walks import OPEN, price_walk
from tests.support.wait_until import until
from tui.errors import NoConnection
from tui.feed.state import LinkPhase, LinkState
from tui.market import Market
from tui.market.session_axis import INTERVALS
from tui.protocol.messages import Tick
from tui.symbol import Symbol
from tui.widgets.chart.small_charts import SmallCharts

LOST = LinkState(LinkPhase.RECONNECTING, 0.0, retry_at=24.0, error=NoConnection("cannot reach 127.0.0.1"))


def lines(charts: SmallCharts) -> list[str]:
    return [charts.render_line(y).text for y in range(charts.size.height)]


def codes(charts: SmallCharts) -> list[str]:
    return [instrument.symbol.code for instrument in charts._shown]


def grid_cells(app: Still, code: str) -> list[str]:
    watchlist = app.dashboard.watchlist
    n = [row.symbol.code for row in watchlist.rows].index(code)
    return watchlist.render_line(2 + n).text.split()


def trade(app: Still, code: str, price: float, at: int) -> None:
    app.market.apply(Tick(symbol=f"{code}$US", last=price, volume=100.0, time=START + at), app.now)


async def settle(app: Still, pilot: Pilot[None]) -> None:
    app.now += 60
    app.turn()
    app.dashboard.tick(app.now)
    await pilot.pause()


async def test_each_has_symbol_last_and_change_as_the_list_has_them_in_the_frame_of_the_trade() -> None:
    app = Still(filled_market(US))
    async with app.run_test(size=(160, 45)) as pilot:
        await settle(app, pilot)
        charts = app.dashboard.charts
        assert codes(charts) == [symbol.code for symbol in US[:9]]
        trade(app, "SMH", 301.25, 61_000)
        app.turn()
        title = lines(charts)[charts.size.height // 3]
        assert "SMH$US 301.25" in title
        cells = grid_cells(app, "SMH")
        symbol, last, _, percent, *_ = cells[cells.index("SMH$US") :]
        assert f"{symbol} {last}" in title and percent in title and last == "301.25"
        app.dashboard.tick(app.now + 1)
        assert "301.25" in lines(charts)[2 * charts.size.height // 3 - 1], "the highest price of the picture"


async def test_a_frame_draws_the_borders_of_what_changed_and_the_tick_its_picture() -> None:
    app = Still(filled_market(US))
    async with app.run_test(size=(160, 45)) as pilot:
        await settle(app, pilot)
        charts, drawn = app.dashboard.charts, list[set[int]]()
        put = charts.put_lines
        charts.put_lines = lambda lines: (drawn.append({*lines}), put(lines))[1]  # type: ignore[method-assign, func-returns-value]
        trade(app, "EWZ", 28.0, 61_000)
        app.turn()
        assert drawn == [], "it has no chart"
        trade(app, "SPY", 700.0, 62_000)
        app.turn()
        assert drawn == [{0, charts.size.height // 3 - 1}]
        before = charts._charts[1]._cached_picture
        app.dashboard.tick(app.now + 1)
        assert charts._charts[1]._cached_picture is not before
        pictures = [chart._cached_picture for chart in charts._charts]
        app.dashboard.tick(app.now + 2)
        assert all(one is other._cached_picture for one, other in zip(pictures, charts._charts, strict=True))


async def test_what_is_not_visible_is_not_drawn() -> None:
    app = Still(filled_market(US))
    async with app.run_test(size=(160, 45)) as pilot:
        await settle(app, pilot)
        dashboard, asked = app.dashboard, list[object]()
        charts = dashboard.charts
        charts._figures = lambda instruments: asked.append(instruments) or []  # type: ignore[func-returns-value]
        for dashboard.detail, dashboard.below in ((True, "auto"), (False, "nothing")):
            dashboard.apply_layout()
            await pilot.pause()
            asked.clear()
            trade(app, "SPY", 700.0 + len(asked), 62_000)
            app.turn()
            dashboard.tick(app.now + 1)
            assert asked == [] and not charts.display


async def test_a_tick_between_being_shown_and_having_a_size_draws_nothing() -> None:
    app = Still(filled_market(US))
    async with app.run_test(size=(160, 45)) as pilot:
        await settle(app, pilot)
        dashboard, charts = app.dashboard, app.dashboard.charts
        dashboard.below = "nothing"
        dashboard.apply_layout()
        await until(lambda: not charts.size)
        dashboard.below = "auto"
        dashboard.apply_layout()
        assert charts.display and not charts.size
        dashboard.tick(app.now + 1)
        await until(lambda: bool(charts.size))
        await until(lambda: "QQQ$US" in lines(charts)[0])


async def test_the_charts_are_of_the_part_of_the_list_that_has_the_cursor() -> None:
    app = Still(filled_market(US))
    async with app.run_test(size=(160, 45)) as pilot:
        charts, watchlist = app.dashboard.charts, app.dashboard.watchlist
        edge = watchlist.theme_styles("muted")
        watchlist.action_move("last")
        await pilot.pause()
        assert codes(charts) == [symbol.code for symbol in US[-9:]], "as many as fit"
        assert charts._lines[-1][0][0].style == edge and charts._lines[0][0][0].style != edge
        await pilot.click(charts, offset=(3, 3))
        await pilot.pause()
        assert watchlist.selected is charts._shown[0] or watchlist.selected is app.rows[5]
        assert codes(charts) == [symbol.code for symbol in US[:9]]
        watchlist.find = "SMH"
        app.dashboard.tick(app.now + 1)
        assert codes(charts) == ["SMH"] and len(lines(charts)[0]) == charts.size.width


async def test_the_charts_are_in_the_order_of_the_list() -> None:
    app = Still(filled_market(US))
    async with app.run_test(size=(160, 45)) as pilot:
        await settle(app, pilot)
        app.dashboard.watchlist.sort = "symbol"
        app.turn()
        assert codes(app.dashboard.charts) == sorted(symbol.code for symbol in US)[:9]


@pytest.mark.parametrize(
    ("size", "symbols", "below", "columns", "rows"),
    [
        ((160, 45), 14, "auto", 3, 3),
        ((120, 36), 14, "auto", 2, 2),
        ((160, 45), 5, "auto", 3, 2),
        ((160, 45), 14, "2x2", 2, 2),
        ((120, 36), 14, "3x3", 3, 3),
        ((160, 45), 3, "2x2", 2, 2),
    ],
)
async def test_as_many_as_fit_or_were_asked_for(
    size: tuple[int, int], symbols: int, below: str, columns: int, rows: int
) -> None:
    app = Still(filled_market(US[:symbols], seconds=1), US[:symbols])
    app.dashboard.below = below  # type: ignore[assignment]
    async with app.run_test(size=size) as pilot:
        await until(lambda: app.dashboard.charts.display)
        await settle(app, pilot)
        charts = app.dashboard.charts
        tops = [line for line in lines(charts) if "╭" in line]
        assert [line.count("╭") for line in tops[:-1]] == [columns] * (rows - 1)
        assert tops[-1].count("╭") == min(columns, symbols - columns * (rows - 1)), "no hole in the last row"
        assert len(tops) == rows and {len(line) for line in lines(charts)} == {charts.size.width}


async def test_what_is_old_says_so_and_nothing_looks_live() -> None:
    app = Still(filled_market(US))
    async with app.run_test(size=(160, 45)) as pilot:
        await settle(app, pilot)
        charts, dashboard = app.dashboard.charts, app.dashboard
        styles = charts.theme_styles
        bright = {styles(role).color for role in ("up", "down")}

        def is_bright() -> bool:
            return any(part.style and part.style.color in bright for line in charts._drawn for part in line)

        assert is_bright() and "stale" not in lines(charts)[0]
        dashboard.link_changed(LIVE._replace(standing="PAUSED"), True)
        assert not is_bright() and "stale" not in lines(charts)[0]
        dashboard.link_changed(LIVE, True)
        assert is_bright()
        dashboard.link_changed(LOST, True)
        dashboard.sync(set(), app.now, False)
        assert not is_bright()
        assert "⊘ QQQ$US" in lines(charts)[0] and "stale 1m" in lines(charts)[0]
        dashboard.tick(app.now + 120)
        assert "stale 3m" in lines(charts)[0]


async def test_without_bars_a_chart_says_why_and_draws_them_when_they_come() -> None:
    market = Market()
    market.wall_base = START
    market.follow(US)
    app = Still(market)
    async with app.run_test(size=(160, 45)) as pilot:
        await settle(app, pilot)
        assert "no minute bars yet" in "".join(lines(app.dashboard.charts))
        other = filled_market(US, seconds=1)
        market.apply_history(US[0], list(other.instruments[US[0]].bars), True, app.now)
        await settle(app, pilot)
        assert lines(app.dashboard.charts)[7].startswith("╰─ 5 min ET")


async def test_a_change_that_does_not_fit_beside_a_long_symbol_stands_below() -> None:
    symbols = [Symbol(f"VERY.LONG-CODE{n}", "XX") for n in range(4)]
    market = Market()
    market.wall_base = START
    market.follow(symbols)
    for symbol in symbols:
        market.apply(Tick(symbol=str(symbol), last=99_999.99, time=START), 0.0)
    app = Still(market, symbols, demo=False, now=1.0)
    app.dashboard.below = "3x3"
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        found = lines(app.dashboard.charts)
        height = app.dashboard.charts.size.height // 2
        assert "VERY.LONG-CODE0$XX" not in found[height - 1] and "—" in found[height - 1]


async def test_the_interval_is_the_chart_s_but_no_shorter_than_five_minutes() -> None:
    app = Still(filled_market(US))
    async with app.run_test(size=(160, 45)) as pilot:
        names = []
        for app.dashboard.chart.interval in INTERVALS:
            await pilot.pause()
            names.append(lines(app.dashboard.charts)[7].split(" ET")[0].removeprefix("╰─ "))
        assert names == ["5 min", "5 min", "15 min", "30 min", "60 min", "day"]


async def test_the_picture_of_an_earlier_day_has_its_date() -> None:
    market = Market()
    market.wall_base = START  # a Sunday
    market.follow(US[:4])
    for n, symbol in enumerate(US[:4]):
        market.apply_history(symbol, price_walk(OPEN, range(390), 100.0, seed=n), True, 0.0)
    app = Still(market, US[:4], demo=False)
    async with app.run_test(size=(160, 45)) as pilot:
        await settle(app, pilot)
        charts = app.dashboard.charts
        assert "5 min ET 11-20" in lines(charts)[charts.size.height // 2 - 1]
