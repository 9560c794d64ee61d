"""The keys of the dashboard and what they change, on a screen without a feed."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual import on
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.launch_options import wanting
from tests.support.messages import bar, quote, tick
from tests.support.modal_host import highlighted
from tests.support.wait_until import until
from tui.app.base import Desk, LaunchOptions
from tui.config.file import ConfigFile
from tui.config.settings import Settings
from tui.reference.fund_names import learn
from tui.screens.dashboard import Dashboard
from tui.symbol import Symbol, parse_symbols
from tui.widgets.watchlist.columns import COLUMNS, DEFAULT
from tui.widgets.watchlist.grid import Watchlist

QQQ, SPY, TLT, GLD = (Symbol(code, "US") for code in ("QQQ", "SPY", "TLT", "GLD"))
PRICES = {QQQ: 500.0, SPY: 600.0, TLT: 90.0, GLD: 300.0}
LISTS = {"Core": (QQQ, SPY, TLT), "Metals": (GLD,)}


class Still(Desk):
    """A desk whose market stands still. `asked` is what was wanted of the feed, time after time."""

    def __init__(self, wanted: LaunchOptions) -> None:
        super().__init__(wanted)
        self.asked: list[tuple[Symbol, ...]] = []

    def wanted_changed(self) -> None:
        self.asked.append(self.lists.symbols)
        self.market.follow(self.lists.symbols)
        for symbol in self.lists.symbols:
            if symbol in PRICES:
                self.market.apply(quote(PRICES[symbol], s=str(symbol)), 1.0)

    @on(Dashboard.Ready)
    def begin(self) -> None:
        self.turn()

    def turn(self, now: float = 10.0) -> None:
        """A frame and a second's tick."""
        self.dashboard.sync(self.market.drain_changed(), now, True)
        self.dashboard.tick(now)

    async def on_unmount(self) -> None:
        await self.keeper.finish(5.0)

    @property
    def rows(self) -> list[str]:
        return [row.symbol.code for row in self.dashboard.watchlist.rows]

    @property
    def selected(self) -> str:
        selected = self.dashboard.watchlist.selected
        return selected.symbol.code if selected else ""

    @property
    def said(self) -> str:
        return "\n".join(str(notice.message) for notice in self._notifications)


@asynccontextmanager
async def desk(size: tuple[int, int] = (160, 45), **settings: Any) -> AsyncIterator[tuple[Still, Pilot[None]]]:
    app = Still(wanting(**({"lists": LISTS} | settings)))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


async def type_in(pilot: Pilot[None], text: str) -> None:
    """Into the field that is open, and Enter."""
    field = next(field for field in pilot.app.screen.query(Input) if field.has_focus)
    field.value = text
    await pilot.pause()
    await pilot.press("enter")
    await pilot.pause()


def kept(path: Path | None = None) -> Settings:
    return ConfigFile(path or Path(os.environ["XDG_CONFIG_HOME"]) / "config.toml").read()


# --- symbols ---


async def test_every_part_of_what_is_added_is_answered() -> None:
    async with desk() as (app, pilot):
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
    assert [symbol.code for symbol in kept().lists["Core"]] == ["QQQ", "SPY", "TLT", "GLD", "2800", "IWM"]


async def test_other_houses_spellings_are_added_with_one_line_about_them() -> None:
    async with desk() as (app, pilot):
        await pilot.press("a")
        await type_in(pilot, "02800.HK，sh510300、NASDAQ:QQQ 2800$HK HK.02800 AMEX:DIA US.IWM SZSE:159915")
        assert app.rows == ["QQQ", "SPY", "TLT", "2800", "510300", "DIA", "IWM", "159915"]
        assert app.said.splitlines() == [
            "added 2800$HK, 510300$SH, DIA$US, IWM$US, 159915$SZ",
            "02800.HK read as 2800$HK; sh510300 read as 510300$SH; AMEX:DIA read as DIA$US; and 2 more",
            "already there: QQQ$US",
        ]


async def test_a_fund_in_another_house_s_spelling_is_suggested_by_its_name() -> None:
    async with desk() as (app, pilot):
        await pilot.press("a")
        field = app.query_one("#add Input", Input)
        for typed in ("02800", "hk02800", "HK:02800", "2800.hk"):
            field.value = typed
            await pilot.pause()
            await pilot.press("tab")
            assert field.value == "2800$HK, "


async def test_more_than_a_connection_takes_is_said() -> None:
    many = tuple(Symbol(f"A{n}", "US") for n in range(499))
    async with desk(lists={"Big": many}) as (app, pilot):
        await pilot.press("a")
        await type_in(pilot, "QQQ,SPY")
        assert len(app.lists.symbols) == 500
        assert "no room for SPY$US: a list takes 500 symbols" in app.said


async def test_marked_symbols_go_together_and_come_back_together() -> None:
    async with desk() as (app, pilot):
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
    async with desk() as (app, pilot):
        await pilot.press("/")
        await type_in(pilot, "invesco")
        await pilot.press("space", "escape")
        assert (app.rows, app.dashboard.watchlist.has_marks) == (["QQQ"], False)
        await pilot.press("escape")
        assert app.rows == ["QQQ", "SPY", "TLT"]


# --- order ---


async def test_find_shows_what_has_the_letters_while_one_types() -> None:
    async with desk() as (app, pilot):
        await pilot.press("/", "t", "r", "e", "a")
        await pilot.pause()
        assert app.rows == ["TLT"]  # iShares 20+ Year Treasury Bond ETF
        await pilot.press("escape")
        assert app.rows == ["QQQ", "SPY", "TLT"]
        await pilot.press("/", "u", "s", "down", "enter", "j")
        assert (app.rows, app.selected) == (["QQQ", "SPY", "TLT"], "TLT")


@pytest.mark.parametrize("key", ["slash", "a"])
async def test_a_field_is_closed_by_whatever_takes_the_keys_from_it(key: str) -> None:
    async with desk() as (app, pilot):
        await pilot.press(key, "q")
        await pilot.click(app.dashboard.ladder, offset=(5, 5))
        await pilot.pause()
        assert not app.dashboard.add_field.display and not app.dashboard.find_field.display
        assert app.dashboard.footer.display and app.focused is app.dashboard.ladder


async def test_tab_keeps_what_was_found_and_esc_shows_all_again() -> None:
    async with desk() as (app, pilot):
        await pilot.press("slash", *"trea", "tab")
        await pilot.pause()
        assert (app.rows, app.dashboard.find_field.display) == (["TLT"], False)
        assert app.dashboard.footer.display and app.focused in app.dashboard._panes
        await pilot.press("escape")
        assert app.rows == ["QQQ", "SPY", "TLT"]
        await pilot.press("slash", "tab", "slash", *"q")
        assert (app.rows, app.dashboard.find_field.display) == (["QQQ"], True)


async def test_sort_by_a_letter_and_round_by_the_same_again() -> None:
    async with desk() as (app, pilot):
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
    assert kept().sort == "symbol"


async def test_a_click_on_a_title_sorts() -> None:
    async with desk() as (app, pilot):
        start, _, column = next(title for title in app.dashboard.watchlist._titles if title[2] == "last")
        for sort in ("-last", "last"):
            await pilot.click(Watchlist, offset=(start + 1, 1))
            await pilot.pause()
            assert app.dashboard.watchlist.sort == sort
        assert column == "last"


async def test_the_order_holds_still_after_the_cursor_moved_and_while_the_link_is_unproven() -> None:
    async with desk(sort="-last") as (app, pilot):
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
    async with desk(sort="-last") as (app, pilot):
        await pilot.press("K", "J", "J", "J")  # the first row goes no further up, and comes down to the end
        assert (app.rows, app.selected) == (["QQQ", "TLT", "SPY"], "SPY")
        assert app.dashboard.watchlist.sort == ""
        await pilot.press("u")
        assert (app.rows, app.dashboard.watchlist.sort) == (["SPY", "QQQ", "TLT"], "-last")
        await pilot.press("J")
    assert kept().sort == ""
    assert list(kept().lists["Core"]) == [QQQ, SPY, TLT]


async def test_the_old_order_comes_back_with_the_row_and_with_nothing_else_that_was_moved() -> None:
    async with desk(sort="-last") as (app, pilot):
        await pilot.press("J", "J", "L", "m", "2")
        await pilot.pause()
        assert app.rows == ["QQQ", "TLT"]
        await pilot.press("u")
        assert (app.rows, app.dashboard.watchlist.sort) == (["QQQ", "TLT", "SPY"], "")
        await pilot.press("u")
        assert app.dashboard.watchlist.sort == "-last"


async def test_a_row_moves_past_its_neighbour_on_the_screen() -> None:
    async with desk() as (app, pilot):
        await pilot.press("/")
        await type_in(pilot, "etf")  # SPY and TLT
        await pilot.press("g", "J", "escape")
        assert app.rows == ["QQQ", "TLT", "SPY"]


async def test_columns_are_chosen_live_and_remembered() -> None:
    async with desk() as (app, pilot):
        await pilot.press("o", "down", "down", "space")
        await pilot.pause()
        assert "change" not in app.dashboard.watchlist.columns
        await pilot.press("r", "escape")
        assert app.dashboard.watchlist.columns == DEFAULT
        await pilot.press("o", "down", "J", "escape")
    assert kept().columns == ("symbol", "change", "last", *DEFAULT[3:])


async def test_the_chooser_knows_which_columns_have_no_room() -> None:
    async with desk((80, 24), columns=(*DEFAULT, "name")) as (app, pilot):
        assert app.dashboard.watchlist.left_out() == {"volume", "turnover", "name"}
        await pilot.press("o", "end", "space")
        assert highlighted(app).startswith("✓  TIME") and highlighted(app).endswith("no room")


# --- lists ---


async def test_lists_are_shown_by_number_and_by_click_and_each_keeps_its_cursor() -> None:
    async with desk() as (app, pilot):
        await pilot.press("j", "2")
        assert (app.rows, app.asked[-1]) == (["GLD"], (GLD,))
        await pilot.press("7")
        assert app.said == "there is no list 7: L makes one"
        start = next(start for start, _, name in app.dashboard.header._tabs if name == "Core")
        await pilot.click("#header", offset=(start + 1, 0))
        await pilot.pause()
        assert (app.rows, app.selected) == (["QQQ", "SPY", "TLT"], "SPY")
        await pilot.press("2")
    assert kept().list == "Metals"


async def test_the_cursor_finds_its_symbol_in_a_list_that_was_followed_anew() -> None:
    async with desk() as (app, pilot):
        await pilot.press("j", "2")
        app.market.reconnected([GLD])
        await pilot.press("1")
        assert (app.rows, app.selected) == (["QQQ", "SPY", "TLT"], "SPY")


async def test_a_list_is_made_renamed_filled_and_deleted() -> None:
    async with desk() as (app, pilot):
        await pilot.press("L", "n")
        await type_in(pilot, "Core")
        assert "there is a list 'Core' already" in str(app.screen.query_one("Static").render())
        await type_in(pilot, "Mine")
        assert (app.lists.shown, app.rows) == ("Mine", [])
        await pilot.press("1", "space", "L", "m", "2")
        await pilot.pause()
        assert list(app.lists.lists.items()) == [("Core", (SPY, TLT)), ("Metals", (GLD, QQQ)), ("Mine", ())]
        await pilot.press("2", "L", "r")
        await type_in(pilot, "Edel")
        assert list(app.lists.lists) == ["Core", "Edel", "Mine"]
        await pilot.press("L", "d", "y")
        await pilot.pause()
        assert list(app.lists.lists) == ["Core", "Mine"]
        await pilot.press("u", "u", "u", "u")
        assert app.lists.lists == LISTS
        assert list(app.lists.lists) == list(LISTS)


async def test_a_list_of_the_command_line_is_kept_when_asked() -> None:
    app = Still(wanting(lists=LISTS)._replace(watch=(TLT,)))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert (list(app.lists.lists), app.rows) == (["Watch", "Core", "Metals"], ["TLT"])
        await pilot.press("a")
        await type_in(pilot, "GLD")
        assert app.dashboard.header.unsaved == "Watch"
        await pilot.press("C")
        await app.keeper.finish(5.0)
        assert "Watch" not in kept().lists
        await pilot.press("w")
        assert app.dashboard.header.unsaved == ""
        await pilot.press("w")
        assert app.said == "every list is kept already"
    assert kept().lists["Watch"] == (TLT, GLD)
    assert kept().red_up


async def test_what_another_copy_wrote_is_shown() -> None:
    async with desk() as (app, pilot):
        other = ConfigFile(app.keeper.file.path)
        other.save(Settings(lists=LISTS), Settings(lists={**LISTS, "Core": (QQQ, SPY, TLT, GLD), "New": ()}))
        await pilot.press("d")
        await app.keeper.finish(5.0)
        await pilot.pause()
        assert app.rows == ["SPY", "TLT", "GLD"]
        assert app.dashboard.header.lists == ("Core", "Metals", "New")


async def test_two_copies_that_watch_keep_their_lists_apart() -> None:
    app = Still(wanting(lists=LISTS)._replace(watch=(TLT,)))
    async with app.run_test() as pilot:
        ConfigFile(app.keeper.file.path).save(Settings(lists=LISTS), Settings(lists={**LISTS, "Watch": (SPY,)}))
        for _ in range(2):
            await pilot.press("C")
            await app.keeper.finish(5.0)
            await pilot.pause()
            assert kept().lists["Watch"] == (SPY,)
        assert (app.rows, app.dashboard.header.shown, app.dashboard.header.unsaved) == (["TLT"], "Watch 2", "Watch 2")
        await pilot.press("w")
    assert (kept().lists["Watch"], kept().lists["Watch 2"]) == ((SPY,), (TLT,))


async def test_a_file_that_cannot_be_written_is_a_notice_and_nothing_is_lost(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("in the way")
    app = Still(wanting(lists=LISTS, file=tmp_path / "folder" / "config.toml"))
    async with app.run_test() as pilot:
        await pilot.press("d", "d")
        await app.keeper.finish(5.0)
        await pilot.pause()
        assert app.said.count("not saved: cannot write") == 1
        await pilot.press("u", "d")
        assert app.said.startswith("not saved: cannot write") and "removed SPY$US" in app.said
        assert app.rows == ["TLT"]
        (tmp_path / "folder").unlink()
    assert kept(tmp_path / "folder" / "config.toml").lists["Core"] == (TLT,)


async def test_an_answer_takes_the_place_of_the_one_before_and_of_nothing_else() -> None:
    async with desk() as (app, pilot):
        app.notify("link lost", timeout=60)
        await pilot.press("d", "d", "7", "u")
        await pilot.pause()
        assert app.said.splitlines() == ["link lost", "taken back: removed SPY$US"]


# --- look, help, keys ---


async def test_red_up_swaps_the_colours_of_the_whole_screen() -> None:
    async with desk() as (app, pilot):
        before = app.dashboard.look
        await pilot.press("C")
        after = app.dashboard.look
        assert before is not None and after is not None
        assert (after("up"), after("bid_bar")) == (before("down"), before("ask_bar"))
        assert app.said == "rising prices are red now"
    assert kept().red_up


@pytest.mark.parametrize("flash", [True, False])
async def test_the_digits_that_changed_light_up_in_the_detail_unless_they_are_not_to(
    flash: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    async with desk(flash=flash) as (app, pilot):
        await pilot.press("enter")
        app.market.apply(tick(501.0, 1_000), 10.0)
        app.turn()
        headline = app.dashboard.headline
        grounds = {part.style and part.style.bgcolor for part in headline._drawn[1]}
        assert (headline.style("text", "flash_up").bgcolor in grounds) == flash
        assert (headline.flash_ends is not None) == flash


async def test_a_theme_is_remembered_once_it_is_kept() -> None:
    async with desk() as (app, pilot):
        await pilot.press("t", "j", "escape")
        await app.keeper.finish(5.0)
        assert app.theme == "midnight"
        await pilot.press("t", "j", "enter")
        await pilot.pause()
        chosen = app.theme
    assert kept().theme == chosen != "midnight"


async def test_other_keys_of_the_config_do_what_the_table_says() -> None:
    async with desk(keys={"remove": ("x", "Ctrl+D"), "help": ("F6",)}) as (app, pilot):
        await pilot.press("d", "delete")
        assert len(app.rows) == 3
        await pilot.press("x", "ctrl+d")
        assert app.rows == ["TLT"]
        await pilot.press("f6")
        await pilot.pause()
        assert app.screen.id != "dashboard"
        await pilot.press("escape")


async def test_the_palette_offers_every_key_list_and_column_and_runs_them() -> None:
    async with desk() as (app, pilot):
        names = [command.name for command in app.commands()]
        assert "Show list Metals" in names
        assert all(f"Sort by {column.title}" in names for column in COLUMNS if column.letter)
        await pilot.press("ctrl+p")
        await pilot.pause()
        for letter in "list metals":
            await pilot.press("space" if letter == " " else letter)
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert app.lists.shown == "Metals"


async def test_completion_knows_funds_by_code_and_name_and_the_lists() -> None:
    async with desk(lists={"Core": tuple(p.symbol for p in parse_symbols("ZZZ9$US"))}) as (app, _):
        assert app._suggest("zz") == [("ZZZ9$US", "")]
        assert app._suggest("qq")[:2] == [("QQQ$US", "Invesco QQQ Trust"), ("QQQM$US", "Invesco NASDAQ 100 ETF")]
        gold: Sequence[tuple[str, str]] = app._suggest("gold")
        assert ("GLD$US", "SPDR Gold Shares") in gold


@pytest.mark.usefixtures("forgetful")
async def test_names_learned_later_stand_in_the_grid_the_headline_and_what_is_found() -> None:
    other, wide = Symbol("ZZZ9", "US"), Symbol("159949", "SZ")
    async with desk(lists={"Core": (QQQ, other, wide)}, columns=("symbol", "name", "last")) as (app, pilot):
        watchlist = app.dashboard.watchlist

        def line(row: int) -> str:
            return watchlist.render_line(row + 2).text

        assert " — " in line(1)
        await pilot.press("slash", *"quiet")
        assert app.rows == []
        learn({other: "Quiet Fund", wide: "创业板50ETF华安"})
        app.dashboard.names_learned()
        assert app.rows == ["ZZZ9"]
        await pilot.press("escape")
        assert "Quiet Fund" in line(1) and "创业板50ETF华安" in line(2)
        assert [cell_len(line(row)) for row in range(3)] == [watchlist.size.width] * 3
        assert app._suggest("quie") == [("ZZZ9$US", "Quiet Fund")]
        watchlist.sort = "name"
        assert app.rows == ["QQQ", "ZZZ9", "159949"]
        await pilot.press("enter")
        assert "Quiet Fund" in app.dashboard.headline.render_line(0).text


# --- panes ---


def shown(app: Still) -> list[str]:
    return [pane.id or "" for pane in app.dashboard._panes if pane.display]


async def test_the_detail_is_one_symbol_in_large_and_esc_comes_back_to_its_row() -> None:
    async with desk() as (app, pilot):
        await pilot.press("j", "enter")
        assert shown(app)[0] == "headline" and "watchlist" not in shown(app)
        assert app.dashboard.headline.instrument is app.dashboard.watchlist.selected
        await pilot.press(".")
        assert app.dashboard.headline.instrument is app.market.instruments[TLT]
        await pilot.press(",", ",", "escape")
        assert (shown(app)[0], app.selected) == ("watchlist", "QQQ")
        assert app.focused is app.dashboard.watchlist
        await pilot.click(Watchlist, offset=(5, 3), times=2)
        await pilot.pause()
        assert (shown(app)[0], app.selected) == ("headline", "SPY")


async def test_a_pane_is_zoomed_and_the_next_one_with_it() -> None:
    async with desk() as (app, pilot):
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
    async with desk() as (app, pilot):
        await pilot.press("f4")
        assert "chart" not in shown(app) and "ladder" in shown(app)
        await pilot.press("f2", "f5", "f3")
        assert shown(app) == ["ladder"]
        await pilot.press("f2")
        assert shown(app) == ["watchlist", "ladder"]
    assert kept().hidden == ("chart", "tape")
    async with desk(hidden=("ladder", "tape")) as (app, _):
        assert shown(app) == ["watchlist", "chart"]


async def test_what_is_on_the_screen_is_exported_and_nothing_overwritten(tmp_path: Path) -> None:
    app = Still(wanting(lists=LISTS)._replace(export_to=tmp_path / "out"))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        await pilot.press("e", "b")
        await pilot.pause()
        assert app.said == "there are no minutes of QQQ$US to write yet"
        app.market.apply(bar(0, 500.0, 70.0), 1.0)
        for what in "ggsb":
            await pilot.press("e", what)
            await pilot.pause()
        await until(lambda: "qqq-us-minutes" in app.said)
        assert app.said.startswith(f"written: {tmp_path / 'out'}")
    names = sorted(path.name.split("-20")[0] + path.suffix for path in (tmp_path / "out").iterdir())
    assert names == ["itick-core.csv", "itick-core.csv", "itick-qqq-us-minutes.csv", "itick-screen.svg"]
    table = next((tmp_path / "out").glob("itick-core*")).read_text()
    header, first, *_ = table.splitlines()
    assert header == "symbol,last,change,change%,bid,ask,spread,volume,turnover,state,time"
    assert first.startswith("QQQ$US,500,")
    minutes = next((tmp_path / "out").glob("itick-qqq*")).read_text().splitlines()
    assert minutes[0] == "time,open,high,low,close,volume,complete"
    assert minutes[1].endswith(",500,500,500,500,70,yes") or minutes[1].endswith(",500,500,500,500,70,no")


async def test_an_export_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    app = Still(wanting(lists=LISTS)._replace(export_to=tmp_path / "out"))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("e", "g")
        await until(lambda: app.said == f"cannot write into {tmp_path / 'out'}: not a directory")


async def test_an_export_to_a_disk_that_hangs_keeps_no_key_waiting_and_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.app.export._WITHIN", 0.2)
    answers = threading.Event()
    sync = os.fsync
    monkeypatch.setattr("os.fsync", lambda descriptor: answers.wait(20) and sync(descriptor))
    app = Still(wanting(lists=LISTS)._replace(export_to=tmp_path / "out"))
    async with app.run_test(size=(120, 36)) as pilot:
        try:
            await pilot.pause()
            began = time.monotonic()
            await pilot.press("e", "g", "down")
            selected = app.dashboard.watchlist.selected
            assert selected is not None and selected.symbol != QQQ and time.monotonic() - began < 5
            await until(lambda: app.said == f"not written yet: the disk of {tmp_path / 'out'} does not answer")
            await pilot.press("e", "s")
            await until(lambda: app.said == f"still not written: the disk of {tmp_path / 'out'} does not answer")
        finally:
            answers.set()
        await until(lambda: app.said.startswith(f"written: {tmp_path / 'out' / 'itick-core'}"))
        await pilot.press("e", "s")
        await until(lambda: app.said.startswith(f"written: {tmp_path / 'out' / 'itick-screen'}"))
    assert sorted(path.suffix for path in (tmp_path / "out").iterdir()) == [".csv", ".svg"]


async def test_what_ladder_and_chart_show_is_remembered() -> None:
    async with desk() as (app, pilot):
        await pilot.press("]", "]", "[", "c", "v", "tab", "f", "y", "n")
        await type_in(pilot, "$20k")
        ladder = app.dashboard.ladder
        assert (ladder.static, ladder.root, ladder.amount, ladder.money) == (True, True, 20_000, True)
    settings = kept()
    assert (settings.interval, settings.candles, settings.vwap) == (5, True, True)
    assert (settings.static_ladder, settings.root_ladder, settings.cost_of) == (True, True, "$20k")
    async with desk(interval=60, static_ladder=True, cost_of="") as (app, _):
        assert (app.dashboard.chart.interval, app.dashboard.ladder.static, app.dashboard.ladder.amount) == (
            60,
            True,
            None,
        )


async def test_the_palette_runs_what_the_keys_run() -> None:
    async with desk() as (app, _):
        names = {command.name: command.run for command in app.commands()}
        assert not any("Tape" in name or "Ladder" in name for name in names if "oggle" not in name)
        await names["Toggle chart: show or hide the chart"]()  # type: ignore[misc]
        assert "chart" not in shown(app)


async def test_only_the_pane_with_the_keys_wears_the_accent() -> None:
    async with desk() as (app, pilot):
        look = app.dashboard.look
        assert look is not None
        for _ in range(5):
            await pilot.press("tab")
            await pilot.pause()
            edges = {pane.id: pane._drawn[-1][0].style for pane in app.dashboard._panes if pane.display}
            assert [id for id, style in edges.items() if style == look("accent")] == [app.focused and app.focused.id]


async def test_what_is_said_names_the_keys_as_they_are() -> None:
    async with desk(keys={"undo": ("Ctrl+U",), "remove": ("x",), "add": ("n",)}, lists={"Core": (QQQ,)}) as (
        app,
        pilot,
    ):
        await pilot.press("x")
        assert app.said == "removed QQQ$US: Ctrl+U brings it back"
        assert any("press n to add" in "".join(part.text for part in line) for line in app.dashboard.watchlist._drawn)


# --- what tripped people up ---


async def test_a_large_paste_is_answered_in_a_few_lines_with_each_part_once() -> None:
    async with desk() as (app, pilot):
        await pilot.press("a")
        await type_in(pilot, " ".join(f"A{n}" for n in range(40)) + " A1 ?? ?? " + " ".join(f"!{n}" for n in range(20)))
        assert app.said.splitlines()[0] == "added 40 symbols"
        assert app.said.splitlines()[-1] == "and 16 more remarks"
        assert app.query_one("#add Input", Input).value.startswith("??, !0, !1, ")


async def test_of_a_pasted_table_the_first_column_is_taken_and_no_price() -> None:
    async with desk() as (app, pilot):
        await pilot.press("a")
        field = app.query_one("#add Input", Input)
        field.post_message(Paste("VOO\tVanguard\t560.10\nARKK\tARK Innovation\t70.12\n"))
        await pilot.pause()
        assert field.value == "VOO,ARKK"
        await type_in(pilot, "VOO 70.12")
        assert app.rows[-1] == "VOO"
        assert "'70.12' is a number, not a symbol" in app.said


async def test_a_long_list_name_is_cut_and_tabs_that_do_not_fit_are_around_the_shown_one() -> None:
    lists = {f"A rather long name of a list {n}": (QQQ,) for n in range(1, 10)}
    async with desk(lists=lists, size=(120, 36)) as (app, pilot):
        await pilot.press("5")
        header = "".join(part.text for part in app.dashboard.header.render_line(0))
        assert "5 A rather long name of a…" in header and "‹" in header and "›" in header
        names = [name[-1] for _, _, name in app.dashboard.header._tabs]
        assert "5" in names and len(names) > 1
        title = "".join(part.text for part in app.dashboard.watchlist._drawn[0])
        assert "A rather long name of a… · 1 symbol" in title


async def test_a_scrolled_tape_says_so_and_esc_lets_it_go_on() -> None:
    async with desk() as (app, pilot):
        tape = app.dashboard.tape
        for n in range(80):
            app.market.apply(tick(500.0 + n, 5_000 * n), 1.0)
        app.turn()
        await pilot.pause()
        tape._scroll(3)
        assert tape.held
        assert "held" in "".join(part.text for part in tape._drawn[0])
        await pilot.press("escape")
        assert not tape.held


async def test_a_pane_without_room_is_said_and_the_last_one_stays() -> None:
    async with desk(size=(80, 24), hidden=("tape",)) as (app, pilot):
        await pilot.press("f5")
        assert app.said.startswith("no room for it here: Enter or a larger terminal")
        await pilot.press("f3", "f4", "f5", "f2")
        assert app.said == "one pane has to stay"


async def test_changes_that_could_not_be_saved_are_shown_until_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tui.config.saver._RETRY_INTERVAL", 0.1)
    (tmp_path / "folder").write_text("in the way")
    app = Still(wanting(lists=LISTS, file=tmp_path / "folder" / "config.toml"))
    async with app.run_test() as pilot:
        await pilot.press("d")
        await wait_for(lambda: app.dashboard.status.unsaved)
        (tmp_path / "folder").unlink()
        await wait_for(lambda: not app.dashboard.status.unsaved)
        assert app.said == "your changes are saved now"
    assert kept(tmp_path / "folder" / "config.toml").lists["Core"] == (SPY, TLT)


async def wait_for(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.02)
