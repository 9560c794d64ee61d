"""The keys of the comparison: what is compared, from where, and how it ends."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widgets import Static

from tests.support.feedless_app import FeedlessApp, feedless_app, type_in
from tests.support.messages import tick
from tests.support.modal_host import widget_text
from tests.support.price_walks import OPEN, price_walk
from tui.market.comparison import Anchor
from tui.screens.prompt import Prompt
from tui.symbol import Symbol


def compared(app: FeedlessApp) -> list[str]:
    return [i.symbol.code for i in app.dashboard.chart.compared]


def with_bars(app: FeedlessApp) -> None:
    for n, i in enumerate(app.market.instruments.values()):
        for bar in price_walk(OPEN, range(60), seed=n):
            i.bars.update(bar)
    app.turn()


async def test_the_marked_symbols_are_compared_and_the_key_ends_it() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("space", "j", "space", "x")
        assert compared(app) == ["QQQ", "TLT"] and not app.dashboard.watchlist.has_marks
        await pilot.press("k")
        assert compared(app) == ["QQQ", "TLT"], "they stay while the cursor moves"
        await pilot.press("x")
        assert compared(app) == []


async def test_one_marked_symbol_is_compared_with_the_selected_one() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("space", "x")
        assert compared(app) == ["SPY", "QQQ"]
        await pilot.press("j", "space", "k", "k", "x")
        assert compared(app) == ["QQQ", "TLT"], "other marks, another comparison"


async def test_at_most_six_are_compared_and_that_is_said() -> None:
    symbols = tuple(Symbol(f"S{n}", "US") for n in range(8))
    async with feedless_app(lists={"Core": symbols}) as (app, pilot):
        await pilot.press(*["space"] * 8, "x")
        assert compared(app) == [f"S{n}" for n in range(6)]
        assert app.said == "compared are the first 6 of 8: a chart has no room for more"


async def asked(pilot: Pilot[None]) -> Prompt:
    await pilot.press("x")
    await pilot.pause()
    assert isinstance(pilot.app.screen, Prompt)
    return pilot.app.screen


def objection(prompt: Prompt) -> str:
    return widget_text(prompt.query(Static).first())


async def test_without_marks_the_others_are_asked_for() -> None:
    async with feedless_app() as (app, pilot):
        prompt = await asked(pilot)
        await type_in(pilot, "gld")
        assert "GLD$US is not in this list: a adds it" in objection(prompt)
        await type_in(pilot, "qqq")
        assert "write a symbol other than QQQ$US" in objection(prompt)
        await type_in(pilot, "?!")
        assert "is not a symbol" in objection(prompt)
        await type_in(pilot, "tlt, spy")
        assert compared(app) == ["QQQ", "TLT", "SPY"]
    async with feedless_app() as (app, pilot):
        await asked(pilot)
        await pilot.press("escape")
        assert compared(app) == []


async def test_a_code_without_its_region_is_that_of_the_list() -> None:
    lists = {"Mixed": (Symbol("QQQ", "US"), Symbol("SAP", "DE"))}
    async with feedless_app(lists=lists) as (app, pilot):
        await asked(pilot)
        await type_in(pilot, "sap")
        assert compared(app) == ["QQQ", "SAP"]


async def test_the_anchor_changes_only_while_something_is_compared() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("X")
        assert app.said == "nothing is compared: x compares symbols"
        await pilot.press("space", "x")
        seen = []
        for _ in Anchor:
            await pilot.press("X")
            seen.append(app.dashboard.chart.compared_from)
        assert seen == [Anchor.OPEN, Anchor.CLOSE, Anchor.FIRST]


async def test_esc_takes_the_crosshair_away_and_then_the_comparison() -> None:
    async with feedless_app() as (app, pilot):
        with_bars(app)
        await pilot.press("space", "x", "tab", "tab", "left")
        assert app.dashboard.chart.has_crosshair
        assert app.dashboard.footer.context.back == "Hide crosshair"
        await pilot.press("escape")
        assert not app.dashboard.chart.has_crosshair and compared(app)
        assert app.dashboard.footer.context.back == "End comparison"
        await pilot.press("escape")
        assert compared(app) == []


async def test_candles_and_average_price_are_of_one_symbol_only() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("space", "x", "c")
        assert app.said == "no candles in a comparison: x ends it"
        await pilot.press("v")
        assert "no average price in a comparison: x ends it" in app.said
        assert not app.dashboard.chart.candles and not app.dashboard.chart.vwap


async def test_only_followed_symbols_are_compared_and_it_ends_without_a_second_one() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press(*["space"] * 3, "x")
        assert compared(app) == ["QQQ", "SPY", "TLT"]
        await pilot.press("g", "d")
        assert compared(app) == ["SPY", "TLT"]
        await pilot.press("d")
        assert compared(app) == []
        await pilot.press("u", "u")
        assert compared(app) == ["QQQ", "SPY", "TLT"], "what came back with the symbols"
        await pilot.press("2")
        assert compared(app) == [], "prices of a list that is not shown are not followed"


async def test_a_hidden_chart_is_told_of() -> None:
    async with feedless_app(hidden=("chart",)) as (app, pilot):
        await pilot.press("space", "x")
        assert app.said == "the chart is not on the screen: F4 shows it"


async def test_the_chart_follows_each_of_the_compared_symbols() -> None:
    async with feedless_app() as (app, pilot):
        with_bars(app)
        await pilot.press("space", "j", "x")
        app.turn()
        chart = app.dashboard.chart
        before = [list(line) for line in chart._drawn]
        tlt = next(i for i in chart.compared if i is not chart.instrument)
        app.market.apply(tick(90.5, OPEN + 3_600_000, s=str(tlt.symbol)), 10.0)
        app.turn()
        assert chart._drawn != before
