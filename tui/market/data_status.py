"""The data status of a symbol: live, quiet, stale and so on, exactly as the words on the screen mean it."""

from __future__ import annotations

from enum import Enum

from tui.market.instrument import Instrument
from tui.market.pair_instrument import PairInstrument
from tui.protocol.messages import OVER_LIMIT

MAX_LIVE_AGE = 10.0  # s


class DataStatus(Enum):
    """The status of one symbol's data. The value is the word shown in place of the age, if any."""

    LIVE = ""  # data at most MAX_LIVE_AGE old
    QUIET = " "  # older, but the link is live: nothing has happened
    CLOSED = "closed"  # older, and its exchange is closed
    STALE = "stale"  # the link is not live: the price may be outdated
    PENDING = "…"  # no data, still within DATA_TIMEOUT, or the link has not been live yet
    LAST_KNOWN = "past"  # only a price from history, whose time is shown in place of the age
    WAITING = "no data yet"  # none within DATA_TIMEOUT
    REFUSED = "refused"
    OVER_PLAN = "over plan"
    HALTED = "halted"


UNSERVED = (DataStatus.REFUSED, DataStatus.OVER_PLAN)
_WORST_FIRST = (
    *UNSERVED,
    DataStatus.WAITING,
    DataStatus.PENDING,
    DataStatus.LAST_KNOWN,
    DataStatus.STALE,
    DataStatus.HALTED,
    DataStatus.CLOSED,
    DataStatus.QUIET,
    DataStatus.LIVE,
)


def data_status(
    instrument: Instrument, age: float | None, is_link_live: bool, *, is_starting: bool = False
) -> DataStatus:
    """Returns the status of a symbol's prices. `age` is in s by the data's own time; the state of the link holds for
    all symbols alike. `is_starting`: it has been neither live nor lost. A pair's is the worse one of its legs', at its
    own age."""
    if isinstance(instrument, PairInstrument):
        return _pair_status(instrument, age, is_link_live, is_starting=is_starting)
    if not instrument.has_data or instrument.is_last_known:
        why = instrument.refused.get("quote") or instrument.refused.get("tick")
        if why:
            return DataStatus.OVER_PLAN if why == OVER_LIMIT else DataStatus.REFUSED
        if instrument.is_last_known:
            return DataStatus.LAST_KNOWN
        if not instrument.data_overdue:
            return DataStatus.PENDING
        return DataStatus.CLOSED if instrument.is_closed else DataStatus.WAITING
    if not is_link_live:
        return DataStatus.PENDING if is_starting else DataStatus.STALE
    if _is_halted(instrument):
        return DataStatus.HALTED
    if age is not None and age <= MAX_LIVE_AGE:
        return DataStatus.LIVE
    return DataStatus.CLOSED if instrument.is_closed else DataStatus.QUIET


def _pair_status(pair: PairInstrument, age: float | None, is_link_live: bool, *, is_starting: bool) -> DataStatus:
    found = [data_status(leg, age, is_link_live, is_starting=is_starting) for leg in pair.legs]
    worst = min(found, key=_WORST_FIRST.index)
    if worst in UNSERVED or pair.last is not None:
        return worst
    if pair.is_last_known:
        return DataStatus.LAST_KNOWN
    if _WORST_FIRST.index(worst) <= _WORST_FIRST.index(DataStatus.PENDING):
        return worst
    return DataStatus.CLOSED if pair.is_closed else DataStatus.PENDING  # no minute yet in which both traded


def _is_halted(instrument: Instrument) -> bool:
    """Returns True if the quote says that nothing is traded, and no trade since shows otherwise."""
    quote, quoted_at = instrument.quote, instrument.quote_time
    if quote is None or quote.status not in (1, 3):
        return False
    return not quoted_at or instrument.tick_time - quoted_at <= 1_000 * MAX_LIVE_AGE


def book_status(instrument: Instrument, is_link_live: bool) -> DataStatus:
    """Returns the status of a symbol's book, which carries no time and needs no price."""
    if not is_link_live:
        return DataStatus.STALE
    return DataStatus.CLOSED if instrument.is_closed else DataStatus.QUIET
