"""The keys of what is shown: panes, colours, the detail."""

from __future__ import annotations

import pytest
from msgspec import structs
from textual.widgets import Input

from tests.support.feedless_app import (
    TLT,
    FeedlessApp,
    feedless_app,
    saved_settings,
    type_in,
)
from tests.support.messages import tick
from tests.support.modal_host import widget_text
from tests.support.price_walks import OPEN, price_walk
from tui.protocol.messages import Depth, Level
from tui.widgets.watchlist.grid import Watchlist


async def test_red_up_swaps_the_colours_of_the_whole_screen() -> None:
    async with feedless_app() as (app, pilot):
        before = app.dashboard.watchlist.theme_styles
        await pilot.press("C")
        after = app.dashboard.watchlist.theme_styles
        assert before is not None and after is not None
        assert (after("up"), after("bid_bar")) == (before("down"), before("ask_bar"))
        assert app.said == "rising prices are red now"
    assert saved_settings().red_up


@pytest.mark.parametrize("flash", [True, False])
async def test_the_digits_that_changed_light_up_in_the_detail_unless_they_are_not_to(
    flash: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    async with feedless_app(flash=flash) as (app, pilot):
        await pilot.press("enter")
        app.market.apply(tick(501.0, 1_000), 10.0)
        app.turn()
        headline = app.dashboard.quote_header
        grounds = {part.style and part.style.bgcolor for part in headline._drawn[1]}
        assert (headline.theme_styles("text", "flash_up").bgcolor in grounds) == flash
        assert (headline.flash_ends is not None) == flash


def shown(app: FeedlessApp) -> list[str]:
    return [pane.id or "" for pane in app.dashboard._panes if pane.display]


async def test_the_detail_is_one_symbol_in_large_and_esc_comes_back_to_its_row() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("j", "enter")
        assert shown(app)[0] == "quote_header" and "watchlist" not in shown(app)
        assert app.dashboard.quote_header.instrument is app.dashboard.watchlist.selected
        await pilot.press(".")
        assert app.dashboard.quote_header.instrument is app.market.instruments[TLT]
        await pilot.press(",", ",", "escape")
        assert (shown(app)[0], app.selected) == ("watchlist", "QQQ")
        assert app.focused is app.dashboard.watchlist
        await pilot.click(Watchlist, offset=(5, 3), times=2)
        await pilot.pause()
        assert (shown(app)[0], app.selected) == ("quote_header", "SPY")


async def test_a_pane_is_zoomed_and_the_next_one_with_it() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("tab", "z")
        first = shown(app)
        assert len(first) == 1 and first != ["watchlist"]
        await pilot.press("tab")
        assert len(shown(app)) == 1 and shown(app) != first
        await pilot.press("shift+tab", "shift+tab")
        assert shown(app) == ["watchlist"]
        await pilot.press("escape")
        assert len(shown(app)) > 2


async def test_panes_are_hidden_and_the_last_one_stays() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("f4")
        assert "chart" not in shown(app) and "ladder" in shown(app)
        await pilot.press("f2", "f5", "f3")
        assert shown(app) == ["ladder"]
        await pilot.press("f2")
        assert shown(app) == ["watchlist", "ladder"]
    assert saved_settings().hidden == ("chart", "tape")
    async with feedless_app(hidden=("ladder", "tape")) as (app, _):
        assert shown(app) == ["watchlist", "chart"]


async def test_only_the_pane_with_the_keys_wears_the_accent() -> None:
    async with feedless_app() as (app, pilot):
        look = app.dashboard.watchlist.theme_styles
        assert look is not None
        for _ in range(5):
            await pilot.press("tab")
            await pilot.pause()
            edges = {pane.id: pane._drawn[-1][0].style for pane in app.dashboard._panes if pane.display}
            assert [id for id, style in edges.items() if style == look("accent")] == [app.focused and app.focused.id]


async def test_a_scrolled_tape_says_so_and_esc_lets_it_go_on() -> None:
    async with feedless_app() as (app, pilot):
        tape = app.dashboard.tape
        for n in range(80):
            app.market.apply(tick(500.0 + n, 5_000 * n), 1.0)
        app.turn()
        await pilot.pause()
        tape._scroll(3)
        assert tape.escape_layer is not None
        assert "held" in "".join(part.text for part in tape._drawn[0])
        await pilot.press("escape")
        assert tape.escape_layer is None


@pytest.mark.parametrize(
    ("size", "keys"),
    [((160, 45), ""), ((120, 36), ""), ((100, 30), ""), ((80, 24), ""), ((160, 45), "enter"), ((80, 24), "enter")],
)
async def test_the_size_to_trade_is_asked_beside_the_ladder_with_whole_examples(
    size: tuple[int, int], keys: str
) -> None:
    async with feedless_app(size) as (app, pilot):
        await pilot.press(*keys.split())
        app.dashboard.ladder.focus()
        await pilot.press("n")
        await pilot.pause()
        box = app.screen.query_one(".panel")
        assert box.border_title == "Size to trade"
        if size != (80, 24) or not keys:  # there the ladder has 40 cells, and nothing above it but the figures
            assert not box.region.overlaps(app.dashboard.ladder.region)
        assert app.screen.region.contains_region(box.region)
        shown = [line.strip() for line in widget_text(box.query_one(".help")).splitlines() if line.strip()]
        assert [line.split("  ")[-1].strip() for line in shown] == [
            "shares",
            "money of the symbol's currency",
            "no cost to trade is shown",
        ]
        await type_in(pilot, "$20k")
        assert (app.dashboard.ladder.amount, app.dashboard.ladder.money) == (20_000, True)


async def test_a_new_size_is_typed_over_the_one_before() -> None:
    async with feedless_app() as (app, pilot):
        app.dashboard.ladder.focus()
        for keys in (("n", "5", "0", "enter"), ("n", "$", "7", "enter")):
            await pilot.press(*keys)
            await pilot.pause()
        assert (app.dashboard.ladder.amount, app.dashboard.ladder.money) == (7.0, True)


async def test_a_time_is_gone_to_in_the_chart() -> None:
    async with feedless_app() as (app, pilot):
        for bar in price_walk(OPEN, range(390)):
            app.market.apply(structs.replace(bar, symbol="QQQ", region="US"), 1.0)
        app.turn()
        chart = app.dashboard.chart
        chart.focus()
        await pilot.press("g")
        await type_in(pilot, "9:07")
        assert "no bars at 9:07: the oldest are of 11-20 09:30" in str(app.screen.query("Static").first().render())
        await type_in(pilot, "10:07")
        assert app.screen is app.dashboard and " 10:07 O" in chart.render_line(0).text
        app.dashboard.watchlist.focus()
        await pilot.press("G", "g")
        assert app.selected == "QQQ" and app.screen is app.dashboard


async def test_a_pane_without_room_is_said_and_the_last_one_stays() -> None:
    async with feedless_app(size=(80, 24), hidden=("tape",)) as (app, pilot):
        await pilot.press("f5")
        assert app.said.startswith("no room for it here: Enter or a larger terminal")
        await pilot.press("f3", "f4", "f5", "f2")
        assert app.said == "one pane has to stay"


async def test_the_filter_of_the_tape_is_asked_and_esc_takes_it_away() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("T")
        await pilot.pause()
        assert app.screen.query_one(".panel").border_title == "Trades to show"
        await type_in(pilot, "up")
        assert "'up'" in widget_text(app.screen.query("Static").first())
        await type_in(pilot, "10k buys")
        assert str(app.dashboard.tape.trade_filter) == "10000 buys"
        await pilot.press("T")
        await pilot.pause()
        assert app.screen.query_one("Input", Input).value == "10000 buys"
        await pilot.press("escape", "escape")
        assert str(app.dashboard.tape.trade_filter) == ""
        await pilot.press("f5", "T")
        assert app.said == "the tape is not on the screen: F5 shows it"


async def test_the_cursor_of_the_ladder_is_what_esc_takes_away_first() -> None:
    async with feedless_app() as (app, pilot):
        levels = [Level(price=500.0 + n / 100, volume=1.0) for n in range(1, 4)]
        app.market.apply(Depth(symbol="QQQ$US", asks=levels, bids=[Level(price=500.0, volume=1.0)]), 1.0)
        app.turn()
        app.dashboard.ladder.focus()
        await pilot.press("shift+up")
        await pilot.pause()
        assert app.dashboard.footer.render_line(0).text.startswith(" Esc Hide cursor")
        await pilot.press("escape")
        assert app.dashboard.ladder.escape_layer is None


async def test_volume_at_price_is_turned_on_and_remembered() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("V")
        assert app.dashboard.ladder.volume_at_price and app.dashboard.chart.volume_at_price
    assert saved_settings().volume_at_price
    async with feedless_app(volume_at_price=True) as (app, pilot):
        assert app.dashboard.ladder.volume_at_price and app.dashboard.chart.volume_at_price
        await pilot.press("f3", "V")
        assert not app.dashboard.chart.volume_at_price, "the chart alone is enough"
        await pilot.press("f4", "V")
        assert not app.dashboard.ladder.volume_at_price
        assert app.said == "the ladder is not on the screen: F3 shows it"
