"""Whose depth over time is remembered."""

from __future__ import annotations

from collections.abc import Collection

from tui.market.depth_history import DepthHistory
from tui.market.instrument import Instrument

MAX_REMEMBERED = 8
"""Symbols whose depth is remembered: the first ones followed, until others have been shown since."""


class DepthHistories:
    """Decides whose depth is remembered: that of `limit` instruments, those shown last at the end."""

    def __init__(self) -> None:
        self.limit = 0
        self._remembered: list[Instrument] = []

    def follow(self, instrument: Instrument) -> None:
        """Remember the depth of an instrument if there is room for it."""
        if len(self._remembered) < self.limit:
            self._remembered.append(instrument)
            instrument.depth_history = DepthHistory()

    def show(self, instrument: Instrument, time: float, now: float) -> None:
        """Remember the depth of an instrument that is shown, from `time` (ms UTC), which is `now` (s, monotonic), if it
        was not; the one that was not shown for the longest time gives way."""
        if instrument in self._remembered:
            self._remembered.remove(instrument)
            self._remembered.append(instrument)
        elif self.limit:
            if len(self._remembered) >= self.limit:
                self._remembered.pop(0).depth_history = None
            self.follow(instrument)
            if instrument.depth is not None and instrument.depth_history is not None:
                instrument.depth_history.advance(time, now, instrument.tape)
                instrument.depth_history.add(instrument.depth)

    def keep(self, instruments: Collection[Instrument]) -> None:
        """Forget all other instruments."""
        self._remembered = [instrument for instrument in self._remembered if instrument in instruments]

    def interrupt(self, time: float) -> None:
        """End the books of all at `time` (ms UTC)."""
        for instrument in self._remembered:
            if instrument.depth_history is not None:
                instrument.depth_history.interrupt(time)

    def clear(self) -> None:
        """Begin again: what was remembered is another exchange's."""
        for instrument in self._remembered:
            instrument.depth_history = DepthHistory()
