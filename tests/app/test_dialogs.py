"""Whatever lies over the dashboard, clock, prices and status go on living below it, and it is not LIVE once the link is
lost. The dialogs are found by trying every key and command, and every key of each dialog."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import NamedTuple

import pyte
import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from tests.support.feedless_app import feedless_app
from tests.support.launch_options import launch_options
from tests.support.manual_frames import DiscardingDriver, no_feed
from tests.support.wait_until import until
from tui.app.app import ItickApp
from tui.app.feed_worker import FeedSource
from tui.config.key_table import KEYS
from tui.config.plain_mode import PLAIN
from tui.errors import FeedError
from tui.feed.state import LinkPhase, LinkState
from tui.market.alerts import parse_alert
from tui.protocol.messages import Quote
from tui.screens.menu import Menu
from tui.screens.palette import PaletteCommand
from tui.screens.panel import Panel
from tui.symbol import Symbol

LISTS = {"Core": tuple(Symbol(code, "US") for code in ("QQQ", "SPY", "TLT")), "Metals": (Symbol("GLD", "US"),)}
OPEN = 1_795_446_000_000  # Monday 2026-11-23 15:00 UTC, 10:00 in New York
SIZE = (130, 36)  # each dialog leaves the first row's price in sight
LIVE = LinkState(LinkPhase.LIVE, 0.0)
LOST = LinkState(LinkPhase.RECONNECTING, 0.0, retry_at=1e6, error=FeedError("reset by peer"), was_live=True)
WITHIN = 2.0  # s
_ENDING = {name for key in KEYS if key.id in ("quit", "interrupt", "suspend_process") for name in key.keys}


class Shown(DiscardingDriver):
    """A terminal of its own: all that is written goes to its screen."""

    screen = pyte.Screen(*SIZE)
    stream = pyte.Stream(screen)

    def write(self, data: str) -> None:
        Shown.stream.feed(data)


class Press(NamedTuple):
    """A key, pressed in the pane `scope` if there is one."""

    key: str
    scope: str = ""


class Run(NamedTuple):
    """A command of the palette that has no key, by its number."""

    number: int


Step = Press | Run
Path = tuple[Step, ...]
DETAIL = Press("enter")


class Clock:
    """A clock that is set by hand."""

    now = 0.0  # s


class Driven:
    """An app whose dialogs are opened by steps, with a link of which it can be told."""

    def __init__(self, app: ItickApp, pilot: Pilot[None], clock: Clock) -> None:
        self.app = app
        self.pilot = pilot
        self.clock = clock
        self._feed = SimpleNamespace(state=LIVE, host="host", is_demo=False, set_symbols=app.market.follow)
        app.feed._feed = self._feed  # type: ignore[assignment]
        app.market.wall_base = OPEN

    def link(self, state: LinkState) -> None:
        self._feed.state = state
        self.app.feed.link_changed(state)

    async def open(self, path: Path) -> None:
        """Show the dashboard as it was first, and take these steps from there."""
        app, dashboard, lists = self.app, self.app.dashboard, self.app.preferences.lists
        while len(app.screen_stack) > 1:
            await app.pop_screen()
        dashboard.close_fields()
        dashboard.hidden.clear()
        dashboard.show_detail(False)
        dashboard.watchlist.find, dashboard.watchlist.cursor = "", 0
        if (lists.lists, lists.shown) != (LISTS, "Core"):
            lists.lists, lists.shown = dict(LISTS), "Core"
            app.preferences.lists_changed()
        for step in path:
            await self.take(step)

    async def take(self, step: Step) -> None:
        """Take a step from where the last one led."""
        match step:
            case Press(key, scope):
                if scope:
                    self.app.dashboard.query_one(f"#{scope}").focus()
                await self.pilot.press(key)
            case Run(number):
                self._commands[number].run()
                await self.pilot.pause()

    @property
    def _commands(self) -> list[PaletteCommand]:
        return [command for command in self.app.commands() if not command.key_label]

    @property
    def opened(self) -> tuple[str, ...]:
        """What lies over the dashboard, the topmost last."""
        field = self.app.dashboard.focused
        fields = [type(field).__name__] if isinstance(field, Input) else []
        return (*fields, *map(_name, self.app.screen_stack[1:]))

    def steps(self) -> list[Step]:
        """Returns the keys and commands of what is open now."""
        screen = self.app.screen
        if self.opened and screen is self.app.dashboard:
            return []  # a field: keys are letters there
        if screen is self.app.dashboard:
            keys_of_table = [Press(key.keys[0], key.scope) for key in KEYS if key.keys[0] not in _ENDING]
            return [*keys_of_table, *map(Run, range(len(self._commands)))]
        own = [bound.binding for bound in screen.active_bindings.values() if bound.node is screen]
        by_action = {binding.action: binding.key for binding in own if binding.show}
        keys = [*by_action.values()]
        if isinstance(screen, Menu):
            keys += [item.letter for item in screen._items if item.letter]
        return [Press(key) for key in dict.fromkeys(keys) if key not in _ENDING]


def _name(screen: Screen[object]) -> str:
    title = str(screen._box.border_title).partition(" · ")[0] if isinstance(screen, Panel) else ""
    return f"{type(screen).__name__} {title}".strip()


@asynccontextmanager
async def driven(size: tuple[int, int], *, headless: bool) -> AsyncIterator[Driven]:
    clock = Clock()
    options = launch_options(lists=LISTS, alerts=(parse_alert("QQQ$US > 900"),))
    options = options._replace(export_to=options.file.path.parent)
    app = ItickApp(options, FeedSource(""), clock=lambda: clock.now)
    if not headless:
        app.driver_class = Shown
    app.feed.run = no_feed  # type: ignore[method-assign]
    app.painting.query_cursor = lambda *_: None  # type: ignore[method-assign]
    app.lifecycle.check_terminal = lambda: None  # type: ignore[method-assign]
    async with app.run_test(headless=headless, size=size) as pilot:
        it = Driven(app, pilot, clock)
        await pilot.pause()
        yield it


async def every_dialog() -> dict[tuple[str, ...], Path]:
    """Returns the steps to each dialog, and to each that is opened from another, by what lies there."""
    found: dict[tuple[str, ...], Path] = {}

    async def search(path: Path) -> None:
        await it.open(path)
        before = it.opened
        for step in it.steps():
            if not path or it.opened != before:
                await it.open(path)
            await it.take(step)
            if it.opened not in ((), before, *found):
                found[it.opened] = (*path, step)
                await search((*path, step))

    async with driven((60, 20), headless=True) as it:
        with it.app.batch_update():  # so that nothing is painted
            await search(())
    return found


async def see_it_live(it: Driven) -> None:
    """Fail unless what lies below what is open moves, and follows the link."""
    app = it.app

    async def shows(condition: Callable[[], object], words: str) -> None:
        try:
            await until(condition, WITHIN)
        except TimeoutError:
            raise AssertionError(f"under {it.opened} {words}:\n{_picture()}") from None

    it.clock.now = now = it.clock.now + 1
    price = 500 + now / 100
    for symbol in map(str, app.market.instruments):
        app.market.apply(Quote(symbol=symbol, last=price, open=499.0, time=OPEN + int(1000 * now)), now)
    app.painting.frame()
    app.tick()
    minute, second = divmod(int(now), 60)
    await shows(lambda: f"10:{minute:02}:{second:02} ET" in _line(0), "the clock stands still")
    await shows(lambda: f"{price:.2f}" in _prices(), "the prices stand still")
    it.link(LOST)
    await shows(lambda: "reset by peer" in _line(-2) and "LIVE" not in _line(-2), "the status bar is live")
    await shows(lambda: "⊘" in _prices() or "stale" in _prices(), "the prices are live")
    it.link(LIVE)
    await shows(lambda: "● LIVE" in _line(-2), "the status bar is not live again")
    await shows(lambda: "⊘" not in _prices() and "stale" not in _prices(), "the prices are not live again")


def _line(y: int) -> str:
    """Returns a line of the terminal, the last ones by negative numbers. Its whole picture takes long to make."""
    line = Shown.screen.buffer[y % SIZE[1]]
    return "".join([line[x].data for x in range(SIZE[0])])


def _prices() -> str:
    """Returns the first lines of the list or the detail, which no dialog covers whole."""
    return "".join(map(_line, range(1, 5)))


def _picture() -> str:
    return "\n".join(map(str, Shown.screen.display))


async def test_below_every_dialog_and_every_dialog_of_a_dialog_all_lives_and_knows_the_link(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths = await every_dialog()
    assert {("Alerts Alerts", "Prompt New alert"), ("ListMenu Lists", "Menu Delete 'Core'?")} < set(paths)
    paths |= {("detail", *names): (DETAIL, *path) for names, path in paths.items() if len(names) > 1}
    for plain in ("", "1"):
        monkeypatch.setenv(PLAIN, plain)
        Shown.screen.reset()
        async with driven(SIZE, headless=False) as it:
            it.link(LIVE)
            for path in paths.values():
                await it.open(path)
                await see_it_live(it)


@pytest.mark.parametrize("size", [(40, 8), (40, 15), (60, 19), (80, 24), (130, 36)])
async def test_nothing_that_opens_covers_the_status_bar(size: tuple[int, int]) -> None:
    async with feedless_app(size) as (app, pilot):
        for keys in ("A", "A a", "L", "L n", "s", "o", "t", "e", "ctrl+p", "?", "a s", "/ s", "enter n"):
            await pilot.press(*keys.split())
            await pilot.pause()
            covered_by = {each for x in range(size[0]) for each, _ in app.screen.get_widgets_at(x, size[1] - 2)}
            assert covered_by <= {app.screen, app.dashboard.status}, keys
            while (
                app.screen is not app.dashboard or app.dashboard.add_field.display or app.dashboard.find_field.display
            ):
                await pilot.press("escape")
                await pilot.pause()
