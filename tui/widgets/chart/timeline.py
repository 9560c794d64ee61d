"""Where the slots of a chart stand. Pure.

A slot is as wide as its interval asks for, whatever the number of bars: nothing is stretched over the pane. Lengths are
in half cells, the columns of braille dots.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from tui.market.session_axis import Slot, SlotMark


class View(NamedTuple):
    """The slots from `first` up to but not including `stop` are on the screen; `left` is the half cell of the timeline
    at the screen's left edge, and even."""

    left: int
    first: int
    stop: int


class Timeline:
    """Slots side by side, each `width` wide. A mark before one stands in a cell of its own, and so sets it apart."""

    def __init__(self, slots: Sequence[Slot], width: int) -> None:
        self.slots = slots
        self.width = width
        self.at: list[int] = []
        """Where each slot begins."""
        x = 0
        for slot in slots:
            if slot.mark is not SlotMark.NONE and self.at:
                x += x % 2 + 2
            self.at.append(x)
            x += width

    def view(self, cells: int, last: int) -> View:
        """What `cells` cells show, where `last` is the rightmost slot that has to be seen. From the first slot on there
        may be room for more."""
        left = max(0, self.at[last] + self.width - 2 * cells)
        left += left % 2
        return View(left, bisect_left(self.at, left), bisect_right(self.at, left + 2 * cells - self.width))

    def reach(self, slot: int, cells: int) -> int:
        """The rightmost slot of a view that begins with `slot`."""
        return max(slot, bisect_right(self.at, self.at[slot] // 2 * 2 + 2 * cells - self.width) - 1)

    def under(self, x: int) -> int:
        """The slot that stands at a half cell, or the one before it."""
        return max(0, bisect_right(self.at, x) - 1)
