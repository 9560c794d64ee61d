"""The state of a pair of symbols: a ratio or a difference of their prices.

A pair is no symbol of the vendor's. Its legs are subscribed, and all it has is derived from theirs: when a frame draws
it, when its alerts are evaluated, and once a second, never with a message.
"""

from __future__ import annotations

from math import floor, log10
from typing import NamedTuple

from tui.market.bars import MINUTE, MinuteBars
from tui.market.change import ReferencePrice
from tui.market.instrument import Instrument
from tui.market.reference_price import ReferencePriceTracker
from tui.market.sessions import Calendar
from tui.symbol import Pair

_SIGNIFICANT = 5  # digits of a ratio
_DECIMALS = 6  # of a difference: what is beyond them is binary noise
_REVISED = 2  # minutes whose bars may still change when a later one has begun


class PairInstrument(Instrument):
    """A pair as a row among symbols. `derive` brings it up to date with its `legs`.

    Its last price is made of last prices of the same minute, else of the closes of the newest minute in which both
    traded, and is as old as the older one. Its bars have a close alone. It has no quote, no book and no trades; the
    hours, the dates and the clock are those of its second leg.
    """

    __slots__ = ("_merged", "legs", "pair")

    def __init__(self, pair: Pair, first: Instrument, second: Instrument) -> None:
        super().__init__(pair, second.calendar)
        self.pair = pair
        self.legs = first, second
        self.day: _PairDay = _PairDay(second.calendar)
        self._merged: tuple[_BarsState, _BarsState] | None = None  # the legs' bars as last merged
        self.derive()

    def _combine(self, first: float, second: float) -> float:
        return first / second if self.pair.is_ratio else round(first - second, _DECIMALS)

    def derive(self) -> None:
        """Derive the last price, the bars, and which types are silent. Costs 4 µs, and 30 where the newest minutes of a
        leg changed; all minutes are merged again, in some ms, only where earlier ones did."""
        first, second = self.legs
        self.calendar, self.trading_until = second.calendar, second.trading_until
        self.ages.silent = first.ages.silent | second.ages.silent
        self._derive_day()
        self._merge_bars()
        price, time = self._newest()
        if price is not None and self.last is not None and price != self.last:
            self.direction = 1 if price > self.last else -1
            self.previous = self.last
            self.last_changed_at = max(first.last_changed_at, second.last_changed_at)
        self.last_trade_moved = first.last_trade_moved or second.last_trade_moved
        self.last, self.last_time, self.tick_time = price, time, time

    def _derive_day(self) -> None:
        """Derive what the day's change needs: outside the regular session the ratio or difference of both closes, None
        while only one leg is outside."""
        day, (first, second) = self.day, (leg.day for leg in self.legs)
        day.split = first.split or second.split
        day.is_outside = not (first.is_regular and second.is_regular)
        day.close = None
        if first.close is not None and second.close is not None and first.regular_date == second.regular_date:
            day.close = self._combine(first.close, second.close)

    def _newest(self) -> tuple[float | None, int]:
        """Returns the last price with its time, ms UTC; None unless the stream has brought a price of both legs."""
        first, second = self.legs
        if first.last is None or second.last is None:
            return None, 0
        time = min(first.last_time, second.last_time)
        if first.last_time // MINUTE == second.last_time // MINUTE:
            return self._combine(first.last, second.last), time
        bar = self.bars.get(self.bars.latest)
        return (None, 0) if bar is None else (bar.close, min(time, bar.time + MINUTE))

    def _merge_bars(self) -> None:
        first, second = (leg.bars for leg in self.legs)
        before, now = self._merged, (_BarsState.of(first), _BarsState.of(second))
        if now == before:
            return
        self._merged, since = now, 0
        if before is not None and all(was.has_only_grown(state) for was, state in zip(before, now, strict=True)):
            since = max(0, min(was.latest for was in before) - _REVISED)
        other = second.closes(since)
        closes = first.closes(since)
        self.bars.replace_closes(
            since, {slot: self._combine(closes[slot], other[slot]) for slot in closes if slot in other}
        )
        self.bars.incomplete = first.incomplete | second.incomplete
        known = first.known_from, second.known_from
        self.bars.known_from = max(known) if min(known) >= 0 else -1
        self.bars.synthesized = first.synthesized or second.synthesized

    @property
    def is_current(self) -> bool:
        """True if this connection has brought a price of both legs."""
        return all([leg.tick_sampled or leg.quote_sampled for leg in self.legs])

    @property
    def base(self) -> ReferencePrice | None:
        """What the day's change is measured from: what those of both legs are, if they are of one date and kind."""
        first, second = self.legs
        one, other = first.base, second.base
        if one is None or other is None or one.is_open is not other.is_open:
            return None
        if first.day.regular_date != second.day.regular_date:
            return None
        price = self._combine(one.price, other.price)
        return ReferencePrice(price, max(one.source, other.source)) if price else None

    @property
    def suspects_split(self) -> bool:
        """True if a split of either leg is likely, so that no change can be told."""
        return any([leg.suspects_split for leg in self.legs])

    @property
    def is_closed(self) -> bool:
        """True if the exchange of either leg is closed."""
        return any([leg.is_closed for leg in self.legs])

    def is_closed_at(self, time: float) -> bool:
        """Returns `is_closed` for a `time` (ms UTC) that may lie past the last sample."""
        return any([leg.is_closed_at(time) for leg in self.legs])

    @property
    def is_last_silent(self) -> bool:
        """True if the last price of either leg is silent."""
        return any([leg.is_last_silent for leg in self.legs])

    def infer_precision(self) -> None:
        """Set the decimals: five significant digits of a ratio, those of the finer leg of a difference."""
        for leg in self.legs:
            leg.infer_precision()
        decimals = max(leg.precision.decimals for leg in self.legs)
        price = self.last if self.last_known is None else self.last_known.price
        if self.pair.is_ratio and price:
            decimals = max(2, _SIGNIFICANT - 1 - floor(log10(price)))
        self.precision.decimals, self.precision.tick_size = decimals, 10.0**-decimals


class _PairDay(ReferencePriceTracker):
    """What the change of a pair is measured from; it follows those of the legs."""

    __slots__ = ("is_outside",)

    def __init__(self, calendar: Calendar) -> None:
        super().__init__(calendar)
        self.is_outside = False  # whether a leg's last price is of outside its regular session

    @property
    def is_regular(self) -> bool:
        """True while both last prices are the regular session's."""
        return not self.is_outside


def is_difference(instrument: Instrument) -> bool:
    """Returns True if it is the difference of a pair: it may be zero or negative, and no scale in % fits it."""
    return isinstance(instrument, PairInstrument) and not instrument.pair.is_ratio


class _BarsState(NamedTuple):
    """The state of a leg's bars."""

    bars: MinuteBars
    version: int
    slot_version: int
    latest: int
    incomplete: int

    @classmethod
    def of(cls, bars: MinuteBars) -> _BarsState:
        return cls(bars, bars.version, bars.slot_version, bars.latest, len(bars.incomplete))

    def has_only_grown(self, now: _BarsState) -> bool:
        """Returns True if only minutes later than `latest` were added since, and late ones of them revised."""
        added = now.slot_version - self.slot_version
        same = now.bars is self.bars and now.incomplete == self.incomplete
        return same and added == len(now.bars.closes(self.latest + 1))
