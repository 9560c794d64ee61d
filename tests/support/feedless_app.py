"""The app without a feed, on a market that stands still: keys and what they change."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.launch_options import launch_options
from tests.support.messages import quote
from tui.app.app import ItickApp
from tui.app.feed_worker import FeedSource
from tui.app.preferences import LaunchOptions
from tui.config.file import ConfigFile
from tui.config.settings import Settings
from tui.symbol import Symbol, expand_pairs
from tui.terminal.textual_private import notifications

QQQ, SPY, TLT, GLD = (Symbol(code, "US") for code in ("QQQ", "SPY", "TLT", "GLD"))
PRICES = {QQQ: 500.0, SPY: 600.0, TLT: 90.0, GLD: 300.0}
LISTS = {"Core": (QQQ, SPY, TLT), "Metals": (GLD,)}


class FeedlessApp(ItickApp):
    """An app without a feed, whose market stands still. `asked` is what was wanted of the feed, time after time."""

    def __init__(self, options: LaunchOptions) -> None:
        super().__init__(options, FeedSource())
        self.asked: list[tuple[Symbol, ...]] = []
        self.feed.symbols_changed = self.symbols_changed  # type: ignore[method-assign]

    def symbols_changed(self) -> None:
        symbols = expand_pairs(self.preferences.lists.symbols)
        self.asked.append(symbols)
        self.market.follow(symbols)
        for symbol in symbols:
            if symbol in PRICES:
                self.market.apply(quote(PRICES[symbol], s=str(symbol)), 1.0)

    def start(self) -> None:
        self.turn()

    def turn(self, now: float = 10.0) -> None:
        """A frame and a second's tick."""
        self.dashboard.sync(self.market.drain_changed(), now, True)
        self.dashboard.tick(now)

    @property
    def rows(self) -> list[str]:
        return [row.symbol.code for row in self.dashboard.watchlist.rows]

    @property
    def selected(self) -> str:
        selected = self.dashboard.watchlist.selected
        return selected.symbol.code if selected else ""

    @property
    def said(self) -> str:
        return "\n".join(str(notice.message) for notice in notifications(self))


@asynccontextmanager
async def feedless_app(
    size: tuple[int, int] = (160, 45), **settings: Any
) -> AsyncIterator[tuple[FeedlessApp, Pilot[None]]]:
    app = FeedlessApp(launch_options(**({"lists": LISTS} | settings)))
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


def saved_settings(path: Path | None = None) -> Settings:
    return ConfigFile(path or Path(os.environ["XDG_CONFIG_HOME"]) / "config.toml").read()
