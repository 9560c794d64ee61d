"""What a message and a frame cost, counted: lines drawn, bytes written, calls, memory kept. Not timed, so that it holds
on any machine."""

from __future__ import annotations

import asyncio
import gc
import random
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from unittest.mock import patch

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tests.support.launch_options import launch_options
from tests.support.manual_frames import DiscardingDriver, ManualFramesApp
from tests.support.wait_until import until
from tui.app.feed_worker import FeedSource
from tui.market.market import Market
from tui.protocol.messages import Depth, Level, Quote, Tick
from tui.symbol import Symbol
from tui.terminal.ansi import Piece
from tui.terminal.line_update import LineUpdate
from tui.terminal.screen_diff import ScreenBuffer
from tui.terminal.textual_private import CompositorUpdate
from tui.widgets.line_widget import LineWidget
from tui.widgets.pane import Pane

FUNDS = [Symbol(f"S{n:03d}", "US") for n in range(200)]
OPEN = 1_795_446_000_000  # Monday 2026-11-23 15:00 UTC, 10:00 in New York
PAST_FLASH = 10.0  # s


class Written(DiscardingDriver):
    """What is written is kept."""

    output = ""

    def write(self, data: str) -> None:
        Written.output += data


@asynccontextmanager
async def running() -> AsyncIterator[ManualFramesApp]:
    """The whole dashboard at 160×50, every row known, and nothing left to draw."""
    app = ManualFramesApp(launch_options(FUNDS), FeedSource(""))
    app.driver_class = Written
    async with app.run_test(headless=False, size=(160, 50)) as pilot:
        market = app.market
        market.on_change = None
        market.wall_base = OPEN
        market.follow(FUNDS)
        for symbol in map(str, FUNDS):
            market.apply(Quote(symbol=symbol, last=10.0, open=9.0, time=OPEN, volume=100, turnover=1000), 0.0)
            market.apply(Depth(symbol=symbol, asks=[Level(10.01, 5)], bids=[Level(9.99, 5)]), 0.0)
        trade(market, 0, 10.0, 0.1)
        for moment in (1.0, PAST_FLASH):
            app.dashboard.sync(market.drain_changed(), moment, True)
            await pilot.pause(0.2)
        yield app


def trade(market: Market, row: int, price: float, now: float) -> None:
    market.apply(Tick(symbol=str(FUNDS[row]), last=price, volume=1.0, time=int(OPEN + 1000 * now)), now)


@contextmanager
def lines_drawn() -> Iterator[list[tuple[str, int]]]:
    """Which lines of which pane are drawn meanwhile: for a frame of ours, or for Textual."""
    drawn: list[tuple[str, int]] = []
    draw, give = Pane.render_line, Pane.pieces

    def render_line(pane: Pane, y: int) -> Strip:
        drawn.append((pane.id or "", y))
        return draw(pane, y)

    def pieces(pane: Pane, lines: Sequence[int]) -> list[Piece]:
        drawn.extend((pane.id or "", y) for y in lines)
        return give(pane, lines)

    with patch.object(Pane, "render_line", render_line), patch.object(Pane, "pieces", pieces):
        yield drawn


def frame(app: ManualFramesApp, now: float) -> str:
    """Turn a frame; what it writes."""
    Written.output = ""
    app.dashboard.sync(app.market.drain_changed(), now, True)
    return Written.output


async def test_a_frame_in_which_one_symbol_changed_draws_its_row_and_writes_little() -> None:
    async with running() as app:
        trade(app.market, 7, 10.5, 20.0)
        with lines_drawn() as drawn:
            written = frame(app, 20.0)
        assert drawn == [("watchlist", 9)]
        assert "\x1b[11;" in written and len(written) < 200, "the cells that changed"
        with lines_drawn() as drawn:
            written = frame(app, 20.0 + PAST_FLASH)
        assert drawn == [("watchlist", 9)] and "\x1b[11;" in written, "its flash is over"
        with lines_drawn() as drawn:
            assert frame(app, 50.0) == ""
        assert drawn == []


async def test_a_frame_s_bytes_grow_with_the_rows_that_changed_and_with_nothing_else() -> None:
    async with running() as app:
        sizes = []
        for n, rows in enumerate((range(1, 2), range(1, 11), range(1, 41), range(60, 200))):
            now = 100.0 * (n + 1)
            for row in rows:
                trade(app.market, row, 11.0 + n, now)
            sizes.append(len(frame(app, now)))
            frame(app, now + PAST_FLASH)
        one, ten, forty, unseen = sizes
        assert 3 * one < ten < 11 * one and 3 * ten < forty < 5 * ten, "many rows change their styles together"
        assert unseen == 0, "what is not on the screen is not drawn"


async def bytes_of_walks(*, cell_by_cell: bool) -> int:
    """The bytes of 150 frames of prices that walk by a tick or two, the same each time; of whole lines otherwise."""
    chance = random.Random(5)
    prices = [chance.randrange(2_000, 60_000) for _ in range(14)]
    reduce = ScreenBuffer.reduce

    def whole(buffer: ScreenBuffer, update: CompositorUpdate) -> list[Piece]:
        return list(update.lines) if isinstance(update, LineUpdate) else reduce(buffer, update)

    written = 0
    async with running() as app:
        with patch.object(ScreenBuffer, "reduce", reduce if cell_by_cell else whole):
            for n in range(150):
                now = 100.0 + n / 15
                for row in chance.sample(range(14), 5):
                    prices[row] += chance.choice((-2, -1, 1, 2))
                    bid = prices[row] / 100
                    levels = [Level(round(bid - k / 100, 2), 100.0 * chance.randrange(1, 30)) for k in range(10)]
                    asks = [Level(round(bid + (k + 1) / 100, 2), 100.0 * chance.randrange(1, 30)) for k in range(10)]
                    trade(app.market, row, bid, now)
                    app.market.apply(Depth(symbol=str(FUNDS[row]), asks=asks, bids=levels), now)
                written += len(frame(app, now).encode())
    return written


async def test_cells_that_differ_cost_a_third_of_the_bytes_of_whole_lines() -> None:
    ours, whole = await bytes_of_walks(cell_by_cell=True), await bytes_of_walks(cell_by_cell=False)
    assert ours <= 0.35 * whole, f"{ours:,} of {whole:,}"


async def test_the_clock_s_second_draws_its_own_line_and_nothing_of_the_panes() -> None:
    async with running() as app:
        asked: list[str] = []
        lines = LineWidget.render_lines

        def render_lines(part: LineWidget, crop: Region) -> list[Strip]:
            asked.append(part.id or "")
            return lines(part, crop)

        Written.output = ""
        with patch.object(LineWidget, "render_lines", render_lines), lines_drawn() as drawn:
            app.dashboard.header.time = OPEN + 61_000.0
            app.dashboard.status.now = 61.0
            await until(lambda: "10:01:01" in Written.output)
        assert asked == [] and drawn == [] and len(Written.output) < 100


async def test_where_nothing_comes_there_is_no_frame() -> None:
    async with running() as app:
        frames = app.market.health.frames
        Written.output = ""
        await asyncio.sleep(0.3)
        assert app.market.health.frames == frames and Written.output == ""


async def test_a_message_calls_nothing_of_the_screen() -> None:
    """Not once a message: the first after a frame wakes the clock, and that is all."""
    async with running() as app:
        woken = 0

        def wake() -> None:
            nonlocal woken
            woken += 1

        app.market.on_change = wake
        Written.output = ""
        called: list[str] = []

        def watch(frame: object, event: str, _: object) -> None:
            name = frame.f_code.co_filename  # type: ignore[attr-defined]
            if event == "call" and ("textual" in name or "/tui/widgets/" in name or "/tui/screens/" in name):
                called.append(name)

        sys.setprofile(watch)
        try:
            for n in range(1_000):
                trade(app.market, n % 50, 10.0 + n % 7 / 100, 200.0 + n / 1_000)
        finally:
            sys.setprofile(None)
        assert called == [] and Written.output == ""
        assert woken == 1


async def test_ten_thousand_messages_keep_no_more_than_one_does() -> None:
    """What is known of a symbol is replaced, and what is kept of its past has a fixed size."""
    async with running() as app:
        market = app.market

        def messages(first: int) -> None:
            for n in range(first, first + 10_000):
                trade(market, n % 5, 10.0 + n % 7 / 100, 300.0 + n / 100)
                market.drain_changed()

        messages(0)  # five tapes of 500 trades are full
        gc.collect()
        before = sys.getallocatedblocks()
        messages(10_000)
        gc.collect()
        assert sys.getallocatedblocks() - before < 500


async def test_moving_the_cursor_draws_two_rows_and_the_panes_of_the_symbol() -> None:
    async with running() as app:
        with lines_drawn() as drawn, patch.object(Widget, "refresh") as refresh:
            app.dashboard.watchlist.move(1)
            app.dashboard.flush()
        assert [line for line in drawn if line[0] == "watchlist"] == [("watchlist", 2), ("watchlist", 3)]
        assert not refresh.called, "Textual is not asked to look at every line of every widget"
