"""What one symbol's change is measured from: its closes, the session in force, and how both move on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date

from tui.market.change import ReferencePrice, ReferenceSource, quoted_reference
from tui.market.session_hours import SessionPhase
from tui.market.sessions import Calendar, SessionInterval
from tui.market.split import Split, in_one_unit, is_split
from tui.protocol.messages import Kline, Quote

_MAX_CLOSES = 8  # trade dates whose close is remembered
_AUCTION_WITHIN = 5_000  # ms after the bell: by then the closing auction's trade is printed
_SAME = 1e-6  # of a price: closes that differ by less are one
_ALIKE = 5e-4  # of a price: closes of one date by a feed and by history differ by less, as one may lack the auction


class ReferencePriceTracker:
    """Tracks the previous close that a symbol's change is measured from, and the close of its latest regular session.

    It moves on by the data's own times. `base` is the close of the session before the one in force: before the next
    regular session begins, change is still that of the session before. `close` is the regular close while it is
    followed by trading outside the regular session, None if it is not known. `ends` is when the interval in force is
    over, and `date_begins` when its trade date began, ms UTC; 0 before any data. `closes` are regular closes by trade
    date, as they were seen or as history has them. `auction_until`: until when (ms UTC) a trade may be the closing
    auction's, which is the official close. `split` is the one that the trade date in force began with; closes and
    quotes of the unit before it count no more.
    """

    __slots__ = (
        "_auction_size",
        "_base_before",
        "_calendar",
        "_date",
        "_first",
        "_first_date",
        "_first_time",
        "_from_history",
        "_history_quote",
        "_interval",
        "_is_open",
        "_joined",
        "_outdated",
        "_quote_before",
        "_since",
        "_until",
        "_updated_by",
        "auction_until",
        "base",
        "close",
        "closes",
        "date_begins",
        "ends",
        "split",
    )

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._interval: SessionInterval | None = None
        self._date: date | None = None  # whose regular session is the latest one
        self._since = self._until = 0  # ms UTC: when that begins and ends
        self._history_quote: Quote | None = None
        self._from_history: ReferencePrice | None = None  # what history tells of that date's previous close
        self._base_before: float | None = None  # what change was measured from in the session before
        # Previous closes that a feed tells before it has moved on, each with the one that is due.
        self._outdated: tuple[tuple[float, float], ...] = ()
        self._quote_before: Quote | None = None  # the last one of the trade date before
        self._auction_size = 0.0
        self._first: float | None = None  # the first price of the trade date in force, by which a split is told
        self._first_time = 0
        self._first_date: date | None = None
        self._is_open = False  # whether it is that of its regular session
        self._joined = False  # whether that began before the first price known
        self._updated_by: Quote | None = None  # None once anything else changed
        self.split: Split | None = None
        self.auction_until = 0
        self.closes: dict[date, float] = {}
        self.base: ReferencePrice | None = None
        self.close: float | None = None
        self.ends = self.date_begins = 0

    def roll(self, time: int, last: float | None, quote: Quote | None, price: float | None) -> None:
        """Begin the session interval of `time` (ms UTC), that of the first data after the interval in force. `last` and
        `quote` are what was known until then; `last` is None if more may have happened meanwhile. `price` is that of
        the data, None if it is the one known before: then the next data rolls again."""
        self.update(quote)
        before, now = self._interval, self._calendar.at(time)
        if before is not None and now.date != before.date:
            self._quote_before = quote
        if now != before:
            self._begin(now, before, last)
            self.date_begins = self._calendar.date_begins(time)
        self.ends = now.end
        if not self._is_open and not self._calendar.always_open:
            if price is None:
                self.ends = time
            else:
                self._first, self._first_time = price, time
                self._is_open = now.phase.is_continuous and now.phase.is_regular
        self._apply_history()

    def _begin(self, now: SessionInterval, before: SessionInterval | None, last: float | None) -> None:
        self._interval = now
        if now.date != self._first_date:
            self._first_date, self._first, self.split = now.date, None, None
            self._is_open, self._joined = False, before is None and not self._calendar.always_open
        self.auction_until = 0
        if (
            before is not None
            and before.phase.is_regular
            and last
            and not (now.phase.is_regular and now.date == before.date)
        ):
            self._add_closes({before.date: last})
            if self._calendar.has_extended_hours and now.date == before.date:
                self.auction_until, self._auction_size = before.end + _AUCTION_WITHIN, 0.0
        day = self._calendar.regular_date(now)
        if day != self._date:
            self._base_before = self.base.price if self.base is not None and not self.base.is_open else None
            self._date, self.base = day, None
            self._since, self._until = self._calendar.regular_hours(day) or (now.start, now.end)

    def is_of_date(self, quote: Quote, time: int) -> bool:
        """Returns True if the figures of a quote of `time` (ms UTC) are those of the trade date in force. They are not
        if its time is earlier, nor before the opening while its volume is that of the date before, or more: a feed may
        begin its day's figures again later than the trade date does."""
        before = self._quote_before
        if quote is before or 0 < time < self.date_begins:
            return False
        if before is None or not before.volume or quote.volume is None or quote.volume < before.volume:
            return True
        i = self._interval
        return self._is_own_session and not (i and i.start == self._since and i.phase is SessionPhase.AUCTION)

    def auction_trade(self, price: float, size: float | None) -> None:
        """Take the price of a trade before `auction_until` for the official close, unless a larger one was printed."""
        if self._date is not None and (self._auction_size == 0.0 or (size or 0.0) > self._auction_size):
            self._auction_size = max(size or 0.0, 1e-9)
            self._add_closes({self._date: price})
            self._apply_history()

    def session_close(self, last: float | None) -> dict[date, float]:
        """Returns what the latest session closed at, if the last price tells: in regions that trade nothing after
        hours, what comes after the bell is the closing auction's price."""
        interval = self._interval
        if last and interval is not None and interval.date == self._date and self._settles(interval):
            return {interval.date: last}
        return {}

    def recalibrate(self, calendar: Calendar) -> None:
        """Use other hours from the next data on. Closes of dates that have none, or another one, are forgotten."""
        self._calendar, self._interval, self.close, self.ends, self.date_begins = calendar, None, None, 0, 0
        self.closes = {
            day: close
            for day, close in self.closes.items()
            if calendar.is_session(day) and not calendar.closes_early(day)
        }
        if self.base is not None and self.base.source is ReferenceSource.HISTORY:
            self.base = None
        self._apply_history()

    def update(self, quote: Quote | None) -> None:
        """Take the base from a quote or from history, unless a better one is known. Costs little if neither is new."""
        if quote is None or quote is not self._updated_by:
            self._updated_by = quote
            self._update(quote)

    def tells_more(self, quote: Quote, before: Quote | None) -> bool:
        """Returns False if a quote tells no better base: a change told it already, or the one before it told the same
        open and previous close at a time that counts alike. Costs less than 0.3 µs."""
        if self.base is not None and self.base.source is ReferenceSource.CHANGE:
            return False
        return (
            before is None
            or quote.open != before.open
            or quote.previous_close != before.previous_close
            or quote.change is not None
            or quote.change_percent is not None
            or before.change is not None
            or before.change_percent is not None
            or min(before.time, quote.time) < self._since
            or (before.time < self._until) != (quote.time < self._until)
        )

    def _update(self, quote: Quote | None) -> None:
        if self._joined and quote is not None and quote.open and quote.time >= self._since and self._is_own_session:
            self._joined, self._first = False, quote.open
            if self.split is not None and not is_split(self.split.close, quote.open):
                self._withdraw_split()
        if self.base is not None and self.base.source is ReferenceSource.CHANGE:
            return
        if quote is not None:
            found = self._previous_close(quote)
            if found is not None and not found.is_open and self._is_own_session and self._begins_split(found.price):
                self._apply_history()
                found = self._previous_close(quote)
            self._improve(found)
            self._take_adjusted_close(quote)
        self._improve(self._from_history)

    def _previous_close(self, quote: Quote) -> ReferencePrice | None:
        """Returns the previous close of the latest regular session by a quote, None if that does not tell it. After
        that session a feed may measure from the session's own close already, at once or from the next trade date on:
        what equals that close is not the one before, and if that close is unknown, the two cannot be told apart. In
        that session a feed may not have moved on yet: then it tells the close of two sessions ago."""
        if 0 < quote.time < self._since or (not quote.time and quote is self._quote_before):
            return None
        time = quote.time or (self._interval.start if self._interval is not None else 0)
        found = quoted_reference(quote, self.split.price if self.split is not None else None)
        if found is None or self._is_outdated(found.price):
            return None
        if time < self._until:
            return found
        if found.is_open:
            return None if not self._is_own_session else found
        close = self.close_of(self._date)
        if close is None and not self._calendar.has_extended_hours:
            close = quote.last
        if close is None:
            return None
        # A feed's close and that of history differ by an auction or by a dividend that is due: the nearer one is meant.
        earlier = None if self._date is None else self.close_of(self._calendar.previous_session(self._date))
        apart = abs(found.price - close)
        is_earlier = apart > _ALIKE * close if earlier is None else apart >= abs(found.price - earlier)
        return found if is_earlier else None

    def close_of(self, day: date | None) -> float | None:
        """Returns the close of a date, None if it is unknown or of the unit before a split."""
        close = self.closes.get(day) if day is not None else None
        return close if close is None or self.split is None or self.split.in_unit(close) else None

    @property
    def _is_own_session(self) -> bool:
        """True from the regular session of the trade date in force on, False in the night and the pre-market."""
        return self._interval is not None and self._interval.date == self._date

    @property
    def _is_before_session(self) -> bool:
        return self._calendar.has_extended_hours and self._interval is not None and not self._is_own_session

    # --- splits ---

    def _begins_split(self, close: float | None) -> bool:
        """Returns True if the first price of the date tells of a split, which then counts from now on."""
        if self.split is not None or close is None or self._first is None or not is_split(close, self._first):
            return False
        self.split = Split(close, self._first, self._first_time)
        self.base = None
        return True

    def _take_adjusted_close(self, quote: Quote) -> None:
        """Before the regular session, take the close that a quote tells in the unit after a split."""
        if self.split is not None and self.close is None and self._is_before_session:
            told = quoted_reference(quote, self.split.price)
            if told is not None and self.split.is_adjusted_close(told.price):
                self.close = told.price

    @property
    def suspects_split(self) -> bool:
        """True if a split is likely, and no reference in its unit is known yet: no change can be told."""
        return self.split is not None and (self.close if self._is_before_session else self.base) is None

    def recheck_split(self, last: float) -> None:
        """Withdraw a suspected split if the price is back at the close before: the first price was a wrong one."""
        if self.split is not None and self.suspects_split and in_one_unit(self.split.close, last):
            self._first = last
            self._withdraw_split()

    def _withdraw_split(self) -> None:
        self.split = self.base = None
        self._apply_history()

    def _improve(self, found: ReferencePrice | None) -> None:
        if found is not None and (self.base is None or found.source < self.base.source):
            self.base = found

    def apply_history_closes(self, closes: Mapping[date, float]) -> None:
        """Add the closes of earlier sessions."""
        self._add_closes(closes)
        self._apply_history()

    def _add_closes(self, closes: Mapping[date, float]) -> None:
        self.closes |= closes
        for day in sorted(self.closes)[:-_MAX_CLOSES]:
            del self.closes[day]

    def apply_history_quote(self, quote: Quote) -> None:
        """Use a quote that the stream did not bring."""
        self._history_quote = quote
        self._apply_history()

    def forget_closes(self) -> None:
        """Forget every close and the base, because prices are counted in another unit now, as after a split."""
        self.closes.clear()
        self.base = None
        self._apply_history()

    def _apply_history(self) -> None:
        """Find in history the close of the latest session, and the one before it: by a quote, else by the close of the
        session before, and of no other one. Regions without a calendar have no trade dates, so no close is derived."""
        self._from_history, self._outdated, self._updated_by = None, (), None
        if self._interval is None or self._date is None:
            return
        self._outdated = self._outdated_closes(self._date)
        if self.base is not None and self._is_outdated(self.base.price):
            self.base = None
        if self._first is not None and (before := self._calendar.previous_session(self._interval.date)) is not None:
            self._begins_split(self.closes.get(before))
        self.close = None if self.is_regular else self.close_of(self._date)
        if self._history_quote is not None and self._history_quote.time:
            self._from_history = self._previous_close(self._history_quote)
            self._take_adjusted_close(self._history_quote)
        if (self._from_history is None or self._from_history.is_open) and not self._calendar.always_open:
            session = self._calendar.previous_session(self._date)
            close = self.close_of(session)
            # Who was not there at the open between two closes may have missed a split.
            missed = self._is_before_session and close and self.close and is_split(close, self.close)
            if close is not None and not missed:
                self._from_history = ReferencePrice(close, ReferenceSource.HISTORY)

    def _outdated_closes(self, day: date) -> tuple[tuple[float, float], ...]:
        """Returns the previous closes of the session before that date's, each with the one that is due, if that is
        known to be another."""
        if (before := self._calendar.previous_session(day)) is None or (due := self.close_of(before)) is None:
            return ()
        told = self.close_of(self._calendar.previous_session(before)), self._base_before
        return tuple((each, due) for each in told if each is not None and abs(each - due) > _SAME * due)

    def _is_outdated(self, price: float) -> bool:
        """Returns True if a feed that has not moved on yet tells this previous close."""
        return any(
            abs(price - before) <= _ALIKE * before and abs(price - before) < abs(price - due)
            for before, due in self._outdated
        )

    @property
    def regular_date(self) -> date | None:
        """The date of the latest regular session, whose change it is; None before any data."""
        return self._date

    @property
    def is_regular(self) -> bool:
        """True while the last price is the regular session's, and in regions that trade nothing after hours."""
        return not self._calendar.has_extended_hours or self._interval is None or self._interval.phase.is_regular

    def extended_change(self, last: float) -> float | None:
        """Returns the move since the regular close, in %; None in the regular session, at its close, and if the close
        is not known."""
        if not self.close or self.is_regular or last == self.close:
            return None
        return 100 * (last - self.close) / abs(self.close)

    def _settles(self, interval: SessionInterval) -> bool:
        """True if a price of this interval, behind its date's regular session, is what that session closed at."""
        if self._calendar.has_extended_hours or interval.phase.is_regular:
            return False
        return self._calendar.regular_date(interval) == interval.date


def session_closes(bars: Sequence[Kline], calendar: Calendar, time: float) -> dict[date, float]:
    """Returns the close of each trade date whose regular session was over at `time` (ms UTC), from its minute bars.

    `bars`, oldest first, are all there were from the first of them up to then. Regions without a calendar have no
    closes. In regions that trade nothing after hours, the bar behind the bell has the closing auction's price; in the
    others it is that bar's open, if more was traded in it than in the minute before.
    """
    found: dict[date, float] = {}
    if calendar.always_open:
        return found
    now, n = calendar.at(time), 0
    while n < len(bars):
        interval = calendar.at(bars[n].time)
        n = bisect_left(bars, interval.end, n + 1, key=lambda bar: bar.time)
        over = interval.phase.is_regular and not (now.phase.is_regular and interval.date == now.date)
        if over:
            found[interval.date] = bars[n - 1].close
            if (
                calendar.has_extended_hours
                and n < len(bars)
                and bars[n].time == interval.end
                and bars[n].volume > bars[n - 1].volume
            ):
                found[interval.date] = bars[n].open
        elif (
            interval.date in found
            and not calendar.has_extended_hours
            and calendar.regular_date(interval) == interval.date
        ):
            found[interval.date] = bars[n - 1].close
    return found
