"""The keys of the watchlist: symbols, cursor, rows and their order."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from rich.cells import cell_len
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.feedless_app import (
    QQQ,
    SPY,
    TLT,
    FeedlessApp,
    feedless_app,
    saved_settings,
    type_in,
)
from tests.support.messages import quote
from tests.support.modal_host import highlighted_row, menu_rows
from tui.symbol import Symbol, parse_symbols
from tui.watchlist.columns import DEFAULT
from tui.widgets.watchlist.grid import Watchlist


async def test_every_part_of_what_is_added_is_answered() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("a")
        await type_in(pilot, "GLD$US, spy.us\n2800 ?? tlt,iwm")
        assert app.rows == ["QQQ", "SPY", "TLT", "GLD", "2800", "IWM"]
        assert app.selected == "GLD"
        assert app.said.splitlines() == [
            "added GLD$US, 2800$HK, IWM$US",
            "2800 read as 2800$HK, where 4-digit codes are usual",
            "'??' is not a symbol: write CODE$REGION, for example QQQ$US",
            "already there: SPY$US, TLT$US",
        ]
        assert app.query_one("#add Input", Input).value == "??"
    assert [symbol.code for symbol in saved_settings().lists["Core"]] == ["QQQ", "SPY", "TLT", "GLD", "2800", "IWM"]


def unknown(symbol: str) -> str:
    return f"no fund is known as {symbol}: choose one by its name, or write that in full to add it"


async def test_a_word_of_a_name_is_no_code_and_what_it_finds_is_offered() -> None:
    async with feedless_app() as (app, pilot):
        for typed, symbol in (("semicon", "SEMICON$US"), ("gold", "GOLD$US"), ("nothing", "NOTHING$US")):
            await pilot.press("a")
            await type_in(pilot, typed)
            assert app.rows == ["QQQ", "SPY", "TLT"] and app.said == unknown(symbol)
            field = app.dashboard.add_field
            assert field.display and field.input.value == typed
            assert bool(menu_rows(app)) == (typed != "nothing")
            await pilot.press("escape")
        await pilot.press("a")
        app.dashboard.watchlist.find = "T"
        await type_in(pilot, "semicon$US, gold.us, XYZ, VO")
        assert app.rows == ["QQQ", "SPY", "TLT", "SEMICON", "GOLD", "XYZ", "VO"], "a code may lack a name"


async def test_a_code_that_the_vendor_does_not_list_is_asked_about_unless_its_region_is_written() -> None:
    async with feedless_app() as (app, pilot):
        app.fund_names.add({Symbol("LIT", "US"): "Global X Lithium", Symbol("BAT", "DE"): "Some Fund"})
        await pilot.press("a")
        await type_in(pilot, "lit, XYZ, bat, IWM")
        assert app.rows == ["QQQ", "SPY", "TLT", "LIT", "IWM"]
        assert app.said.splitlines() == ["added LIT$US, IWM$US", unknown("XYZ$US"), unknown("BAT$US")]
        assert app.dashboard.add_field.input.value == "XYZ, bat"
        assert menu_rows(app)[0] == "BAT$DE  Some Fund"
        await type_in(pilot, "XYZ$US")
        assert app.selected == "XYZ"


async def test_other_houses_spellings_are_added_with_one_line_about_them() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("a")
        await type_in(pilot, "02800.HK，sh510300、NASDAQ:QQQ 2800$HK HK.02800 AMEX:DIA US.IWM SZSE:159915")
        assert app.rows == ["QQQ", "SPY", "TLT", "2800", "510300", "DIA", "IWM", "159915"]
        assert app.said.splitlines() == [
            "added 2800$HK, 510300$SH, DIA$US, IWM$US, 159915$SZ",
            "02800.HK read as 2800$HK; sh510300 read as 510300$SH; AMEX:DIA read as DIA$US; and 2 more",
            "already there: QQQ$US",
        ]


async def test_a_fund_in_another_house_s_spelling_is_suggested_by_its_name() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("a")
        field = app.query_one("#add Input", Input)
        for typed in ("02800", "hk02800", "HK:02800", "2800.hk"):
            field.value = typed
            await pilot.pause()
            await pilot.press("tab")
            assert field.value == "2800$HK, "


async def test_more_than_a_connection_takes_is_said() -> None:
    many = tuple(Symbol(f"A{n}", "US") for n in range(499))
    async with feedless_app(lists={"Big": many}) as (app, pilot):
        await pilot.press("a")
        await type_in(pilot, "QQQ,SPY")
        assert len(app.preferences.lists.symbols) == 500
        assert "no room for SPY$US: a list takes 500 symbols" in app.said


async def test_marked_symbols_go_together_and_come_back_together() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("space", "space", "d")
        assert app.rows == ["TLT"]
        assert app.said == "removed 2 symbols: u brings them back"
        await pilot.press("u")
        assert app.rows == ["QQQ", "SPY", "TLT"]
        assert app.selected == "QQQ"
        assert app.said == "taken back: removed 2 symbols"
        await pilot.press("u")
        assert app.said == "nothing to undo"


async def test_esc_drops_the_marks_first_and_then_the_filter() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("/")
        await type_in(pilot, "invesco")
        await pilot.press("space", "escape")
        assert (app.rows, app.dashboard.watchlist.has_marks) == (["QQQ"], False)
        await pilot.press("escape")
        assert app.rows == ["QQQ", "SPY", "TLT"]


async def test_find_shows_what_has_the_letters_while_one_types() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("/", "t", "r", "e", "a")
        await pilot.pause()
        assert app.rows == ["TLT"]  # iShares 20+ Year Treasury Bond ETF
        await pilot.press("escape")
        assert app.rows == ["QQQ", "SPY", "TLT"]
        await pilot.press("/", "u", "s", "down", "enter", "j")
        assert (app.rows, app.selected) == (["QQQ", "SPY", "TLT"], "TLT")


@pytest.mark.parametrize("key", ["slash", "a"])
async def test_a_field_is_closed_by_whatever_takes_the_keys_from_it(key: str) -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press(key, "q")
        await pilot.click(app.dashboard.ladder, offset=(5, 5))
        await pilot.pause()
        assert not app.dashboard.add_field.display and not app.dashboard.find_field.display
        assert app.dashboard.footer.display and app.focused is app.dashboard.ladder


async def test_tab_keeps_what_was_found_and_esc_shows_all_again() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("slash", *"trea", "tab")
        await pilot.pause()
        assert (app.rows, app.dashboard.find_field.display) == (["TLT"], False)
        assert app.dashboard.footer.display and app.focused in app.dashboard._panes
        await pilot.press("escape")
        assert app.rows == ["QQQ", "SPY", "TLT"]
        await pilot.press("slash", "tab", "slash", *"q")
        assert (app.rows, app.dashboard.find_field.display) == (["QQQ"], True)


async def test_sort_by_a_letter_and_round_by_the_same_again() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("s", "l")
        await pilot.pause()
        assert (app.rows, app.selected) == (["SPY", "QQQ", "TLT"], "QQQ")
        await pilot.press("S")
        assert app.rows == ["TLT", "QQQ", "SPY"]
        await pilot.press("s", "0")
        await pilot.pause()
        assert app.rows == ["QQQ", "SPY", "TLT"]
        await pilot.press("S")
        assert app.said == "the order is yours: s sorts by a column"
        await pilot.press("s", "s")
        await pilot.pause()
        assert app.dashboard.watchlist.sort == "symbol"
    assert saved_settings().sort == "symbol"


async def test_a_click_on_a_title_sorts() -> None:
    async with feedless_app() as (app, pilot):
        x = app.dashboard.watchlist.render_line(1).text.index("LAST")
        for sort in ("-last", "last"):
            await pilot.click(Watchlist, offset=(x, 1))
            await pilot.pause()
            assert app.dashboard.watchlist.sort == sort


async def test_the_order_holds_still_after_the_cursor_moved_and_while_the_link_is_unproven() -> None:
    async with feedless_app(sort="-last") as (app, pilot):
        assert app.rows == ["SPY", "QQQ", "TLT"]
        await pilot.press("j")
        app.market.apply(quote(700.0, 60_000), 10.5)
        app.turn(12.0)
        assert app.rows == ["SPY", "QQQ", "TLT"]
        app.dashboard.sync(set(), 13.5, False)
        app.dashboard.tick(13.5)
        assert app.rows == ["SPY", "QQQ", "TLT"]
        app.turn(14.0)
        assert (app.rows, app.selected) == (["QQQ", "SPY", "TLT"], "QQQ")


async def test_a_row_moved_by_hand_makes_the_order_the_persons_own() -> None:
    async with feedless_app(sort="-last") as (app, pilot):
        await pilot.press("K", "J", "J", "J")  # the first row goes no further up, and comes down to the end
        assert (app.rows, app.selected) == (["QQQ", "TLT", "SPY"], "SPY")
        assert app.dashboard.watchlist.sort == ""
        await pilot.press("u")
        assert (app.rows, app.dashboard.watchlist.sort) == (["SPY", "QQQ", "TLT"], "-last")
        await pilot.press("J")
    assert saved_settings().sort == ""
    assert list(saved_settings().lists["Core"]) == [QQQ, SPY, TLT]


async def test_the_old_order_comes_back_with_the_row_and_with_nothing_else_that_was_moved() -> None:
    async with feedless_app(sort="-last") as (app, pilot):
        await pilot.press("J", "J", "L", "m", "2")
        await pilot.pause()
        assert app.rows == ["QQQ", "TLT"]
        await pilot.press("u")
        assert (app.rows, app.dashboard.watchlist.sort) == (["QQQ", "TLT", "SPY"], "")
        await pilot.press("u")
        assert app.dashboard.watchlist.sort == "-last"


async def test_a_row_moves_past_its_neighbour_on_the_screen() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("/")
        await type_in(pilot, "etf")  # SPY and TLT
        await pilot.press("g", "J", "escape")
        assert app.rows == ["QQQ", "TLT", "SPY"]


async def highlight(app: FeedlessApp, pilot: Pilot[None], title: str) -> None:
    """Moves to the row of a column in the chooser."""
    await pilot.press("home")
    while title not in highlighted_row(app).split()[:2]:
        await pilot.press("down")


async def test_columns_are_chosen_live_and_remembered() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("o", "down", "down", "down", "space")
        await pilot.pause()
        assert "change" not in app.dashboard.watchlist.columns
        await pilot.press("r", "escape")
        assert app.dashboard.watchlist.columns == DEFAULT
        await pilot.press("o", "down", "down", "J", "escape")  # past the name, which has no place in the watchlist
    assert saved_settings().columns == ("symbol", "change", "last", *DEFAULT[3:])


async def test_a_new_column_comes_to_its_place_in_the_catalogue() -> None:
    async with feedless_app(columns=("symbol", "age", "last", "volume")) as (app, pilot):
        await pilot.press("o")
        await highlight(app, pilot, "HIGH")
        await pilot.press("space", "escape")
        assert app.dashboard.watchlist.columns == ("symbol", "age", "last", "high", "volume")


async def test_the_chooser_knows_which_columns_have_no_room() -> None:
    async with feedless_app((80, 24), columns=(*DEFAULT, "name")) as (app, pilot):
        assert app.dashboard.columns_without_room() == {"volume", "turnover", "name"}
        await pilot.press("o")
        await highlight(app, pilot, "TIME")
        assert not highlighted_row(app).endswith("no room")
        await pilot.press("space")
        assert highlighted_row(app).endswith("  no room")


async def test_a_column_without_room_names_the_key_that_shows_it() -> None:
    async with feedless_app((100, 30)) as (app, pilot):
        await pilot.press("o")
        await highlight(app, pilot, "VOLUME")
        assert highlighted_row(app).endswith("  no room: z shows it")
        await pilot.press("escape", "z")
        assert "VOLUME" in app.dashboard.watchlist.render_line(1).text
        await pilot.press("z", "tab", "o")  # z would zoom another pane
        await highlight(app, pilot, "VOLUME")
        assert highlighted_row(app).endswith("  no room")


async def test_ticked_columns_take_their_room_from_the_right_before_gaps_widen() -> None:
    ticked = (*(id for id in DEFAULT if id not in ("turnover", "age")), "open", "high", "low", "age")
    async with feedless_app() as (app, pilot):
        before = app.dashboard.watchlist.size.width
        app.dashboard.watchlist.columns = ticked
        assert not app.dashboard.columns_without_room()
        await pilot.pause()
        grid, ladder = app.dashboard.watchlist, app.dashboard.ladder
        assert {"OPEN", "HIGH", "LOW", "AGE"} <= set(grid.render_line(1).text.split())
        assert grid.size.width > before and grid.size.width + ladder.size.width == 160
        grid.columns = DEFAULT
        await pilot.pause()
        assert grid.size.width == before


async def test_the_right_makes_room_for_a_number_that_grew() -> None:
    ticked = (*DEFAULT, "low")
    async with feedless_app(columns=ticked) as (app, pilot):
        before = app.dashboard.watchlist.size.width
        app.market.apply(quote(1_234_567.89, s="QQQ$US"), 2.0)
        app.turn()
        await pilot.pause()
        assert app.dashboard.watchlist.size.width > before
        assert "LOW" in app.dashboard.watchlist.render_line(1).text
        app.turn(11.0)
        assert "LOW" in app.dashboard.watchlist.render_line(1).text


async def test_spare_room_stands_right_of_the_last_column() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("z")
        await pilot.pause()
        grid = app.dashboard.watchlist
        assert [place.gap for place in grid._layout.placed] == [0] + [2] * (len(DEFAULT) - 1)
        assert grid.render_line(1).text.endswith(" AGE" + " " * 39 + "│")


async def test_completion_knows_funds_by_code_and_name_and_the_lists() -> None:
    async with feedless_app(lists={"Core": tuple(p.symbol for p in parse_symbols("ZZZ9$US"))}) as (app, _):
        assert app.suggest("zz") == [("ZZZ9$US", "")]
        assert app.suggest("qq")[:2] == [("QQQ$US", "Invesco QQQ Trust"), ("QQQM$US", "Invesco NASDAQ 100 ETF")]
        gold: Sequence[tuple[str, str]] = app.suggest("gold")
        assert ("GLD$US", "SPDR Gold Shares") in gold


async def test_names_learned_later_stand_in_the_grid_the_headline_and_what_is_found() -> None:
    other, wide = Symbol("ZZZ9", "US"), Symbol("159949", "SZ")
    async with feedless_app(lists={"Core": (QQQ, other, wide)}, columns=("symbol", "name", "last")) as (app, pilot):
        watchlist = app.dashboard.watchlist

        def line(row: int) -> str:
            return watchlist.render_line(row + 2).text

        assert " — " in line(1)
        await pilot.press("slash", *"quiet")
        assert app.rows == []
        app.fund_names.add({other: "Quiet Fund", wide: "创业板50ETF华安"})
        app.dashboard.refresh_names()
        assert app.rows == ["ZZZ9"]
        await pilot.press("escape")
        assert "Quiet Fund" in line(1) and "创业板50ETF华安" in line(2)
        assert [cell_len(line(row)) for row in range(3)] == [watchlist.size.width] * 3
        assert app.suggest("quie") == [("ZZZ9$US", "Quiet Fund")]
        watchlist.sort = "name"
        assert app.rows == ["QQQ", "ZZZ9", "159949"]
        await pilot.press("enter")
        assert "Quiet Fund" in app.dashboard.quote_header.render_line(0).text


async def test_a_large_paste_is_answered_in_a_few_lines_with_each_part_once() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("a")
        await type_in(pilot, " ".join(f"A{n}" for n in range(40)) + " A1 ?? ?? " + " ".join(f"!{n}" for n in range(20)))
        assert app.said.splitlines()[0] == "added 40 symbols"
        assert app.said.splitlines()[-1] == "and 16 more remarks"
        assert app.query_one("#add Input", Input).value.startswith("??, !0, !1, ")


async def test_of_a_pasted_table_the_first_column_is_taken_and_no_price() -> None:
    async with feedless_app() as (app, pilot):
        await pilot.press("a")
        field = app.query_one("#add Input", Input)
        field.post_message(Paste("VOO\tVanguard\t560.10\nARKK\tARK Innovation\t70.12\n"))
        await pilot.pause()
        assert field.value == "VOO,ARKK"
        await type_in(pilot, "VOO 70.12")
        assert app.rows[-1] == "VOO"
        assert "'70.12' is a number, not a symbol" in app.said
