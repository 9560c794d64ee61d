"""The vertical scale that the sparklines of a list share; a difference of two symbols has its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui.market import PORTION, Instrument
from tui.market.pair_instrument import is_difference
from tui.market.sparkline import common_span, extent
from tui.watchlist.row_figures import last_hour


class SparklineScale:
    """The span of the sparklines in %, which follows the widest of them. A long list is measured in portions."""

    def __init__(self) -> None:
        self.span = 1.0
        """% from the bottom to the top of a sparkline, as last drawn."""
        self._extents: dict[Instrument, float] = {}  # % from the lowest point to the highest
        self._next = 0  # the row at which the next portion begins

    def reset(self, rows: Iterable[Instrument], cells: int) -> None:
        """Begin with another list; `cells` are those of a sparkline."""
        self._extents.clear()
        self._next = 0
        self.measure(rows, cells)

    def measure(self, rows: Iterable[Instrument], cells: int) -> bool:
        """Measure these rows; returns True if the span changed."""
        for row in rows:
            if len(row.bars) and not is_difference(row):
                self._extents[row] = extent(last_hour(row.bars, row.bars.version, cells))
        before, self.span = self.span, common_span(self._extents.values())
        return self.span != before

    def is_unmeasured(self, row: Instrument) -> bool:
        """Returns True if the row has its first bars."""
        return row not in self._extents and len(row.bars) > 0 and not is_difference(row)

    def next_portion(self, rows: Sequence[Instrument]) -> Sequence[Instrument]:
        """Returns the rows to measure in this second: a frame must not wait for a long list."""
        portion = rows[self._next : self._next + PORTION]
        self._next = self._next + PORTION if len(portion) == PORTION else 0
        return portion
