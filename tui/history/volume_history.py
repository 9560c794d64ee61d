"""The usual volume by the minute of the session, and the range of the session before, from the store: once each trade
date for a symbol, and again when the vendor has told of minutes that the store lacked, or when a split is found."""

from __future__ import annotations

import asyncio
import contextlib
from array import array
from collections.abc import Awaitable, Callable, Iterable
from datetime import date
from functools import lru_cache, partial
from typing import NamedTuple, TypeAlias

from tui.feed.clock import Clock
from tui.history.bar_coverage import CoverageTable
from tui.history.store import Store
from tui.market import Instrument, Market
from tui.market.bars import MAX_MINUTES, MINUTE
from tui.market.session_axis import session_minutes
from tui.market.sessions import Calendar
from tui.market.split import Split, in_one_unit
from tui.market.usual_volume import MIN_DATES, SessionMinutes, cumulative_volumes, medians
from tui.protocol.rest import MOST_BARS
from tui.symbol import Symbol

_DATES = 20  # trade dates that are looked at
_POLL_EVERY = 15.0  # s
_AT_ONCE = 25  # symbols on one thread, one after the other

_UsualVolume: TypeAlias = "tuple[int, array[float]]"
_Worked: TypeAlias = "tuple[_UsualVolume, tuple[float, float] | None]"


class VolumeBasis(NamedTuple):
    """What an instrument's usual volume is worked out for: the session of `day`, in the unit of prices since `split`,
    before or after the vendor was asked."""

    day: date
    split: Split | None
    is_answered: bool


class VolumeRequest(NamedTuple):
    """An instrument's usual volume that is to be worked out, in the unit of `price`, from the minutes of comparable
    `sessions`, and the range of the session `before`, if there is one."""

    instrument: Instrument
    basis: VolumeBasis
    price: float
    sessions: tuple[SessionMinutes, ...]
    before: date | None


class VolumeHistory:
    """Works out the usual volume of each instrument, and the range of its session before, and applies them to `market`.
    `coverage` tells how far their history is known; `use_store` returns what a function makes of the store, None if
    that cannot be used."""

    def __init__(
        self,
        market: Market,
        coverage: CoverageTable,
        instruments: Callable[[], list[Instrument]],
        use_store: Callable[[Callable[[Store], list[_Worked]]], Awaitable[list[_Worked] | None]],
        clock: Clock,
    ) -> None:
        self._market = market
        self._coverage = coverage
        self._instruments = instruments
        self._use_store = use_store
        self._clock = clock
        self._made: dict[Instrument, VolumeBasis] = {}
        self.wanted = asyncio.Event()
        """Set when more of the past is known; a new trade date is found without it."""

    async def run(self) -> None:
        """Work out some at once, one lot after the other, until cancelled."""
        while True:
            self.wanted.clear()
            lacking = self._lacking(self._instruments(), self._market.exchange_time(self._clock()))
            for first in range(0, len(lacking), _AT_ONCE):
                requests = lacking[first : first + _AT_ONCE]
                found = await self._use_store(partial(_work_out, requests=requests))
                if found is None:
                    break
                for request, worked in zip(requests, found, strict=True):
                    self._apply(request, *worked)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_POLL_EVERY):
                    await self.wanted.wait()

    def _apply(self, request: VolumeRequest, usual: _UsualVolume, of_before: tuple[float, float] | None) -> None:
        i, basis = request.instrument, request.basis
        self._made[i] = basis
        if self._market.instruments.get(i.symbol) is i:
            self._market.apply_usual_volume(i.symbol, basis.day, *usual)
            if request.before is not None and of_before is not None:
                self._market.apply_session_range(i.symbol, request.before, *of_before)

    def clear(self) -> None:
        """Begin anew, with another store."""
        self._made.clear()

    def _lacking(self, instruments: list[Instrument], time: float) -> list[VolumeRequest]:
        """Returns what is to be worked out at `time`, the exchange's, ms UTC. Instruments without any price wait."""
        self._made = {i: basis for i in instruments if (basis := self._made.get(i)) is not None}
        days: dict[Calendar, date] = {}
        found: list[VolumeRequest] = []
        for i in instruments:
            coverage = self._coverage.of(i)
            if (day := days.get(i.calendar)) is None:
                day = days[i.calendar] = i.calendar.at(time).date
            basis = VolumeBasis(day, i.day.split, coverage.is_answered)
            if coverage.is_read and self._made.get(i) != basis and (price := _price(i)) is not None:
                sessions, before = comparable_sessions(i.calendar, day), i.calendar.previous_session(day)
                found.append(VolumeRequest(i, basis, price, sessions, before))
        return found


def _work_out(store: Store, requests: list[VolumeRequest]) -> list[_Worked]:
    found: list[_Worked] = []
    for i, _, price, sessions, before in requests:
        usual = usual_volume(store, symbol=i.symbol, sessions=sessions, price=price)
        minutes = session_minutes(i.calendar, before) if before is not None else ()
        found.append((usual, session_range(store, i.symbol, minutes, price)))
    return found


def session_range(store: Store, symbol: Symbol, minutes: SessionMinutes, price: float) -> tuple[float, float] | None:
    """Returns the lowest and highest price of a session with these minutes; None if some of them may be missing, or if
    they are in another unit than `price`. Raises StoreError."""
    bars = store.ranges(symbol, minutes[0].start, minutes[-1].stop) if minutes else {}
    volumes = {slot: volume for slot, (_, _, volume) in bars.items()}
    if not bars or cumulative_volumes(volumes, minutes) is None or not in_one_unit(bars[max(bars)][1], price):
        return None
    return min(low for low, _, _ in bars.values()), max(high for _, high, _ in bars.values())


def usual_volume(store: Store, symbol: Symbol, sessions: tuple[SessionMinutes, ...], price: float) -> _UsualVolume:
    """Returns how many of the sessions tell a symbol's usual volume, and the median by minute, empty if they are too
    few. Those in another unit than `price` do not count: before a split other shares were traded. Raises StoreError.
    """
    stored = store.minutes(symbol, ((minutes[0].start, minutes[-1].stop) for minutes in sessions))
    days: list[array[float]] = []
    for minutes, bars in zip(sessions, stored, strict=True):
        if bars and in_one_unit(bars[max(bars)][0], price):
            volumes = cumulative_volumes({slot: volume for slot, (_, volume) in bars.items()}, minutes)
            if volumes is not None:
                days.append(volumes)
    return len(days), medians(days) if len(days) >= MIN_DATES else array("d")


@lru_cache(maxsize=16)
def comparable_sessions(calendar: Calendar, today: date) -> tuple[SessionMinutes, ...]:
    """Returns those of the last 20 sessions before `today` that are as long as today's, the latest first."""
    length = sum(map(len, session_minutes(calendar, today)))
    found: list[SessionMinutes] = []
    day: date | None = today
    for _ in range(_DATES):
        day = calendar.previous_session(day) if day is not None else None
        if day is not None and sum(map(len, minutes := session_minutes(calendar, day))) == length > 0:
            found.append(minutes)
    return tuple(found)


def bars_to_read(instruments: Iterable[Instrument], time: float) -> int:
    """Returns how many of the latest stored bars cover the session at `time` (the exchange's, ms UTC) of each
    instrument from its beginning, and no fewer than the vendor tells at once."""
    longest = MOST_BARS
    for hours in {i.calendar for i in instruments}:
        if session := hours.regular_hours(hours.at(time).date):
            longest = max(longest, 1 + int((time - session[0]) // MINUTE))
    return min(longest, MAX_MINUTES)


def _price(i: Instrument) -> float | None:
    if i.last is not None:
        return i.last
    return i.last_known.price if i.last_known is not None else None
