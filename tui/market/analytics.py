"""Figures of one quote, and of the minute bars of an hour."""

from __future__ import annotations

import math
from itertools import pairwise

from tui.market.bars import MinuteBars
from tui.market.fair_value import IndicativeValue
from tui.market.sessions import Zone
from tui.protocol.messages import MIN_PRICE, Quote

MAX_IOPV_AGE = 60_000
"""ms from when an IOPV was made, after which it tells of no premium."""


def day_vwap(quote: Quote, tick: float) -> float | None:
    """Returns the day's VWAP, turnover / (volume·u), both from one quote.

    u is 1, or 100 if the volume is in lots, inferred from turnover / volume against the last price. None if it is
    neither, or if the average is more than a `tick` outside the day's range.
    """
    if not quote.volume or not quote.turnover or quote.last <= 0:
        return None
    average = quote.turnover / quote.volume
    ratio = average / quote.last
    if 90 <= ratio <= 110:
        average /= 100
    elif not 0.9 <= ratio <= 1.1:
        return None
    low, high = quote.low or average, quote.high or average
    return average if low - tick <= average <= high + tick else None


def premium_over(last: float, worth: IndicativeValue, time: float, zone: Zone) -> float | None:
    """Returns the premium 100·(last − IOPV)/IOPV in %: 4.128 over 4.115 is +0.32 %. None without an IOPV of the same
    date as `time` (ms UTC) and at most a minute older."""
    iopv, made = worth
    if iopv < MIN_PRICE or time - made > MAX_IOPV_AGE or zone.at(made).date() != zone.at(time).date():
        return None
    return 100 * (last - iopv) / iopv


def day_position(last: float, quote: Quote) -> float | None:
    """Returns the position of the last price between the day's low (0) and high (1); a trade newer than the quote may
    be a new low or high. None if the range is unknown or empty."""
    if not quote.low or not quote.high or quote.low >= quote.high:
        return None
    return min(1.0, max(0.0, (last - quote.low) / (quote.high - quote.low)))


def volatility(bars: MinuteBars) -> float | None:
    """Returns the realized volatility of the last hour, in % an hour: 100·√(Σ r² · 60/n) over the logarithmic returns r
    between the closes of consecutive minutes. None with fewer than ten of them."""
    closes = bars.window(bars.latest - 60, bars.latest)
    returns = [math.log(b.close / a.close) for a, b in pairwise(closes) if a and b and a.close > 0 < b.close]
    if len(returns) < 10:
        return None
    return 100 * math.sqrt(sum(r * r for r in returns) * 60 / len(returns))
