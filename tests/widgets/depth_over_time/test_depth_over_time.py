"""Depth over time: as a picture, by its keys, and at any size."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.geometry import Size
from textual.pilot import Pilot

from tests.support.messages import QQQ, SPY, T, depth, tick
from tests.support.modal_host import Snapshot
from tui.colour_depth import ColourDepth
from tui.config.glyphs import GlyphSet
from tui.config.themes import DEFAULT_THEME, all_themes, find_theme
from tui.market import Market
from tui.market.depth_histories import MAX_REMEMBERED
from tui.market.depth_history import DepthColumn
from tui.market.price_axis import PriceAxis
from tui.market.tick_size import even_grid
from tui.protocol.messages import Depth
from tui.terminal.input_driver import TerminalDriver
from tui.widgets.depth_over_time import depth_over_time, model
from tui.widgets.depth_over_time.depth_over_time import DepthOverTime
from tui.widgets.depth_over_time.heat_map import DepthCell, HeatMap, joined
from tui.widgets.depth_over_time.model import full_scale
from tui.widgets.pane import Pane, StyledLine, width_of
from tui.widgets.role_colours import SHADES, contrast, role_colours
from tui.widgets.styles import Styles

SIZES = ((160, 42), (120, 33), (80, 21))  # of the pane on terminals of 160×45, 120×36 and 80×24


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    yield


def book(mid: int, sizes: random.Random) -> Depth:
    """Ten levels a side around a price in cents."""

    def side(step: int, first: int) -> list[tuple[float, float]]:
        return [((first + step * n) / 100, 100.0 * sizes.randint(1, 40)) for n in range(10)]

    return depth(side(1, mid + 1), side(-1, mid))


def walked(seconds: int = 100, every: float = 0.5, speed: int = 1) -> Market:
    """A market of a price that walks about, from T on; the last book comes `every` s before the end."""
    found, sizes, mid = Market(), random.Random(7), 51_234
    found.depth_histories.limit = MAX_REMEMBERED
    found.set_clock(T)
    found.follow([QQQ, SPY])
    for n in range(int(seconds / every)):
        at = n * every + 0.1
        mid += speed * sizes.choice((-1, 0, 0, 0, 1))
        found.apply(book(mid, sizes), at)
        if n % 3 == 0:
            found.apply(tick((mid + n % 2) / 100, int(1000 * at) + 100), at + 0.1)
    return found


class Shown(App[None]):
    """The depth of QQQ over time, with `notes` of what its keys could not do."""

    ENABLE_COMMAND_PALETTE = False
    CSS = "Screen { overflow: hidden; background: $background; }"

    def __init__(self, market: Market, now: float, styles: Styles) -> None:
        super().__init__()
        self.market, self.now = market, now
        self.notes: list[str] = []
        self.pane = DepthOverTime(styles, market)

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        self.pane.instrument = self.market.instruments[QQQ]
        self.turn(self.now)

    def turn(self, now: float, live: bool = True) -> None:
        """One frame."""
        self.pane.sync(self.market.drain_changed() | {self.market.instruments[QQQ]}, now, live)

    def on_pane_cannot_act(self, event: Pane.CannotAct) -> None:
        self.notes.append(event.reason)

    @property
    def lines(self) -> list[str]:
        return ["".join(piece.text for piece in line) for line in self.pane._drawn]


def app(market: Market | None = None, now: float = 100.0, theme: str = DEFAULT_THEME, **styles: Any) -> Shown:
    return Shown(market or walked(), now, Styles(find_theme(theme), **styles))


@asynccontextmanager
async def shown(
    market: Market | None = None, now: float = 100.0, size: tuple[int, int] = (80, 21), **styles: Any
) -> AsyncIterator[tuple[Shown, Pilot[None]]]:
    found = app(market, now, **styles)
    async with found.run_test(size=size) as pilot:
        await pilot.pause()
        yield found, pilot


# --- pictures ---


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_dark(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size)


@pytest.mark.parametrize("theme", [theme for theme in all_themes() if theme != DEFAULT_THEME])
def test_themes(snap_compare: Snapshot, theme: str) -> None:
    assert snap_compare(app(theme=theme), terminal_size=SIZES[2])


def test_256_colours(snap_compare: Snapshot) -> None:
    assert snap_compare(app(depth=ColourDepth.INDEXED), terminal_size=SIZES[2])


def test_16_colours(snap_compare: Snapshot) -> None:
    assert snap_compare(app(depth=ColourDepth.ANSI), terminal_size=SIZES[2])


def test_no_color(snap_compare: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(app(), terminal_size=SIZES[2])


# --- what is drawn ---


def column(sizes: dict[float, float], trade: tuple[float, int] | None = None) -> DepthColumn:
    return DepthColumn(sizes, 10.00, 10.01, trade)


def heat_map(*, shaded: bool, rows: int) -> HeatMap:
    depth = ColourDepth.TRUECOLOR if shaded else ColourDepth.ANSI
    styles = Styles(find_theme(DEFAULT_THEME), depth)
    return HeatMap(styles, PriceAxis(even_grid(0.01), 1003, 6), 1500.0, rows, shaded=shaded)


def test_a_cell_has_two_prices_and_the_shade_is_the_size() -> None:
    drawn = heat_map(shaded=True, rows=3)
    styles = drawn._styles
    cells = drawn.column(column({10.03: 100, 10.02: 1500, 10.01: 700, 10.00: 700, 9.99: 9_000}), None)
    assert cells == [
        ("▀", styles(SHADES[1], SHADES[15])),
        ("▀", styles("down", "up")),  # the touch
        ("▀", styles(SHADES[15], SHADES[0])),
    ]


def test_a_trade_is_a_sign_on_the_shade_or_on_the_line_of_the_touch() -> None:
    drawn = heat_map(shaded=True, rows=3)
    styles = drawn._styles
    for row, trade, sign, ground in (
        (0, (10.03, 2), "▴", SHADES[7]),
        (1, (10.00, -1), "▾", "up"),
        (1, (10.01, 1), "▴", "down"),
        (2, (9.98, 0), "•", SHADES[0]),
    ):
        text, style = drawn.column(column({10.03: 700}, trade), None)[row]
        assert (text, style.bgcolor) == (sign, styles("text", ground).bgcolor)


def test_without_shades_a_size_is_a_digit_and_the_touch_is_in_reverse_video() -> None:
    drawn = heat_map(shaded=False, rows=6)
    styles = drawn._styles
    cells = drawn.column(column({10.03: 100, 10.02: 1500, 10.01: 700, 10.00: 40_000}, (9.98, 2)), None)
    assert [text for text, _ in cells] == ["1", "9", "5", "9", " ", "▴"]
    assert [style.bgcolor for _, style in cells[2:4]] == [styles("down").color, styles("up").color]


@pytest.mark.parametrize("shaded", [True, False])
def test_a_column_in_whose_time_the_link_was_lost_is_dotted_where_nothing_stood(shaded: bool) -> None:
    whole = column({10.03: 100, 10.01: 700, 10.00: 700})
    drawn = heat_map(shaded=shaded, rows=6)
    before, lost = drawn.column(whole, None), drawn.column(whole._replace(lost=True), None)
    dotted = [n for n, (text, _) in enumerate(lost) if text == "┊"]
    assert dotted == [1, 4, 5], "10.02, 9.99 and 9.98"
    assert all(one == other for one, other in zip(before, lost, strict=True) if other[0] != "┊")


@pytest.mark.parametrize("theme", all_themes())
@pytest.mark.parametrize("depth", [ColourDepth.TRUECOLOR, ColourDepth.INDEXED])
def test_there_are_16_shades_each_further_from_the_background(theme: str, depth: ColourDepth) -> None:
    colours = role_colours(find_theme(theme), depth)
    strength = [contrast(colours[shade], colours["background"]) for shade in SHADES]
    assert len(SHADES) == 16 and strength[0] == 1.0
    assert all(one <= other for one, other in pairwise(strength))
    assert len({colours[shade] for shade in SHADES}) >= (16 if depth is ColourDepth.TRUECOLOR else 13)


def test_the_scale_is_a_round_size_that_an_outlier_does_not_move() -> None:
    usual = [DepthColumn({float(n): 100.0 * n for n in range(1, 21)}, 1.0, 2.0, None)] * 10
    assert full_scale(usual) == 2_000
    assert full_scale([*usual, column({10.0: 1e9}), None]) == 2_000
    assert full_scale([]) == 1 and full_scale([column({10.0: 0.004})]) == 0.004


async def test_the_newest_column_is_the_second_in_progress_and_goes_on_with_time() -> None:
    async with shown() as (app, _):
        pane = app.pane
        assert pane._model is not None and pane._model.first + len(pane._model.columns) - 1 == T // 1000 + 100
        before = pane._model
        pane.tick(107.0)
        assert pane._model.first == before.first + 7
        newest = pane._model.columns[-1]
        assert newest is not None and before.columns[-1] is not None
        assert newest.sizes == before.columns[-1].sizes, "the book still stands"


async def test_a_frame_draws_the_newest_column_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    columns: list[DepthColumn | None] = []
    lines: list[StyledLine] = []
    column = HeatMap.column

    def draw(of: HeatMap, shown: DepthColumn | None, before: DepthColumn | None) -> list[DepthCell]:
        columns.append(shown)
        return column(of, shown, before)

    def join(cells: Iterable[DepthCell]) -> StyledLine:
        lines.append(joined(cells))
        return lines[-1]

    monkeypatch.setattr(HeatMap, "column", draw)
    monkeypatch.setattr(depth_over_time, "joined", join)
    async with shown() as (app, _):
        columns.clear()
        lines.clear()
        app.market.apply(depth([(512.35, 5)], [(512.34, 5)]), 100.2)
        app.turn(100.2)
        assert (len(columns), len(lines)) == (1, 0)
        app.turn(101.2)
        assert (len(columns), len(lines)) == (3, 18), "a column has ended"


async def test_the_scale_and_the_time_axis_are_made_when_a_column_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def count(module: object, name: str) -> None:
        make = getattr(module, name)

        def counted(*given: object) -> object:
            made.append(name)
            return make(*given)

        monkeypatch.setattr(module, name, counted)

    count(model, "full_scale")
    count(depth_over_time, "time_labels")
    async with shown() as (app, _):
        made.clear()
        for at, expected in ((100.2, []), (100.3, []), (101.2, ["full_scale", "time_labels"])):
            app.market.apply(depth([(512.35, 5)], [(512.34, 5)]), at)
            app.turn(at)
            assert made == expected


async def test_hidden_it_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with shown() as (app, pilot):
        app.pane.display = False
        await pilot.pause()
        monkeypatch.setattr(DepthOverTime, "_build", lambda *_: pytest.fail("it is not seen"))
        app.turn(100.5)
        app.pane.tick(101.0)


async def test_the_frame_says_how_long_a_column_is_since_when_and_the_touch() -> None:
    async with shown(size=(100, 20)) as (app, _):
        assert "QQQ$US depth over time · 1 s a column · since 11:50:00 ET" in app.lines[0]
        assert "512." in app.lines[0].split(" ET")[1]
        assert "~▴ bought ~▾ sold" in app.lines[-1] and "0 " in app.lines[-1] and "+" in app.lines[-1]


async def test_a_lost_link_shows_a_gap_and_says_stale() -> None:
    async with shown() as (app, _):
        app.market.link_lost(99.9)
        app.turn(104.0, live=False)
        assert "stale" in app.lines[0]
        app.market.reconnected([QQQ, SPY])
        app.market.apply(depth([(512.35, 5)], [(512.34, 5)]), 110.0)
        app.turn(110.0)
        assert "stale" not in app.lines[0]
        assert all("┊" in line for line in app.lines[1:-2])
        pane = app.pane
        assert pane._model is not None and pane._model.columns[-11:-1] == [None] * 10


async def test_without_a_book_it_says_so() -> None:
    market = Market()
    market.set_clock(T)
    market.follow([QQQ])
    async with shown(market) as (app, pilot):
        assert any("no book yet" in line for line in app.lines)
        await pilot.press("left")
        assert app.notes == ["there is no order book yet"]
        market.refuse([QQQ], "depth", "exceeding the maximum subscription limit")
        app.turn(101.0)
        assert any("order book" in line for line in app.lines)


async def test_glyphs_that_are_not_the_full_set_have_a_price_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    class Driver(TerminalDriver):
        def __init__(self, glyphs: GlyphSet) -> None:
            self.glyphs = glyphs

    async with shown() as (app, _):
        for glyphs, halves in (("full", True), ("wide-safe", False), ("ascii", False)):
            monkeypatch.setattr(depth_over_time, "current_driver", lambda _, g=glyphs: Driver(g))
            app.pane.update_lines()
            assert any("▀" in line for line in app.lines) == halves


@pytest.mark.parametrize(("height", "speed", "rows"), [(42, 1, 39), (21, 1, 36), (42, 9, 78)])
async def test_a_price_has_a_cell_of_its_own_as_long_as_the_books_fit(height: int, speed: int, rows: int) -> None:
    async with shown(walked(speed=speed), size=(80, height)) as (app, _):
        assert app.pane._model is not None and app.pane._model.axis.rows == rows


# --- keys ---


async def test_columns_take_longer_and_shorter_times() -> None:
    async with shown() as (app, pilot):
        await pilot.press("[")
        assert app.notes == ["no columns are shorter than a second"]
        for words in ("2 s", "5 s", "10 s", "30 s", "1 min", "5 min"):
            await pilot.press("]")
            assert f"{words} a column" in app.lines[0]
            assert app.pane._model is not None and app.pane._model.columns[-1] is not None
        await pilot.press("-")
        assert app.notes[1:] == ["no columns are longer than five minutes"]
        await pilot.press("+")
        assert "1 min a column" in app.lines[0]


async def test_scrolled_back_it_stands_still_until_it_is_live_again() -> None:
    async with shown(walked(600), now=600.0) as (app, pilot):
        await pilot.press("right", "end")
        assert app.notes == ["the newest column is shown already"] * 2
        await pilot.press("left", "left")
        assert app.pane.is_held and "held at" in app.lines[0]
        before = app.lines
        app.market.apply(depth([(512.35, 5)], [(512.34, 5)]), 620.0)
        app.turn(620.0)
        assert app.lines == before
        await pilot.press("end")
        assert not app.pane.is_held and app.lines != before and "held" not in app.lines[0]


async def test_it_scrolls_back_as_far_as_is_remembered_and_forth_to_the_newest() -> None:
    async with shown(walked(600), now=600.0) as (app, pilot):
        while not app.notes:
            await pilot.press("left")
        assert app.notes == ["no earlier depth is remembered"]
        assert app.pane._model is not None and app.pane._model.first == T // 1000
        for _ in range(40):
            await pilot.press("right")
        assert not app.pane.is_held


async def test_prices_move_by_hand_and_come_back() -> None:
    async with shown() as (app, pilot):
        pane = app.pane
        assert pane._model is not None
        top = pane._model.axis.top
        await pilot.press("up", "up", "down")
        assert pane._model.axis.top == top + 1
        await pilot.press("space")
        newest = pane._model.columns[-1]
        assert newest is not None and pane._model.axis.row(newest.bid) == pane._model.axis.rows // 2


async def test_a_row_is_more_ticks_where_the_price_has_moved_far() -> None:
    async with shown(walked(3_000, speed=10), now=3_000.0) as (app, pilot):
        for _ in range(4):
            await pilot.press("]")
        model = app.pane._model
        assert model is not None and "rows of 0." in app.lines[-1]
        touched = [price for column in model.columns if column for price in (column.bid, column.ask)]
        assert all(0 <= model.axis.row(price) < model.axis.rows for price in touched)


async def test_another_symbol_begins_live() -> None:
    async with shown(walked(600), now=600.0) as (app, pilot):
        await pilot.press("left")
        app.pane.instrument = app.market.instruments[SPY]
        assert not app.pane.is_held and "SPY$US" in app.lines[0]


@given(st.integers(4, 200), st.integers(3, 60), st.booleans())
def test_no_line_is_wider_than_the_pane(width: int, height: int, shaded: bool) -> None:
    market = walked(30)
    pane = DepthOverTime(Styles(find_theme(DEFAULT_THEME)), market)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DepthOverTime, "_is_shaded", property(lambda self: shaded))
        patch.setattr(DepthOverTime, "_has_half_blocks", property(lambda self: shaded))
        patch.setattr(DepthOverTime, "size", Size(width, height))
        pane.instrument = market.instruments[QQQ]
        pane.sync({market.instruments[QQQ]}, 30.0, True)
        lines = pane._framed(width, height)
    assert len(lines) == height
    assert {width_of(line) for line in lines} == {width}
