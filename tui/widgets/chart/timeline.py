"""The positions of a chart's slots. Pure.

The width of a slot does not depend on the number of bars: nothing is stretched over the pane. Lengths are in half
cells, the columns of braille dots.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from tui.market.session_axis import Slot, SlotMark


class View(NamedTuple):
    """The slots on the screen, from `first` up to but not including `stop`. `left` is the timeline's half cell at the
    left edge of the screen, an even number; negative if the slots begin further right."""

    left: int
    first: int
    stop: int


class Timeline:
    """Slots next to each other, each `width` wide. A mark before a slot has a cell of its own. Slots that do not fill
    the screen stand at its left, where a session has begun, or `from_right`."""

    def __init__(self, slots: Sequence[Slot], width: int, from_right: bool = False) -> None:
        self.slots = slots
        self.width = width
        self._from_right = from_right
        self.at: list[int] = []
        """The half cell at which each slot begins."""
        x = 0
        for slot in slots:
            if slot.mark is not SlotMark.NONE and self.at:
                x += x % 2 + 2
            self.at.append(x)
            x += width

    def view(self, cells: int, last: int) -> View:
        """Returns the view of `cells` cells with `last` as its rightmost slot; if the view begins with the first slot,
        more slots may follow."""
        left = self.at[last] + self.width - 2 * cells
        left = left + left % 2 if self._from_right else max(0, left + left % 2)
        return View(left, bisect_left(self.at, left), bisect_right(self.at, left + 2 * cells - self.width))

    def reach(self, slot: int, cells: int) -> int:
        """Returns the rightmost slot of a view that begins with `slot`."""
        return max(slot, bisect_right(self.at, self.at[slot] // 2 * 2 + 2 * cells - self.width) - 1)

    def under(self, x: int) -> int:
        """Returns the slot at a half cell, or the last one before it; -1 if there is none."""
        return bisect_right(self.at, x) - 1
