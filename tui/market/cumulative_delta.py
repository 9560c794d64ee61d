"""The cumulative delta of a date: units bought less units sold, as it grew minute by minute."""

from __future__ import annotations

from array import array
from bisect import bisect_left

from tui.market.bars import MINUTE


class CumulativeDelta:
    """The sum at the end of each minute that had a trade of a known size. Takes at most 23 kB: two numbers for each
    minute of a date."""

    __slots__ = ("_minutes", "_sums")

    def __init__(self) -> None:
        self._minutes = array("q")
        self._sums = array("d")

    def add(self, time: int, change: float) -> None:
        """Add units bought (positive) or sold (negative) in the minute of `time` (ms UTC); those of an earlier minute
        than the newest count for that one."""
        minute = time // MINUTE
        if not self._minutes or minute > self._minutes[-1]:
            self._sums.append(self.newest)
            self._minutes.append(minute)
        self._sums[-1] += change

    @property
    def newest(self) -> float:
        """The sum of all trades."""
        return self._sums[-1] if self._sums else 0.0

    def until(self, time: int) -> float | None:
        """Returns the sum of the minutes that began before `time` (ms UTC); None before the first."""
        at = bisect_left(self._minutes, -(-time // MINUTE))
        return self._sums[at - 1] if at else None
