"""Figures of one quote, and of the minutes of an hour."""

from __future__ import annotations

import math
from itertools import pairwise

from tui.market.bars import MinuteBars
from tui.market.sessions import Zone
from tui.protocol.messages import MIN_PRICE, Quote

_IOPV_FOR = 60_000  # ms


def day_vwap(quote: Quote, tick: float) -> float | None:
    """The day's average price by volume: turnover / (volume·u), both from one quote.

    u is 1, or 100 where volume comes in lots, told by what turnover / volume is against the last price. None where it
    is neither, or where the average would lie more than a `tick` outside the day's range.
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


def premium(last: float, quote: Quote, time: float, zone: Zone) -> float | None:
    """100·(last − IOPV)/IOPV, in %: 4.128 over 4.115 is +0.32 %. None without an IOPV of the date of `time` (ms UTC)
    and at most a minute old."""
    iopv = quote.iopv or 0.0
    if iopv < MIN_PRICE or time - quote.time > _IOPV_FOR or zone.at(quote.time).date() != zone.at(time).date():
        return None
    return 100 * (last - iopv) / iopv


def day_position(last: float, quote: Quote) -> float | None:
    """Where the last price stands between the day's low (0) and high (1). A trade newer than the quote may lie beyond
    either and then is itself the low or high. None where the range is not known or nothing wide."""
    if not quote.low or not quote.high or quote.low >= quote.high:
        return None
    return min(1.0, max(0.0, (last - quote.low) / (quote.high - quote.low)))


def volatility(bars: MinuteBars) -> float | None:
    """How much the price moved in the last hour, in % an hour: 100·√(Σ r² · 60/n), r the logarithmic returns between
    the closes of neighbouring minutes. None with fewer than ten of them."""
    closes = bars.window(bars.latest - 60, bars.latest)
    returns = [math.log(b.close / a.close) for a, b in pairwise(closes) if a and b]
    if len(returns) < 10:
        return None
    return 100 * math.sqrt(sum(r * r for r in returns) * 60 / len(returns))
