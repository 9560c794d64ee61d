"""What was traded at each price, in the ladder."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.support.messages import BOOK_B, T, depth
from tests.support.modal_host import Snapshot
from tests.widgets.ladder.test_ladder import GAPS, Shown, instrument, ladder, lines
from tui.market import Instrument
from tui.protocol.messages import Depth, Tick

TRADES = ((512.34, 100, 1), (512.35, 700, 2), (512.345, 60, 2), (512.36, 40, 1), (512.34, 25, None), (512.35, 1, 2))


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    yield


def traded(book: Depth, *trades: tuple[float, float, int | None], after: int = 0) -> Instrument:
    """With a book and trades of told sizes, a second apart; the first has no size."""
    found = instrument(book)
    found.tape.sizes.cumulative = False
    found.tick_time = T
    for n, (price, size, side) in enumerate(trades, 1):
        found.tick_time = T + 1_000 * n + after
        found.add_trade(Tick(symbol="QQQ$US", last=price, time=found.tick_time, volume=size, side=side), 0.0)
    return found


def cells_by_cents(drawn: list[str]) -> dict[str, list[str]]:
    """The words and numbers of each row of a price, by its cents."""
    rows = [re.sub("[▏▎▍▌▋▊▉█]", " ", line) for line in drawn if "512." in line and "mid" not in line]
    return {row.split("512.")[1][:2]: row.split() for row in rows}


def test_bought_stands_left_and_sold_right_of_each_price() -> None:
    drawn = lines(ladder(traded(BOOK_B, *TRADES), volume_at_price=True), 62, 8)
    assert drawn[0] == "~BOUGHT                SIZE  PRICE SIZE                 ~SOLD"
    rows = cells_by_cents(drawn)
    assert rows["36"][-1] == "40" and rows["36"][0] == "512.36"
    assert rows["35"] == ["761", "512.35", "2,600"], "the trade at 512.345 counts for the upper price"
    assert rows["34"] == ["3,100", "512.34◂", "125"]
    assert rows["33"] == ["900", "512.33"]


def test_a_static_ladder_tells_of_prices_without_a_level_too() -> None:
    drawn = lines(ladder(traded(GAPS, (512.32, 500, 2), (512.33, 30, 1)), volume_at_price=True, static=True), 62, 14)
    rows = cells_by_cents(drawn)
    assert rows["32"] == ["500", "512.32"]
    assert rows["33"] == ["512.33", "30"]


def test_sides_that_were_told_carry_no_mark() -> None:
    drawn = lines(ladder(traded(BOOK_B, (512.34, 5, 1), (512.35, 5, 2)), volume_at_price=True), 62, 8)
    assert drawn[0].split() == ["BOUGHT", "SIZE", "PRICE", "SIZE", "SOLD"]


async def below(width: int, shown: Instrument, *keys: str) -> str:
    app = Shown(shown, ((width, 20),), volume_at_price=True)
    async with app.run_test(size=(width, 20)) as pilot:
        app.ladders[0].focus()
        await pilot.press(*keys)
        return app.ladders[0].render_line(19).text.strip("╰─╯ ")


@pytest.mark.parametrize(
    ("width", "words"),
    [
        (70, "POC 512.35 · 70% 512.35–512.35 · ~delta +596 since 11:50"),
        (50, "POC 512.35 · ~delta +596 since 11:50"),
        (30, "~delta +596 since 11:50"),
        (20, "since 11:50"),
    ],
)
async def test_what_all_of_it_comes_to_is_told_since_when(width: int, words: str) -> None:
    assert await below(width, traded(BOOK_B, *TRADES)) == words


async def test_without_sizes_it_says_so_and_a_gap_is_told() -> None:
    assert await below(70, instrument(BOOK_B)) == "no sizes of trades known yet"
    shown = traded(BOOK_B, *TRADES)
    shown.tape.sizes.gap = 1_200.0
    assert (await below(80, shown)).endswith(" since 11:50, 1,200 missed")


async def test_the_cursor_is_told_first() -> None:
    assert (await below(70, traded(BOOK_B, *TRADES), "shift+up")).startswith("to 512.35 2,600")


def busy() -> Instrument:
    return traded(BOOK_B, *((512.34 + n % 9 * n % 7 / 100, 100.0 + n * 37 % 900, 1 + n % 2) for n in range(200)))


@pytest.mark.parametrize("static", [False, True], ids=["floating", "static"])
def test_as_a_picture(snap_compare: Snapshot, static: bool) -> None:
    assert snap_compare(Shown(busy(), volume_at_price=True, static=static), terminal_size=(137, 28))


def test_in_light(snap_compare: Snapshot) -> None:
    assert snap_compare(Shown(busy(), theme="daylight", volume_at_price=True), terminal_size=(137, 28))


def test_no_color(snap_compare: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(Shown(busy(), volume_at_price=True), terminal_size=(137, 28))


def test_a_narrow_ladder_has_no_room_for_it() -> None:
    drawn = lines(ladder(traded(depth([(512.35, 5)], [(512.34, 5)]), *TRADES), volume_at_price=True), 30, 8)
    assert not any("761" in line for line in drawn)
