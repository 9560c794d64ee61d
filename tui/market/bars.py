"""The minute bars of one symbol."""

from __future__ import annotations

from collections.abc import Iterator

from tui.protocol import Kline

MINUTE = 60_000
KEPT = 1_500  # a whole day of minutes and a little more


class MinuteBars:
    """Bars by minute slot (`time // 60,000`), newest last; a minute without trades has no bar. Holds at most KEPT."""

    __slots__ = ("_bars", "latest", "version")

    def __init__(self) -> None:
        self._bars: dict[int, Kline] = {}
        self.latest = -1
        self.version = 0  # raised with every change, for whoever keeps something made from the bars

    def put(self, bar: Kline) -> bool:
        """Take a bar; False where it is older than what is held.

        The bar in progress repeats with the same `time` and is replaced. An earlier minute fills a gap; where that
        minute is held already, the version with more volume is the newer one, since a minute's volume only grows.
        """
        slot = bar.time // MINUTE
        if slot < self.latest:
            held = self._bars.get(slot)
            if held is not None and held.volume >= bar.volume:
                return False
            if held is None and len(self._bars) >= KEPT and slot < min(self._bars):
                return False
        self._bars[slot] = bar
        self.version += 1
        self.latest = max(self.latest, slot)
        if len(self._bars) > KEPT:
            del self._bars[min(self._bars)]
        return True

    def get(self, slot: int) -> Kline | None:
        return self._bars.get(slot)

    def window(self, first: int, last: int) -> list[Kline | None]:
        """One entry for each slot from `first` to `last`, both included: its bar, or None for a gap."""
        get = self._bars.get
        return [get(slot) for slot in range(first, last + 1)]

    def __len__(self) -> int:
        return len(self._bars)

    def __iter__(self) -> Iterator[Kline]:
        """All bars, oldest first."""
        return (self._bars[slot] for slot in sorted(self._bars))
