"""One symbol's trading date: what its change is measured from, and what it closed at."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date

from tui.market.change import ReferencePrice, ReferenceSource, quoted_reference
from tui.market.session_hours import SessionPhase
from tui.market.sessions import Calendar, SessionInterval
from tui.protocol.messages import Kline, Quote

_CLOSES = 8  # dates whose close is remembered


class ReferencePriceTracker:
    """Moved on by the data's own times, so that a date ends with the first trade or quote of the next.

    `base` is fixed for a date, and rolls with the first data of the next regular session: in the pre-market before it,
    change is still the last session's. `close` is the last price of the regular session while trading goes on outside
    it, None where it is not known. `ends` is when the stretch in force is over, ms UTC; 0 before any data. `closes` are
    the last prices of earlier regular sessions by their date, as they were seen or the past tells them."""

    __slots__ = ("_calendar", "_date", "_past", "_recalled", "_since", "_stretch", "base", "close", "closes", "ends")

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._stretch: SessionInterval | None = None
        self._date: date | None = None
        self._since = 0
        self._recalled: Quote | None = None
        self._past: ReferencePrice | None = None  # what the past tells of the date in force
        self.closes: dict[date, float] = {}
        self.base: ReferencePrice | None = None
        self.close: float | None = None
        self.ends = 0

    def roll(self, time: int, last: float | None, quote: Quote | None) -> None:
        """The first data of another stretch, made at `time` (ms UTC). `last` and `quote` are what was known until
        then; `last` is None where more may have happened meanwhile."""
        self.update(quote)
        before, self._stretch = self._stretch, self._calendar.at(time)
        now, self.ends = self._stretch, self._stretch.end
        if before is not None and before.phase.regular and last and not (now.phase.regular and now.date == before.date):
            self.apply_history_closes({before.date: last})
        if now.phase.regular:
            self.close = None
            if now.date != self._date:
                self._date, self._since, self.base = now.date, now.start, None
        elif self._date is None:
            self.close = None
        elif now.date != self._date and self._is_evening(now):  # of a session that nobody saw
            self._date, self._since = None, before.end if before is not None else now.start
            self.base = self.close = None
        elif self._calendar.extended and before is not None and before.phase.regular:
            self.close = last
        self._look_back()

    def session_close(self, last: float | None) -> dict[date, float]:
        """What the date in force closed at, as the last price of the stretch in force tells it. Where nothing is traded
        after hours, what comes behind the bell is of the closing auction."""
        stretch = self._stretch
        if last and stretch is not None and stretch.date == self._date and _settles(stretch, self._calendar):
            return {stretch.date: last}
        return {}

    def recalibrate(self, calendar: Calendar) -> None:
        """Other hours hold than was thought, from the next data on. What was taken for a close may have been none."""
        self._calendar, self._stretch, self.close, self.ends = calendar, None, None, 0
        self.closes = {
            day: close
            for day, close in self.closes.items()
            if calendar.is_session(day) and not calendar.closes_early(day)
        }
        if self.base is not None and self.base.source is ReferenceSource.HISTORY:
            self.base = None
        self._look_back()

    def update(self, quote: Quote | None) -> None:
        """Take the base from a quote of this date, or from the past, unless a better one is known. Outside the regular
        session a quote may measure from another close, so there it counts only where that session told nothing."""
        if self.base is not None and self.base.source is ReferenceSource.CHANGE:
            return
        if quote is not None and not 0 < quote.time < self._since and (self.base is None or not self._outside):
            self._improve(quoted_reference(quote))
        self._improve(self._past)

    def _improve(self, found: ReferencePrice | None) -> None:
        if found is not None and (self.base is None or found.source < self.base.source):
            self.base = found

    def apply_history_closes(self, closes: Mapping[date, float]) -> None:
        """Learn what earlier sessions closed at."""
        self.closes |= closes
        for day in sorted(self.closes)[:-_CLOSES]:
            del self.closes[day]
        self._look_back()

    def apply_history_quote(self, quote: Quote) -> None:
        """Learn from a quote that the stream did not bring."""
        self._recalled = quote
        self._look_back()

    def forget_closes(self) -> None:
        self.closes.clear()
        self._look_back()

    def _look_back(self) -> None:
        """What the past tells of the date in force: its close in the evening; and a quote of that date, else the close
        of the session before it, and of no other session. Where hours are not known a date is none of the exchange's,
        and nothing is told."""
        self._past = None
        if self._stretch is None:
            return
        if self.close is None and self._calendar.extended and not self._stretch.phase.regular:
            self.close = self.closes.get(self._stretch.date)
        day, quote = self._date or self._stretch.date, self._recalled
        if quote is not None and quote.time:
            then = self._calendar.at(quote.time)
            if then.date == day and (then.phase.regular or self._date is None):
                self._past = quoted_reference(quote)
        if (self._past is None or self._past.is_open) and not self._calendar.always:
            session = self._calendar.previous_session(day)
            if session is not None and (close := self.closes.get(session)) is not None:
                self._past = ReferencePrice(close, ReferenceSource.HISTORY)

    def extended(self, last: float, time: float) -> float | None:
        """The move since the regular session's last price, in %, while pre-market or after hours go on at `time`, ms
        UTC; else None."""
        if self.close is None or self._stretch is None or not self._stretch.phase.extended or time >= self.ends:
            return None
        return 100 * (last - self.close) / self.close

    def _is_evening(self, stretch: SessionInterval) -> bool:
        """Whether its date's regular session is over."""
        before = self._calendar.at(stretch.start - 1)
        return before.date == stretch.date and (before.phase.regular or before.phase is SessionPhase.POST)

    @property
    def _outside(self) -> bool:
        """Whether a regular session was seen, and is over."""
        return self._date is not None and self._stretch is not None and not self._stretch.phase.regular


def session_closes(bars: Sequence[Kline], calendar: Calendar, time: float) -> dict[date, float]:
    """What each date closed at whose regular session was over at `time` (ms UTC). `bars`, oldest first, are all there
    were from the first of them up to then. None are told where hours are not known. Where nothing is traded after
    hours, the bar behind the bell has the closing auction's price."""
    found: dict[date, float] = {}
    if calendar.always:
        return found
    now, n = calendar.at(time), 0
    while n < len(bars):
        stretch = calendar.at(bars[n].time)
        n = bisect_left(bars, stretch.end, n + 1, key=lambda bar: bar.time)
        over = stretch.phase.regular and not (now.phase.regular and stretch.date == now.date)
        if over or (stretch.date in found and _settles(stretch, calendar)):
            found[stretch.date] = bars[n - 1].close
    return found


def _settles(stretch: SessionInterval, calendar: Calendar) -> bool:
    """Whether a price of this stretch, behind its date's regular session, is what that session closed at."""
    return stretch.phase is SessionPhase.CLOSED and not calendar.extended
