"""Inference of trade sizes.

A tick's `v` may be the day's cumulative volume or the trade's own size: the page (step 4) does not say, and its sample
equals the day's. It is inferred for each symbol and date from what arrives, and never summed blindly.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from tui.protocol.messages import Quote, Tick

_TICKS_TO_DECIDE = 20
_FALLS_TO_DECIDE = 2
_TOLERANCE = 0.001  # of the quote's volume
_MAX_APART = 1_000  # ms between tick and quote
_MAX_PENDING = 256  # latest trades whose size is still unknown


class LateSize(NamedTuple):
    """The size in units of an earlier trade that became known later, with its number and time (ms UTC)."""

    number: int
    time: int
    size: float


class TradeSizeInference:
    """The inference of the sizes of one symbol's trades on one date.

    `cumulative` is None while undecided; `late_sizes` are those not yet drained; `gap` is the date's volume (units) of
    trades that were missed; `falls` counts decreases, which a cumulative volume cannot have.
    """

    __slots__ = (
        "_after_gap",
        "_falls",
        "_greatest",
        "_matched",
        "_pending",
        "_previous",
        "_restarted",
        "_rising",
        "cumulative",
        "falls",
        "gap",
        "late_sizes",
    )

    def __init__(self) -> None:
        self.falls = 0
        self.reset()

    def reset(self) -> None:
        """Start a new date of the exchange."""
        self.cumulative: bool | None = None
        self.gap = 0.0
        self.late_sizes: list[LateSize] = []
        self._greatest: float | None = None
        self._rising = 0
        self._falls = 0
        self._previous = 0.0
        self._restarted = 0  # ticks below the greatest since the latest fall: after a run of them, the feed began again
        self._matched = False  # whether a volume once equalled that of a quote of the same time
        self._after_gap = False
        self._pending: deque[tuple[int, int, float, float]] = deque(
            maxlen=_MAX_PENDING
        )  # number, time, volume, its rise

    def mark_gap(self) -> None:
        """Mark a gap in the data: the next increase of the volume is not one trade."""
        self._after_gap = True

    def infer(self, tick: Tick, quote: Quote | None, number: int) -> float | None:
        """Returns the size in units of the trade of that number; None if unknown, perhaps only for now. Trades come in
        order of time."""
        volume = tick.volume
        if volume is None or self.cumulative is False:
            return volume
        return self._increase(volume) if self.cumulative else self._decide(tick, volume, quote, number)

    def drain_late_sizes(self) -> list[LateSize]:
        """Returns the sizes that became known since the last call."""
        drained, self.late_sizes = self.late_sizes, []
        return drained

    def _increase(self, volume: float) -> float | None:
        before, after_gap = self._greatest, self._after_gap
        previous, self._previous = self._previous, volume
        self._after_gap = False
        if before is None:
            self._greatest = volume
            return None
        if volume < before:
            self.falls += 1
            self._restarted = self._restarted + 1 if volume >= previous else 1
            if self._restarted >= _TICKS_TO_DECIDE:
                self._greatest, self._restarted = volume, 0
            return None
        self._greatest, self._restarted = volume, 0
        if after_gap:
            self.gap += volume - before
            return None
        return volume - before

    def _decide(self, tick: Tick, volume: float, quote: Quote | None, number: int) -> float | None:
        """Decide cumulative after a run of ticks that never falls and once equals a quote's volume, per trade at the
        second fall. Returns the size of this trade if that decided it."""
        if volume < self._previous:
            self._falls += 1
            self._rising = 0
            if self._falls >= _FALLS_TO_DECIDE:
                self.cumulative = False
                self.late_sizes = [LateSize(n, time, size) for n, time, size, _ in self._pending]
                self._pending.clear()
                return volume
        self._rising += 1
        if quote is not None and quote.volume and abs(tick.time - quote.time) <= _MAX_APART:
            self._matched = self._matched or abs(volume - quote.volume) <= _TOLERANCE * quote.volume
        size = self._increase(volume)
        if self._rising >= _TICKS_TO_DECIDE and self._matched:
            self.cumulative = True
            self.falls = 0
            self.late_sizes = [LateSize(n, time, rise) for n, time, _, rise in self._pending if rise]
            self._pending.clear()
            return size
        self._pending.append((number, tick.time, volume, size or 0.0))
        return None
