"""The tick size of a symbol's prices and the decimals that they are shown with: by the region's table, else as learned
from books and history."""

from __future__ import annotations

from collections.abc import Sequence

from tui.market.book import best_level, decimals, inferred_tick_size
from tui.market.tick_size import PriceGrid
from tui.protocol.messages import MIN_PRICE, Depth, Kline

_MIN_SAMPLE, _MAX_SAMPLE = 30, 300  # bars from which the decimals of prices are inferred


class PricePrecision:
    """The precision of one symbol's prices. `grid` has the possible prices by the region's table, None without one;
    `tick_size` is that at the present price, None if unknown."""

    __slots__ = ("_inferred_from", "_known_from_history", "decimals", "grid", "tick_size")

    def __init__(self) -> None:
        self.decimals = 2
        self.tick_size: float | None = None
        self.grid: PriceGrid | None = None
        self._known_from_history = False
        self._inferred_from: tuple[object, ...] = ()

    def learn(self, bars: Sequence[Kline]) -> None:
        """Learn the decimals from past bars, if there are enough. If a third of the closes needs a decimal, prices are
        quoted with it; fewer are trades inside the spread, which print finer than the book quotes."""
        if len(bars) >= _MIN_SAMPLE:
            needed = sorted(decimals([bar.close]) for bar in bars[-_MAX_SAMPLE:])
            self.decimals = max(self.decimals, needed[2 * len(needed) // 3])
            self._known_from_history = True

    def forget_history(self) -> None:
        """Forget that decimals were learned from bars: those were another exchange's."""
        self._known_from_history = False
        self._inferred_from = ()

    def infer(
        self, grid: PriceGrid | None, depth: Depth | None, last: float | None, others: Sequence[float | None]
    ) -> None:
        """Infer the precision from the region's `grid`, the book, the last price and `others` that are shown too. Does
        nothing if all of these are the same as before."""
        inferred_from = (grid, depth, last, others)
        if inferred_from == self._inferred_from:
            return
        self._inferred_from = inferred_from
        best = (best_level(depth.bids), best_level(depth.asks)) if depth is not None else ()
        touch = [level.price for level in best if level]
        # Trades print finer than the book quotes: one decides only if neither history nor a book does.
        trusted = touch or ([] if last is None or self._known_from_history else [last])
        self.decimals = decimals(trusted, self.decimals)
        # A book between the table's prices proves it wrong.
        self.grid = grid if grid is not None and all(map(grid.holds, touch)) else None
        if self.grid is not None:
            shown = (*touch, last, *others)
            prices = [price for price in shown if price is not None and price >= MIN_PRICE]
            if prices:
                self.tick_size = self.grid.tick(sum(touch) / len(touch) if touch else prices[0])
                # Ticks are finer at lower prices.
                self.decimals = decimals([self.grid.tick(min(prices))], self.decimals)
        # A tick cannot be smaller than the last decimal that prices need.
        elif depth is not None and (self.tick_size is None or self.tick_size > 1.01 * 10.0**-self.decimals):
            step = inferred_tick_size(depth)
            if step and (self.tick_size is None or step < self.tick_size):
                self.tick_size = step

    def tick_at(self, price: float) -> float | None:
        """Returns the tick size at a price, None if unknown."""
        return self.grid.tick(price) if self.grid is not None else self.tick_size

    def in_ticks(self, bid: float, ask: float) -> int | None:
        """Returns how many ticks apart two prices are; None if the tick size is unknown."""
        if self.grid is not None:
            return self.grid.number(ask) - self.grid.number(bid)
        return round((ask - bid) / self.tick_size) if self.tick_size else None

    def decimals_of(self, prices: Sequence[float]) -> int:
        """Returns how many decimals these prices are shown with, never fewer than their ticks have."""
        ticks = [self.grid.tick(min(prices))] if self.grid is not None and prices else []
        return decimals([*prices, *ticks], self.decimals)
