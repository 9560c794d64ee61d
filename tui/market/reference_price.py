"""The previous close and the regular close of one symbol, and how they roll from session to session."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date

from tui.market.change import ReferencePrice, ReferenceSource, quoted_reference
from tui.market.sessions import Calendar, SessionInterval, SessionPhase
from tui.protocol.messages import Kline, Quote

_MAX_CLOSES = 8


class ReferencePriceTracker:
    """A tracker of what the day's change is measured from. It rolls by the times of the data, not by a clock.

    `base`, the reference price, is fixed for a trading date and rolls with the first data of the next regular session:
    in the pre-market before it, change is still that of the last session. `close` is the last price of the regular
    session while extended hours go on, None if unknown. `ends` is the end of the current session interval, ms UTC, 0
    before any data. `closes` are the regular closes of earlier dates, from the stream or from history.
    """

    __slots__ = (
        "_calendar",
        "_date",
        "_from_history",
        "_history_quote",
        "_interval",
        "_since",
        "base",
        "close",
        "closes",
        "ends",
    )

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._interval: SessionInterval | None = None
        self._date: date | None = None  # of the regular session that `base` belongs to; None if it was not seen
        self._since = 0  # ms UTC: quotes of earlier times belong to another date
        self._history_quote: Quote | None = None
        self._from_history: ReferencePrice | None = None  # the reference price of _date, as history gives it
        self.closes: dict[date, float] = {}
        self.base: ReferencePrice | None = None
        self.close: float | None = None
        self.ends = 0

    def roll(self, time: int, last: float | None, quote: Quote | None) -> None:
        """Roll to the session interval of `time` (ms UTC), that of the first data past `ends`. `last` is the last
        price before it, None if later ones may have been missed; `quote` is the newest quote before it."""
        self.update(quote)
        before, self._interval = self._interval, self._calendar.at(time)
        now, self.ends = self._interval, self._interval.end
        same_session = now.phase.is_regular and before is not None and now.date == before.date
        if before is not None and before.phase.is_regular and last and not same_session:
            self.apply_history_closes({before.date: last})
        if now.phase.is_regular:
            self.close = None
            if now.date != self._date:
                self._date, self._since, self.base = now.date, now.start, None
        elif self._date is None:
            self.close = None
        elif now.date != self._date and self._is_after_regular(now):  # the regular session of its date was missed
            self._date, self._since = None, before.end if before is not None else now.start
            self.base = self.close = None
        elif self._calendar.has_extended_hours and before is not None and before.phase.is_regular:
            self.close = last
        self._apply_history()

    def session_close(self, last: float | None) -> dict[date, float]:
        """Returns the regular close of the current date by that date, empty unless `last` is it: without extended
        hours, a price after the close is that of the closing auction."""
        now = self._interval
        if last and now is not None and now.date == self._date and _has_auction_price(now, self._calendar):
            return {now.date: last}
        return {}

    def recalibrate(self, calendar: Calendar) -> None:
        """Adopt another calendar from the next data on, and drop what the old one may have mistaken for a close."""
        self._calendar, self._interval, self.close, self.ends = calendar, None, None, 0
        self.closes = {
            day: close
            for day, close in self.closes.items()
            if calendar.is_session(day) and not calendar.closes_early(day)
        }
        if self.base is not None and self.base.source is ReferenceSource.HISTORY:
            self.base = None
        self._apply_history()

    def update(self, quote: Quote | None) -> None:
        """Improve `base` from a quote of the current date and from history. Outside the regular session a quote may
        measure from another close, so there it is used only if there is no base yet."""
        if self.base is not None and self.base.source is ReferenceSource.CHANGE:
            return
        if (
            quote is not None
            and not 0 < quote.time < self._since
            and (self.base is None or not self._is_outside_regular)
        ):
            self._improve(quoted_reference(quote))
        self._improve(self._from_history)

    def _improve(self, found: ReferencePrice | None) -> None:
        if found is not None and (self.base is None or found.source < self.base.source):
            self.base = found

    def apply_history_closes(self, closes: Mapping[date, float]) -> None:
        """Add regular closes of earlier dates."""
        self.closes |= closes
        for day in sorted(self.closes)[:-_MAX_CLOSES]:
            del self.closes[day]
        self._apply_history()

    def apply_history_quote(self, quote: Quote) -> None:
        """Add a quote that came over REST."""
        self._history_quote = quote
        self._apply_history()

    def forget_closes(self) -> None:
        """Drop all closes, because a split or another correction has made them incomparable."""
        self.closes.clear()
        self._apply_history()

    def _apply_history(self) -> None:
        """Derive from history the close of the current date, and its reference price: from a quote of that date, else
        from the close of the session before it, never of an earlier one. Regions without a calendar have no trading
        dates, so no previous close is derived."""
        self._from_history = None
        if self._interval is None:
            return
        if self.close is None and self._calendar.has_extended_hours and not self._interval.phase.is_regular:
            self.close = self.closes.get(self._interval.date)
        day, quote = self._date or self._interval.date, self._history_quote
        if quote is not None and quote.time:
            then = self._calendar.at(quote.time)
            if then.date == day and (then.phase.is_regular or self._date is None):
                self._from_history = quoted_reference(quote)
        if (self._from_history is None or self._from_history.is_open) and not self._calendar.always_open:
            session = self._calendar.previous_session(day)
            if session is not None and (close := self.closes.get(session)) is not None:
                self._from_history = ReferencePrice(close, ReferenceSource.HISTORY)

    def extended_change(self, last: float, time: float) -> float | None:
        """Returns the change since the last price of the regular session, in %; None unless `time` (ms UTC) lies in the
        pre-market or after hours."""
        if self.close is None or self._interval is None or not self._interval.phase.is_extended or time >= self.ends:
            return None
        return 100 * (last - self.close) / self.close

    def _is_after_regular(self, interval: SessionInterval) -> bool:
        """Returns True if the regular session of its date is over."""
        before = self._calendar.at(interval.start - 1)
        return before.date == interval.date and (before.phase.is_regular or before.phase is SessionPhase.POST)

    @property
    def _is_outside_regular(self) -> bool:
        """True if a regular session was seen and is over."""
        return self._date is not None and self._interval is not None and not self._interval.phase.is_regular


def session_closes(bars: Sequence[Kline], calendar: Calendar, time: float) -> dict[date, float]:
    """Returns the regular close of each date whose regular session was over at `time` (ms UTC), from minute bars
    without gaps, oldest first. Without a calendar there are none. Without extended hours, the bar after the close has
    the closing auction's price."""
    found: dict[date, float] = {}
    if calendar.always_open:
        return found
    now, n = calendar.at(time), 0
    while n < len(bars):
        interval = calendar.at(bars[n].time)
        n = bisect_left(bars, interval.end, n + 1, key=lambda bar: bar.time)
        over = interval.phase.is_regular and not (now.phase.is_regular and interval.date == now.date)
        if over or (interval.date in found and _has_auction_price(interval, calendar)):
            found[interval.date] = bars[n - 1].close
    return found


def _has_auction_price(interval: SessionInterval, calendar: Calendar) -> bool:
    """Returns True if a price of this interval, which follows a regular session, is that of its closing auction."""
    return interval.phase is SessionPhase.CLOSED and not calendar.has_extended_hours
