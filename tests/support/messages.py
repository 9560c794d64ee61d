"""Short constructors of the vendor's messages."""

from __future__ import annotations

from collections.abc import Sequence

from tui.protocol.messages import Depth, Kline, Level, Quote, Tick
from tui.symbol import Symbol

QQQ = Symbol("QQQ", "US")
SPY = Symbol("SPY", "US")
T = 1_731_689_400_000  # a whole minute, ms UTC

Sizes = Sequence[tuple[float, float]]


def tick(last: float, t: int = 0, *, s: str = "QQQ$US", volume: float | None = None) -> Tick:
    """Returns a trade `t` ms after T."""
    return Tick(symbol=s, last=last, time=T + t, volume=volume)


def quote(last: float, t: int = 0, *, s: str = "QQQ$US", status: int | None = None) -> Quote:
    """Returns a quote `t` ms after T."""
    return Quote(symbol=s, last=last, time=T + t, status=status)


def side(sizes: Sizes) -> list[Level]:
    return [Level(price, volume) for price, volume in sizes]


def depth(asks: Sizes, bids: Sizes, s: str = "QQQ$US") -> Depth:
    return Depth(symbol=s, asks=side(asks), bids=side(bids))


def bar(minute: int, close: float = 1.0, volume: float = 0.0, *, s: str = "QQQ", r: str | None = "US") -> Kline:
    """Returns the bar of the minute that begins `minute` minutes after T."""
    time = T + minute * 60_000
    return Kline(symbol=s, region=r, open=close, high=close, low=close, close=close, time=time, volume=volume)


# Book B of the definitions, best prices first.
BOOK_B = depth(
    asks=[
        (round(512.35 + n / 100, 2), size) for n, size in enumerate([2600, 100, 200, 200, 100, 300, 200, 100, 200, 400])
    ],
    bids=[
        (round(512.34 - n / 100, 2), size)
        for n, size in enumerate([3100, 900, 1500, 900, 900, 1500, 900, 300, 100, 900])
    ],
)
