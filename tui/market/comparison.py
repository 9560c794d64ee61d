"""Symbols compared in percent: what each one's prices are measured from. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from tui.market.instrument import Instrument
from tui.protocol.messages import MIN_PRICE

MAX_COMPARED = 6
"""Symbols in one comparison: more lines than that cannot be told apart."""


class Anchor(Enum):
    """The price that counts as 0 %."""

    FIRST = "first bar"  # in view
    OPEN = "open"  # of the last price's day
    CLOSE = "previous close"

    @property
    def next(self) -> Anchor:
        """The anchor after this one, the first one after the last."""
        anchors = list(Anchor)
        return anchors[(anchors.index(self) + 1) % len(anchors)]


class Start(NamedTuple):
    """The price of a symbol that counts as 0 %; it `joined` if that was made from the mean of the others."""

    price: float
    joined: bool = False

    def percent(self, price: float) -> float:
        """Returns how far a price is from the start, in %."""
        return 100 * (price / self.price - 1)

    def percents(self, prices: Sequence[float | None]) -> list[float | None]:
        """Returns `percent` of each price, None for a gap."""
        start = self.price
        return [None if price is None else 100 * (price / start - 1) for price in prices]


def anchor_price(i: Instrument, anchor: Anchor) -> float | None:
    """Returns the day's open or the previous close, as the watchlist shows them; None if unknown."""
    if anchor is Anchor.OPEN:
        quote = i.day_quote
        return quote.open if quote is not None and quote.open is not None and quote.open >= MIN_PRICE else None
    base = i.base
    return base.price if base is not None and not base.is_open else None


def starts(prices: Sequence[Sequence[float | None]], at: Sequence[float | None], first: int) -> list[Start | None]:
    """Returns where each symbol starts, given its prices by slot and its price at the anchor. One without the latter
    starts at its first price from slot `first` on, at the mean of the others there; None if there are none."""
    found = [None if price is None else Start(price) for price in at]
    late = {n: _first_price(prices[n], first) for n, start in enumerate(found) if start is None}
    for n, slot in sorted(late.items(), key=lambda item: item[1]):
        others = [
            start.percent(price)
            for start, series in zip(found, prices, strict=True)
            if start is not None and (price := latest_price(series, slot)) is not None
        ]
        if others and (price := latest_price(prices[n], slot)) is not None:
            found[n] = Start(price / (1 + sum(others) / len(others) / 100), joined=True)
    return found


def _first_price(prices: Sequence[float | None], first: int) -> int:
    """Returns the first slot with a price from `first` on, the last slot if there is none."""
    return next((slot for slot in range(first, len(prices)) if prices[slot] is not None), len(prices) - 1)


def latest_price(prices: Sequence[float | None], slot: int) -> float | None:
    """Returns the latest price up to and including a slot; None if there is none."""
    return next((price for price in reversed(prices[: slot + 1]) if price is not None), None)
