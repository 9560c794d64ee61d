"""Premium over time: how far the price of a fund is from what a unit is worth, minute by minute.

The worth is the feed's IOPV, else that of the person's command. Only without any IOPV it is a proxy of another symbol,
and then the figure is a basis, not a premium.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tui.market.analytics import MAX_IOPV_AGE, premium_over
from tui.market.fair_value import IndicativeValue
from tui.market.instrument import Instrument
from tui.market.sessions import zone
from tui.protocol.messages import MIN_PRICE

_LEAST_COUNT = 10  # minutes: a deviation of fewer says little
_LEAST_DEVIATION = 1e-6  # %: less is rounding


class PremiumStatistics(NamedTuple):
    """The mean and the standard deviation of premiums, in %."""

    mean: float
    deviation: float

    def score(self, percent: float) -> float | None:
        """Returns z, the distance of a premium from the mean in standard deviations; None if they do not differ."""
        return (percent - self.mean) / self.deviation if self.deviation > _LEAST_DEVIATION else None


def iopv(i: Instrument) -> IndicativeValue | None:
    """Returns the newest IOPV, the feed's before that of the person's command; None without one."""
    quote = i.quote
    if quote is not None and quote.iopv is not None and quote.iopv >= MIN_PRICE:
        return IndicativeValue(quote.iopv, quote.time)
    return i.fair_values.given


def give_iopv(i: Instrument, worth: IndicativeValue, time: float) -> bool:
    """Take an IOPV of the person's command; returns False if it is older than the one before. It stands for its minute
    if it is fresh at `time` (ms UTC), and the feed tells none."""
    before, quote = i.fair_values.given, i.quote
    if before is not None and worth.time < before.time:
        return False
    i.fair_values.given = worth
    if not (quote is not None and quote.iopv) and time - worth.time <= MAX_IOPV_AGE:
        i.fair_values.add(*worth)
    return True


def has_basis(i: Instrument) -> bool:
    """Returns True if the symbol has a basis: a proxy, and no IOPV at all."""
    return i.fair_values.proxy is not None and iopv(i) is None and not len(i.fair_values)


def current_premium(i: Instrument, time: float) -> float | None:
    """Returns the premium, or the basis, of the last price at `time` (ms UTC), in %. None without a worth of the same
    date and at most a minute old."""
    proxy = i.fair_values.proxy
    worth = proxy.now if proxy is not None and has_basis(i) else iopv(i)
    return premium_over(i.last, worth, time, zone(i.symbol.region)) if i.last is not None and worth else None


def minute_premiums(i: Instrument, minutes: Sequence[int]) -> list[float | None]:
    """Returns the premium, or the basis, of each minute's close over the worth of the same minute, in %; None without
    either. `minutes` are their numbers."""
    proxy = i.fair_values.proxy if has_basis(i) else None
    found: list[float | None] = []
    for minute in minutes:
        bar = i.bars.get(minute)
        if proxy is None:
            worth = i.fair_values.at(minute)
        else:
            other = proxy.of.bars.get(minute)
            worth = other.close * proxy.factor if other is not None else None
        found.append(100 * (bar.close - worth) / worth if bar is not None and worth else None)
    return found


def premium_statistics(premiums: Sequence[float | None]) -> PremiumStatistics | None:
    """Returns the mean and the deviation of the known ones; None with fewer than ten."""
    known = [value for value in premiums if value is not None]
    if len(known) < _LEAST_COUNT:
        return None
    mean = math.fsum(known) / len(known)
    return PremiumStatistics(mean, math.sqrt(math.fsum((value - mean) ** 2 for value in known) / len(known)))
