"""One look at the watchlist without a screen: it connects, waits for data, and returns the rows of the grid."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from tui.errors import EXIT_DONE, FeedError
from tui.feed.clock import monotonic
from tui.feed.link import Link
from tui.feed.state import LinkPhase, LinkState
from tui.feed.tap import Route
from tui.headless.run import HeadlessRun
from tui.history.store import Store, StoreError, default_store_path
from tui.history.volume_history import bars_to_read, comparable_sessions, usual_volume
from tui.market import Instrument
from tui.market.data_status import data_status
from tui.protocol.messages import TYPE_OF, TYPES, Push
from tui.reference.fund_names import FundNames
from tui.reference.holidays import load
from tui.secrets import Token, safe_text
from tui.symbol import Pair, Symbol, expand_pairs
from tui.threads import run_in_thread
from tui.watchlist.columns import BY_ID, DEFAULT, SPARKS, Column, shown_columns
from tui.watchlist.row_figures import RenderContext, RowFigures, has_extended, has_mixed_currencies, make_row
from tui.watchlist.sorting import sort_rows
from tui.watchlist.sparkline_scale import SparklineScale

if TYPE_CHECKING:
    from tui.log import LogFile

_SETTLED = 1.0  # s after each symbol has data: a type that has not come by then has nothing to tell

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Snapshot(HeadlessRun):
    """Follows symbols, and the legs of pairs, until each has data of every type that is served, for `wait` s at most;
    then `rows` returns what the grid shows of them, `relvol` too if it `needs_usual_volume`."""

    def __init__(self, symbols: Sequence[Symbol], wait: float, *, needs_usual_volume: bool = False) -> None:
        super().__init__()
        self._rows = symbols
        self._symbols = expand_pairs(symbols)
        self._wait = wait
        self._needs_usual_volume = needs_usual_volume
        self.market.follow(self._symbols)
        self.market.set_pairs(symbol for symbol in symbols if isinstance(symbol, Pair))
        self._received: dict[Symbol, set[str]] = {symbol: set() for symbol in self._symbols}
        self._news = asyncio.Event()
        self._is_live = False  # at the end
        self._now = 0.0  # s monotonic, at the end

    async def run(self, url: str, token: Token, route: Route | None = None, log: LogFile | None = None) -> int:
        """Follow the symbols; returns the exit code, which is not 0 after a signal. Raises FeedError if the key is
        refused, or if no connection was live by the end."""
        self._begin(log)
        self._link = link = Link(
            url,
            token,
            self.market,
            on_state=self._on_link_state,
            on_push=self._on_push,
            on_fault=self._finish,
            route=route,
        )
        link.set_symbols(self._symbols)
        following = asyncio.create_task(self._follow())
        following.add_done_callback(self._on_work_ended)
        self._exit_code.add_done_callback(lambda _: self._look())
        try:
            return await self._run_until_done(link.run())
        finally:
            following.cancel()
            await asyncio.wait([following])
            await self._close_stderr()

    def _look(self) -> None:
        """Take the time and the state of the link for what is printed, before the link is closed."""
        self._now, self._is_live = monotonic(), self._link.state.is_live
        self.market.sample(self._now, self.market.instruments.values())
        self.market.derive_pairs(self._now, self.market.pairs.by_symbol.values())

    def rows(self, columns: tuple[str, ...], sort: str) -> tuple[list[RowFigures], list[Column]]:
        """Returns the rows and the columns as the grid shows them, given the ids of the chosen columns, () for the
        default ones, and the order."""
        instruments = [row for symbol in self._rows if (row := self.market.row(symbol)) is not None]
        scale = SparklineScale()
        scale.measure(instruments, SPARKS[0])
        context = RenderContext(
            self._now,
            self.market.exchange_time(self._now),
            scale.span,
            SPARKS[0],
            has_mixed_currencies(instruments),
            FundNames(),
            flash=False,
        )
        if sort:
            instruments = sort_rows([self._row(i, context) for i in instruments], sort)
        ids = shown_columns(columns or DEFAULT, has_extended(instruments))
        return [self._row(i, context) for i in instruments], [BY_ID[id] for id in ids]

    @property
    def without_data(self) -> list[Symbol]:
        """The symbols of which the stream has brought nothing."""
        return [symbol for symbol, types in self._received.items() if not types]

    @property
    def link_words(self) -> str:
        """What is wrong with the link at the end, "" while it is live."""
        return "" if self._is_live else safe_text(self._link.state.describe(self._now))

    def _row(self, instrument: Instrument, context: RenderContext) -> RowFigures:
        instrument.infer_precision()
        age = instrument.age(context.time)
        return make_row(instrument, data_status(instrument, age, self._is_live), age, context)

    # --- following ---

    async def _follow(self) -> None:
        """Follow until all has come, or the time is over."""
        try:
            async with asyncio.timeout(self._wait):
                while not self._was_live:
                    await self._next()
                await self._load_past()
                while self.without_data:
                    await self._next()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_SETTLED):
                        while self._is_awaiting_more:
                            await self._next()
                if self._needs_usual_volume:
                    await self._work_out_usual_volume()
        except TimeoutError:
            if not self._was_live:
                self._finish(self._no_connection(self._link.state, self._wait))
        self._finish(EXIT_DONE)

    async def _next(self) -> None:
        self._news.clear()
        await self._news.wait()

    @property
    def _is_awaiting_more(self) -> bool:
        return any(
            set(TYPES) - self.market.instruments[symbol].refused.keys() - types
            for symbol, types in self._received.items()
        )

    async def _load_past(self) -> None:
        """Apply holidays and the bars and closes that the dashboard has stored."""
        if not self._link.is_demo:
            self.market.set_holidays(await run_in_thread(load, time.time()))
        limit = bars_to_read(self.market.instruments.values(), self.market.exchange_time(monotonic()))
        found = await self._use_store(partial(Store.read, symbols=self._symbols, limit=limit))
        for symbol, stored in (found or {}).items():
            self.market.apply_history_closes(symbol, stored.closes)
            self.market.apply_history(symbol, stored.bars, True, monotonic())

    async def _work_out_usual_volume(self) -> None:
        """Apply the usual volume of each symbol that has a price, from the minutes that the dashboard has stored."""
        time = self.market.exchange_time(monotonic())
        for i in map(self.market.instruments.__getitem__, self._symbols):
            if i.last is not None:
                day = i.calendar.at(time).date
                sessions = comparable_sessions(i.calendar, day)
                work = partial(usual_volume, symbol=i.symbol, sessions=sessions, price=i.last)
                if (found := await self._use_store(work)) is None:
                    break
                self.market.apply_usual_volume(i.symbol, day, *found)

    async def _use_store(self, work: Callable[[Store], _T]) -> _T | None:
        """Returns what `work` makes of the dashboard's store, None if there is none or it cannot be read."""
        return await run_in_thread(_with_store, self._link.is_demo, work)

    def _on_link_state(self, state: LinkState) -> None:
        _log.info("link %s", safe_text(state.describe(monotonic())))
        if state.phase is LinkPhase.STOPPED and isinstance(state.error, FeedError):
            self._finish(state.error)
        self._was_live = self._was_live or state.is_live
        self._news.set()

    def _on_push(self, message: Push, instrument: Instrument) -> None:
        types = self._received[instrument.symbol]
        if (type_ := TYPE_OF[type(message)]) not in types:
            types.add(type_)
            self._news.set()


def _with_store(demo: bool, work: Callable[[Store], _T]) -> _T | None:
    path = default_store_path(demo=demo)
    if not path.exists():
        return None
    store = Store(path)
    try:
        return work(store)
    except (StoreError, OSError):
        return None
    finally:
        with contextlib.suppress(StoreError, OSError):
            store.close()
