"""What a row of the watchlist is: live, quiet, stale and so on, exactly as the words on the screen mean it."""

from __future__ import annotations

from enum import Enum

from tui.market.instrument import Instrument
from tui.market.sessions import Phase
from tui.protocol import OVER_LIMIT

LIVE_FOR = 10.0  # s


class RowState(Enum):
    """The value is the word shown in place of the age, where there is one."""

    LIVE = ""  # data at most LIVE_FOR old
    QUIET = " "  # older, but the link is proven: nothing has happened
    CLOSED = "closed"  # quiet, and its exchange is closed by its hours
    STALE = "stale"  # the link is not proven: the number may be wrong by now
    ASKED = "…"  # no data, which is no wonder yet
    PAST = "past"  # no price yet, but one is known from before: its time stands in place of the age
    WAITING = "no data yet"
    REFUSED = "refused"
    OVER_PLAN = "over plan"
    HALTED = "halted"


UNSERVED = (RowState.REFUSED, RowState.OVER_PLAN)


def row_state(instrument: Instrument, age: float | None, link_proven: bool) -> RowState:
    """The state of one row. `age` in s by the data's own time; `link_proven` is the link's, the same for all rows."""
    if not instrument.has_data or instrument.is_past:
        why = instrument.refused.get("quote") or instrument.refused.get("tick")
        if why:
            return RowState.OVER_PLAN if why == OVER_LIMIT else RowState.REFUSED
        if instrument.is_past:
            return RowState.PAST
        if not instrument.overdue:
            return RowState.ASKED
        return RowState.CLOSED if _closed(instrument) else RowState.WAITING
    if not link_proven:
        return RowState.STALE
    if instrument.quote is not None and instrument.quote.status in (1, 3):
        return RowState.HALTED
    if age is not None and age <= LIVE_FOR:
        return RowState.LIVE
    return RowState.CLOSED if _closed(instrument) else RowState.QUIET


def book_state(instrument: Instrument, link_proven: bool) -> RowState:
    """The state of its book alone, where there is one: that has no age, and asks for no price."""
    if not link_proven:
        return RowState.STALE
    return RowState.CLOSED if _closed(instrument) else RowState.QUIET


def _closed(instrument: Instrument) -> bool:
    """By its hours, and its holidays where they are known."""
    return instrument.session is not None and instrument.session.phase is Phase.CLOSED
