"""Sessions, and random walks of prices through them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from random import Random

from tui.market.bars import MINUTE
from tui.market.sessions import zone
from tui.protocol.messages import Kline


def at(when: str, region: str = "US") -> int:
    """Returns ms UTC of a local time of the region's exchange, such as `2026-11-20 09:30`."""
    return int(datetime.fromisoformat(when).replace(tzinfo=zone(region).tz).timestamp() * 1000)


def price_walk(
    start: int, minutes: Iterable[int], price: float = 512.0, step: float = 0.05, seed: int = 3
) -> list[Kline]:
    """Returns bars of these minutes after `start`, along a random walk in steps."""
    random, bars = Random(seed), list[Kline]()
    last, digits = price, 4 if step < 0.01 else 2
    for minute in minutes:
        path = [last]
        for _ in range(6):
            path.append(max(step, round(path[-1] + step * random.choice((-2, -1, -1, 0, 1, 1, 2)), digits)))
        last = path[-1]
        volume = float(random.randint(1, 40) * 100)
        time = start + minute * MINUTE
        bars.append(Kline(symbol="", open=path[0], high=max(path), low=min(path), close=last, time=time, volume=volume))
    return bars


OPEN = at("2026-11-20 09:30")
HK_OPEN = at("2026-11-20 09:30", "HK")
DAYS = [OPEN - 3 * 1440 * MINUTE, OPEN - 2 * 1440 * MINUTE, OPEN - 1440 * MINUTE, OPEN]
