"""The dashboard as a picture, at the sizes and in the looks people use; and the work that a frame costs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from html import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from textual.events import MouseScrollDown
from textual.pilot import Pilot

from tests.support.frozen_dashboard import LIVE, START, US, Still, filled_market
from tests.support.price_walks import OPEN, price_walk
from tests.support.wait_until import until
from tui.config.glyphs import GlyphSet
from tui.errors import NoConnection
from tui.feed.state import LinkPhase, LinkState
from tui.market import Market
from tui.protocol.messages import OVER_LIMIT, Depth, Kline, Level, Quote, Tick
from tui.symbol import Symbol
from tui.terminal.glyphs import translate
from tui.widgets.pane import Pane

Snapshot = Callable[..., bool]
SIZES = [(160, 45), (120, 36), (80, 24)]
LOST = LinkState(
    LinkPhase.RECONNECTING, 0.0, retry_at=24.0, error=NoConnection("cannot reach 127.0.0.1: connection refused")
)


@cache
def market() -> Market:
    """Filled once: no test here changes it."""
    return filled_market(US)


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    yield


@pytest.mark.parametrize("size", SIZES)
def test_dark(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert snap_compare(Still(market()), terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
def test_light(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert snap_compare(Still(market(), theme="daylight"), terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
def test_no_color(snap_compare: Snapshot, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(Still(market()), terminal_size=size)


class InGlyphs(Still):
    """Shows what the terminal gets in a set of glyphs."""

    glyphs: GlyphSet = "full"

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        picture = super().export_screenshot(title=title, simplify=simplify)
        return re.sub(r"[^\x00-\x7f]", lambda found: escape(translate(found[0], self.glyphs)), picture)


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
@pytest.mark.parametrize("glyphs", ["wide-safe", "ascii"])
def test_glyphs(snap_compare: Snapshot, size: tuple[int, int], glyphs: GlyphSet) -> None:
    app = InGlyphs(market())
    app.glyphs = glyphs
    app.dashboard.chart.candles = size == (80, 24)
    assert snap_compare(app, terminal_size=size)


@pytest.mark.parametrize("size", [(60, 20), (40, 8), (30, 5), (220, 60)])
def test_unusual_sizes(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert snap_compare(Still(market()), terminal_size=size)


def test_a_lost_link(snap_compare: Snapshot) -> None:
    assert snap_compare(Still(market(), link=LOST), terminal_size=(120, 36))


def test_an_empty_list(snap_compare: Snapshot) -> None:
    assert snap_compare(Still(Market(), [], demo=False), terminal_size=(120, 36))


def test_rows_in_every_state_and_prices_of_every_size(snap_compare: Snapshot) -> None:
    codes = [
        "WAITING",
        "OVERPLAN",
        "REFUSED",
        "HALTED",
        "QUIET",
        "TINY",
        "HUGE",
        "VERY.LONG-CODE16",
        "ONESIDED",
        "CROSSED",
    ]
    symbols = [Symbol(code, "XX") for code in codes]
    market = Market()
    market.wall_base = START
    market.follow(symbols)
    market.refuse([symbols[1]], "quote", OVER_LIMIT)
    market.refuse([symbols[2]], "quote", "cannot be resolved action")
    prices = {"HALTED": 50.0, "QUIET": 20.5, "TINY": 0.0123, "HUGE": 999_999.99, "VERY.LONG-CODE16": 1.5}
    for code, price in prices.items():
        age = 500_000 if code == "QUIET" else 0
        status = 1 if code == "HALTED" else None
        market.apply(
            Quote(symbol=f"{code}$XX", last=price, open=price * 0.9, time=START - age, volume=1e13, status=status), 0.0
        )
        if code != "HALTED":
            market.apply(
                Quote(symbol=f"{code}$XX", last=price, change=-price / 5, time=START - age, turnover=3.4e15), 0.0
            )
    book = [Level(price=10.0, volume=0.5), Level(price=9.99, volume=12_345_678.0)]
    market.apply(Depth(symbol="ONESIDED$XX", asks=[], bids=book), 0.0)
    market.apply(Depth(symbol="CROSSED$XX", asks=[Level(price=9.0, volume=5.0)], bids=book), 0.0)
    assert snap_compare(Still(market, symbols, demo=False, now=1.0), terminal_size=(160, 20))


def test_yesterday_s_picture_says_of_when_it_is(snap_compare: Snapshot) -> None:
    symbols, market = US[:4], Market()
    market.wall_base = START
    market.follow(symbols)
    for n, symbol in enumerate(symbols[:3]):
        market.apply_history(symbol, price_walk(OPEN, range(390 - 200 * (n == 2)), 100.0, seed=n), True, 0.0)
    market.refuse([symbols[1]], "quote", OVER_LIMIT)
    assert snap_compare(Still(market, symbols, link=LOST, demo=False), terminal_size=(120, 36))


async def test_a_row_is_dimmed_while_its_exchange_is_closed_and_no_other() -> None:
    symbols = [Symbol("QQQ", "US"), Symbol("SAP", "DE")]
    market = Market()
    market.wall_base = START  # a Sunday in New York, and nobody knows the hours of the other
    market.follow(symbols)
    for symbol in symbols:
        market.apply(Quote(symbol=str(symbol), last=512.34, change=3.21, time=START - 50 * 3_600_000), 0.0)
    app = Still(market, symbols, demo=False, now=1.0)
    async with app.run_test(size=(160, 20)):
        app.dashboard.tick(2.0)
        styles, drawn = app.dashboard.watchlist.theme_styles, app.dashboard.watchlist._drawn[2:4]
        found = [{part.text.strip(): part.style.color for part in line if part.style} for line in drawn]
        assert [row["512.34"] for row in found] == [styles(role).color for role in ("muted", "text")]
        assert [row["+3.21"] for row in found] == [styles(role).color for role in ("up_calm", "up")]
        assert ["closed" in row for row in found] == [True, False]


async def test_a_new_book_or_quote_replaces_the_cells_drawn_of_the_old_one() -> None:
    app = Still(filled_market(US))
    async with app.run_test(size=(160, 45)) as pilot:
        for bid, volume in ((89.25, 1.1e9), (90.25, 2.2e9)):
            book = Depth(symbol="TLT$US", asks=[Level(bid + 0.5, 1)], bids=[Level(bid, 1)])
            app.market.apply(book, app.now)
            app.market.apply(Quote(symbol="TLT$US", last=89.3, volume=volume, time=START + int(volume)), app.now)
            app.turn()
            await pilot.pause()
            cells = app.dashboard.watchlist.render_line(2 + US.index(Symbol("TLT", "US"))).text.split()
            assert {f"{bid:.2f}", f"{bid + 0.5:.2f}", f"{volume / 1e9:.1f}B"} <= set(cells)


async def test_at_midnight_the_time_of_the_last_trade_becomes_a_date_without_new_data() -> None:
    symbol, market = Symbol("QQQ", "US"), Market()
    market.wall_base = START  # a Sunday, 17:30 in New York
    market.follow([symbol])
    market.apply(Quote(symbol="QQQ$US", last=512.34, time=START - 60_000), 0.0)
    market.apply(Tick(symbol="QQQ$US", last=512.34, volume=1.0, time=START - 60_000), 0.0)
    app = Still(market, [symbol], demo=False, now=1.0)
    async with app.run_test(size=(120, 36)):
        watchlist = app.dashboard.watchlist
        watchlist.columns = ("symbol", "last", "time", "age")
        for now, shown in ((2.0, "17:29:00"), (2.0 + 7 * 3_600, "11-22")):
            app.dashboard.tick(now)
            assert {shown, "closed"} <= set(watchlist.render_line(2).text.split())


def test_few_bars_are_not_stretched_and_gaps_stay_open(snap_compare: Snapshot) -> None:
    symbol, market = Symbol("THIN", "HK"), Market()
    market.wall_base = START
    market.follow([symbol])
    for minute in (0, 1, 2, 20, 21, 22):
        close = 10 + minute / 100
        bar = Kline(
            symbol="THIN", region="HK", open=close, high=close, low=close, close=close, time=START + minute * 60_000
        )
        bar.volume = 100.0 * minute
        market.apply(bar, 0.0)
    market.apply(Tick(symbol="THIN$HK", last=10.22, time=START + 22 * 60_000), 0.0)
    assert snap_compare(Still(market, [symbol], demo=False, now=1_330.0), terminal_size=(120, 36))


async def settle(app: Still, pilot: Pilot[None]) -> None:
    """Draw a frame of a minute later, when all flashes are over."""
    app.now += 60
    app.turn()
    app.dashboard.tick(app.now)
    await pilot.pause()


def counting(pane: Pane) -> list[int]:
    """The lines that a pane is asked to draw, from now on: by Textual, or by a frame of ours."""
    asked: list[int] = []
    render, pieces = pane.render_line, pane.pieces
    pane.render_line = lambda y: (asked.append(y), render(y))[1]  # type: ignore[method-assign, func-returns-value]
    pane.pieces = lambda lines: (asked.extend(lines), pieces(lines))[1]  # type: ignore[method-assign, func-returns-value]
    return asked


async def test_a_frame_draws_the_rows_that_changed_and_no_other() -> None:
    app = Still(filled_market(US))
    async with app.run_test(size=(160, 45)) as pilot:
        await settle(app, pilot)
        grid, ladder, chart = map(counting, (app.dashboard.watchlist, app.dashboard.ladder, app.dashboard.chart))
        app.market.apply(Tick(symbol="TLT$US", last=87.11, time=START + 90_000), app.now)
        app.turn()
        await pilot.pause()
        assert grid == [2 + US.index(Symbol("TLT", "US"))]
        assert ladder == chart == []


async def test_with_a_line_budget_rows_and_panes_are_drawn_in_turn() -> None:
    app = Still(filled_market(US))
    async with app.run_test(size=(160, 45)) as pilot:
        await settle(app, pilot)
        grid, ladder = counting(app.dashboard.watchlist), counting(app.dashboard.ladder)
        rows: list[bool] = []
        ladders = 0
        for n in range(10):
            for symbol in US:
                book = Depth(symbol=str(symbol), asks=[Level(900.0, 5 + n)], bids=[Level(500.0 + n, 5)])
                app.market.apply(book, app.now)
            grid.clear()
            ladder.clear()
            app.dashboard.sync(app.market.drain_changed(), app.now, True, 2)
            assert len(grid) <= 2 and app.dashboard.has_backlog
            rows.append(bool(grid))
            ladders += bool(ladder)
        assert rows == [True, False] * 5
        assert ladders == 2, "in turn with the chart, the tape and the small charts"


async def test_a_frame_without_changes_draws_nothing() -> None:
    app = Still(filled_market(US))
    async with app.run_test(size=(160, 45)) as pilot:
        await settle(app, pilot)
        panes = [counting(pane) for pane in app.query(Pane)]
        app.turn()
        app.dashboard.tick(app.now)
        await pilot.pause()
        assert not any(panes)


async def test_rows_are_drawn_also_when_one_of_them_widens_a_column() -> None:
    app = Still(filled_market(US))
    async with app.run_test(size=(160, 45)) as pilot:
        await settle(app, pilot)
        grid = counting(app.dashboard.watchlist)
        app.market.apply(Tick(symbol="TLT$US", last=123456.78, time=START + 90_000), app.now)
        app.turn()
        await pilot.pause()
        assert set(range(1, 2 + len(US))) <= set(grid), "the header and every row moved"


async def test_the_digits_that_changed_flash_and_the_flash_ends() -> None:
    app = Still(filled_market(US))
    async with app.run_test(size=(160, 45)) as pilot:
        app.now += 60
        app.turn()
        watchlist = app.dashboard.watchlist
        assert watchlist.flash_ends is None
        app.market.apply(Tick(symbol="HYG$US", last=80.11, time=START + 90_000), app.now)
        app.turn()
        glow = watchlist.theme_styles("text", "flash_up", bold=True)
        line = watchlist.render_line(2 + US.index(Symbol("HYG", "US")))
        assert [s.text for s in line if s.style == glow] == ["80.11"]
        assert watchlist.flash_ends == app.now + 0.4
        app.now += 0.41
        app.turn()
        await pilot.pause()
        line = watchlist.render_line(2 + US.index(Symbol("HYG", "US")))
        assert [s.text for s in line if s.style == glow] == []
        assert watchlist.flash_ends is None


async def test_only_a_live_link_adds_to_the_statistics_of_the_spread() -> None:
    app = Still(filled_market(US), link=LOST)
    async with app.run_test(size=(160, 45)):
        instrument = app.rows[0]
        assert instrument.depth is not None
        app.dashboard.tick(app.now + 1)
        assert instrument.spreads.statistics(app.now + 1) is None
        app.dashboard.link_changed(LIVE, demo=True)
        app.dashboard.tick(app.now + 2)
        assert instrument.spreads.statistics(app.now + 2) is not None


async def test_when_the_link_is_lost_the_bid_that_was_drawn_already_fades_with_its_row() -> None:
    app = Still(filled_market(US))
    app.market.apply(Depth(symbol="TLT$US", asks=[Level(89.5, 1)], bids=[Level(89.25, 1)]), 20.0)
    async with app.run_test(size=(160, 45)) as pilot:
        watchlist = app.dashboard.watchlist
        for app.link, role in ((LIVE, "text"), (LOST, "faint")):
            app.turn()
            await pilot.pause()
            line = watchlist.render_line(2 + US.index(Symbol("TLT", "US")))
            assert [piece.style for piece in line if piece.text.strip() == "89.25"] == [watchlist.theme_styles(role)]


@pytest.mark.parametrize("was_shown", [True, False], ids=["hidden meanwhile", "shown for the first time"])
@pytest.mark.parametrize("id", ["quote_header", "watchlist", "ladder", "chart", "tape"])
async def test_a_pane_that_is_shown_knows_of_the_link_and_the_time_what_came_while_it_was_hidden(
    id: str, was_shown: bool
) -> None:
    app = Still(market())
    async with app.run_test(size=(160, 45)) as pilot:
        dashboard = app.dashboard
        pane = next(pane for pane in app.query(Pane) if pane.id == id)

        async def show(shown: bool) -> None:
            dashboard.detail = shown == (id != "watchlist")
            dashboard.hidden = set() if shown else {id}
            dashboard.apply_layout()
            await pilot.pause()
            assert pane.display == shown

        if was_shown:
            await show(True)
            assert "stale" not in text_of(pane) and "⊘" not in text_of(pane)
        await show(False)
        dashboard.link_changed(LOST, True)
        dashboard.sync(set(), app.now, False)
        for now in range(int(app.now), int(app.now) + 300):
            dashboard.tick(float(now))
        drawn: list[str] = []
        draw = pane.render_lines
        pane.render_lines = lambda crop: drawn.append(text_of(pane)) or draw(crop)  # type: ignore[method-assign,func-returns-value]
        await show(True)
        await until(lambda: "stale" in text_of(pane))
        assert drawn and all("stale" in text or not text.strip() for text in drawn), "none of it was live"
        if id in ("quote_header", "watchlist"):
            assert "stale 4m" in text_of(pane)


async def test_before_the_link_is_live_figures_are_grey_and_nothing_is_called_stale() -> None:
    starting = LinkState(LinkPhase.SUBSCRIBING, 0.0, "8 symbols: tick")
    app = Still(market(), link=starting)
    app.dashboard.detail = True
    async with app.run_test(size=(160, 45)) as pilot:
        await settle(app, pilot)
        dashboard = app.dashboard
        panes = (dashboard.quote_header, dashboard.ladder, dashboard.chart, dashboard.tape)
        hues = {dashboard.watchlist.theme_styles(role).color for role in ("up", "down", "warning")}

        def look(pane: Pane) -> tuple[bool, bool]:
            """Whether it has the word stale, and whether a figure has a colour with a meaning."""
            found = [segment for line in pane._drawn for segment in line if segment.text.strip()]
            coloured = any(segment.style is not None and segment.style.color in hues for segment in found)
            return "stale" in text_of(pane), coloured

        assert [look(pane) for pane in panes] == [(False, False)] * 4
        dashboard.detail = False
        dashboard.apply_layout()
        await settle(app, pilot)
        assert look(dashboard.watchlist) == (False, False)
        assert "%" in text_of(dashboard.watchlist), "the figures are there"
        dashboard.link_changed(LOST, demo=True)
        dashboard.sync(set(), app.now, False)
        assert "stale" in text_of(dashboard.watchlist) and "stale" in text_of(dashboard.ladder)


def text_of(pane: Pane) -> str:
    return "\n".join(pane.render_line(y).text for y in range(pane.size.height))


async def test_what_a_replay_shows_while_it_stands_is_calm_but_whole() -> None:
    app = Still(market())
    async with app.run_test(size=(160, 45)) as pilot:
        await until(lambda: app.dashboard.tape.instrument is not None)
        await pilot.pause()
        panes = [pane for pane in app.query(Pane) if pane.display]
        texts = [text_of(pane) for pane in panes]
        styles = app.dashboard.watchlist.theme_styles
        bright = {styles(role).color for role in ("up", "down")}

        def is_bright(pane: Pane) -> bool:
            drawn = [each.style for y in range(pane.size.height) for each in pane.render_line(y) if each.style]
            return any({style.color, style.bgcolor} & bright for style in drawn)

        assert [pane.id for pane in panes if is_bright(pane)] == [pane.id for pane in panes]
        app.dashboard.link_changed(LIVE._replace(standing="PAUSED"), True)
        assert [text_of(pane) for pane in panes] == texts
        assert not any(map(is_bright, panes))
        app.dashboard.link_changed(LIVE, True)
        assert [pane.id for pane in panes if is_bright(pane)] == [pane.id for pane in panes]


async def test_ladder_and_chart_follow_keys_and_mouse() -> None:
    app = Still(market())
    async with app.run_test(size=(160, 45)) as pilot:
        watchlist, ladder, chart = app.dashboard.watchlist, app.dashboard.ladder, app.dashboard.chart
        await pilot.click(watchlist, offset=(6, 5))
        assert watchlist.selected is ladder.instrument is chart.instrument is app.rows[3]
        watchlist.action_move("last")
        await pilot.pause()
        assert ladder.instrument is app.rows[-1]
        watchlist.action_move("down")
        watchlist.action_move("page_up")
        watchlist.action_move("first")
        await pilot.pause()
        assert ladder.instrument is app.rows[0]


async def test_a_long_list_scrolls_with_the_cursor_and_the_wheel() -> None:
    symbols = [Symbol(f"S{n}", "US") for n in range(100)]
    market = Market()
    market.follow(symbols)
    app = Still(market, symbols)
    async with app.run_test(size=(80, 24)) as pilot:
        watchlist = app.dashboard.watchlist

        def shown() -> list[str]:
            lines = (watchlist.render_line(y).text for y in range(2, watchlist.size.height - 1))
            return [line.split("$")[0].strip("│▌ ") for line in lines]

        page = len(shown())
        watchlist.action_move("last")
        await pilot.pause()
        assert shown() == [f"S{n}" for n in range(100 - page, 100)]
        watchlist.action_move("first")
        await pilot.pause()
        assert shown()[0] == "S0"
        watchlist.post_message(MouseScrollDown(watchlist, 5, 5, 0, 1, 0, False, False, False))
        await pilot.pause()
        assert shown()[0] == "S1"
        assert watchlist.selected is app.rows[0]
        for _ in range(100):
            watchlist.post_message(MouseScrollDown(watchlist, 5, 5, 0, 1, 0, False, False, False))
        await pilot.pause()
        assert shown() == [f"S{n}" for n in range(100 - page, 100)], "the last page is full"


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(width=st.integers(40, 300), height=st.integers(8, 100))
async def test_no_line_is_longer_than_its_pane_at_any_size(width: int, height: int) -> None:
    app = Still(market())
    async with app.run_test(size=(width, height)):
        panes = [pane for pane in app.query(Pane) if pane.display and pane.size.width]
        assert panes
        for pane in panes:
            for y in range(pane.size.height):
                assert pane.render_line(y).cell_length == pane.size.width, (pane, y)
        assert sum(pane.size.width for pane in panes) <= 2 * width
