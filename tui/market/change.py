"""The day's change, and what it is measured from."""

from __future__ import annotations

from typing import NamedTuple

from tui.protocol import Quote


class Reference(NamedTuple):
    """The price that change is measured from. `is_open` where no previous close is known and the open stands in."""

    price: float
    is_open: bool = False


class Change(NamedTuple):
    """last − reference, in currency and in percent."""

    amount: float
    percent: float
    from_open: bool


def reference(quote: Quote) -> Reference | None:
    """The previous close that a quote implies, else its open; None where it tells neither.

    First of `ld − ch`, `ld / (1 + chp/100)`, and `p` where it is not just the open again: in the vendor's samples `p`
    contradicts `ch`.
    """
    if quote.change is not None:
        close = round(quote.last - quote.change, 6)
    elif quote.change_percent is not None and quote.change_percent > -100:
        close = quote.last / (1 + quote.change_percent / 100)
    elif quote.previous_close is not None and quote.previous_close != quote.open:
        close = quote.previous_close
    else:
        close = 0.0
    if close > 0:
        return Reference(close)
    return Reference(quote.open, is_open=True) if quote.open else None


def change(last: float, from_: Reference) -> Change:
    """512.34 over 509.13 is +3.21 and +0.63 %."""
    amount = last - from_.price
    return Change(amount, 100 * amount / from_.price, from_.is_open)
