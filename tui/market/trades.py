"""What one trade's size was.

A tick's `v` may be the day's volume so far or the trade's own size: the vendor's page does not say, and its sample
equals the day's. It is decided for each symbol and date from what arrives, and never summed blindly.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from tui.market.sessions import Zone
from tui.protocol import Quote, Tick

_TICKS_TO_DECIDE = 20
_FALLS_TO_DECIDE = 2
_NEAR = 0.001  # of the quote's volume
_APART = 1_000  # ms between tick and quote
_PENDING = 256  # trades at most whose size is waited for


class Trade(NamedTuple):
    """A tick as a trade. `size` in units, None where it is not known (yet); `gap` is volume that passed unseen before
    it. `owed` are the sizes, by time, of earlier trades that only now are known."""

    size: float | None
    gap: float = 0.0
    owed: tuple[tuple[int, float], ...] = ()


class TradeSizes:
    """Decides for one symbol. `cumulative` is None until it is known for the date; `falls` counts what a cumulative
    volume cannot do."""

    __slots__ = (
        "_day_ends",
        "_falls",
        "_greatest",
        "_met",
        "_pending",
        "_rising",
        "_unproven",
        "_zone",
        "cumulative",
        "falls",
    )

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._day_ends = 0
        self.falls = 0
        self._start()

    def _start(self) -> None:
        self.cumulative: bool | None = None
        self._greatest: float | None = None
        self._rising = 0
        self._falls = 0
        self._met = False  # whether the volume was once that of a quote of its time
        self._unproven = False
        self._pending: list[tuple[int, float, float]] = []  # time, volume, rise since the one before

    def lost(self) -> None:
        """The link was not proven for a while: what the volume has grown by since is no trade of its own."""
        self._unproven = True

    def take(self, tick: Tick, quote: Quote | None) -> Trade:
        """The trade of a tick, in order of time; the first of a date starts afresh."""
        volume = tick.volume
        if volume is None:
            return Trade(None)
        if tick.time >= self._day_ends:
            self._start()
            local = self._zone.at(tick.time)
            midnight = datetime(local.year, local.month, local.day, tzinfo=local.tzinfo) + timedelta(days=1)
            self._day_ends = int(midnight.timestamp() * 1000)
        if self.cumulative is None:
            return self._undecided(tick, volume, quote)
        return Trade(volume) if self.cumulative is False else self._risen(volume)

    def _risen(self, volume: float) -> Trade:
        before, unproven, self._unproven = self._greatest, self._unproven, False
        if before is None:
            self._greatest = volume
            return Trade(None)
        if volume < before:
            self.falls += 1
            return Trade(None)
        self._greatest = volume
        return Trade(None, gap=volume - before) if unproven else Trade(volume - before)

    def _undecided(self, tick: Tick, volume: float, quote: Quote | None) -> Trade:
        """Cumulative: a run that never falls and meets the quote's volume. Per trade: the second fall."""
        if self._greatest is not None and volume < self._greatest:
            self._falls += 1
            self._rising = 0
            if self._falls >= _FALLS_TO_DECIDE:
                self.cumulative = False
                owed = tuple((time, size) for time, size, _ in self._pending)
                self._pending.clear()
                return Trade(volume, owed=owed)
        self._rising += 1
        if quote is not None and quote.volume and abs(tick.time - quote.time) <= _APART:
            self._met = self._met or abs(volume - quote.volume) <= _NEAR * quote.volume
        trade = self._risen(volume)
        if len(self._pending) < _PENDING:
            self._pending.append((tick.time, volume, trade.size or 0.0))
        if self._rising >= _TICKS_TO_DECIDE and self._met:
            self.cumulative = True
            self.falls = 0
            owed = tuple((time, rise) for time, _, rise in self._pending[:-1] if rise)
            self._pending.clear()
            return Trade(trade.size, trade.gap, owed)
        return Trade(None)
