"""What one trade's size was.

A tick's `v` may be the day's volume so far or the trade's own size: the vendor's page does not say, and its sample
equals the day's. It is decided for each symbol and date from what arrives, and never summed blindly.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from tui.protocol.messages import Quote, Tick

_TICKS_TO_DECIDE = 20
_FALLS_TO_DECIDE = 2
_NEAR = 0.001  # of the quote's volume
_APART = 1_000  # ms between tick and quote
_PENDING = 256  # trades at most whose size is waited for: the latest


class LateSize(NamedTuple):
    """The size, in units, of an earlier trade that only now is known: its number and its time, ms UTC."""

    number: int
    time: int
    size: float


class TradeSizeInference:
    """Decides for one symbol and date. `cumulative` is None until it is known; `owed` are sizes known late, until they
    are settled; `gap` is the date's volume that passed unseen and is no trade; `falls` counts what a cumulative volume
    cannot do."""

    __slots__ = (
        "_falls",
        "_greatest",
        "_met",
        "_pending",
        "_rising",
        "_unproven",
        "cumulative",
        "falls",
        "gap",
        "late_sizes",
    )

    def __init__(self) -> None:
        self.falls = 0
        self.reset()

    def reset(self) -> None:
        """A new date of the exchange."""
        self.cumulative: bool | None = None
        self.gap = 0.0
        self.late_sizes: list[LateSize] = []
        self._greatest: float | None = None
        self._rising = 0
        self._falls = 0
        self._met = False  # whether the volume was once that of a quote of its time
        self._unproven = False
        self._pending: deque[tuple[int, int, float, float]] = deque(maxlen=_PENDING)  # number, time, volume, its rise

    def mark_gap(self) -> None:
        """The link was not proven for a while: what the volume has grown by since is no trade of its own."""
        self._unproven = True

    def infer(self, tick: Tick, quote: Quote | None, number: int) -> float | None:
        """The size, in units, of the trade of that number, in order of time; None where it is not known (yet)."""
        volume = tick.volume
        if volume is None or self.cumulative is False:
            return volume
        return self._risen(volume) if self.cumulative else self._undecided(tick, volume, quote, number)

    def drain_late_sizes(self) -> list[LateSize]:
        """The sizes that became known since the last call."""
        owed, self.late_sizes = self.late_sizes, []
        return owed

    def _risen(self, volume: float) -> float | None:
        before, unproven = self._greatest, self._unproven
        self._unproven = False
        if before is None:
            self._greatest = volume
            return None
        if volume < before:
            self.falls += 1
            return None
        self._greatest = volume
        if unproven:
            self.gap += volume - before
            return None
        return volume - before

    def _undecided(self, tick: Tick, volume: float, quote: Quote | None, number: int) -> float | None:
        """Cumulative: a run that never falls and meets the quote's volume. Per trade: the second fall."""
        if self._greatest is not None and volume < self._greatest:
            self._falls += 1
            self._rising = 0
            if self._falls >= _FALLS_TO_DECIDE:
                self.cumulative = False
                self.late_sizes = [LateSize(n, time, size) for n, time, size, _ in self._pending]
                self._pending.clear()
                return volume
        self._rising += 1
        if quote is not None and quote.volume and abs(tick.time - quote.time) <= _APART:
            self._met = self._met or abs(volume - quote.volume) <= _NEAR * quote.volume
        size = self._risen(volume)
        if self._rising >= _TICKS_TO_DECIDE and self._met:
            self.cumulative = True
            self.falls = 0
            self.late_sizes = [LateSize(n, time, rise) for n, time, _, rise in self._pending if rise]
            self._pending.clear()
            return size
        self._pending.append((number, tick.time, volume, size or 0.0))
        return None
