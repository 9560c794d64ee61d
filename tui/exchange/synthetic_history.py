"""Bars: the minutes drawn between the few trades that were made of a time long past, and what longer bars make of them.

The day's figures need no more than those few, and whoever asks for a chart of the day shall have all its minutes: what
is drawn keeps to each known trade's price and volume, and within the day's high and low.
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
    """One minute, or longer: `time` of its beginning in ms, prices and `turnover` in thousandths, `volume` in units."""

    time: int
    open: int
    high: int
    low: int
    close: int
    volume: int = 0
    turnover: int = 0


def aggregate(bars: Iterable[Bar], beginning: Callable[[int], int]) -> list[Bar]:
    """Returns longer bars, oldest first, of shorter ones in order; `beginning` gives that of the longer bar in which a
    time lies (ms)."""
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
    """`bars` but for the last, oldest first, with the minutes between them, none of them across a midnight or from
    `until` (ms) on.

    `tick` in thousandths, `volatility` a day, `each_minute` the chance that a minute has a trade. The volume of a bar
    is shared by those drawn after it, up to the next."""
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
    """Of prices in order, the first and last of which are open and close."""
    return Bar(time, prices[0], max(prices), min(prices), prices[-1], volume, sum(prices) * volume // len(prices))


def _shares(total: int, count: int, random: Random) -> list[int]:
    """A whole number cut into `count` shares of at least 1."""
    weights = [0.3 + random.random() for _ in range(count)]
    spare, whole = total - count, sum(weights)
    shares = [1 + int(spare * weight / whole) for weight in weights]
    shares[0] += total - sum(shares)
    return shares
