"""The usual pace of a symbol's trades: how many come in a minute."""

from __future__ import annotations

from array import array
from typing import NamedTuple

from tui.market.bars import MINUTE
from tui.market.sessions import Calendar

_MOST_MINUTES = 60
_LEAST_MINUTES = 5


class UsualPace(NamedTuple):
    """The median of the trades of whole minutes, counted since `since`, ms UTC."""

    trades: float
    since: int


class TradePace:
    """Counts the trades of the last 60 whole minutes of a session, those without trades included. Takes at most 0.8 kB:
    a number of each minute and of its trades. A minute with a gap in the data counts for nothing."""

    __slots__ = ("_counts", "_is_whole", "_minute", "_minutes", "_session_ends", "_total")

    def __init__(self) -> None:
        self._minutes = array("q")
        self._counts = array("L")
        self._minute = 0  # the one in progress; 0 at the start and after a gap
        self._is_whole = False
        self._total = 0  # trades before it
        self._session_ends = 0

    def begin_minute(self, minute: int, total: int, calendar: Calendar) -> None:
        """End the minute in progress: the next trade is the first of `minute` (of the epoch), after `total` others."""
        before, self._minute = self._minute, minute
        if minute * MINUTE >= self._session_ends:
            self._session_ends = calendar.at(minute * MINUTE).end
            del self._minutes[:], self._counts[:]
        elif 0 < before < minute:
            if self._is_whole:
                self._append(before, total - self._total)
            for empty in range(max(before + 1, minute - _MOST_MINUTES), minute):
                self._append(empty, 0)
        self._is_whole, self._total = 0 < before < minute, total

    def _append(self, minute: int, trades: int) -> None:
        self._minutes.append(minute)
        self._counts.append(trades)
        del self._minutes[:-_MOST_MINUTES], self._counts[:-_MOST_MINUTES]

    def mark_gap(self) -> None:
        """Mark a gap in the data: neither the minute in progress nor that of the next trade is whole."""
        self._minute = 0

    @property
    def usual(self) -> UsualPace | None:
        """The usual pace; None until five whole minutes are known."""
        if len(self._counts) < _LEAST_MINUTES:
            return None
        import statistics  # slow to import, and the first frame has no minutes

        return UsualPace(statistics.median(self._counts), self._minutes[0] * MINUTE)
