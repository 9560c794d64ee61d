"""The minute bars of one symbol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tui.protocol.messages import MAX_PRICE, MAX_SIZE, MIN_PRICE, Kline

MINUTE = 60_000
MAX_MINUTES = 1_500  # a whole day of minutes and a little more
OLDEST = 366 * 86_400_000  # ms: a bar from longer ago is none that belongs here
_OVERLAP = 5  # minutes that two tell of, at least, to say that they contradict each other …
_APART = 0.001  # … by so much of the price, in most of them


class MinuteBars:
    """Bars by minute slot (`time // 60,000`), newest last, at most MAX_MINUTES; a minute without trades has no bar.

    They come from the stream (`put`), from trades where it sends none (`trade`), from the vendor's history (`recall`)
    and from our own file (`remember`). In whatever order the stream and the history come, the same bars are held."""

    __slots__ = ("_bars", "_kept", "_over", "latest", "slot_version", "synthesized", "version")

    def __init__(self) -> None:
        self._bars: dict[int, Kline] = {}
        self.latest = -1
        self.synthesized = False  # whether bars were made here, from trades, because the feed sends none
        self.version = 0  # raised with every change, for whoever keeps something made from the bars
        self.slot_version = 0  # raised where a minute got its first bar, or lost it
        self._over = -1  # the newest slot that the vendor's history told, and so was over by then
        self._kept: set[int] = set()  # slots whose bar is from our own file, until the vendor tells of them

    def update(self, bar: Kline) -> bool:
        """Take a bar of the stream; False where it is older than what is held.

        The bar in progress repeats with the same `time` and is replaced. An earlier minute fills a gap; where that
        minute is held already, the version with more volume is the newer one, since a minute's volume only grows.
        """
        slot = bar.time // MINUTE
        if slot < self.latest or slot <= self._over:
            held = self._bars.get(slot) if slot not in self._kept else None
            if held is not None and held.volume >= bar.volume:
                return held == bar  # told once more, as after a reconnect: neither news nor out of order
            if held is None and len(self._bars) >= MAX_MINUTES and slot < min(self._bars):
                return False
        self._take(slot, bar)
        return True

    def merge_history(self, bars: Iterable[Kline]) -> bool:
        """Take bars of the vendor's history, of minutes that are over, oldest first and none left out between the first
        and the last. Of two versions of a minute the one with more volume is held. Whether they agree with what was
        kept in our own file: where they do not, as after a split, all of that is forgotten."""
        told = {bar.time // MINUTE: bar for bar in bars}
        if not told:
            return True
        first, last = min(told), max(told)
        both = [slot for slot in self._kept if slot in told]
        apart = sum(abs(self._bars[slot].close / told[slot].close - 1) > _APART for slot in both)
        agrees = len(both) < _OVERLAP or 2 * apart <= len(both)
        self._forget(slot for slot in list(self._kept) if not agrees or first <= slot <= last)
        held = self._bars
        news = {slot: bar for slot, bar in told.items() if slot not in held or held[slot].volume < bar.volume}
        self._add(news)
        self._over = max(self._over, last)
        return agrees

    def fill_from_cache(self, bars: Iterable[Kline]) -> None:
        """Take bars from our own file: they fill gaps."""
        news = {slot: bar for bar in bars if (slot := bar.time // MINUTE) not in self._bars}
        self._add(news)
        self._kept.update(slot for slot in news if slot in self._bars)

    def forget(self) -> None:
        """They are another exchange's."""
        self._forget(list(self._bars))
        self._over = -1

    def forget_after(self, slot: int) -> None:
        """They are of a time that has not come."""
        self._forget([other for other in self._bars if other > slot])
        self._over = min(self._over, slot)

    def _add(self, news: Mapping[int, Kline]) -> None:
        """Many at once; of too many the oldest go."""
        if news:
            self.slot_version += len(news)
            self.version += 1
            self._bars |= news
            for slot in sorted(self._bars)[:-MAX_MINUTES]:
                del self._bars[slot]
                self._kept.discard(slot)
            self.latest = max(self._bars)

    def _take(self, slot: int, bar: Kline) -> None:
        self.slot_version += slot not in self._bars
        self._bars[slot] = bar
        if self._kept:
            self._kept.discard(slot)
        self.version += 1
        self.latest = max(self.latest, slot)
        if len(self._bars) > MAX_MINUTES:
            oldest = min(self._bars)
            del self._bars[oldest]
            self._kept.discard(oldest)

    def _forget(self, slots: Iterable[int]) -> None:
        for slot in slots:
            del self._bars[slot]
            self._kept.discard(slot)
            self.version += 1
            self.slot_version += 1
        self.latest = max(self._bars, default=-1)

    def trade(self, time: int, price: float, size: float | None, *, newest: bool = True) -> None:
        """Build the bar of a trade's minute, where the feed sends no bars; trades come in order of time. One that is
        not the `newest` price, because a quote told of a later one, leaves the newest bar's close. A minute that the
        vendor's history told has the trade already."""
        self.synthesized = True
        slot = time // MINUTE
        if slot <= self._over:
            return
        bar = self._bars.get(slot)
        if bar is None:
            self.update(Kline(symbol="", open=price, high=price, low=price, close=price, time=slot * MINUTE))
            bar = self._bars[slot]
        bar.high, bar.low = max(bar.high, price), min(bar.low, price)
        if newest or slot < self.latest:
            bar.close = price
        bar.volume += size or 0.0
        self.version += 1

    def add_volume(self, time: int, size: float) -> None:
        """Give a minute the volume of a trade whose size was not known when it came."""
        slot = time // MINUTE
        if slot > self._over and (bar := self._bars.get(slot)) is not None:
            bar.volume += size
            self.version += 1

    def get(self, slot: int) -> Kline | None:
        return self._bars.get(slot)

    def window(self, first: int, last: int) -> list[Kline | None]:
        """One entry for each slot from `first` to `last`, both included: its bar, or None for a gap."""
        get = self._bars.get
        return [get(slot) for slot in range(first, last + 1)]

    def since(self, slot: int) -> list[Kline]:
        """The bars from that slot on, oldest first."""
        return [self._bars[other] for other in sorted(other for other in self._bars if other >= slot)]

    def minutes(self) -> list[int]:
        """When the bars begin, ms UTC, ascending."""
        return [slot * MINUTE for slot in sorted(self._bars)]

    def __len__(self) -> int:
        return len(self._bars)

    def __iter__(self) -> Iterator[Kline]:
        """All bars, oldest first."""
        return (self._bars[slot] for slot in sorted(self._bars))


def completed_bars(bars: Iterable[Kline], time: float) -> list[Kline]:
    """Those that make sense, are over at `time` (ms UTC), and not from longer ago than OLDEST."""
    return [bar for bar in bars if is_valid_bar(bar) and time - OLDEST <= bar.time <= time - MINUTE]


def is_valid_bar(bar: Kline) -> bool:
    """Whether its figures can be a minute's, also where no decoder has looked at them: prices that are some, and a
    volume."""
    prices = (bar.low, bar.open, bar.close, bar.high)
    known = all([MIN_PRICE <= price <= MAX_PRICE for price in prices])
    return known and bar.low <= bar.high and 0 <= bar.volume <= MAX_SIZE
