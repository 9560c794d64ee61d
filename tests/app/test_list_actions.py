"""The keys of the lists."""

from __future__ import annotations

from tests.support.feedless_app import (
    GLD,
    LISTS,
    QQQ,
    SPY,
    TLT,
    FeedlessApp,
    feedless_app,
    saved_settings,
    type_in,
)
from tests.support.launch_options import launch_options


async def test_lists_are_shown_by_number_and_by_click_and_each_keeps_its_cursor() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("j", "2")
        assert (app.rows, app.asked[-1]) == (["GLD"], (GLD,))
        await pilot.press("7")
        assert app.said == "there is no list 7: L makes one"
        start = next(start for start, _, name in app.dashboard.header._tabs if name == "Core")
        await pilot.click("#header", offset=(start + 1, 0))
        await pilot.pause()
        assert (app.rows, app.selected) == (["QQQ", "SPY", "TLT"], "SPY")
        await pilot.press("2")
    assert saved_settings().list == "Metals"


async def test_the_cursor_finds_its_symbol_in_a_list_that_was_followed_anew() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("j", "2")
        app.market.reconnected([GLD])
        await pilot.press("1")
        assert (app.rows, app.selected) == (["QQQ", "SPY", "TLT"], "SPY")


async def test_a_list_is_made_renamed_filled_and_deleted() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("L", "n")
        await type_in(pilot, "Core")
        assert "there is a list 'Core' already" in str(app.screen.query_one("Static").render())
        await type_in(pilot, "Mine")
        assert (app.preferences.lists.shown, app.rows) == ("Mine", [])
        await pilot.press("1", "space", "L", "m", "2")
        await pilot.pause()
        assert list(app.preferences.lists.lists.items()) == [("Core", (SPY, TLT)), ("Metals", (GLD, QQQ)), ("Mine", ())]
        await pilot.press("2", "L", "r")
        await type_in(pilot, "Edel")
        assert list(app.preferences.lists.lists) == ["Core", "Edel", "Mine"]
        await pilot.press("L", "d", "y")
        await pilot.pause()
        assert list(app.preferences.lists.lists) == ["Core", "Mine"]
        await pilot.press("u", "u", "u", "u")
        assert app.preferences.lists.lists == LISTS
        assert list(app.preferences.lists.lists) == list(LISTS)


async def test_a_list_of_the_command_line_is_kept_when_asked() -> None:
    app = FeedlessApp(launch_options(lists=LISTS)._replace(watch=(TLT,)))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert (list(app.preferences.lists.lists), app.rows) == (["Watch", "Core", "Metals"], ["TLT"])
        await pilot.press("a")
        await type_in(pilot, "GLD")
        assert app.dashboard.header.unsaved == "Watch"
        await pilot.press("C")
        await app.preferences.saver.finish(5.0)
        assert "Watch" not in saved_settings().lists
        await pilot.press("w")
        assert app.dashboard.header.unsaved == ""
        await pilot.press("w")
        assert app.said == "every list is kept already"
    assert saved_settings().lists["Watch"] == (TLT, GLD)
    assert saved_settings().red_up


async def test_a_long_list_name_is_cut_and_tabs_that_do_not_fit_are_around_the_shown_one() -> None:
    lists = {f"A rather long name of a list {n}": (QQQ,) for n in range(1, 10)}
    async with feedless_app(lists=lists, size=(120, 36)) as (app, pilot):
        await pilot.press("5")
        header = "".join(part.text for part in app.dashboard.header.render_line(0))
        assert "5 A rather long name of a…" in header and "‹" in header and "›" in header
        names = [name[-1] for _, _, name in app.dashboard.header._tabs]
        assert "5" in names and len(names) > 1
        title = "".join(part.text for part in app.dashboard.watchlist._drawn[0])
        assert "A rather long name of a… · 1 symbol" in title
