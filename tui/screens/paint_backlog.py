"""What is still to be drawn of the dashboard, when frames have a budget."""

from __future__ import annotations

from collections.abc import Iterable

from tui.market import Instrument
from tui.widgets.pane import Pane


class PaintBacklog:
    """Rows of the watchlist and other panes that changed and are not drawn yet, the oldest first."""

    def __init__(self) -> None:
        self._rows: dict[Instrument, None] = {}
        self._panes: dict[Pane, None] = {}
        self._rows_were_last = False

    def __bool__(self) -> bool:
        return bool(self._rows or self._panes)

    def add(self, rows: Iterable[Instrument], panes: Iterable[Pane] = ()) -> None:
        """Add what has changed."""
        self._rows.update(dict.fromkeys(rows))
        self._panes.update(dict.fromkeys(panes))

    def clear(self) -> None:
        """Forget all: it is drawn otherwise."""
        self._rows.clear()
        self._panes.clear()

    def take(self, lines: int | None) -> tuple[set[Instrument], set[Pane]]:
        """Take the rows and panes to draw in this frame: with a budget of `lines`, rows and panes in turn."""
        rows, panes = list(self._rows), list(self._panes)
        if lines is not None:
            pane_is_next = panes and (self._rows_were_last or not rows)
            rows, panes = ([], panes[:1]) if pane_is_next else (rows[:lines], [])
        self._rows_were_last = bool(rows)
        for row in rows:
            del self._rows[row]
        for pane in panes:
            del self._panes[pane]
        return set(rows), set(panes)
