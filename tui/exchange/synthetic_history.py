"""Synthetic history: minute bars interpolated between the few trades simulated for a distant past, and longer bars.

The session's figures need no more than those trades, but a chart of the session needs its minutes: interpolated bars
keep each simulated trade's price and volume, and stay within the session's high and low.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random

from tui.exchange.factors import DAY_MS, MINUTE_MS


@dataclass(slots=True)
class Bar:
    """A bar of one minute or longer: `time` of its start in ms UTC, prices and `turnover` in thousandths, `volume` in
    shares."""

    time: int
    open: int
    high: int
    low: int
    close: int
    volume: int = 0
    turnover: int = 0


def aggregate(bars: Iterable[Bar], beginning: Callable[[int], int]) -> list[Bar]:
    """Returns longer bars, oldest first, from shorter ones in order; `beginning` maps a time to the start of its longer
    bar (ms UTC)."""
    longer: list[Bar] = []
    for bar in bars:
        time = beginning(bar.time)
        if not longer or longer[-1].time != time:
            longer.append(replace(bar, time=time))
            continue
        last = longer[-1]
        last.high = max(last.high, bar.high)
        last.low = min(last.low, bar.low)
        last.close = bar.close
        last.volume += bar.volume
        last.turnover += bar.turnover
    return longer


def fill_minutes(
    bars: Sequence[Bar], until: int, tick: int, volatility: float, each_minute: float, random: Random
) -> list[Bar]:
    """Returns all `bars` but the last, oldest first, with the minutes between them, none of which spans a midnight or
    begins at `until` (ms UTC) or later.

    `tick` is in thousandths, `volatility` that of a day, `each_minute` the probability of a trade in a minute. The
    volume of a bar is split among the bars interpolated after it, up to the next.
    """
    bounds: dict[int, tuple[int, int]] = {}
    for bar in bars:
        low, high = bounds.get(bar.time // DAY_MS, (bar.low, bar.high))
        bounds[bar.time // DAY_MS] = min(low, bar.low), max(high, bar.high)
    step = volatility * (MINUTE_MS / DAY_MS) ** 0.5
    drawn: list[Bar] = []
    for bar, after in pairwise(bars):
        low, high = bounds[bar.time // DAY_MS]
        same_day = after.time // DAY_MS == bar.time // DAY_MS
        between = range(bar.time + MINUTE_MS, min(after.time, until), MINUTE_MS) if same_day else range(0)
        times = [time for time in between if random.random() < each_minute][: bar.volume - 1]
        volumes = _shares(bar.volume, len(times) + 1, random)
        opening = bar.open
        if drawn and drawn[-1].time // DAY_MS == bar.time // DAY_MS:
            opening = drawn[-1].close
        drawn.append(_bar(bar.time, (opening, bar.open, bar.high, bar.low, bar.close), volumes[0]))
        log, end = math.log(bar.close), math.log(after.open)
        for left, time, volume in zip(range(len(times), 0, -1), times, volumes[1:], strict=True):
            log += (end - log) / (left + 1) + random.gauss(0.0, step * (left / (left + 1)) ** 0.5)
            opening = drawn[-1].close
            prices = [opening]
            for beyond in (abs(random.gauss(0.0, step / 2)), -abs(random.gauss(0.0, step / 2)), 0.0):
                price = round(math.exp(log + beyond) / tick) * tick
                prices.append(min(high, max(low, price)))
            drawn.append(_bar(time, prices, volume))
    return drawn


def _bar(time: int, prices: Sequence[int], volume: int) -> Bar:
    """Returns the bar of prices in order: the first is the open, the last the close."""
    return Bar(time, prices[0], max(prices), min(prices), prices[-1], volume, sum(prices) * volume // len(prices))


def _shares(total: int, count: int, random: Random) -> list[int]:
    """Returns `total` split into `count` random whole numbers of at least 1."""
    weights = [0.3 + random.random() for _ in range(count)]
    spare, whole = total - count, sum(weights)
    shares = [1 + int(spare * weight / whole) for weight in weights]
    shares[0] += total - sum(shares)
    return shares
