"""The cursor on the levels of the ladder: where it goes, and what it tells."""

from __future__ import annotations

from textual.pilot import Pilot

from tests.support.messages import BOOK_B, depth
from tests.widgets.ladder.test_ladder import CROSSED, NOW, Shown, instrument
from tui.market.fill_cost import depth_up_to
from tui.widgets.ladder.ladder import DepthLadder
from tui.widgets.ladder.level_cursor import LevelCursor
from tui.widgets.pane import Pane

MID = 512.345


def test_all_that_stands_from_the_mid_up_to_a_price() -> None:
    swept = depth_up_to(BOOK_B.asks, 512.37, MID)
    assert (swept.size, swept.beyond) == (2_900, False)
    assert round(swept.money, 2) == round(2600 * 512.35 + 100 * 512.36 + 200 * 512.37, 2)
    assert round(swept.bp, 3) == 0.488
    below = depth_up_to(BOOK_B.bids, 512.33, MID)
    assert (below.size, round(below.bp, 3)) == (4_000, -0.293)


def test_a_price_between_levels_counts_those_before_it_and_one_beyond_the_book_says_there_may_be_more() -> None:
    side = depth([(10.0, 5), (10.2, 7)], []).asks
    assert depth_up_to(side, 10.1, 9.95)[:2] == (5, 50)
    assert not depth_up_to(side, 10.2, 9.95).beyond
    assert depth_up_to(side, 10.3, 9.95).beyond
    assert depth_up_to(side, 9.96, 9.95).size == 0


def test_a_price_that_was_computed_is_the_same_price() -> None:
    cursor = LevelCursor()
    cursor.price = 0.3
    assert cursor.is_at(0.1 + 0.2) and not cursor.is_at(0.301)


def below(pane: DepthLadder) -> str:
    return pane.render_line(pane.size.height - 1).text.strip("╰─╯ ")


def pointed(pane: DepthLadder) -> list[str]:
    """The prices that are drawn on the accent colour."""
    ground = pane.theme_styles("background", "accent").bgcolor
    lines = [pane.render_line(y) for y in range(1, pane.size.height - 1)]
    return [part.text.strip() for line in lines for part in line if part.style and part.style.bgcolor == ground]


async def keys(pilot: Pilot[None], pane: DepthLadder, *names: str) -> str:
    pane.focus()
    await pilot.press(*names)
    return below(pane)


async def test_it_begins_at_the_touch_and_goes_from_level_to_level() -> None:
    app = Shown(instrument(BOOK_B), ((64, 28),))
    async with app.run_test(size=(64, 28)) as pilot:
        pane = app.ladders[0]
        assert (below(pane), pointed(pane)) == ("", [])
        assert await keys(pilot, pane, "shift+up") == "to 512.35 2,600 · $1.3M · +0.1 bp"
        assert pointed(pane) == ["512.35"]
        assert await keys(pilot, pane, "shift+up", "shift+up") == "to 512.37 2,900 · $1.5M · +0.5 bp"
        assert await keys(pilot, pane, "shift+down", "shift+down", "shift+down") == "to 512.34 3,100 · $1.6M · -0.1 bp"
        await keys(pilot, pane, *["shift+down"] * 20)
        assert pointed(pane) == ["512.25"], "the last level of the book"
        assert pane.escape_layer is not None
        label, leave = pane.escape_layer
        leave()
        assert (label, below(pane), pointed(pane)) == ("Hide cursor", "", [])
        assert pane.escape_layer is None


async def test_the_first_step_down_is_the_best_bid() -> None:
    app = Shown(instrument(BOOK_B), ((64, 28),))
    async with app.run_test(size=(64, 28)) as pilot:
        assert (await keys(pilot, app.ladders[0], "shift+down")).startswith("to 512.34 3,100")


async def test_it_stays_at_its_price_whatever_moves() -> None:
    shown = instrument(BOOK_B)
    app = Shown(shown, ((64, 28),))
    async with app.run_test(size=(64, 28)) as pilot:
        pane = app.ladders[0]
        await keys(pilot, pane, "shift+up", "shift+up")
        shown.depth = depth([(512.31, 10), (512.33, 20), (512.40, 1)], [(512.29, 7), (512.28, 8)])
        app.turn(NOW + 1)
        assert (below(pane), pointed(pane)) == ("to 512.36 30 · $15.4K · +1.2 bp", []), "no level stands there now"
        shown.depth = depth([(512.50, 10)], [(512.48, 7), (512.36, 8), (512.3, 9)])
        app.turn(NOW + 2)
        assert (below(pane), pointed(pane)) == ("to 512.36 15 · $7,686 · -2.5 bp", ["512.36"]), "a bid by now"
        shown.depth = depth([(512.50, 10)], [(512.48, 7)])
        app.turn(NOW + 3)
        assert below(pane) == "to 512.36 7+ · $3,587+ · -2.5 bp", "the book shown ends before it"
        shown.depth = CROSSED
        app.turn(NOW + 4)
        assert below(pane) == "to 512.36 —", "no figure comes from a crossed book"


async def test_it_scrolls_into_sight() -> None:
    for static in (False, True):
        app = Shown(instrument(BOOK_B), ((40, 12),), static=static)
        async with app.run_test(size=(40, 12)) as pilot:
            pane = app.ladders[0]
            for names, price in ((["shift+up"] * 10, "512.44"), (["shift+down"] * 19, "512.25")):
                await keys(pilot, pane, *names)
                assert pointed(pane) == [price], static


async def test_it_is_shortened_before_it_is_cut() -> None:
    app = Shown(instrument(BOOK_B), ((32, 14),))
    async with app.run_test(size=(32, 14)) as pilot:
        assert await keys(pilot, app.ladders[0], "shift+up") == "to 512.35 2,600 · +0.1 bp"


class Refusing(Shown):
    """Keeps why a key could not act."""

    said = ""

    def on_pane_cannot_act(self, event: Pane.CannotAct) -> None:
        self.said = event.reason


async def test_another_symbol_has_none_and_where_it_cannot_go_it_says_so() -> None:
    app = Refusing(instrument(BOOK_B), ((64, 28),))
    async with app.run_test(size=(64, 28)) as pilot:
        pane = app.ladders[0]
        await keys(pilot, pane, *["shift+up"] * 11)
        assert app.said == "the book shown has no higher level"
        pane.instrument = instrument(None)
        assert below(pane) == ""
        assert pane.escape_layer is None
        await keys(pilot, pane, "shift+up")
        assert app.said == "there is no order book yet"
