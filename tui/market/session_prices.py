"""Prices of sessions: the range and close of the one before, and the opening range of the present one.

A range is known only if all its minutes are: they came without a gap, or no more of them in a row have no bar than
trades may leave out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from msgspec import Struct

from tui.market.bars import MAX_MINUTES, MINUTE, MinuteBars
from tui.market.instrument import Instrument
from tui.market.session_axis import session_minutes
from tui.market.usual_volume import cumulative_volumes

OPENING_MINUTES = 30
"""Minutes of the opening range."""


class PriceRange(Struct, frozen=True):
    """The lowest and highest price of some minutes."""

    low: float
    high: float


class OpeningRange(Struct, frozen=True):
    """The range of the first minutes of a session, `minutes` of them so far, from the slot `start` on."""

    prices: PriceRange
    start: int
    minutes: int
    is_complete: bool


class SessionPrices(Struct, frozen=True):
    """What the chart of a date is compared with; None if it is not known."""

    previous: PriceRange | None
    previous_close: float | None
    opening: OpeningRange | None


def session_prices(i: Instrument, day: date) -> SessionPrices:
    """Returns the range and close of the session before that of the date `day`, and the opening range of its own."""
    bars, calendar = i.bars, i.calendar
    before = calendar.previous_session(day)
    parts = session_minutes(calendar, before) if before is not None else ()
    previous = _range_of_minutes(bars, parts, bars.slot_version, *_gaps(bars)) if parts else None
    close, base = i.day.close_of(before), i.base
    if close is None and i.day.is_regular and base is not None and not base.is_open:
        close = base.price
    return SessionPrices(previous, close, _opening(bars, session_minutes(calendar, day)))


def _opening(bars: MinuteBars, parts: Sequence[range]) -> OpeningRange | None:
    """Returns the opening range of a session with these minutes, as far as it has come."""
    start = parts[0].start if parts else 0
    end, latest = start + OPENING_MINUTES, bars.latest
    if not parts or latest < start:
        return None
    minutes = range(start, min(end, latest + 1))
    is_complete = latest >= end
    version = bars.slot_version if is_complete else bars.version  # the minute in progress changes all the time
    found = _range_of_minutes(bars, (minutes,), version, *_gaps(bars))
    return OpeningRange(found, start, len(minutes), is_complete) if found is not None else None


def _gaps(bars: MinuteBars) -> tuple[int, int]:
    """Returns what changes whenever minutes become known, or are no longer."""
    return len(bars.incomplete), bars.known_from


@lru_cache(maxsize=64)
def _range_of_minutes(
    bars: MinuteBars, parts: tuple[range, ...], version: int, incomplete: int, known_from: int
) -> PriceRange | None:
    """Returns the range of these minutes, None if it is not known. The other arguments change with the bars."""
    first, stop = parts[0].start, parts[-1].stop
    if any(first <= slot < stop for slot in bars.incomplete):
        return None
    held = [bar for bar in bars.window(first, stop - 1) if bar is not None]
    if not held or not _is_known(bars, first, parts):
        return None
    return PriceRange(min(bar.low for bar in held), max(bar.high for bar in held))


def _is_known(bars: MinuteBars, first: int, parts: Sequence[range]) -> bool:
    is_full = len(bars) >= MAX_MINUTES  # the oldest have been dropped
    if is_full and first < bars.minutes()[0] // MINUTE:
        return False
    if 0 <= bars.known_from <= first:
        return True
    return cumulative_volumes(bars.volumes(first, parts[-1].stop), parts) is not None
