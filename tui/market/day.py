"""One symbol's trading date: what its change is measured from, and what it closed at."""

from __future__ import annotations

from datetime import date

from tui.market.change import Reference, Source, reference
from tui.market.sessions import Calendar, Stretch
from tui.protocol import Quote


class TradingDay:
    """Moved on by the data's own times, so that a date ends with the first trade or quote of the next.

    `base` is fixed for a date, and rolls with the first data of the next regular session: in the pre-market before it,
    change is still the last session's. `close` is the last price of the regular session while trading goes on outside
    it, None where it is not known. `ends` is when the stretch in force is over, ms UTC; 0 before any data."""

    __slots__ = ("_calendar", "_date", "_since", "_stretch", "base", "close", "ends")

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._stretch: Stretch | None = None
        self._date: date | None = None
        self._since = 0
        self.base: Reference | None = None
        self.close: float | None = None
        self.ends = 0

    def turn(self, time: int, last: float | None, quote: Quote | None) -> None:
        """The first data of another stretch, made at `time` (ms UTC). `last` and `quote` are what was known until
        then; `last` is None where more may have happened meanwhile."""
        self.learn(quote)
        before, self._stretch = self._stretch, self._calendar.at(time)
        now, self.ends = self._stretch, self._stretch.end
        if now.phase.regular:
            self.close = None
            if now.date != self._date:
                self._date, self._since, self.base = now.date, now.start, None
        elif self._calendar.extended and before is not None and before.phase.regular:
            self.close = last

    def learn(self, quote: Quote | None) -> None:
        """Take the base from a quote of this date, unless a better one is known. Outside the regular session a quote
        may measure from another close, so there it counts only where that session told nothing."""
        if quote is None or 0 < quote.time < self._since:
            return
        if self.base is not None and (self.base.source is Source.CHANGE or self._outside):
            return
        found = reference(quote)
        if found is not None and (self.base is None or found.source < self.base.source):
            self.base = found

    def extended(self, last: float, time: float) -> float | None:
        """The move since the regular session's last price, in %, while pre-market or after hours go on at `time`, ms
        UTC; else None."""
        if self.close is None or self._stretch is None or not self._stretch.phase.extended or time >= self.ends:
            return None
        return 100 * (last - self.close) / self.close

    @property
    def _outside(self) -> bool:
        """Whether a regular session was seen, and is over."""
        return self._date is not None and self._stretch is not None and not self._stretch.phase.regular
