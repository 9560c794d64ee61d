"""The day's change, and the reference price it is measured from."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from tui.market.split import in_one_unit
from tui.protocol.messages import MAX_PRICE, MIN_PRICE, Quote


class ReferenceSource(IntEnum):
    """The source of a reference price, the best first."""

    CHANGE = 0  # ld − ch
    PERCENT = 1  # ld / (1 + chp/100): chp is rounded
    PREVIOUS = 2  # p
    HISTORY = 3  # the close of the previous session, from past bars
    OPEN = 4


class ReferencePrice(NamedTuple):
    """The price that change is measured from: the previous close, or the open if that is unknown."""

    price: float
    source: ReferenceSource

    @property
    def is_open(self) -> bool:
        """True if the open stands in for the previous close."""
        return self.source is ReferenceSource.OPEN


class Change(NamedTuple):
    """The change, last − reference: `amount` in the symbol's currency, `percent` in %."""

    amount: float
    percent: float
    from_open: bool


def quoted_reference(quote: Quote, near: float | None = None) -> ReferencePrice | None:
    """Returns the previous close that a quote implies, else its open; None if it has neither.

    The previous close is the first of `ld − ch`, `ld / (1 + chp/100)`, and `p` unless it equals the open: in the
    vendor's samples `p` contradicts `ch`. After a split it is the first in the unit of `near`, a price of today: then
    `p` counts also if it equals the open, and the open does not.
    """
    if near is not None:
        told = [ReferencePrice(price, source) for price, source in _previous_closes(quote) if price >= MIN_PRICE]
        return next((each for each in told if in_one_unit(each.price, near)), None)
    for price, source in _previous_closes(quote):
        if MIN_PRICE <= price <= MAX_PRICE and not (source is ReferenceSource.PREVIOUS and price == quote.open):
            return ReferencePrice(price, source)
    return (
        ReferencePrice(quote.open, ReferenceSource.OPEN) if quote.open is not None and quote.open >= MIN_PRICE else None
    )


def _previous_closes(quote: Quote) -> Iterator[tuple[float, ReferenceSource]]:
    """Yields each previous close that a quote implies, the best first."""
    if quote.change is not None:
        yield round(quote.last - quote.change, 6), ReferenceSource.CHANGE
    if quote.change_percent is not None and quote.change_percent > -100:
        yield quote.last / (1 + quote.change_percent / 100), ReferenceSource.PERCENT
    if quote.previous_close is not None:
        yield quote.previous_close, ReferenceSource.PREVIOUS


def change(last: float, reference: ReferencePrice) -> Change:
    """Returns the change of the last price: 512.34 from 509.13 is +3.21 and +0.63 %. The reference is not 0; a
    difference of two prices may be negative."""
    amount = last - reference.price
    return Change(amount, 100 * amount / abs(reference.price), reference.is_open)
