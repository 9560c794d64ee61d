"""Tables of trading hours by region, each with the date from which it holds. A rule for a coming year is one more row.

Sources: the exchanges' own announcements; `US` nights by the consolidated tapes' notices 34-105779 and 34-105680.
"""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import NamedTuple


class SessionPhase(Enum):
    """What an exchange does at a time of day. The value is the word for it on the screen."""

    CLOSED = "closed"
    PAUSE = "pause"
    OVERNIGHT = "overnight"
    PRE = "pre-market"
    AUCTION = "auction"
    OPEN = "open"
    BREAK = "break"
    LUNCH = "lunch"
    AT_CLOSE = "at close"
    POST = "after hours"

    @property
    def is_extended(self) -> bool:
        """True if the exchange trades, but outside the regular session and its fixed-price trading."""
        return self in (SessionPhase.OVERNIGHT, SessionPhase.PRE, SessionPhase.POST)

    @property
    def is_continuous(self) -> bool:
        """True if orders match without a pause, so that a book's spread is the cost of trading."""
        return self is SessionPhase.OPEN or self.is_extended

    @property
    def is_regular(self) -> bool:
        """True in the regular session, its auctions and its lunch included."""
        return self in (SessionPhase.AUCTION, SessionPhase.OPEN, SessionPhase.BREAK, SessionPhase.LUNCH)

    @property
    def is_closed(self) -> bool:
        """True if nothing is traded until another session: closed, or the pause before a night."""
        return self in (SessionPhase.CLOSED, SessionPhase.PAUSE)


Hours = tuple[tuple[str, SessionPhase], ...]
"""The phases of a trade date, each with the local time at which it begins: `09:30`, or `-21:00` for the evening before.
Before the first the exchange is closed; the last is CLOSED."""


class DatedHours(NamedTuple):
    """Hours from the trade date `since` on: of a whole session, and of one that closes early (empty if none does)."""

    since: date
    full: Hours
    early: Hours = ()


_US = (
    ("04:00", SessionPhase.PRE),
    ("09:30", SessionPhase.OPEN),
    ("16:00", SessionPhase.POST),
    ("20:00", SessionPhase.CLOSED),
)
_US_EARLY = (*_US[:2], ("13:00", SessionPhase.POST), ("17:00", SessionPhase.CLOSED))
_US_NIGHT = (("-20:00", SessionPhase.PAUSE), ("-21:00", SessionPhase.OVERNIGHT))
_HK = (
    ("09:00", SessionPhase.AUCTION),
    ("09:30", SessionPhase.OPEN),
    ("12:00", SessionPhase.LUNCH),
    ("13:00", SessionPhase.OPEN),
    ("16:00", SessionPhase.AUCTION),
    ("16:10", SessionPhase.CLOSED),
)
_HK_EARLY = (*_HK[:2], ("12:00", SessionPhase.AUCTION), ("12:10", SessionPhase.CLOSED))
_CN_MORNING = (
    ("09:15", SessionPhase.AUCTION),
    ("09:25", SessionPhase.BREAK),
    ("09:30", SessionPhase.OPEN),
    ("11:30", SessionPhase.LUNCH),
    ("13:00", SessionPhase.OPEN),
)
_CN_AUCTION = (*_CN_MORNING, ("14:57", SessionPhase.AUCTION), ("15:00", SessionPhase.CLOSED))
_CN_AT_CLOSE = (*_CN_AUCTION, ("15:05", SessionPhase.AT_CLOSE), ("15:30", SessionPhase.CLOSED))

HOURS: dict[str, tuple[DatedHours, ...]] = {
    "US": (
        DatedHours(date.min, _US, _US_EARLY),
        DatedHours(date(2026, 12, 7), (*_US_NIGHT, *_US), (*_US_NIGHT, *_US_EARLY)),
    ),
    "HK": (DatedHours(date.min, _HK, _HK_EARLY),),
    "SH": (
        DatedHours(date.min, (*_CN_MORNING, ("15:00", SessionPhase.CLOSED))),
        DatedHours(date(2026, 7, 6), _CN_AT_CLOSE),
    ),
    "SZ": (
        DatedHours(date.min, _CN_AUCTION),
        DatedHours(date(2026, 7, 6), _CN_AT_CLOSE),
    ),
}
"""By region, the oldest first."""

EVENINGS = {"US": "20:00"}
"""By region the local time from which a trade belongs to the next session's date, also if no table has a night then:
venues outside the exchanges trade from 20:00."""

ALWAYS: Hours = (("00:00", SessionPhase.OPEN),)
"""Hours without an end: of the demo exchange, and of regions without a table."""
