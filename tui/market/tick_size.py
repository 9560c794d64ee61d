"""Tick sizes by region and price: tables with the date from which each holds. A rule for a coming year is one more row.

Sources: Regulation NMS rule 612 (its half penny begins in November 2027); HKEX, Second Schedule, part D, for exchange
traded funds; the Shanghai and Shenzhen exchanges' trading rules for funds.
"""

from __future__ import annotations

import math
from datetime import date
from typing import NamedTuple


class DatedTicks(NamedTuple):
    """Tick sizes from the trade date `since` on, as (price, tick) pairs: the tick of prices up to and including that
    price, or below it if `below`."""

    since: date
    ticks: tuple[tuple[float, float], ...]
    below: bool = False


_HK = (
    (1.0, 0.001),
    (5.0, 0.002),
    (10.0, 0.005),
    (20.0, 0.01),
    (100.0, 0.02),
    (200.0, 0.05),
    (500.0, 0.1),
    (1_000.0, 0.2),
    (2_000.0, 0.5),
    (math.inf, 1.0),
)

TICKS: dict[str, tuple[DatedTicks, ...]] = {
    "US": (DatedTicks(date.min, ((1.0, 0.0001), (math.inf, 0.01)), below=True),),
    "HK": (DatedTicks(date.min, _HK),),
    "SH": (DatedTicks(date.min, ((math.inf, 0.001),)),),
    "SZ": (DatedTicks(date.min, ((math.inf, 0.001),)),),
}
"""By region, the oldest first."""


def tick_size(region: str, price: float, day: date) -> float | None:
    """Returns the distance between neighbouring prices at `price` on a trade date; None for regions without a table.

    HK: 9.995 has 0.005, 10.01 has 0.01; US: 0.9999 has 0.0001, 1.00 has 0.01.
    """
    for since, ticks, below in reversed(TICKS.get(region, ())):
        if since <= day:
            return next(tick for bound, tick in ticks if price < bound or (price == bound and not below))
    return None
