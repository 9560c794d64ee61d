"""The ladder: as a picture for every kind of book, by its keys, and at any size."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.events import MouseScrollDown
from textual.pilot import Pilot

from tests.support.messages import BOOK_B, QQQ, SPY, Sizes, T, depth
from tests.support.modal_host import Snapshot, widget_text
from tui import format as fmt
from tui.config.themes import DEFAULT_THEME, find_theme
from tui.market import Instrument, Market
from tui.market.sessions import zone
from tui.protocol.messages import OVER_LIMIT, Depth, Level, Tick
from tui.symbol import Symbol
from tui.widgets.ladder.ladder import DepthLadder
from tui.widgets.ladder.tracked_book import OLD, TINT
from tui.widgets.pane import Pane, width_of
from tui.widgets.styles import Styles

NOW = 100.0
SIZES = ((64, 28), (42, 24), (31, 10))  # of the pane, its frame included
STYLES = Styles(find_theme(DEFAULT_THEME))

GAPS = depth(
    [(512.35, 2600), (512.37, 100), (512.38, 12_800), (512.42, 300)], [(512.34, 3100), (512.31, 900), (512.30, 1500)]
)
LOCKED = depth([(512.35, 500), (512.36, 700)], [(512.35, 300), (512.34, 200)])
CROSSED = depth([(512.33, 500), (512.34, 700), (512.35, 100)], [(512.35, 300), (512.34, 200), (512.32, 900)])
FRACTIONS = depth(
    [(64_000.5, 0.5), (64_001.0, 1_200.25), (64_002.5, 12.125)], [(64_000.0, 0.004), (63_999.5, 33_000.0), (63_998, 7)]
)
TINY = depth([(0.1235, 500), (0.1236, 12_000)], [(0.1234, 90_000), (0.1231, 250)])
AUCTION = depth([(4.127, 500), (4.128, 700)], [(4.127, 300), (4.126, 200)], s="510300$SH")
LIMIT_UP = depth([], [(4.4, 9_000_000), (4.399, 100)], s="510300$SH")
TWO_TICKS = depth([(10.01, 700), (10.02, 100)], [(10.0, 300), (9.995, 200), (9.985, 400)], s="2800$HK")
PENNY = depth([(1.02, 700)], [(0.9999, 300), (0.9997, 200)], s="PNNY$US")
HUGE = depth([(1_000_000.0, 3), (1_000_000.5, 250)], [(999_999.5, 1), (999_999.0, 12)])


def instrument(book: Depth | None, last: float | None = 512.34, before: float | None = 512.33) -> Instrument:
    """With a book just arrived, after trades at these prices."""
    found = Instrument(QQQ)
    for price in (before, last):
        if price is not None:
            found.set_last(price, T, 0.0)
            found.add_trade(Tick(symbol="QQQ$US", last=price, time=T), 0.0)
    found.depth, found.depth_at = book, NOW
    return found


def traded(symbol: str, book: Depth, when: str) -> Instrument:
    """With a book just arrived, at a local time of 2026-11-30."""
    of = Symbol(*symbol.split("$"))
    market = Market()
    market.follow([of])
    time = datetime.fromisoformat(f"2026-11-30T{when}").replace(tzinfo=zone(of.region).tz).timestamp() * 1000
    market.set_clock(time - 1000 * NOW)
    best = (*book.bids[:1], *book.asks[:1])[0].price
    market.apply(Tick(symbol=symbol, last=best, time=int(time)), NOW)
    market.apply(book, NOW)
    return market.instruments[of]


def tight(symbol: str) -> Depth:
    """A book of a tick's spread, large enough for any order."""
    return depth([(4.127, 5e7)], [(4.126, 5e7)], s=symbol)


def ladder(shown: Instrument, **attributes: Any) -> DepthLadder:
    """At NOW, on a live link; not on any screen."""
    found = DepthLadder(STYLES)
    for name, value in attributes.items():
        setattr(found, name, value)
    found.instrument = shown
    found.sync({shown}, NOW, True)
    return found


def lines(pane: DepthLadder, width: int = 62, height: int = 24) -> list[str]:
    """What is drawn inside the frame."""
    return ["".join(segment.text for segment in line).rstrip() for line in pane.body(width, height)]


def title(pane: DepthLadder) -> tuple[str, str]:
    """What stands on the frame, left and right."""
    left, right = ("".join(segment.text for segment in side) for side in pane.title())
    return left, right


class Shown(App[None]):
    """One instrument in a ladder of each size."""

    ENABLE_COMMAND_PALETTE = False
    CSS = "Screen { overflow: hidden; background: $background; }"

    def __init__(
        self,
        shown: Instrument,
        sizes: tuple[tuple[int, int], ...] = SIZES,
        *,
        proven: bool = True,
        theme: str = DEFAULT_THEME,
        **attributes: Any,
    ) -> None:
        super().__init__()
        self.shown, self.proven = shown, proven
        self.posted: list[str] = []
        self.ladders = [DepthLadder(Styles(find_theme(theme))) for _ in sizes]
        for pane, (width, height) in zip(self.ladders, sizes, strict=True):
            pane._id = f"ladder-{width}"
            pane.styles.width, pane.styles.height = width, height
            for name, value in attributes.items():
                setattr(pane, name, value)

    def compose(self) -> ComposeResult:
        yield Horizontal(*self.ladders)

    def on_mount(self) -> None:
        self.set_focus(None)
        for pane in self.ladders:
            pane.instrument = self.shown
        self.turn(NOW)

    def turn(self, now: float, changed: bool = True) -> None:
        """One frame."""
        for pane in self.ladders:
            pane.sync({self.shown} if changed else set(), now, self.proven)

    def on_depth_ladder_changed(self) -> None:
        self.posted.append("changed")

    def on_depth_ladder_size_requested(self) -> None:
        self.posted.append("size requested")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    yield


BOOKS: dict[str, tuple[Instrument, dict[str, Any]]] = {
    "full": (instrument(BOOK_B), {}),
    "shallow": (instrument(depth([(512.35, 100)], [(512.34, 300), (512.33, 50)]), 512.35), {}),
    "no-asks": (instrument(depth([], [(512.34, 3100), (512.33, 900)])), {}),
    "no-bids": (instrument(depth([(512.35, 2600), (512.36, 100)], [])), {"static": True}),
    "empty": (instrument(depth([], [])), {}),
    "locked": (instrument(LOCKED), {"amount": 100.0}),
    "auction": (traded("510300$SH", AUCTION, "14:58"), {"amount": 100.0}),
    "auction-static": (traded("510300$SH", AUCTION, "14:58"), {"static": True}),
    "limit-up": (traded("510300$SH", LIMIT_UP, "14:00"), {}),
    "two-ticks-static": (traded("2800$HK", TWO_TICKS, "14:00"), {"static": True}),
    "crossed": (instrument(CROSSED), {}),
    "crossed-static": (instrument(CROSSED), {"static": True}),
    "fractions": (instrument(FRACTIONS, 64_000.5, None), {"amount": 2.5}),
    "tiny-tick": (instrument(TINY, 0.1234, 0.1235), {"amount": 1_000_000.0}),
    "huge-price": (instrument(HUGE, 999_999.5, 1e6), {"amount": 10_000_000.0, "money": True}),
    "static": (instrument(GAPS, 512.33, 512.36), {"static": True}),
    "cost": (instrument(BOOK_B, 512.35), {"amount": 5_000.0}),
    "money": (instrument(BOOK_B), {"amount": 20_000.0, "money": True}),
    "square-root": (instrument(GAPS), {"square_root": True}),
}


@pytest.mark.parametrize("name", BOOKS)
def test_every_kind_of_book(snap_compare: Snapshot, name: str) -> None:
    shown, attributes = BOOKS[name]
    assert snap_compare(Shown(shown, **attributes), terminal_size=(137, 28))


def test_a_stale_book(snap_compare: Snapshot) -> None:
    assert snap_compare(Shown(instrument(BOOK_B), proven=False, amount=5_000.0), terminal_size=(137, 28))


def test_in_light(snap_compare: Snapshot) -> None:
    assert snap_compare(Shown(instrument(BOOK_B), theme="daylight", amount=5_000.0), terminal_size=(137, 28))


def test_without_colours(snap_compare: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(Shown(instrument(BOOK_B), amount=5_000.0), terminal_size=(137, 28))


def changed(book: Depth, **sizes: float) -> Depth:
    """The book with other sizes: `ask0=100` is the best ask's."""
    sides = {"ask": [*book.asks], "bid": [*book.bids]}
    for name, size in sizes.items():
        side, n = name[:3], int(name[3:])
        sides[side][n] = Level(price=sides[side][n].price, volume=size)
    return Depth(symbol=book.symbol, asks=sides["ask"], bids=sides["bid"])


def test_tinted_levels(snap_compare: Snapshot) -> None:
    app = Shown(instrument(BOOK_B))

    async def change(pilot: Pilot[None]) -> None:
        app.shown.depth, app.shown.depth_at = changed(BOOK_B, ask0=2700, ask3=205, bid2=700, bid8=20), NOW + 0.5
        app.turn(NOW + 0.6)

    assert snap_compare(app, terminal_size=(137, 28), run_before=change)


# --- what is said ---


def test_levels_are_in_order_with_the_spread_between_and_sizes_summed_from_the_touch() -> None:
    assert lines(ladder(instrument(GAPS)), 62, 12) == [
        "",
        "    CUM                SIZE  PRICE SIZE                   CUM",
        "                            512.42 ▌ 300                15.8K",
        "                            512.38 12.8K                15.5K",
        "                            512.37 ▏ 100                2,700",
        "                            512.35 2,600                2,600",
        " µ 512.3454  mid 512.345    512.34▲ ~B   imb3 ──━━┼──── -48 %",
        "  3,100               3,100 512.34◂",
        "  4,000                 900 512.31",
        "  5,500               1,500 512.30",
        "",
    ]


def test_a_tall_ladder_is_one_block_in_the_middle_that_stays_when_levels_leave() -> None:
    book = instrument(BOOK_B)
    pane = ladder(book, amount=5_000.0)

    def places() -> dict[str, int]:
        """The number of each line by its price or first word."""
        found = (re.search(r"512\.\d\d\b", line) or re.search(r"\w+", line) for line in lines(pane, 62, 40))
        return {word[0]: y for y, word in enumerate(found) if word is not None}

    before = places()
    highest, lowest = before["512.44"], before["512.25"]
    assert before["CUM"] == highest - 1 and before["TRADE"] == lowest + 2
    assert abs(before["CUM"] - (39 - max(before.values()))) <= 1, "as many lines above as below"
    book.depth = replace(BOOK_B, asks=BOOK_B.asks[:4])
    pane.update_lines()
    after = places()
    assert {word: after[word] for word in after.keys() & before.keys()}.items() <= before.items()
    assert "512.44" not in after


def test_on_a_static_axis_gaps_are_empty_rows_and_the_spreads_figures_stand_below() -> None:
    assert lines(ladder(instrument(GAPS), static=True), 40, 12) == [
        "    CUM     SIZE  PRICE SIZE        CUM",
        "                 512.39",
        "                 512.38 12.8K     15.5K",
        "                 512.37 ▏ 100     2,700",
        "                 512.36",
        "                 512.35 2,600     2,600",
        "  3,100    3,100 512.34◂",
        "                 512.33",
        "                 512.32",
        "  4,000      900 512.31",
        "  5,500    1,500 512.30",
        " mid 512.345 ─── 512.34▲ ~B  imb3 -48 %",
    ]


def test_cost_to_trade_as_in_the_definitions() -> None:
    pane = ladder(instrument(BOOK_B), amount=5_000.0)
    assert lines(pane, 62)[-3:] == [
        "      TRADE              AVERAGE                COST   ±10 BP",
        " buy  4,400 of 5,000    512.3730   0.55 bp · $123.00   4,400+",
        " sell 5,000             512.3342    0.21 bp · $54.00   11.0K+",
    ]
    pane.amount, pane.money = 20_000.0, True
    assert lines(pane, 62)[-3:] == [
        " FOR  $20,000        AVERAGE                 COST      ±10 BP",
        " buy  39            512.3500      0.10 bp · $0.19      4,400+",
        " sell 39            512.3400      0.10 bp · $0.19      11.0K+",
    ]
    assert lines(pane, 38)[-3].split() == ["FOR", "$20,000", "AVERAGE", "COST"]
    assert [line.split()[-1] for line in lines(pane, 38)[-2:]] == ["$0.19", "$0.19"], "in money at 80 columns too"
    pane.amount = 500.0
    assert lines(pane, 62)[-2].split() == ["buy", "—", "—", "—", "4,400+"], "not one unit for that money"
    pane.amount = None
    assert "COST" not in "".join(lines(pane, 62))


def test_columns_of_the_cost_leave_before_a_number_is_cut() -> None:
    pane = ladder(instrument(BOOK_B), amount=5_000.0)
    assert [lines(pane, width)[-2] for width in (56, 48, 38, 28, 20)] == [
        " buy  4,400 of 5,000  512.3730 0.55 bp · $123.00 4,400+",
        " buy  4,400 of 5,000 512.3730 0.55 bp · $123.00",
        " buy  4,400 of 5,000 512.3730 0.55 bp",
        " buy  4,400 of 5,000 0.55 bp",
        " buy  4,400 of 5,000",
    ]


@pytest.mark.parametrize(
    ("shown", "amount", "money"),
    [
        (instrument(BOOK_B), 1.0, "$0.0050"),
        (instrument(BOOK_B), 3_000.0, "$23.00"),
        (traded("510300$SH", tight("510300$SH"), "14:00"), 40_000_000.0, "¥20.0K"),
        (traded("SAP$DE", tight("SAP$DE"), "14:00"), 1_000.0, "0.50"),
        (instrument(CROSSED), 100.0, None),
    ],
)
def test_the_cost_in_money_has_the_currencys_sign_and_no_cost_is_rounded_away(
    shown: Instrument, amount: float, money: str | None
) -> None:
    buy = lines(ladder(shown, amount=amount), 62)[-2]
    assert f" bp · {money} " in buy if money else " bp" not in buy


def test_in_few_lines_the_cost_stays_and_headings_go() -> None:
    pane = ladder(instrument(BOOK_B), amount=5_000.0)
    heads = {height: [line.split()[0] for line in lines(pane, 40, height) if line.strip()] for height in range(5, 14)}
    assert [height for height, head in heads.items() if "sell" in head] == [*range(6, 14)]
    assert [height for height, head in heads.items() if "CUM" in head] == [*range(8, 14)]
    assert [height for height, head in heads.items() if "TRADE" in head] == [13]
    assert all("mid" in head for head in heads.values())


def test_the_fullest_form_that_fits_tells_of_the_spread() -> None:
    pane = ladder(instrument(BOOK_B))
    forms = [next(line for line in lines(pane, width) if "512.34▲" in line) for width in (80, 62, 44, 38, 28)]
    assert forms == [
        " µ 512.3454  mid 512.345 ─────────── 512.34▲ ~B ────── imb5 ──────┼━━╾─── +39 %",
        " µ 512.3454  mid 512.345    512.34▲ ~B   imb5 ────┼━╾── +39 %",
        " mid 512.345 ───── 512.34▲ ~B    imb5 +39 %",
        " mid 512.345    512.34▲ ~B imb5 +39 %",
        "────────── 512.34▲ ~B ─────",
    ]


@pytest.mark.parametrize(
    ("width", "left", "words"),
    [
        (64, "QQQ$US depth", "spread 0.01 · 1 tick · 0.2 bp"),
        (42, "QQQ$US", "0.01 · 1 tick · 0.2 bp"),
        (31, "QQQ$US", "0.01 · 0.2 bp"),
    ],
)
async def test_the_title_tells_the_spread_as_fully_as_it_can(width: int, left: str, words: str) -> None:
    async with shown(instrument(BOOK_B), (width, 12)) as (_, pane, _):
        assert title(pane) == (left, words)


@pytest.mark.parametrize(
    ("book", "word", "row"),
    [
        (depth([], [(512.34, 1)]), "no asks", "no asks"),
        (depth([(512.35, 1)], []), "no bids", "no bids"),
        (LOCKED, "locked", "locked"),
        (CROSSED, "crossed", "crossed by 0.02 · 2 ticks"),
    ],
)
async def test_a_book_without_a_spread_says_so_and_no_figure_is_derived(book: Depth, word: str, row: str) -> None:
    async with shown(instrument(book), (64, 24), amount=100.0) as (_, pane, _):
        assert title(pane)[1] == word
        text = widget_text(pane)
        assert f" {row} " in text
        assert not re.search(r"mid|µ|imb|bp\b", text)
        assert re.search(r"buy +— +— +— +—", text)


async def test_an_auctions_book_is_told_as_indicative_with_its_price_and_no_figure_is_derived() -> None:
    async with shown(traded("510300$SH", AUCTION, "14:58"), (64, 24), amount=100.0) as (_, pane, _):
        assert title(pane)[1] == "indicative"
        text = widget_text(pane)
        assert " indicative 4.127 " in text
        assert not re.search(r"locked|mid|µ|imb|bp\b", text)
        assert re.search(r"buy +— +— +— +—", text)
        assert "warning" not in {role for _, role in pane._status_words(pane.instrument)}  # type: ignore[arg-type]
    async with shown(traded("510300$SH", AUCTION, "14:56"), (64, 24)) as (_, pane, _):
        assert title(pane)[1] == "locked"


def test_one_side_of_a_book_at_its_limit_is_shown() -> None:
    pane = ladder(traded("510300$SH", LIMIT_UP, "14:00"))
    assert title(pane)[1] == "no asks"
    text = "\n".join(lines(pane))
    assert re.search(r"9.0M 4\.400", text) and " no asks " in text


@pytest.mark.parametrize(
    ("book", "words"),
    [
        (depth([(9.99, 1)], [(9.985, 1)], s="2800$HK"), "spread 0.005 · 1 tick · "),
        (depth([(10.06, 1)], [(10.05, 1)], s="2800$HK"), "spread 0.01 · 1 tick · "),
        (depth([(10.01, 1)], [(9.995, 1)], s="2800$HK"), "spread 0.015 · 2 ticks · "),
    ],
)
async def test_a_spread_is_told_in_the_ticks_of_its_price(book: Depth, words: str) -> None:
    async with shown(traded("2800$HK", book, "14:00"), (64, 12)) as (_, pane, _):
        assert title(pane)[1].startswith(words)


@pytest.mark.parametrize(
    ("symbol", "book", "rows"),
    [
        ("2800$HK", TWO_TICKS, ["10.030", "10.020", "10.010", "10.000", "9.995", "9.990", "9.985", "9.980"]),
        (
            "PNNY$US",
            PENNY,
            ["1.0500", "1.0400", "1.0300", "1.0200", "1.0100", "1.0000", "0.9999", "0.9998", "0.9997"],
        ),
    ],
)
def test_a_static_ladder_has_a_row_for_each_possible_price_and_no_other(
    symbol: str, book: Depth, rows: list[str]
) -> None:
    pane = ladder(traded(symbol, book, "14:00"), static=True)
    prices = [price for row in lines(pane, 62, 18)[1:-1] for price in re.findall(r"\d+\.\d{2,}", row)]
    at = prices.index(rows[0])
    assert prices[at : at + len(rows)] == rows


def test_rows_below_the_book_have_the_decimals_of_their_own_tick() -> None:
    book = depth([(10.03, 1)], [(10.02, 1)], s="2800$HK")
    text = "\n".join(lines(ladder(traded("2800$HK", book, "14:00"), static=True), 62, 14))
    assert re.search(r"10\.010\s+10\.000\s+9\.995\s+9\.990\s", text)


def test_a_level_below_the_bound_has_the_decimals_of_its_own_tick() -> None:
    book = depth([(10.02, 1)], [(10.01, 1), (9.99, 1)], s="2800$HK")
    assert any(" 9.990" in row for row in lines(ladder(traded("2800$HK", book, "14:00"))))


@pytest.mark.parametrize(
    ("asks", "bids", "crossed", "middle"),
    [
        ([(10.02, 1), (10.01, 1)], [(10.0, 1)], False, 10.005),
        ([(10.02, 1), (9.99, 1)], [(10.0, 1)], True, None),
        ([(10.01, 1)], [(9.99, 1), (10.02, 1)], True, None),
        ([(9.0, 0), (10.01, 1)], [(10.0, 1)], False, 10.005),
        ([(10.01, 1), (0, 0), (0, 0)], [(0, 0), (10.0, 1)], False, 10.005),
        ([(9.99, 1), (0, 0)], [(11.0, 0), (10.0, 1)], True, None),
        ([(10.0, 1)], [(10.0, 1)], False, None),
        ([(9.0, 1)], [], False, None),
    ],
    ids=["upside down", "an ask behind", "a bid behind", "no size", "zeros", "zeros and crossed", "locked", "no bids"],
)
def test_a_book_is_crossed_by_its_best_prices_wherever_they_stand_for_the_counter_and_the_ladder(
    asks: Sizes, bids: Sizes, crossed: bool, middle: float | None
) -> None:
    market = Market()
    market.follow([QQQ])
    message = depth(asks, bids)
    market.apply(message, NOW)
    assert message == depth(asks, bids), "whoever prints it tells what came"
    found = market.instruments[QQQ]
    assert market.health.crossed == crossed
    assert found.mid == (pytest.approx(middle) if middle else None)
    text = "\n".join(lines(ladder(found)))
    assert ("crossed by" in text) is crossed and ("mid 10.005" in text) is (middle is not None)


@pytest.mark.parametrize(("told", "words"), [(2, " B "), (1, " S "), (None, " ~S ")])
def test_the_side_of_the_last_trade_is_the_feeds_own_word_where_it_comes(told: int | None, words: str) -> None:
    found = instrument(BOOK_B, None, 512.36)
    found.set_last(512.34, T, NOW)
    found.add_trade(Tick(symbol="QQQ$US", last=512.34, time=T, side=told), NOW)
    row = next(line for line in lines(ladder(found)) if "mid" in line)
    assert f"512.34▼{words}" in row


def test_a_last_price_from_a_quote_has_no_side() -> None:
    found = instrument(BOOK_B)
    found.set_last(512.35, T + 1, NOW)
    row = next(line for line in lines(ladder(found)) if "mid" in line)
    assert re.search(r"512\.35▲  +imb5", row)


def test_a_price_the_last_trade_has_alone_is_marked_on_no_level() -> None:
    assert not re.search("[◂▸]", "".join(lines(ladder(instrument(BOOK_B, 512.345)))))
    assert "▸512.36" in "".join(lines(ladder(instrument(BOOK_B, 512.36))))


@pytest.mark.parametrize(
    ("refused", "book", "words"),
    [
        ({}, None, "no book yet"),
        ({}, depth([(0, 0)] * 5, [(0, 0)] * 5), "no book"),
        ({"depth": OVER_LIMIT}, None, "order book: over plan"),
    ],
)
def test_why_a_book_is_empty(refused: dict[str, str], book: Depth | None, words: str) -> None:
    found = instrument(book)
    found.refused.update(refused)
    assert [line.strip() for line in lines(ladder(found)) if line.strip()] == [words]


async def test_a_book_that_the_last_price_has_left_behind_tells_its_age() -> None:
    found = instrument(BOOK_B)
    async with shown(found) as (_, pane, pilot):
        pane.tick(NOW + OLD + 4)
        assert "spread" in title(pane)[1], "nothing has happened since"
        found.set_last(512.40, T + 1, NOW + 3)
        pane.tick(NOW + OLD - 1)
        assert "spread" in title(pane)[1]
        drawn = counting(pane)
        pane.tick(NOW + OLD + 4)
        await pilot.pause()
        assert title(pane)[1] == "no book for 14s"
        assert len(drawn) >= 22, "all of it is dimmed"


def test_a_price_deeper_in_the_book_may_need_more_digits_than_the_touch() -> None:
    rows = lines(ladder(instrument(depth([(4.13, 1), (4.135, 2)], [(4.12, 3)]), 4.13)))
    assert any("4.135 2" in row for row in rows) and any("4.130 1" in row for row in rows)


# --- bars ---


def bar_cells(pane: DepthLadder, price: str, width: int = 62) -> float:
    """Cells of an ask's bar, to an eighth."""
    line = next(line for line in pane.body(width, 24) if any(segment.text.strip() == price for segment in line))
    bar, cells = STYLES("text", "ask_bar").bgcolor, 0.0
    for segment in line:
        assert segment.style is not None
        if segment.style.bgcolor == bar:
            cells += len(segment.text)
        elif segment.text and segment.text in "▏▎▍▌▋▊▉":
            cells += (" ▏▎▍▌▋▊▉".index(segment.text)) / 8
    return cells


def test_the_scale_falls_slowly_after_the_largest_size_has_gone() -> None:
    found = instrument(depth([(512.35, 1000), (512.36, 8000)], [(512.34, 1000)]), None, None)
    pane = ladder(found)
    whole = bar_cells(pane, "512.36")
    assert whole == 19
    small = bar_cells(pane, "512.35")
    assert small == pytest.approx(whole / 8, abs=0.5)
    found.depth = depth([(512.35, 1000), (512.36, 1000)], [(512.34, 1000)])
    pane.sync({found}, NOW + 0.1, True)
    assert bar_cells(pane, "512.35") == pytest.approx(small, abs=0.5)
    pane.sync({found}, NOW + 8, True)
    assert bar_cells(pane, "512.35") == pytest.approx(whole / 8 * 2.718, abs=0.5)
    pane.sync({found}, NOW + 60, True)
    assert bar_cells(pane, "512.35") == whole


def test_square_root_shows_small_sizes_beside_large_ones() -> None:
    found = instrument(depth([(512.35, 2500), (512.36, 10_000)], [(512.34, 1)]), None, None)
    assert bar_cells(ladder(found), "512.35") == pytest.approx(19 / 4, abs=0.5)
    assert bar_cells(ladder(found, square_root=True), "512.35") == pytest.approx(19 / 2, abs=0.5)


def test_another_symbol_begins_with_a_scale_of_its_own() -> None:
    pane = ladder(instrument(depth([(512.35, 9e6)], [(512.34, 1)])))
    other = instrument(depth([(512.35, 100)], [(512.34, 1)]))
    other.symbol = SPY
    pane.instrument = other
    assert bar_cells(pane, "512.35") == 19


# --- tints ---


def test_a_level_is_tinted_from_its_change_for_a_moment() -> None:
    found = instrument(BOOK_B)
    pane = ladder(found)
    assert pane.tint_ends is None, "a book just come has no changes"
    found.depth, found.depth_at = changed(BOOK_B, ask0=2700), NOW + 1
    pane.sync({found}, NOW + 1.02, True)
    assert pane.tint_ends == pytest.approx(NOW + 1 + TINT)
    found.depth, found.depth_at = changed(found.depth, bid1=100), NOW + 1.2
    pane.sync({found}, NOW + 1.2, True)
    assert pane.tint_ends == pytest.approx(NOW + 1 + TINT), "the first of two"
    pane.sync(set(), NOW + 1 + TINT, True)
    assert pane.tint_ends == pytest.approx(NOW + 1.2 + TINT)
    pane.sync(set(), NOW + 2, True)
    assert pane.tint_ends is None


def test_what_changed_in_one_symbol_s_book_is_not_tinted_in_another_s() -> None:
    found, other = instrument(BOOK_B), instrument(BOOK_B)
    other.symbol = SPY
    pane = ladder(found)
    found.depth, found.depth_at = changed(BOOK_B, ask0=2700, bid0=5), NOW + 1
    pane.sync({found}, NOW + 1, True)
    pane.instrument = other
    assert pane.tint_ends is None


def test_without_flash_nothing_is_tinted() -> None:
    found = instrument(BOOK_B)
    pane = ladder(found)
    pane.flash = False
    found.depth, found.depth_at = changed(BOOK_B, ask0=2700), NOW + 1
    pane.sync({found}, NOW + 1, True)
    assert pane.tint_ends is None


# --- on a screen ---


@asynccontextmanager
async def shown(
    found: Instrument, size: tuple[int, int] = (64, 24), **attributes: Any
) -> AsyncIterator[tuple[Shown, DepthLadder, Pilot[None]]]:
    app = Shown(found, (size,), **attributes)
    async with app.run_test(size=(100, 62)) as pilot:
        app.ladders[0].focus()
        await pilot.pause()
        yield app, app.ladders[0], pilot


def counting(pane: Pane) -> list[int]:
    """The lines that a pane is asked to draw, from now on."""
    asked: list[int] = []
    render = pane.render_line
    pane.render_line = lambda y: (asked.append(y), render(y))[1]  # type: ignore[method-assign, func-returns-value]
    return asked


async def test_a_frame_draws_the_lines_that_changed_and_again_when_the_tint_is_over() -> None:
    found = instrument(BOOK_B)
    async with shown(found) as (app, pane, pilot):
        drawn = counting(pane)
        found.depth, found.depth_at = changed(BOOK_B, ask9=500), NOW + 1
        app.turn(NOW + 1)
        await pilot.pause()
        assert drawn == [2], "only the outermost ask, and no sum below it"
        app.turn(NOW + 1.1, changed=False)
        await pilot.pause()
        assert drawn == [2]
        app.turn(NOW + 1 + TINT, changed=False)
        await pilot.pause()
        assert drawn == [2, 2]


async def test_keys_change_how_it_is_drawn_and_tell_of_it() -> None:
    async with shown(instrument(BOOK_B)) as (app, pane, pilot):
        await pilot.press("f", "y")
        assert (pane.static, pane.square_root) == (True, True)
        assert "√SIZE" in widget_text(pane) and "depth · static" in widget_text(pane)
        await pilot.press("f", "y", "n")
        assert (pane.static, pane.square_root) == (False, False)
        await pilot.pause()
        assert app.posted == ["changed"] * 4 + ["size requested"]
        pane.static = True
        await pilot.pause()
        assert app.posted[4:] == ["size requested"], "only keys are told"


def prices(pane: DepthLadder) -> list[str]:
    """The price of each row, from the top; `-` for the spread."""
    rows = widget_text(pane).splitlines()[2:-1]
    return ["-" if "▲" in row or "▼" in row else (re.findall(r"\d+\.\d\d(?!\d)", row) or [""])[0] for row in rows]


async def test_a_floating_ladder_scrolls_as_far_as_there_are_levels_and_back() -> None:
    async with shown(instrument(BOOK_B), (64, 14)) as (_, pane, pilot):
        before = prices(pane)
        assert before == [*(f"512.{n}" for n in range(39, 34, -1)), "-", *(f"512.{n}" for n in range(34, 29, -1))]
        await pilot.press("up", "up")
        assert prices(pane) == ["512.41", "512.40", *before[:-2]]
        await pilot.press(*["up"] * 20)
        assert prices(pane)[0] == "512.44" and prices(pane)[-1] == "-"
        await pilot.press(*["down"] * 40)
        assert prices(pane)[-1] == "512.25"
        await pilot.press("space")
        assert prices(pane) == before
        pane.post_message(MouseScrollDown(pane, 5, 5, 0, 1, 0, False, False, False))
        await pilot.pause()
        assert prices(pane) == [*before[1:], "512.29"]


def moved(by: int) -> Depth:
    """Book B so many cents higher."""
    asks, bids = (
        [(round(level.price + by / 100, 2), level.volume) for level in side] for side in (BOOK_B.asks, BOOK_B.bids)
    )
    return depth(asks, bids)


async def test_on_a_static_axis_prices_stand_still_until_the_touch_nears_the_edge() -> None:
    found = instrument(BOOK_B)
    async with shown(found, (64, 24), static=True) as (app, pane, _):
        before = prices(pane)[:-1]
        assert len(before) == 20
        for by in (1, 3, 5, -5, 0):
            found.depth = moved(by)
            app.turn(NOW + 1)
            assert prices(pane)[:-1] == before
        found.depth = moved(8)
        app.turn(NOW + 2)
        assert prices(pane)[9:11] == ["512.43", "512.42"], "centred"
        again = prices(pane)
        found.depth = moved(4)
        app.turn(NOW + 3)
        assert prices(pane) == again


async def test_a_static_axis_moved_by_hand_stays_for_a_while_and_says_where_the_touch_is() -> None:
    found = instrument(BOOK_B)
    async with shown(found, (64, 24), static=True) as (app, pane, pilot):
        before = prices(pane)
        await pilot.press(*["up"] * 12)
        app.turn(NOW + 1)
        assert prices(pane)[0] == "512.56"
        assert "PRICE↓" in widget_text(pane)
        await pilot.press(*["down"] * 23)
        app.turn(NOW + 2)
        assert "PRICE↑" in widget_text(pane)
        await pilot.press("space")
        assert prices(pane) == before and "PRICE " in widget_text(pane)
        await pilot.press(*["up"] * 12)
        app.turn(NOW + 40)
        assert prices(pane) == before, "nobody looks any more"


async def test_static_prices_are_true_also_where_the_tick_was_learned_too_large() -> None:
    found = instrument(depth([(4.130, 1), (4.135, 2)], [(4.128, 3), (4.120, 4)]), 4.13, None)
    async with shown(found, (64, 34), static=True) as (_, pane, _):
        text = widget_text(pane)
        for price, size in (("4.130", 1), ("4.135", 2)):
            assert re.search(rf"{price} +{size}\b", text), price
        for price, size in (("4.128", 3), ("4.120", 4)):
            assert re.search(rf"{size} {price}", text), price


# --- at any size ---

volumes = st.sampled_from([0.004, 0.5, 7.0, 1_234.5, 12_345.0]) | st.floats(1e-3, 1e12)


@st.composite
def books(draw: st.DrawFn) -> tuple[Depth, int]:
    """A book in order, perhaps one-sided, locked or crossed, and the digits of its prices."""
    digits = draw(st.integers(0, 4))
    tick = draw(st.sampled_from([1, 2, 5, 10])) / 10**digits
    middle = draw(st.integers(40, 1_000_000 * 10 ** min(digits, 4)))

    def side(away: int, touch: int) -> Sizes:
        steps = draw(st.lists(st.integers(1, 3), max_size=10))
        found, at = [], touch
        for step in steps:
            at += away * step
            if at > 0:
                found.append((round(at * tick, 4), draw(volumes)))
        return found

    return depth(side(1, middle), side(-1, middle + draw(st.integers(-2, 4)))), digits


@given(books(), st.integers(28, 98), st.integers(1, 58), st.booleans(), st.none() | st.floats(1, 1e9), st.booleans())
def test_no_line_is_too_long_and_no_number_is_cut(
    drawn: tuple[Depth, int], width: int, height: int, static: bool, amount: float | None, money: bool
) -> None:
    book, _ = drawn
    pane = ladder(instrument(book, None, None), static=static, amount=amount, money=money)
    body = pane.body(width, height)
    assert len(body) <= height
    assert all(width_of(line) <= width for line in body)
    whole = {fmt.price(level.price, digits) for level in (*book.asks, *book.bids) for digits in range(2, 5)}
    for side in (book.asks, book.bids):
        total = 0.0
        for level in side:
            total += level.volume
            whole |= {fmt.size(level.volume), fmt.compact(level.volume), fmt.size(total)}
    if amount is None and not static:
        for row in lines(pane, width, height):
            if not re.search("[─%a-jl-z]", row) and "PRICE" not in row:
                assert set(re.sub("[▏▎▍▌▋▊▉]", " ", row).split()) <= whole, row


def test_a_size_without_room_is_written_short_and_then_left_out() -> None:
    pane = ladder(instrument(depth([(12_345_678_901.25, 1_234.5)], []), None, None))
    rows = {width: next(row for row in lines(pane, width) if "901.25" in row) for width in (30, 24, 22)}
    assert [re.sub("[▏▎▍▌▋▊▉]", " ", row).split()[1:] for row in rows.values()] == [["1,234"], ["1.2K"], []]


@pytest.mark.parametrize("digits", [20, 35, 300])
@pytest.mark.parametrize("static", [False, True])
def test_a_price_that_leaves_no_room_ends_nothing(digits: int, static: bool) -> None:
    shown = instrument(depth([(10.0**digits, 5.0)], [(0.5, 3.0)]), 10.0**digits)
    for width in (22, 40, 62):
        for height in (1, 8, 24):
            pane = ladder(shown, static=static, amount=1000.0)
            lines(pane, width, height)
            pane.title()
