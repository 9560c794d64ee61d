"""How far each instrument's history is known, and from that what is still to be requested from the vendor."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from tui.feed.clock import Clock
from tui.market import Instrument, Market
from tui.market.bars import MINUTE
from tui.market.split import Split

_SPLIT_RETRY = 600.0  # s until bars are requested again whose vendor has not adjusted them for a split yet
_SUBSCRIBED_WITHIN = 1_000  # ms
_LONGEST_SESSION_SCAN = 4 * 86_400_000  # ms: a gap longer than this counts as traded without reading the calendar


class Coverage:
    """How far one instrument's history is known."""

    __slots__ = (
        "asked_at",
        "asked_until",
        "complete_until",
        "has_history",
        "is_answered",
        "is_read",
        "is_requested",
        "quoted",
        "split",
        "stored_closes",
        "stored_slot",
        "streamed_since",
    )

    def __init__(self, time: int) -> None:
        self.is_read = False  # the store was read
        self.is_requested = False  # the vendor was asked for bars, and no outage has made a gap since
        self.is_answered = False  # the vendor returned bars for that request: without them a gap may be left
        self.has_history = False  # there were bars in the store or in the vendor's response
        self.complete_until = 0  # ms UTC up to which no bar is missing; 0 if unknown
        self.asked_at = 0.0  # when the vendor was last asked for bars, s monotonic
        self.asked_until = time // MINUTE + 1  # the slot before which no incomplete minute is requested again
        self.split: Split | None = None  # the one that bars were requested for
        self.quoted: tuple[date, int] | None = None  # when a quote was last requested: see `CoverageTable.session`
        self.stored_slot = 0  # the newest minute slot in the store
        self.streamed_since = time + _SUBSCRIBED_WITHIN  # ms UTC: from then on the stream leaves no bar out
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
            coverage = self._coverage[instrument] = Coverage(int(self._exchange_time()))
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
        """Record that the link is live after an outage: the bars since `complete_until` are missing and are requested
        again."""
        time = int(self._exchange_time())
        for coverage in self._coverage.values():
            coverage.is_requested = coverage.is_answered = False
            coverage.streamed_since = time

    def invalidate(self) -> None:
        """Discard every `complete_until`, which was taken from a clock that proved to be wrong."""
        for coverage in self._coverage.values():
            coverage.is_requested, coverage.complete_until = False, 0

    def complete_until(self, instrument: Instrument) -> int:
        """Returns up to when an instrument has all its bars, ms UTC; 0 if that is unknown, or lies ahead because a
        wrong clock recorded it."""
        time = self.of(instrument).complete_until
        if time > self._exchange_time() + MINUTE:
            return 0
        return min([time, *(slot * MINUTE for slot in instrument.bars.incomplete)])

    def lacks_bars(self, instrument: Instrument) -> bool:
        """Returns whether bars are to be requested: none were, a minute in which the link was away is over, or a split
        is not in the bars yet. Nothing is requested if the exchange was closed since `complete_until`."""
        coverage, split, slot = self.of(instrument), instrument.day.split, self._slot()
        if split is not coverage.split or (
            split is not None and not split.adjusted and self._clock() - coverage.asked_at >= _SPLIT_RETRY
        ):
            coverage.split, coverage.quoted = split, None
            coverage.is_requested, coverage.complete_until = False, 0
        if any(coverage.asked_until <= each < slot for each in instrument.bars.incomplete):
            coverage.is_requested = False
        if coverage.is_requested:
            return False
        until = self.complete_until(instrument)
        if until and not self._has_traded_since(instrument, until):
            coverage.is_requested = coverage.is_answered = True
        return not coverage.is_requested

    def is_filled_by(self, instrument: Instrument, until: int) -> bool:
        """Returns whether stored bars without a gap up to `until`, ms UTC, leave none before those of the stream."""
        since = [self.of(instrument).streamed_since, *((slot + 1) * MINUTE for slot in instrument.bars.incomplete)]
        return max(since) <= until <= self._exchange_time() + MINUTE

    def bars_requested(self, instrument: Instrument, time: float) -> None:
        """Record a response now to a request for bars that was made at `time`, the exchange's, ms UTC."""
        coverage = self.of(instrument)
        coverage.asked_at, coverage.asked_until = self._clock(), max(coverage.asked_until, int(time // MINUTE))

    def lacks_quote(self, instrument: Instrument) -> bool:
        """Returns whether a quote is to be requested: once each trade date when its trading has begun; before that, and
        once more in its regular session, if the previous close or any price at all is unknown."""
        quoted, now = self.of(instrument).quoted, self.session(instrument)
        if quoted is not None and quoted[0] == now[0] and quoted[1] >= now[1]:
            return False
        if now[1] and (quoted is None or quoted[0] != now[0] or not quoted[1]):
            return True
        base = instrument.base
        return instrument.last_known is None if instrument.last is None else base is None or base.is_open

    def session(self, instrument: Instrument) -> tuple[date, int]:
        """Returns the trade date of an instrument now, and how far it is: 0 before any trading, 1 before its regular
        session, 2 from then on."""
        calendar = self._market.calendar(instrument.symbol.region)
        interval = calendar.at(self._exchange_time())
        if calendar.regular_date(interval) == interval.date and calendar.is_session(interval.date):
            return interval.date, 2
        return interval.date, int(not interval.phase.is_closed)

    def unstored_closes(self, instrument: Instrument) -> dict[str, float]:
        """Returns the closes that differ from those in the store, by ISO date."""
        closes = {day.isoformat(): close for day, close in instrument.closes.items()}
        return {day: close for day, close in closes.items() if self.of(instrument).stored_closes.get(day) != close}

    def _slot(self) -> int:
        return int(self._exchange_time() // MINUTE)

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
