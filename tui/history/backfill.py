"""What was before the program was there, and while the link was away: from our own file, and from the vendor by REST.

It runs beside the link and never in its way. Calls are few, so each is made once: at start, for symbols added later,
and after an outage for what happened meanwhile. What is known already is not asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import TypeVar

from tui.feed.clock import monotonic
from tui.feed.state import LinkPhase, LinkState
from tui.format import count
from tui.history.rest_client import RestClient, RestError
from tui.history.store import BarUpdate, Store, StoredHistory, StoreError
from tui.market import PORTION, Instrument, Market
from tui.market.bars import MINUTE, completed_bars
from tui.protocol.rest import MOST_BARS
from tui.symbol import Symbol, format_list
from tui.threads import run_in_thread

_READ_AT_ONCE = 20  # symbols
_LONG = 60.0  # s of an outage: after a shorter one the stream's next bar tells what was missed
_SETTLED = 3.0  # s after the link is live: by then the stream has told what it tells
_LOOK_EVERY = 15.0  # s
_WRITE_EVERY = 60.0  # s
_RETRY_FIRST, _RETRY_LATE = 60.0, 600.0  # s
_LOOKED_THROUGH = 4 * 86_400_000  # ms of an exchange's hours, at most
_ANSWERED = (LinkPhase.AUTHENTICATING, LinkPhase.SUBSCRIBING, LinkPhase.LIVE)

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class _Known:
    """How far one instrument's past is known."""

    __slots__ = ("asked", "closes", "complete", "past", "quoted", "read", "whole", "written")

    def __init__(self) -> None:
        self.read = False  # from our own file
        self.asked = False  # of the vendor, and nothing was missed since
        self.whole = False  # whether he answered: else something may be missing all the same
        self.past = False  # whether anything was kept or told
        self.complete = 0  # ms UTC: up to then the vendor's bars are all there were; 0 not known
        self.quoted: date | None = None  # on which of the exchange's dates a quote was asked for
        self.written = 0  # the newest minute slot that is in the file
        self.closes: dict[str, float] = {}  # that are in the file


class _Trouble:
    """Why one kind of thing is not had, and when it is asked for again, s monotonic."""

    def __init__(self) -> None:
        self.words = ""
        self.again = self._wait = 0.0

    def failed(self, error: RestError, now: float) -> None:
        self.words = str(error)
        self._wait = _RETRY_LATE if error.refused else min(_RETRY_LATE, 2 * self._wait or _RETRY_FIRST)
        self.again = now + max(self._wait, error.wait)


class Backfill:
    """Tells `market` of the past of what is wanted. Without `rest`, which allows `calls` a minute, it tells only what
    was kept.

    `stores` gives the file of an exchange of our own, or else of a real one. Which of the two it is, is known when it
    has answered; where it is not `local`, only a real one is expected. `on_trouble` hears once why nothing is kept."""

    def __init__(
        self,
        market: Market,
        rest: RestClient | None,
        stores: Callable[[bool], Store],
        *,
        calls: int = 5,
        local: bool = False,
        on_trouble: Callable[[str], None] = lambda words: None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._market = market
        self._rest = rest
        self._stores = stores
        self._calls = calls
        self._local = local
        self._on_trouble = on_trouble
        self._clock = clock
        self.store: Store | None = None
        """The file, as soon as it is known which; then `opened` is set."""
        self.opened = asyncio.Event()
        self.trouble = ""
        """Why nothing is kept; "" where it is."""
        self.lost = ""
        """Why the newest minutes were not kept at the end; "" where they were."""
        self._busy = False  # whether another process had the file locked the last time
        self._finishing: asyncio.Task[None] | None = None
        self._fault = ""
        self._demo: bool | None = None
        self._wanted: tuple[Symbol, ...] = ()
        self._known: dict[Instrument, _Known] = {}
        self._live_at: float | None = None
        self._lost_at: float | None = None
        self._outages = 0  # long ones
        self._led = False  # whether the data's clock was ahead of all others when that was last looked at
        self._awake_at = 0.0  # when this ran last
        # By region: where one is not in the plan, the others are.
        self._bars, self._quotes = defaultdict[str, _Trouble](_Trouble), defaultdict[str, _Trouble](_Trouble)
        self._to_read, self._to_ask = asyncio.Event(), asyncio.Event()

    def set_symbols(self, symbols: Iterable[Symbol]) -> None:
        """Say what to follow, what is in view first; the market follows it already."""
        self._wanted = tuple(symbols)
        # One that was dropped and came back is another instrument, without a past.
        there = set(self._market.instruments.values())
        self._known = {i: known for i, known in self._known.items() if i in there}
        self._stir()

    def link_changed(self, state: LinkState, demo: bool) -> None:
        """The link took a step; `demo`: as far as it has answered, the exchange is one of our own."""
        if (state.phase in _ANSWERED or (self._demo is None and not self._local)) and demo is not self._demo:
            if self.store is not None:
                self.store.close()
            self._demo, self.store = demo, self._stores(demo)
            self._known.clear()
            self.opened.set()
        now = self._clock()
        if state.is_live and self._live_at is None:
            if self._lost_at is not None and now - self._lost_at > _LONG:
                self._outages += 1
                for known in self._known.values():
                    known.asked = known.whole = False
            self._live_at = now
            self._bars.clear()
            self._quotes.clear()
        elif not state.is_live and self._live_at is not None:
            # Lost since the last that came. Where the machine slept, what it reads now is from before.
            lost = min(now, self._market.health.frame_at or now, self._awake_at + _LOOK_EVERY)
            self._stretch(lost)
            self._live_at, self._lost_at = None, lost
        self._stir()

    async def run(self) -> None:
        """Run until cancelled. No failure leaves this method: it becomes words."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._remember(), name="history read")
                tasks.create_task(self._ask(), name="history ask")
                tasks.create_task(self._keep(), name="history write")
                tasks.create_task(self._stay_awake(), name="history awake")
        except ExceptionGroup as errors:
            # A fault of ours costs the past, and not the screen. Only its kind is told: its text could hold anything.
            kind = type(errors.exceptions[0]).__name__
            _log.error("history: a fault in the program", exc_info=errors.exceptions[0])
            self._fault = f"a fault in the program ({kind})"

    async def finish(self, within: float) -> None:
        """Keep what is new, and let go of the file; wait `within` s for that at most. `lost` says what came of it. Who
        calls it again waits for the same."""
        if self._finishing is None:
            self._finishing = asyncio.create_task(self._finish(), name="history finish")
        await asyncio.wait([self._finishing], timeout=within)

    async def _finish(self) -> None:
        store, self.store = self.store, None
        if store is not None:
            self._stretch(self._clock())
            self.lost = f"cannot use {store.path}: the disk does not answer"
            try:
                await run_in_thread(_finish, store, self._unwritten(self._instruments()))
                self.lost = ""
            except (StoreError, OSError) as error:
                self.lost = str(error)
                _log.warning("%s", error)

    # --- how it stands ---

    def words(self) -> tuple[str, bool]:
        """For the health screen, and whether something is not as it should be."""
        if self._fault:
            return self._fault, True
        followed = self._instruments()
        asked = [i for i in followed if self._of(i).asked]
        waiting = len(followed) - len(asked)
        if self._rest is None or (waiting and self._live_at is None):
            why = "calls_a_minute is 0" if self._rest is None else "more is asked for when the link is live"
            return f"{count(sum(self._of(i).past for i in followed), 'symbol')} from our own file; {why}", False
        unknown = [i.symbol for i in asked if not self._of(i).past]
        words = f"{count(len(asked) - len(unknown), 'symbol')} known"
        if waiting and self._bars:
            words += f", {waiting} not"
        elif waiting:
            words += f", {waiting} wait for their turn ({self._calls} calls a minute)"
        if unknown:
            words += f"; nothing told of {format_list(unknown)}"
        troubles = [(f"{region} minutes", trouble) for region, trouble in self._bars.items()]
        troubles += [(f"{region} quotes", trouble) for region, trouble in self._quotes.items()]
        for what, trouble in troubles:
            words += f"; {what}: {trouble.words}; asked again in {max(1, round(trouble.again - self._clock()))} s"
        return words, bool(unknown or troubles)

    # --- what is known ---

    def _instruments(self) -> list[Instrument]:
        """What is wanted, as the market has it now."""
        found = self._market.instruments
        return [found[symbol] for symbol in self._wanted if symbol in found]

    def _of(self, i: Instrument) -> _Known:
        known = self._known.get(i)
        if known is None:
            known = self._known[i] = _Known()
        return known

    def _is_followed(self, i: Instrument) -> bool:
        return self._market.instruments.get(i.symbol) is i

    def _time(self) -> float:
        return self._market.exchange_time(self._clock())

    def _stretch(self, now: float) -> None:
        """While the link is live the stream leaves nothing out, but where bars are built from the trades it sends."""
        if self._live_at is not None:
            time = int(self._market.exchange_time(now))
            for i, known in self._known.items():
                if known.whole and not i.builds_bars:
                    known.complete = time

    def _stir(self) -> None:
        self._to_read.set()
        self._to_ask.set()

    # --- our own file ---

    async def _remember(self) -> None:
        """Read what is kept of each symbol, as soon as it is wanted."""
        while True:
            self._to_read.clear()
            unread = [i for i in self._instruments() if not self._of(i).read] if self.store is not None else []
            if not unread:
                await self._to_read.wait()
                continue
            symbols = [i.symbol for i in unread[:_READ_AT_ONCE]]
            kept = await self._stored(partial(Store.read, symbols=symbols, most=MOST_BARS))
            for i in unread[:_READ_AT_ONCE]:
                self._recall(i, (kept or {}).get(i.symbol))
                await asyncio.sleep(0)  # there may be a frame between two of them
            self._to_ask.set()

    def _recall(self, i: Instrument, kept: StoredHistory | None) -> None:
        known = self._of(i)
        known.read = True
        if kept is not None and self._is_followed(i):
            known.complete = kept.complete  # which a clock that was wrong may have told
            if kept.closes:
                self._market.apply_history_closes(i.symbol, kept.closes)
                known.closes = kept.closes
            if kept.bars:
                known.past = True
                self._market.apply_history(i.symbol, kept.bars, True, self._clock())
                known.written = kept.bars[-1].time // MINUTE

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_WRITE_EVERY)
            self._stretch(self._clock())
            instruments = self._instruments()
            news: list[BarUpdate] = []
            for first in range(0, len(instruments), PORTION):
                news += self._unwritten(instruments[first : first + PORTION])
                await asyncio.sleep(0)
            await self._write(news)

    def _unwritten(self, instruments: Iterable[Instrument]) -> list[BarUpdate]:
        """Of each symbol the finished minutes since the last time, and two before: the last word on a minute may come
        when it is over."""
        time, news = self._time(), list[BarUpdate]()
        for i in instruments:
            known = self._of(i)
            bars = completed_bars(i.bars.since(min(known.written, int(time // MINUTE)) - 2), time)
            if bars and known.read:
                news.append(BarUpdate(i.symbol, bars, self._new_closes(i), known.complete))
        return news

    def _new_closes(self, i: Instrument) -> dict[str, float]:
        closes = {day.isoformat(): close for day, close in i.closes.items()}
        return {day: close for day, close in closes.items() if self._of(i).closes.get(day) != close}

    async def _write(self, news: Sequence[BarUpdate]) -> None:
        if not news:
            return
        kept = await self._stored(partial(_write, news=news))
        if kept:
            for each in news:
                if each.bars and (i := self._market.instruments.get(each.symbol)) is not None:
                    known = self._of(i)
                    known.written = max(known.written, each.bars[-1].time // MINUTE)
                    known.closes = {**known.closes, **each.closes}

    async def _stored(self, work: Callable[[Store], _T]) -> _T | None:
        """What comes of working with the file, on another thread; None where that is not possible."""
        if self.store is None:
            return None
        try:
            result = await run_in_thread(work, self.store)
        except (StoreError, OSError) as error:
            # Another copy writes for a moment; one that was stopped holds its lock for ever.
            before, self._busy = self._busy, isinstance(error, StoreError) and error.busy
            if not self.trouble and (before or not self._busy):
                self.trouble = str(error)
                self._on_trouble(self.trouble)
            return None
        self.trouble, self._busy = "", False
        return result

    # --- the vendor ---

    async def _ask(self) -> None:
        """One call after the other; which symbols it is for, is decided when it is made."""
        while True:
            self._to_ask.clear()
            now = self._clock()
            if (led := self._market.clock.lead is not None) is not self._led:
                # What was told until now was judged by a clock that proved to be another than the data's.
                self._led = led
                for known in self._known.values():
                    known.asked, known.complete = False, 0
            if self._rest is not None and self._live_at is not None:
                if some := self._together(self._lacks_bars, self._bars, self._rest.at_once):
                    await self._ask_bars(self._rest, some)
                    continue
                settled = now - self._live_at >= _SETTLED
                if settled and (some := self._together(self._lacks_quote, self._quotes, self._rest.at_once)):
                    await self._ask_quotes(self._rest, some)
                    continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY if self._settled(now) else _SETTLED):
                    await self._to_ask.wait()

    async def _stay_awake(self) -> None:
        while True:
            self._awake_at = self._clock()
            await asyncio.sleep(_LOOK_EVERY)

    def _settled(self, now: float) -> bool:
        return self._live_at is None or now - self._live_at >= _SETTLED

    def _together(
        self, lacks: Callable[[Instrument], bool], troubles: Mapping[str, _Trouble], most: int
    ) -> list[Instrument]:
        """What one call can be for: as much of one region as is lacking, and as fits, but for those that are asked for
        later; nothing as long as more may turn out to fit, because our own file is still read."""
        now = self._clock()
        later = {region for region, trouble in troubles.items() if now < trouble.again}
        some: list[Instrument] = []
        for i in self._instruments():
            if not self._of(i).read:
                return []
            region = i.symbol.region
            if region not in later and (not some or region == some[0].symbol.region) and lacks(i):
                some.append(i)
                if len(some) == most:
                    break
        return some

    def _lacks_bars(self, i: Instrument) -> bool:
        known = self._of(i)
        if not known.asked and (complete := self._complete(i)) and not self._traded_since(i, complete):
            known.asked = known.whole = True
        return not known.asked

    def _complete(self, i: Instrument) -> int:
        """Up to when its bars are all there were, ms UTC; 0 where that is not known, or was told by a wrong clock."""
        complete = self._of(i).complete
        return complete if complete <= self._time() + MINUTE else 0

    def _traded_since(self, i: Instrument, since: int) -> bool:
        """Whether its exchange may have been open meanwhile."""
        now, calendar = self._time(), self._market.calendar(i.symbol.region)
        while since < now <= since + _LOOKED_THROUGH:
            stretch = calendar.at(since)
            if not stretch.phase.closed:
                return True
            since = stretch.end
        return since < now

    def _lacks_quote(self, i: Instrument) -> bool:
        """Whether a quote could tell what nothing else has: the previous close, or any price at all."""
        known, base = self._of(i), i.base
        lacking = i.last_known is None if i.last is None else base is None or base.is_open
        return lacking and known.quoted != self._today(i)

    def _today(self, i: Instrument) -> date:
        return self._market.calendar(i.symbol.region).at(self._time()).date

    async def _ask_bars(self, rest: RestClient, some: Sequence[Instrument]) -> None:
        region, outages, at_once = some[0].symbol.region, self._outages, rest.at_once
        # All that is told is taken as of now: the answer may be made later, but how much later nobody says.
        now, time = self._clock(), self._time()
        since = min(map(self._complete, some))
        minutes = int((time - since) // MINUTE) + 2
        try:
            found = await rest.klines(region, [i.symbol.code for i in some], min(MOST_BARS, minutes))
        except RestError as error:
            if rest.at_once == at_once:  # else the next call is for one at a time
                self._bars[region].failed(error, self._clock())
            return
        self._bars.pop(region, None)
        news: list[BarUpdate] = []
        for i in some:
            if self._is_followed(i):
                known, bars = self._of(i), found.get(i.symbol.code, [])
                known.asked = outages == self._outages
                if not bars:
                    continue  # nothing known there just now
                agrees = self._market.apply_history(i.symbol, bars, False, now)
                known.whole, known.complete = known.asked, int(time)
                over = completed_bars(bars, time)
                known.past = known.past or bool(over)
                if not agrees:
                    known.closes = {}
                closes = self._new_closes(i)
                news.append(BarUpdate(i.symbol, over, closes, known.complete, told=True, afresh=not agrees))
                await asyncio.sleep(0)
        await self._write(news)

    async def _ask_quotes(self, rest: RestClient, some: Sequence[Instrument]) -> None:
        region = some[0].symbol.region
        try:
            found = await rest.quotes(region, [i.symbol.code for i in some])
        except RestError as error:
            self._quotes[region].failed(error, self._clock())
            return
        self._quotes.pop(region, None)
        for i in some:
            if self._is_followed(i):
                self._of(i).quoted = self._today(i)
                if (quote := found.get(i.symbol.code)) is not None:
                    self._market.apply_history_quote(i.symbol, quote, self._clock())


def _write(store: Store, news: Sequence[BarUpdate]) -> bool:
    store.write(news)
    return True


def _finish(store: Store, news: Sequence[BarUpdate]) -> None:
    try:
        store.write(news, leaving=True)
    finally:
        store.close()
