"""The scrolling of the ladder: which prices its rows show."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tui.market.price_axis import PriceAxis, centred, common_step
from tui.market.tick_size import PriceGrid, even_grid

_HELD = 30.0  # s for which a static axis that was scrolled by hand does not centre itself


class LadderScroll:
    """The offset of a floating ladder's spread, and the price axis of a static ladder. Times in s monotonic."""

    def __init__(self) -> None:
        self._offset = 0  # rows by which the spread of a floating ladder is below the middle
        self._axis: PriceAxis | None = None
        self._decimals = 0  # of the step
        self._step = 0  # 10^-decimals
        self._held_until = 0.0

    def scroll(self, by: int, now: float) -> None:
        """Scroll down by rows, to lower prices."""
        self._held_until = now + _HELD
        self._offset -= by
        if self._axis is not None:
            self._axis = self._axis.moved(-by)

    @property
    def position(self) -> object:
        """The place scrolled to, equal to another if the same rows are shown."""
        return self._offset, self._axis

    def centre(self) -> None:
        """Undo the scrolling."""
        self._held_until = 0.0
        self.restart()

    def restart(self) -> None:
        """Centre on the best bid and ask when the ladder is next drawn."""
        self._offset, self._axis = 0, None

    def spread_row(self, rows: int, asks: int, bids: int) -> int:
        """Returns the row of a floating ladder's spread, for so many rows and levels of each side; it may be negative
        or beyond the last row."""
        middle = (rows - 1) // 2
        self._offset = max(min(0, rows - 1 - middle - bids), min(self._offset, max(0, asks - middle)))
        return middle + self._offset

    def axis(
        self,
        asks: Sequence[float],
        bids: Sequence[float],
        rows: int,
        *,
        grid: PriceGrid | None,
        decimals: int,
        tick: float,
        now: float,
    ) -> PriceAxis:
        """Returns the axis of a static ladder: as it was, or centred if the best bid or ask nears its edge. A scrolled
        axis is held for 30 s. Prices best first. Without a `grid`, or if a price lies between those of it, the rows are
        as far apart as the prices, which have so many `decimals`, and the `tick` (0 if unknown) allow."""
        prices = [*asks, *bids]
        if grid is None or not all(map(grid.holds, prices)):
            grid = self._learned_grid(prices, decimals, tick)
        best = (*asks[:1], *bids[:1])
        low, high = min(best), max(best)
        axis = self._axis
        stands = axis is not None and (axis.grid, axis.rows) == (grid, rows)
        if axis is None or not stands or (now >= self._held_until and not axis.holds(low, high)):
            axis = centred(grid, low, high, rows)
        self._axis = axis = axis.showing(min(prices), max(prices))
        return axis

    def _learned_grid(self, prices: Sequence[float], decimals: int, tick: float) -> PriceGrid:
        unit = 10**decimals
        if decimals != self._decimals:
            self._decimals, self._step = decimals, 0
        tick_units = round(tick * unit)
        step = common_step([round(price * unit) for price in prices], math.gcd(tick_units, self._step) or 1)
        if tick_units:
            self._step = step
        return even_grid(step / unit)
