"""How far each instrument's history is known, and from that what is still to be requested from the vendor."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from tui.feed.clock import Clock
from tui.market import Instrument, Market
from tui.market.bars import MINUTE

_LONGEST_SESSION_SCAN = 4 * 86_400_000  # ms: a gap longer than this counts as traded without reading the calendar


class Coverage:
    """How far one instrument's history is known."""

    __slots__ = (
        "complete_until",
        "has_history",
        "is_answered",
        "is_read",
        "is_requested",
        "quote_date",
        "stored_closes",
        "stored_slot",
    )

    def __init__(self) -> None:
        self.is_read = False  # the store was read
        self.is_requested = False  # the vendor was asked for bars, and no outage has made a gap since
        self.is_answered = False  # the vendor returned bars for that request: without them a gap may be left
        self.has_history = False  # there were bars in the store or in the vendor's response
        self.complete_until = 0  # ms UTC up to which no bar is missing; 0 if unknown
        self.quote_date: date | None = None  # the exchange's date on which a quote was last requested
        self.stored_slot = 0  # the newest minute slot in the store
        self.stored_closes: dict[str, float] = {}  # the closes in the store, by ISO date


class CoverageTable:
    """The coverage of every followed instrument. An instrument that was dropped and added again is a new one, and
    starts without coverage."""

    def __init__(self, market: Market, clock: Clock) -> None:
        self._market = market
        self._clock = clock
        self._coverage: dict[Instrument, Coverage] = {}

    def of(self, instrument: Instrument) -> Coverage:
        """Returns the coverage of an instrument; an empty one at the first call."""
        coverage = self._coverage.get(instrument)
        if coverage is None:
            coverage = self._coverage[instrument] = Coverage()
        return coverage

    def retain(self, instruments: Iterable[Instrument]) -> None:
        """Discard the coverage of all other instruments."""
        retained = set(instruments)
        self._coverage = {i: coverage for i, coverage in self._coverage.items() if i in retained}

    def clear(self) -> None:
        """Discard all coverage."""
        self._coverage.clear()

    def extend(self, now: float) -> None:
        """Record that the link was live until `now` (s, monotonic): the stream leaves no bar out. Bars that are built
        from trades are no proof of that."""
        time = int(self._market.exchange_time(now))
        for instrument, coverage in self._coverage.items():
            if coverage.is_answered and not instrument.builds_bars:
                coverage.complete_until = time

    def open_gap(self) -> None:
        """Record an outage: the bars since `complete_until` are missing and are requested again."""
        for coverage in self._coverage.values():
            coverage.is_requested = coverage.is_answered = False

    def invalidate(self) -> None:
        """Discard every `complete_until`, which was taken from a clock that proved to be wrong."""
        for coverage in self._coverage.values():
            coverage.is_requested, coverage.complete_until = False, 0

    def complete_until(self, instrument: Instrument) -> int:
        """Returns up to when an instrument has all its bars, ms UTC; 0 if that is unknown, or lies ahead because a
        wrong clock recorded it."""
        time = self.of(instrument).complete_until
        return time if time <= self._exchange_time() + MINUTE else 0

    def lacks_bars(self, instrument: Instrument) -> bool:
        """Returns whether bars are to be requested. Nothing is requested if the exchange was closed since
        `complete_until`."""
        coverage = self.of(instrument)
        if coverage.is_requested:
            return False
        until = self.complete_until(instrument)
        if until and not self._has_traded_since(instrument, until):
            coverage.is_requested = coverage.is_answered = True
        return not coverage.is_requested

    def lacks_quote(self, instrument: Instrument) -> bool:
        """Returns whether a quote is to be requested: the previous close, or any price at all, is unknown, and none was
        requested on this trade date."""
        base = instrument.base
        lacking = instrument.last_known is None if instrument.last is None else base is None or base.is_open
        return lacking and self.of(instrument).quote_date != self.trade_date(instrument)

    def unstored_closes(self, instrument: Instrument) -> dict[str, float]:
        """Returns the closes that differ from those in the store, by ISO date."""
        closes = {day.isoformat(): close for day, close in instrument.closes.items()}
        return {day: close for day, close in closes.items() if self.of(instrument).stored_closes.get(day) != close}

    def trade_date(self, instrument: Instrument) -> date:
        """Returns the trade date of an instrument now."""
        return self._market.calendar(instrument.symbol.region).at(self._exchange_time()).date

    def _has_traded_since(self, instrument: Instrument, since: int) -> bool:
        now, calendar = self._exchange_time(), self._market.calendar(instrument.symbol.region)
        while since < now <= since + _LONGEST_SESSION_SCAN:
            interval = calendar.at(since)
            if not interval.phase.is_closed:
                return True
            since = interval.end
        return since < now

    def _exchange_time(self) -> float:
        return self._market.exchange_time(self._clock())
