"""The minute bars of one symbol."""

from __future__ import annotations

from collections.abc import Iterator

from tui.protocol import Kline

MINUTE = 60_000
KEPT = 1_500  # a whole day of minutes and a little more


class MinuteBars:
    """Bars by minute slot (`time // 60,000`), newest last; a minute without trades has no bar. Holds at most KEPT."""

    __slots__ = ("_bars", "built", "grown", "latest", "version")

    def __init__(self) -> None:
        self._bars: dict[int, Kline] = {}
        self.latest = -1
        self.built = False  # whether bars were made here, from trades, because the feed sends none
        self.version = 0  # raised with every change, for whoever keeps something made from the bars
        self.grown = 0  # raised where a minute got its first bar

    def put(self, bar: Kline) -> bool:
        """Take a bar; False where it is older than what is held.

        The bar in progress repeats with the same `time` and is replaced. An earlier minute fills a gap; where that
        minute is held already, the version with more volume is the newer one, since a minute's volume only grows.
        """
        slot = bar.time // MINUTE
        if slot < self.latest:
            held = self._bars.get(slot)
            if held is not None and held.volume >= bar.volume:
                return held == bar  # told once more, as after a reconnect: neither news nor out of order
            if held is None and len(self._bars) >= KEPT and slot < min(self._bars):
                return False
        self.grown += slot not in self._bars
        self._bars[slot] = bar
        self.version += 1
        self.latest = max(self.latest, slot)
        if len(self._bars) > KEPT:
            del self._bars[min(self._bars)]
        return True

    def trade(self, time: int, price: float, size: float | None) -> None:
        """Build the bar of a trade's minute, where the feed sends no bars; trades come in order of time."""
        self.built = True
        slot = time // MINUTE
        bar = self._bars.get(slot)
        if bar is None:
            self.put(Kline(symbol="", open=price, high=price, low=price, close=price, time=slot * MINUTE))
            bar = self._bars[slot]
        bar.high, bar.low, bar.close = max(bar.high, price), min(bar.low, price), price
        bar.volume += size or 0.0
        self.version += 1

    def add_volume(self, time: int, size: float) -> None:
        """Give a minute the volume of a trade whose size was not known when it came."""
        if (bar := self._bars.get(time // MINUTE)) is not None:
            bar.volume += size
            self.version += 1

    def get(self, slot: int) -> Kline | None:
        return self._bars.get(slot)

    def window(self, first: int, last: int) -> list[Kline | None]:
        """One entry for each slot from `first` to `last`, both included: its bar, or None for a gap."""
        get = self._bars.get
        return [get(slot) for slot in range(first, last + 1)]

    def minutes(self) -> list[int]:
        """When the bars begin, ms UTC, ascending."""
        return [slot * MINUTE for slot in sorted(self._bars)]

    def __len__(self) -> int:
        return len(self._bars)

    def __iter__(self) -> Iterator[Kline]:
        """All bars, oldest first."""
        return (self._bars[slot] for slot in sorted(self._bars))
