"""What stands on the terminal is what the program means to show, whatever lies over the panes and whoever painted."""

from __future__ import annotations

import random

import pyte
import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from tests.support.launch_options import launch_options
from tests.support.manual_frames import DiscardingDriver, ManualFramesApp
from tests.support.seen_cells import as_seen
from tests.support.wait_until import until
from tui.app.app import ItickApp
from tui.app.feed_worker import FeedSource
from tui.config.plain_mode import PLAIN, is_plain
from tui.protocol.messages import Depth, Level, Quote, Tick
from tui.symbol import Symbol
from tui.terminal.line_update import LineUpdate
from tui.terminal.textual_private import CompositorUpdate, render_lines


@pytest.fixture(params=["", "1"], ids=["ours", "plain"], autouse=True)
def plain(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Who paints: ours, or Textual alone."""
    monkeypatch.setenv(PLAIN, request.param)
    return bool(request.param)


FUNDS = [Symbol(f"S{n:03d}", "US") for n in range(60)]
OPEN = 1_795_446_000_000  # Monday 2026-11-23 15:00 UTC, 10:00 in New York
SIZES = [(160, 45), (120, 36), (80, 24), (60, 20)]
KEYS = ["j", "k", "down", "pagedown", "tab", "f", "z", "question_mark", "h", "o", "s", "slash", "a", "c", "enter"]


class Painted(DiscardingDriver):
    """A terminal of its own: all that is written goes to its screen."""

    screen = pyte.Screen(160, 45)
    stream = pyte.Stream(screen)

    def write(self, data: str) -> None:
        Painted.stream.feed(data)


Cells = list[list[pyte.screens.Char]]


def meant(app: ItickApp) -> Cells:
    """The whole screen, written at once to a terminal that is blank."""
    screen = pyte.Screen(*app.size)
    strips = render_lines(app.screen)
    if is_plain():
        # By rich, as Textual does: a style keeps the codes of the colour system that it was first rendered with, which
        # may be another test's.
        written = "".join(f"\x1b[{y};1H{strip.render(app.console)}" for y, strip in enumerate(strips, 1))
    else:
        lines = [(0, y, strip.cell_length, strip) for y, strip in enumerate(strips)]
        written = LineUpdate(lines).render_segments(app.console)
    pyte.Stream(screen).feed(written)
    return cells(screen)


def stands() -> Cells:
    return cells(Painted.screen)


def cells(screen: pyte.Screen) -> Cells:
    return [[as_seen(screen.buffer[y][x]) for x in range(screen.columns)] for y in range(screen.lines)]


async def come_to_rest(app: ItickApp, pilot: Pilot[None]) -> None:
    """Wait until the terminal shows what is meant, for four seconds at most."""
    for _ in range(80):
        await pilot.pause(0.05)
        if meant(app) == stands():
            return


@pytest.mark.parametrize("seed", range(2))
async def test_the_terminal_shows_what_is_meant_after_anything(seed: int) -> None:
    chance = random.Random(seed)
    Painted.screen.reset()
    Painted.screen.resize(45, 160)
    step = 0
    app = ManualFramesApp(launch_options(FUNDS), FeedSource(""), clock=lambda: float(step))
    app.driver_class = Painted
    async with app.run_test(headless=False, size=(160, 45), notifications=True) as pilot:
        market = app.market
        market.wall_base = OPEN
        market.follow(FUNDS)
        await pilot.pause(0.2)
        done = []
        for step in range(25):
            for symbol in map(str, chance.sample(FUNDS, 10)):
                price, time = 10 + chance.randrange(100) / 100, OPEN + 1000 * step
                market.apply(Quote(symbol=symbol, last=price, open=9.0, time=time, volume=step), step)
                market.apply(Tick(symbol=symbol, last=price, volume=1.0, time=time), step)
                market.apply(Depth(symbol=symbol, asks=[Level(price, 5)], bids=[Level(price - 0.02, 5)]), step)
            app.dashboard.sync(market.drain_changed(), step, True)
            act = chance.choice(["key", "key", "key", "escape", "notice", "resize", "frame"])
            if act == "key":
                done.append(chance.choice(KEYS))
                await pilot.press(done[-1])
            elif act == "escape":
                done.append(act)
                await pilot.press("escape")
            elif act == "notice":
                done.append(act)
                app.notify(f"notice {step}", timeout=chance.choice([0.1, 60]))
            elif act == "resize":
                size = chance.choice(SIZES)
                done.append(f"{size}")
                Painted.screen.resize(size[1], size[0])
                await pilot.resize_terminal(*size)
            await come_to_rest(app, pilot)
            for stood, line in zip(stands(), meant(app), strict=True):
                assert stood == line, done


async def test_a_frame_does_not_paint_over_a_notice() -> None:
    Painted.screen.reset()
    Painted.screen.resize(24, 80)
    app = ManualFramesApp(launch_options(FUNDS), FeedSource(""), clock=lambda: 0.0)
    app.driver_class = Painted
    async with app.run_test(headless=False, size=(80, 24), notifications=True) as pilot:
        app.market.wall_base = OPEN
        app.market.follow(FUNDS)
        await pilot.pause(0.2)
        app.dashboard.zoom()
        app.notify("disk full\nover the rows\nof the grid", timeout=60)
        await until(lambda: any("disk full" in line for line in Painted.screen.display))
        await come_to_rest(app, pilot)
        for symbol in map(str, FUNDS):
            app.market.apply(Quote(symbol=symbol, last=12.34, open=9.0, time=OPEN), 0.0)
        app.dashboard.sync(app.market.drain_changed(), 0.0, True)
        await come_to_rest(app, pilot)
        assert any("disk full" in line for line in Painted.screen.display)
        assert stands() == meant(app)


async def test_updates_are_reduced_to_lines_or_left_to_textual_as_they_are(plain: bool) -> None:
    written: list[type[CompositorUpdate]] = []

    class Noted(ManualFramesApp):
        def write_update(self, screen: Screen[object], update: CompositorUpdate) -> None:
            written.append(type(update))
            super().write_update(screen, update)

    app = Noted(launch_options(FUNDS), FeedSource(""), clock=lambda: 0.0)
    app.driver_class = Painted
    async with app.run_test(headless=False, size=(80, 24)) as pilot:
        await pilot.pause(0.2)
        app.market.apply(Quote(symbol=str(FUNDS[0]), last=12.34, open=9.0, time=OPEN), 0.0)
        app.dashboard.sync(app.market.drain_changed(), 0.0, True)
        await come_to_rest(app, pilot)
    assert written and (LineUpdate not in written if plain else set(written) == {LineUpdate})


async def test_a_size_that_came_and_went_leaves_no_traces() -> None:
    Painted.screen.reset()
    Painted.screen.resize(24, 80)
    app = ManualFramesApp(launch_options(FUNDS), FeedSource(""), clock=lambda: 0.0)
    app.driver_class = Painted
    async with app.run_test(headless=False, size=(80, 24)) as pilot:
        await come_to_rest(app, pilot)
        Painted.screen.erase_in_display(2)  # as terminals do with the lines that they lost
        await pilot.resize_terminal(80, 24)
        app.painting.tick()
        await come_to_rest(app, pilot)
        assert stands() == meant(app)
