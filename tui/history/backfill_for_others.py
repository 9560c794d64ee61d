"""Backfill for the windows that join this one: the calls of a minute are one budget of the key, so only the process
that holds the connection asks, and writes to the store what the others read there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from tui.feed.state import LinkState
from tui.history.backfill import Backfill
from tui.market import Market
from tui.symbol import Symbol

_CHECK_EVERY = 2.0  # s


class BackfillForOthers:
    """Loads the history of the symbols that only others follow, as `followed` returns them. `own` is the market of this
    process, whose clock tells the time; `make_backfill` returns a backfill for a market without a stream."""

    def __init__(
        self, own: Market, make_backfill: Callable[[Market], Backfill], followed: Callable[[], Iterable[Symbol]]
    ) -> None:
        self._own = own
        self._make_backfill = make_backfill
        self._followed = followed
        self._market = Market()
        self._backfill: Backfill | None = None  # once there is something to load
        self._state: tuple[LinkState, bool] | None = None

    def link_changed(self, state: LinkState, demo: bool) -> None:
        """Record a state of the link. `demo`: the exchange is our own, as far as it has answered."""
        self._state = state, demo
        if self._backfill is not None:
            self._market.clock, self._market.wall_base = self._own.clock, self._own.wall_base
            self._market.set_hours(demo)
            self._backfill.link_changed(state, demo)

    async def run(self) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            before: set[Symbol] = set()
            while True:
                # What is followed twice in a row: by then it is streamed, and its history leaves no gap before that.
                followed = set(self._followed())
                symbols, before = followed & before, followed
                if symbols and self._backfill is None and self._state is not None:
                    self._backfill = self._make_backfill(self._market)
                    self.link_changed(*self._state)
                    tasks.create_task(self._backfill.run(), name="history of others")
                if self._backfill is not None and self._market.instruments.keys() != symbols:
                    self._follow(symbols)
                await asyncio.sleep(_CHECK_EVERY)

    def _follow(self, symbols: set[Symbol]) -> None:
        assert self._backfill is not None
        for gone in self._market.instruments.keys() - symbols:
            del self._market.instruments[gone]
        self._market.follow(symbols)
        self._backfill.set_symbols(symbols)

    async def finish(self, within: float) -> None:
        """Close the store, waiting `within` s at most."""
        if self._backfill is not None:
            await self._backfill.finish(within)
