"""What a row of the watchlist is: live, quiet, stale and so on, exactly as the words on the screen mean it."""

from __future__ import annotations

from enum import Enum

from tui.market.instrument import Instrument
from tui.market.sessions import SessionPhase
from tui.protocol.messages import OVER_LIMIT

MAX_LIVE_AGE = 10.0  # s


class DataStatus(Enum):
    """The value is the word shown in place of the age, where there is one."""

    LIVE = ""  # data at most MAX_LIVE_AGE old
    QUIET = " "  # older, but the link is proven: nothing has happened
    CLOSED = "closed"  # quiet, and its exchange is closed by its hours
    STALE = "stale"  # the link is not proven: the number may be wrong by now
    PENDING = "…"  # no data, which is no wonder yet
    LAST_KNOWN = "past"  # no price yet, but one is known from before: its time stands in place of the age
    WAITING = "no data yet"
    REFUSED = "refused"
    OVER_PLAN = "over plan"
    HALTED = "halted"


UNSERVED = (DataStatus.REFUSED, DataStatus.OVER_PLAN)


def data_status(instrument: Instrument, age: float | None, link_proven: bool) -> DataStatus:
    """The state of one row. `age` in s by the data's own time; `link_proven` is the link's, the same for all rows."""
    if not instrument.has_data or instrument.is_last_known:
        why = instrument.refused.get("quote") or instrument.refused.get("tick")
        if why:
            return DataStatus.OVER_PLAN if why == OVER_LIMIT else DataStatus.REFUSED
        if instrument.is_last_known:
            return DataStatus.LAST_KNOWN
        if not instrument.data_overdue:
            return DataStatus.PENDING
        return DataStatus.CLOSED if _closed(instrument) else DataStatus.WAITING
    if not link_proven:
        return DataStatus.STALE
    if instrument.quote is not None and instrument.quote.status in (1, 3):
        return DataStatus.HALTED
    if age is not None and age <= MAX_LIVE_AGE:
        return DataStatus.LIVE
    return DataStatus.CLOSED if _closed(instrument) else DataStatus.QUIET


def book_status(instrument: Instrument, link_proven: bool) -> DataStatus:
    """The state of its book alone, where there is one: that has no age, and asks for no price."""
    if not link_proven:
        return DataStatus.STALE
    return DataStatus.CLOSED if _closed(instrument) else DataStatus.QUIET


def _closed(instrument: Instrument) -> bool:
    """By its hours, and its holidays where they are known."""
    return instrument.session is not None and instrument.session.phase is SessionPhase.CLOSED
