"""The day's change, and the reference price it is measured from."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

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


def quoted_reference(quote: Quote) -> ReferencePrice | None:
    """Returns the previous close that a quote implies, else its open; None if it has neither.

    The previous close is the first of `ld − ch`, `ld / (1 + chp/100)`, and `p` unless it equals the open: in the
    vendor's samples `p` contradicts `ch`.
    """
    close, source = 0.0, ReferenceSource.OPEN
    if quote.change is not None:
        close, source = round(quote.last - quote.change, 6), ReferenceSource.CHANGE
    elif quote.change_percent is not None and quote.change_percent > -100:
        close, source = quote.last / (1 + quote.change_percent / 100), ReferenceSource.PERCENT
    elif quote.previous_close is not None and quote.previous_close != quote.open:
        close, source = quote.previous_close, ReferenceSource.PREVIOUS
    if MIN_PRICE <= close <= MAX_PRICE:
        return ReferencePrice(close, source)
    return (
        ReferencePrice(quote.open, ReferenceSource.OPEN) if quote.open is not None and quote.open >= MIN_PRICE else None
    )


def change(last: float, reference: ReferencePrice) -> Change:
    """Returns the change of the last price: 512.34 from 509.13 is +3.21 and +0.63 %."""
    amount = last - reference.price
    return Change(amount, 100 * amount / reference.price, reference.is_open)
