"""Backfill: history from our own store and from the vendor's REST service, applied to the market beside the live feed.

A failure here never touches the link. A plan allows few calls a minute, so each is made once: at start, for symbols
that are added later, and after an outage for the gap. What the store already holds is not requested again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from tui.feed.clock import Clock, monotonic
from tui.feed.state import LinkPhase, LinkState
from tui.format import count
from tui.history.bar_coverage import CoverageTable
from tui.history.rest_client import RestClient, RestError
from tui.history.retry_state import RetryState
from tui.history.store import BarUpdate, Store, StoredHistory, StoreError
from tui.history.volume_history import VolumeHistory, bars_to_read
from tui.market import PORTION, Instrument, Market
from tui.market.bars import MINUTE, completed_bars
from tui.protocol.rest import MOST_BARS
from tui.symbol import Symbol, format_list
from tui.threads import run_in_thread

_READ_BATCH = 20  # symbols
_LONG_OUTAGE = 60.0  # s: a shorter one hides no minute, for the stream's next bar covers it
_STREAM_SETTLED = 3.0  # s after the link is live: by then the stream has sent every quote that it sends at the start
_READ_AGAIN = 3.0  # s: how often the store is read while another process asks
_POLL_EVERY = 15.0  # s
_WRITE_EVERY = 60.0  # s
_CONNECTED = (LinkPhase.AUTHENTICATING, LinkPhase.SUBSCRIBING, LinkPhase.LIVE)

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Backfill:
    """Applies the history of the followed symbols to `market`. Without `rest`, which allows `calls` a minute, only the
    stored history is applied; a follower of a relay has no key to ask with, and its `calls` are None. Unless it
    `has_stream`, the market gets no messages: no bar is known to come by itself, and no quote is requested.

    `open_store` returns the store of our own exchange if its argument is true, else that of the vendor. Which of the
    two the link leads to is known once it has answered; unless it is `local`, the vendor is assumed until then.
    `on_store_error` is called once with the reason when the store cannot be used."""

    def __init__(
        self,
        market: Market,
        rest: RestClient | None,
        open_store: Callable[[bool], Store],
        *,
        calls: int | None = 5,
        local: bool = False,
        has_stream: bool = True,
        on_store_error: Callable[[str], None] = lambda words: None,
        clock: Clock = monotonic,
    ) -> None:
        self._market = market
        self._rest = rest
        self._open_store = open_store
        self._calls = calls
        self._local = local
        self._has_stream = has_stream
        self.asks = True
        """Whether the vendor is asked; False while another process does it for this one, which reads the store."""
        self._read_again_at = 0.0  # s, monotonic
        self._on_store_error = on_store_error
        self._clock = clock
        self.store: Store | None = None
        """The store, as soon as it is known which; then `store_opened` is set."""
        self.store_opened = asyncio.Event()
        self.store_error = ""
        """Why nothing is stored; "" while the store works."""
        self.save_error = ""
        """Why the newest minutes were not stored at the end; "" if they were."""
        self._was_busy = False  # another process held the store's lock at the last attempt
        self._finishing: asyncio.Task[None] | None = None
        self._fault = ""
        self._demo: bool | None = None
        self._symbols: tuple[Symbol, ...] = ()
        self._coverage = CoverageTable(market, clock)
        self._volumes = VolumeHistory(market, self._coverage, self._instruments, self._use_store, clock)
        self._live_at: float | None = None
        self._lost_at: float | None = None
        self._long_outages = 0
        self._clock_led = False  # the data's clock was ahead of all others at the last check
        self._awake_at = 0.0  # when the event loop last ran a task of ours
        # By region, so that one that is not in the plan does not delay the others.
        self._bar_retries = defaultdict[str, RetryState](RetryState)
        self._quote_retries = defaultdict[str, RetryState](RetryState)
        self._read_wanted, self._request_wanted = asyncio.Event(), asyncio.Event()
        market.on_split = self._request_wanted.set

    def set_symbols(self, symbols: Iterable[Symbol]) -> None:
        """Set which symbols to follow, those in view first. The market must follow them already."""
        self._symbols = tuple(symbols)
        self._coverage.retain(self._market.instruments.values())
        self._wake()

    def link_changed(self, state: LinkState, demo: bool) -> None:
        """Record a state of the link. `demo`: the exchange is our own, as far as it has answered."""
        if (state.phase in _CONNECTED or (self._demo is None and not self._local)) and demo is not self._demo:
            if self.store is not None:
                self.store.close()
            self._demo, self.store = demo, self._open_store(demo)
            self._coverage.clear()
            self._volumes.clear()
            self.store_opened.set()
        now = self._clock()
        if state.is_live and self._live_at is None:
            if self._lost_at is None or now - self._lost_at > _LONG_OUTAGE:
                self._long_outages += 1
                self._coverage.open_gap()
            self._live_at = now
            self._bar_retries.clear()
            self._quote_retries.clear()
        elif not state.is_live and self._live_at is not None:
            # Lost since the last frame. After a suspend, frames that are read only now arrived before it.
            lost = min(now, self._market.health.frame_at or now, self._awake_at + _POLL_EVERY)
            self._market.link_lost(lost)
            self._extend_coverage(lost)
            self._live_at, self._lost_at = None, lost
        self._wake()

    async def run(self) -> None:
        """Run until cancelled. No failure leaves this method: `describe` reports it."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read_stored(), name="history read")
                tasks.create_task(self._request_missing(), name="history ask")
                tasks.create_task(self._write_periodically(), name="history write")
                tasks.create_task(self._volumes.run(), name="history volumes")
                tasks.create_task(self._note_awake(), name="history awake")
        except ExceptionGroup as errors:
            # A defect of ours ends the backfill and not the screen. Only its type is shown: its text could hold a key.
            kind = type(errors.exceptions[0]).__name__
            _log.error("history: a fault in the program", exc_info=errors.exceptions[0])
            self._fault = f"a fault in the program ({kind})"

    async def finish(self, within: float) -> None:
        """Store what is new and close the store, waiting `within` s at most; `save_error` says how it ended. A second
        call waits for the same work."""
        if self._finishing is None:
            self._finishing = asyncio.create_task(self._finish(), name="history finish")
        await asyncio.wait([self._finishing], timeout=within)

    async def _finish(self) -> None:
        store, self.store = self.store, None
        if store is not None:
            self._extend_coverage(self._clock())
            self.save_error = f"cannot use {store.path}: the disk does not answer"
            try:
                await run_in_thread(_write_and_close, store, self._unwritten(self._instruments()))
                self.save_error = ""
            except (StoreError, OSError) as error:
                self.save_error = str(error)
                _log.warning("%s", error)

    def describe(self) -> tuple[str, bool]:
        """Returns the state of the backfill in words for the health screen, and whether it is abnormal."""
        if self._fault:
            return self._fault, True
        followed = self._instruments()
        requested = [i for i in followed if self._coverage.of(i).is_requested]
        waiting = len(followed) - len(requested)
        if self._rest is None or (waiting and (self._live_at is None or not self.asks)):
            why = "calls_a_minute is 0" if self._calls is not None else "a follower asks for none"
            if self._rest is not None:
                why = "more is asked for when the link is live"
            if self._live_at is not None and not self.asks:
                why = "the window that holds the connection asks for more"
            stored = count(sum(self._coverage.of(i).has_history for i in followed), "symbol")
            return f"{stored} from our own file; {why}", False
        unknown = [i.symbol for i in requested if not self._coverage.of(i).has_history]
        words = f"{count(len(requested) - len(unknown), 'symbol')} known"
        if waiting and self._bar_retries:
            words += f", {waiting} not"
        elif waiting:
            words += f", {waiting} wait for their turn ({self._calls} calls a minute)"
        if unknown:
            words += f"; nothing told of {format_list(unknown)}"
        retries = [(f"{region} minutes", retry) for region, retry in self._bar_retries.items()]
        retries += [(f"{region} quotes", retry) for region, retry in self._quote_retries.items()]
        for what, retry in retries:
            wait = max(1, round(retry.retry_at - self._clock()))
            words += f"; {what}: {retry.reason}; asked again in {wait} s"
        return words, bool(unknown or retries)

    def _instruments(self) -> list[Instrument]:
        """Returns the market's instruments of the followed symbols."""
        found = self._market.instruments
        return [found[symbol] for symbol in self._symbols if symbol in found]

    def _is_followed(self, i: Instrument) -> bool:
        return self._market.instruments.get(i.symbol) is i

    def _exchange_time(self) -> float:
        return self._market.exchange_time(self._clock())

    def _extend_coverage(self, now: float) -> None:
        if self._live_at is not None and self._has_stream:
            self._coverage.extend(now)

    def _wake(self) -> None:
        self._read_wanted.set()
        self._request_wanted.set()

    async def _note_awake(self) -> None:
        while True:
            self._awake_at = self._clock()
            await asyncio.sleep(_POLL_EVERY)

    # --- our own store ---

    async def _read_stored(self) -> None:
        """Read the stored history of each symbol as soon as it is followed."""
        while True:
            self._read_wanted.clear()
            unread = (
                [i for i in self._instruments() if not self._coverage.of(i).is_read] if self.store is not None else []
            )
            if not unread:
                await self._read_wanted.wait()
                continue
            symbols = [i.symbol for i in unread[:_READ_BATCH]]
            limit = bars_to_read(unread[:_READ_BATCH], self._exchange_time())
            stored = await self._use_store(partial(Store.read, symbols=symbols, limit=limit))
            for i in unread[:_READ_BATCH]:
                self._apply_stored(i, (stored or {}).get(i.symbol))
                await asyncio.sleep(0)  # a frame may be drawn between two of them
            self._request_wanted.set()
            self._volumes.wanted.set()

    def _apply_stored(self, i: Instrument, stored: StoredHistory | None) -> None:
        coverage = self._coverage.of(i)
        coverage.is_read = True
        if stored is None or not self._is_followed(i):
            return
        until = stored.complete_until  # possibly recorded by a wrong clock
        slot = stored.bars[-1].time // MINUTE if stored.bars else 0
        if coverage.stored_slot and (coverage.complete_until, coverage.stored_slot) == (until, slot):
            return  # nothing new
        coverage.complete_until, coverage.stored_slot = until, slot
        if stored.closes:
            self._market.apply_history_closes(i.symbol, stored.closes)
            coverage.stored_closes = stored.closes
        if stored.bars:
            coverage.has_history = True
            is_whole = not self.asks and self._live_at is not None and self._coverage.is_filled_by(i, until)
            bars = completed_bars(stored.bars, until) if is_whole else stored.bars
            self._market.apply_history(i.symbol, bars, not is_whole, self._clock())
            if is_whole:
                coverage.is_requested = coverage.is_answered = True
                self._coverage.bars_requested(i, until)

    async def _write_periodically(self) -> None:
        while True:
            await asyncio.sleep(_WRITE_EVERY)
            self._extend_coverage(self._clock())
            instruments = self._instruments()
            updates: list[BarUpdate] = []
            for first in range(0, len(instruments), PORTION):
                updates += self._unwritten(instruments[first : first + PORTION])
                await asyncio.sleep(0)
            await self._write(updates)

    def _unwritten(self, instruments: Iterable[Instrument]) -> list[BarUpdate]:
        """Returns the minutes of each symbol that were completed since the last write, and two before them: a late
        correction of a minute may come when it is over. A minute that was not over at the last frame, or in which the
        link was away, is none of them."""
        now = self._clock()
        time, updates = self._market.exchange_time(min(now, self._market.health.frame_at or now)), list[BarUpdate]()
        for i in instruments:
            coverage = self._coverage.of(i)
            bars = completed_bars(i.bars.since(min(coverage.stored_slot, int(time // MINUTE)) - 2), time)
            bars = [bar for bar in bars if bar.time // MINUTE not in i.bars.incomplete]
            if bars and coverage.is_read:
                until = self._coverage.complete_until(i)
                updates.append(BarUpdate(i.symbol, bars, self._coverage.unstored_closes(i), until))
        return updates

    async def _write(self, updates: Sequence[BarUpdate]) -> None:
        if not updates:
            return
        if await self._use_store(partial(_write, updates=updates)):
            for each in updates:
                if each.bars and (i := self._market.instruments.get(each.symbol)) is not None:
                    coverage = self._coverage.of(i)
                    coverage.stored_slot = max(coverage.stored_slot, each.bars[-1].time // MINUTE)
                    coverage.stored_closes = {**coverage.stored_closes, **each.closes}

    async def _use_store(self, work: Callable[[Store], _T]) -> _T | None:
        """Returns the result of `work` with the store, on another thread; None if the store cannot be used."""
        if self.store is None:
            return None
        try:
            result = await run_in_thread(work, self.store)
        except (StoreError, OSError) as error:
            # A running copy holds the lock for a moment; one that was stopped holds it for ever.
            was_busy, self._was_busy = self._was_busy, isinstance(error, StoreError) and error.busy
            if not self.store_error and (was_busy or not self._was_busy):
                self.store_error = str(error)
                self._on_store_error(self.store_error)
            return None
        self.store_error, self._was_busy = "", False
        return result

    # --- the vendor ---

    async def _request_missing(self) -> None:
        """Make one call after the other. Each is for the symbols that lack something when it is made."""
        while True:
            self._request_wanted.clear()
            now = self._clock()
            if (leads := self._market.clock.lead is not None) is not self._clock_led:
                self._clock_led = leads
                self._coverage.invalidate()
            if self._live_at is not None and not self.asks:
                self._read_again(now)
            elif self._rest is not None and self._live_at is not None:
                if batch := self._next_batch(self._coverage.lacks_bars, self._bar_retries, self._rest.batch_size):
                    await self._request_bars(self._rest, batch)
                    continue
                if (
                    self._has_stream
                    and self._is_stream_settled(now)
                    and (
                        batch := self._next_batch(
                            self._coverage.lacks_quote, self._quote_retries, self._rest.batch_size
                        )
                    )
                ):
                    await self._request_quotes(self._rest, batch)
                    continue
            with contextlib.suppress(TimeoutError):
                settled = _POLL_EVERY if self.asks else _READ_AGAIN
                async with asyncio.timeout(settled if self._is_stream_settled(now) else _STREAM_SETTLED):
                    await self._request_wanted.wait()

    def _read_again(self, now: float) -> None:
        """Read the store again for symbols that lack bars: another process writes there what it was told."""
        if now >= self._read_again_at:
            self._read_again_at = now + _READ_AGAIN
            for i in self._instruments():
                coverage = self._coverage.of(i)
                if coverage.is_read and self._coverage.lacks_bars(i):
                    coverage.is_read = False
                    self._read_wanted.set()

    def _is_stream_settled(self, now: float) -> bool:
        return self._live_at is None or now - self._live_at >= _STREAM_SETTLED

    def _next_batch(
        self, lacks: Callable[[Instrument], bool], retries: Mapping[str, RetryState], limit: int
    ) -> list[Instrument]:
        """Returns up to `limit` instruments of one region for the next call, without the regions whose retry is not
        due; none while the store is still read, for a fuller batch may come of it."""
        now = self._clock()
        delayed = {region for region, retry in retries.items() if now < retry.retry_at}
        batch: list[Instrument] = []
        for i in self._instruments():
            if not self._coverage.of(i).is_read:
                return []
            region = i.symbol.region
            if region not in delayed and (not batch or region == batch[0].symbol.region) and lacks(i):
                batch.append(i)
                if len(batch) == limit:
                    break
        return batch

    async def _request_bars(self, rest: RestClient, batch: Sequence[Instrument]) -> None:
        region, outages, batch_size = batch[0].symbol.region, self._long_outages, rest.batch_size
        # The response counts as of now: it may be made later, but it does not say when.
        now, time = self._clock(), self._exchange_time()
        since = min(map(self._coverage.complete_until, batch))
        minutes = int((time - since) // MINUTE) + 2
        try:
            found = await rest.klines(region, [i.symbol.code for i in batch], min(MOST_BARS, minutes))
        except RestError as error:
            if rest.batch_size == batch_size:  # else the next call is for one symbol, and is made at once
                self._bar_retries[region].record_failure(error, self._clock())
            return
        self._bar_retries.pop(region, None)
        updates: list[BarUpdate] = []
        for i in batch:
            if self._is_followed(i):
                coverage, bars = self._coverage.of(i), found.get(i.symbol.code, [])
                coverage.is_requested = outages == self._long_outages
                self._coverage.bars_requested(i, time)
                if not bars:
                    continue  # the vendor has none just now
                agrees = self._market.apply_history(i.symbol, bars, False, now)
                if i.day.split is not None and not i.day.split.adjusted:
                    continue  # the vendor's bars are those from before it
                coverage.is_answered, coverage.complete_until = coverage.is_requested, int(time)
                completed = completed_bars(bars, time)
                coverage.has_history = coverage.has_history or bool(completed)
                if not agrees:
                    coverage.stored_closes = {}
                updates.append(
                    BarUpdate(
                        i.symbol,
                        completed,
                        self._coverage.unstored_closes(i),
                        coverage.complete_until,
                        replaces_range=True,
                        replaces_all=not agrees,
                    )
                )
                await asyncio.sleep(0)
        await self._write(updates)
        self._volumes.wanted.set()

    async def _request_quotes(self, rest: RestClient, batch: Sequence[Instrument]) -> None:
        region = batch[0].symbol.region
        try:
            found = await rest.quotes(region, [i.symbol.code for i in batch])
        except RestError as error:
            self._quote_retries[region].record_failure(error, self._clock())
            return
        self._quote_retries.pop(region, None)
        for i in batch:
            if self._is_followed(i):
                self._coverage.of(i).quoted = self._coverage.session(i)
                if (quote := found.get(i.symbol.code)) is not None:
                    self._market.apply_history_quote(i.symbol, quote, self._clock())


def _write(store: Store, updates: Sequence[BarUpdate]) -> bool:
    store.write(updates)
    return True


def _write_and_close(store: Store, updates: Sequence[BarUpdate]) -> None:
    try:
        store.write(updates, leaving=True)
    finally:
        store.close()
