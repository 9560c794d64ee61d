"""One symbol's order book as the ladder follows it from frame to frame."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tui import format as fmt
from tui.market import Instrument
from tui.market.book import BestBidOffer, changed_sizes, valid_levels
from tui.protocol.messages import Depth, Level

TINT = 0.3
"""Seconds for which a level whose size changed is tinted."""
OLD = 10.0
"""Seconds after which a book counts as old, if the last price has moved since."""
_SCALE_DECAY = 8.0  # s in which the scale of the bars falls to 1/e


class TrackedBook:
    """The levels of a book, which of them changed a moment ago, and the scale of their bars. Times in s monotonic."""

    def __init__(self, now: float) -> None:
        self.depth: Depth | None = None
        self.asks: list[Level] = []
        """The valid levels from the best ask up."""
        self.bids: list[Level] = []
        """The valid levels from the best bid down."""
        self.most_levels = 0
        """The most levels that a side has had."""
        self.tinted_asks: dict[float, float] = {}
        """When the size of a level changed, by price, for levels that are tinted now."""
        self.tinted_bids: dict[float, float] = {}
        self.scale = 0.0
        """The size of a full bar, in units of the fund."""
        self.is_silent = False
        """True if the book is missing while other types move: it counts in no statistic."""
        self.last_side = ""
        """The side of the last trade: B or S, after ~ if inferred; "" if unknown."""
        self.decimals = 2
        """Digits after the point that all prices shown need."""
        self.is_indicative = False
        """True if the book is an auction's, locked or crossed: its orders are not matched yet."""
        self._scaled_at = now

    def update(self, instrument: Instrument, now: float, *, tint: bool) -> None:
        """Follow the instrument's book to `now`; `tint` is whether changed sizes are tinted."""
        depth = instrument.depth
        if depth is not self.depth:
            before, self.depth = self.depth, depth
            asks, bids = (valid_levels(depth.asks), valid_levels(depth.bids)) if depth is not None else ([], [])
            if before is not None and tint:
                self.tinted_asks |= dict.fromkeys(changed_sizes(self.asks, asks), instrument.depth_at)
                self.tinted_bids |= dict.fromkeys(changed_sizes(self.bids, bids), instrument.depth_at)
            self.asks, self.bids = asks, bids
            self.most_levels = max(self.most_levels, len(asks), len(bids))
            self.is_indicative = instrument.is_indicative
            instrument.infer_precision()
            self.widen(instrument, [level.price for level in (*asks, *bids)])
        self.is_silent = instrument.is_silent("depth")
        self.last_side = _side_of_last(instrument)
        for tinted in (self.tinted_asks, self.tinted_bids):
            for price in [price for price, at in tinted.items() if now >= at + TINT]:
                del tinted[price]
        # After the largest size has gone the scale falls slowly, so that bars do not jump.
        faded = self.scale * math.exp((self._scaled_at - now) / _SCALE_DECAY)
        largest = max((level.volume for side in (self.asks, self.bids) for level in side), default=0.0)
        self.scale, self._scaled_at = max(largest, faded), now

    def widen(self, instrument: Instrument, prices: Sequence[float]) -> None:
        """Show all prices with as many decimals as these ones need, or more."""
        self.decimals = max(self.decimals, instrument.precision.decimals_of(prices))

    @property
    def is_empty(self) -> bool:
        """True if neither side has a level."""
        return not (self.asks or self.bids)

    @property
    def is_locked_or_crossed(self) -> bool:
        """True if the best bid is at or above the best ask, and no auction is the reason."""
        return bool(self.asks and self.bids) and self.bids[0].price >= self.asks[0].price and not self.is_indicative

    @property
    def bbo(self) -> BestBidOffer | None:
        """Best bid and ask; None without a positive spread, from which no figure is derived."""
        if self.asks and self.bids and self.bids[0].price < self.asks[0].price:
            return BestBidOffer(self.bids[0].price, self.asks[0].price)
        return None

    @property
    def fault(self) -> str:
        """The reason why there is no spread."""
        if not self.asks:
            return "no asks"
        if not self.bids:
            return "no bids"
        if self.is_indicative:
            return "indicative"
        return "locked" if self.bids[0].price == self.asks[0].price else "crossed"

    @property
    def tint_ends(self) -> float | None:
        """The time at which the first tint ends; None without one."""
        began = min((*self.tinted_asks.values(), *self.tinted_bids.values()), default=None)
        return None if began is None else began + TINT


def book_age(instrument: Instrument | None, now: float) -> str:
    """Returns the age of an old book; "" unless the last price has moved since the book arrived, or the book is silent
    while other types move."""
    i = instrument
    if i is None or i.depth is None:
        return ""
    is_old = now - i.depth_at >= OLD and i.last_changed_at > i.depth_at
    return fmt.seconds(now - i.depth_at) if is_old or i.is_silent("depth") else ""


def _side_of_last(i: Instrument) -> str:
    """Returns the side of the latest trade; "" if the last price came from a quote."""
    trade = next(i.tape.runs(), None)
    return "" if trade is None or trade.price != i.last else trade.side.strip("·")
