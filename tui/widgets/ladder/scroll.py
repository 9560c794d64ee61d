"""The scrolling of the ladder: which prices its rows show."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tui.market.price_axis import PriceAxis, centred, common_step

_HELD = 30.0  # s for which a static axis that was scrolled by hand does not centre itself


class LadderScroll:
    """The offset of a floating ladder's spread, and the price axis of a static ladder. Times in s monotonic."""

    def __init__(self) -> None:
        self._offset = 0  # rows by which the spread of a floating ladder is below the middle
        self._axis: PriceAxis | None = None
        self._decimals = 0  # of the axis and the step
        self._step = 0  # 10^-decimals
        self._held_until = 0.0

    def scroll(self, by: int, now: float) -> None:
        """Scroll down by rows, to lower prices."""
        self._held_until = now + _HELD
        self._offset -= by
        if self._axis is not None:
            self._axis = self._axis.moved(-by)

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
        self, asks: Sequence[int], bids: Sequence[int], rows: int, *, decimals: int, tick: float, now: float
    ) -> PriceAxis:
        """Returns the axis of a static ladder: as it was, or centred if the best bid or ask nears its edge. A scrolled
        axis is held for 30 s. Prices in 10^-decimals, best first; `tick` in currency, 0 if unknown."""
        if decimals != self._decimals:
            self._decimals, self._axis, self._step = decimals, None, 0
        tick_units = round(tick * 10**decimals)
        step = common_step([*asks, *bids], math.gcd(tick_units, self._step) or 1)
        if tick_units:
            self._step = step
        best = (*asks[:1], *bids[:1])
        low, high = min(best), max(best)
        axis = self._axis
        stands = axis is not None and (axis.step, axis.rows) == (step, rows)
        if axis is None or not stands or (now >= self._held_until and not axis.holds(low, high)):
            axis = centred(low, high, step, rows)
        self._axis = axis = axis.showing(min([*asks, *bids]), max([*asks, *bids]))
        return axis
