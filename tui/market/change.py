"""The day's change, and what it is measured from."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from tui.protocol.messages import MAX_PRICE, MIN_PRICE, Quote


class ReferenceSource(IntEnum):
    """What a reference was taken from, the best first."""

    CHANGE = 0  # ld − ch
    PERCENT = 1  # ld / (1 + chp/100): chp is rounded
    PREVIOUS = 2  # p
    HISTORY = 3  # the close of the session before, from the bars of the past
    OPEN = 4


class ReferencePrice(NamedTuple):
    """The price that change is measured from: the previous close, or the open that stands in where none is known."""

    price: float
    source: ReferenceSource

    @property
    def is_open(self) -> bool:
        return self.source is ReferenceSource.OPEN


class Change(NamedTuple):
    """last − reference, in currency and in percent."""

    amount: float
    percent: float
    from_open: bool


def quoted_reference(quote: Quote) -> ReferencePrice | None:
    """The previous close that a quote implies, else its open; None where it tells neither.

    First of `ld − ch`, `ld / (1 + chp/100)`, and `p` where it is not just the open again: in the vendor's samples `p`
    contradicts `ch`.
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


def change(last: float, from_: ReferencePrice) -> Change:
    """512.34 over 509.13 is +3.21 and +0.63 %."""
    amount = last - from_.price
    return Change(amount, 100 * amount / from_.price, from_.is_open)
