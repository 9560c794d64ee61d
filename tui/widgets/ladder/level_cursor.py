"""The cursor on the levels of the ladder: a price, and all that stands in the book from the mid up to it."""

from __future__ import annotations

from collections.abc import Sequence

from tui import format as fmt
from tui.market.fill_cost import SweptDepth, depth_up_to
from tui.market.money import Currency
from tui.widgets.ladder.tracked_book import TrackedBook


class LevelCursor:
    """A cursor that stands on a price, whatever comes and goes there; None if there is none."""

    def __init__(self) -> None:
        self.price: float | None = None

    def move(self, book: TrackedBook, by: int) -> bool:
        """Move to the next level, upward if `by` is -1, downward if it is 1; begins at the best ask, or bid. Returns
        False if there is no level further on."""
        asks, bids = [[level.price for level in side] for side in (book.asks, book.bids)]
        prices, at = sorted({*asks, *bids}), self.price
        if at is None:
            nearest = asks[:1] or bids[:1] if by < 0 else bids[:1] or asks[:1]
        else:
            nearest = [p for p in prices if p > at][:1] if by < 0 else [p for p in prices if p < at][-1:]
        if nearest:
            self.price = nearest[0]
        return bool(nearest)

    def is_at(self, price: float) -> bool:
        """Returns True if the cursor stands on a price."""
        return self.price is not None and abs(price - self.price) < 1e-6

    def words(self, book: TrackedBook, currency: Currency) -> tuple[str, ...]:
        """Returns what it takes to get to the price, in several lengths; () without a cursor."""
        if self.price is None:
            return ()
        price = fmt.price(self.price, book.decimals)
        if (bbo := book.bbo) is None:
            return (f"to {price} {fmt.UNKNOWN}",)
        side = book.asks if self.price > bbo.mid else book.bids
        return _words(price, depth_up_to(side, self.price, bbo.mid), currency)


def _words(price: str, swept: SweptDepth, currency: Currency) -> tuple[str, ...]:
    more = "+" * swept.beyond
    money = f"{currency.sign}{fmt.size(swept.money)}{'' if currency.sign else ' ' + currency.code}{more}"
    size, bp = f"{fmt.size(swept.size)}{more}", f"{fmt.signed(swept.bp, 1)} bp"
    forms: Sequence[Sequence[str]] = ((size, money, bp), (size, bp), (bp,))
    return tuple(f"to {price} {' · '.join(form)}" for form in forms)
