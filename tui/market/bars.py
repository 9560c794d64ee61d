"""The minute bars of one symbol."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from tui.market.minute_columns import MINUTE as MINUTE
from tui.market.minute_columns import MinuteColumns
from tui.market.usual_volume import UsualVolume
from tui.protocol.messages import MAX_PRICE, MAX_UNITS, MIN_PRICE, Kline

MAX_MINUTES = 1_500  # a whole day of minutes and a little more
MAX_BAR_AGE = 366 * 86_400_000  # ms
_MIN_OVERLAP = 5  # minutes that cache and history share, before they can contradict each other
_TOLERANCE = 0.001  # of the price
_MAX_OUTAGES = 64


class MinuteGap(NamedTuple):
    """Minutes as slots from `first` to `last` inclusive, of which not everything is known."""

    first: int
    last: int


class MinuteBars:
    """Bars by minute slot (`time // 60,000`), newest last, at most MAX_MINUTES; a minute without trades has no bar.

    They come from the stream (`update`), from trades if it sends no bars (`add_trade`), from the vendor's history
    (`merge_history`) and from the cache (`fill_from_cache`). The result does not depend on the order of stream and
    history. `version` is raised with every change, `slot_version` when a minute gets its first bar or loses it;
    `synthesized` is True if bars were built from trades. `incomplete` are the slots in which the link was away, whether
    they have a bar or not, until the vendor tells of them; `outages` are the latest times that it was away, from one of
    these to another, until then too.
    """

    __slots__ = (
        "_bars",
        "_cached",
        "_completed",
        "incomplete",
        "known_from",
        "latest",
        "lost_at",
        "outages",
        "slot_version",
        "synthesized",
        "usual",
        "version",
    )

    def __init__(self) -> None:
        self._bars = MinuteColumns()
        self.latest = -1
        self.synthesized = False
        self.version = 0
        self.slot_version = 0
        self._completed = -1  # the newest slot of the vendor's history, which covers all minutes up to it
        self._cached: set[int] = set()  # slots whose bar is from the cache
        self.incomplete: set[int] = set()
        self.outages: list[MinuteGap] = []
        self.lost_at: int | None = None  # the slot in which the link was lost that is away
        self.known_from = -1
        self.usual: UsualVolume | None = None

    def update(self, bar: Kline) -> bool:
        """Apply a bar of the stream; returns False if it is older than the bar held.

        The bar in progress repeats with the same `time` and is replaced. An earlier minute fills a gap; of two versions
        of it the one with more volume is newer, because a minute's volume only grows.
        """
        slot = bar.time // MINUTE
        if slot < self.latest or slot <= self._completed:
            held = self._bars.get(slot) if slot not in self._cached else None
            if held is not None and held.volume >= bar.volume:
                return _is_same(held, bar)  # a repetition, as after a reconnect, is not out of order
            if held is None and len(self._bars) >= MAX_MINUTES and slot < self._bars.slots[0]:
                return False
        self._set(slot, bar)
        if self.incomplete:
            self.incomplete.discard(slot)
        if self.outages:
            self._told_of(slot)
        return True

    def merge_history(self, bars: Iterable[Kline]) -> bool:
        """Merge completed bars of the vendor's history, oldest first and without gaps; of two versions of a minute the
        one with more volume is kept. Returns False if most of them contradict the cached bars, as after a split: then
        all cached bars are dropped."""
        history = {bar.time // MINUTE: bar for bar in bars}
        if not history:
            return True
        first, last = min(history), max(history)
        shared = [slot for slot in self._cached if slot in history]
        cached = {slot: bar for slot in shared if (bar := self._bars.get(slot)) is not None}
        apart = sum(abs(bar.close / history[slot].close - 1) > _TOLERANCE for slot, bar in cached.items())
        agrees = len(shared) < _MIN_OVERLAP or 2 * apart <= len(shared)
        self._drop(slot for slot in list(self._cached) if not agrees or first <= slot <= last)
        lacking = self.incomplete
        is_joined = self.known_from >= 0 and not any(slot < first for slot in lacking)
        self.known_from = min(self.known_from, first) if is_joined else first
        self._add(
            {
                slot: bar
                for slot, bar in history.items()
                if slot in lacking or (held := self._bars.get(slot)) is None or held.volume < bar.volume
            }
        )
        lacking.difference_update(history)
        self._completed = max(self._completed, last)
        return agrees

    def fill_from_cache(self, bars: Iterable[Kline]) -> None:
        """Fill gaps with bars from the cache."""
        added = {slot: bar for bar in bars if (slot := bar.time // MINUTE) not in self._bars}
        self._add(added)
        self._cached.update(slot for slot in added if slot in self._bars)

    def mark_incomplete(self, slot: int) -> None:
        """Mark a slot in which the link was away."""
        if self.known_from < 0:
            self.known_from = slot
        if slot not in self.incomplete:
            self.incomplete.add(slot)
            self.version += 1
            if len(self.incomplete) > MAX_MINUTES:
                self.incomplete.remove(min(self.incomplete))

    def _told_of(self, slot: int) -> None:
        """Shorten the latest outage by its first or last minute: the stream tells whole minutes."""
        *earlier, gap = self.outages
        if slot in gap:
            gap = MinuteGap(gap.first + (slot == gap.first), gap.last - (slot == gap.last))
            self.outages = [*earlier, gap] if gap.first <= gap.last else earlier

    def link_lost(self, slot: int) -> None:
        """Mark the slot in which the link was lost."""
        self.mark_incomplete(slot)
        self.lost_at = slot if self.lost_at is None else self.lost_at

    def link_back(self, slot: int) -> None:
        """Mark the slot from which on the stream leaves no bar out."""
        self.mark_incomplete(slot)
        if self.lost_at is not None:
            self.outages = [*self.outages[1 - _MAX_OUTAGES :], MinuteGap(self.lost_at, max(slot, self.lost_at))]
            self.lost_at = None

    def complete_before(self, slot: int) -> None:
        """Mark all slots before that one as complete: the vendor has told of them."""
        if self.outages:
            self.outages = [MinuteGap(max(gap.first, slot), gap.last) for gap in self.outages if gap.last >= slot]
        if any(other < slot for other in self.incomplete):
            self.incomplete = {other for other in self.incomplete if other >= slot}
            self.version += 1

    def replace_closes(self, first: int, closes: Mapping[int, float]) -> None:
        """Replace all bars from slot `first` on by bars without volume that consist of these closes, ascending."""
        self.slot_version += self._bars.replace_closes(first, closes)
        self.version += 1
        self._drop_oldest()
        self.latest = self._bars.slots[-1] if len(self._bars) else -1

    def drop_where(self, is_wrong: Callable[[Kline], bool]) -> None:
        """Drop the bars for which that is true."""
        self._drop([bar.time // MINUTE for bar in self._bars if is_wrong(bar)])

    def forget(self) -> None:
        """Drop all bars."""
        self.incomplete.clear()
        self.outages.clear()
        self.known_from, self.usual = -1, None
        self._drop(list(self._bars.slots))
        self._completed = -1

    def forget_after(self, slot: int) -> None:
        """Drop the bars after that slot."""
        self._drop([other for other in self._bars.slots if other > slot])
        self._completed = min(self._completed, slot)

    def _add(self, bars: Mapping[int, Kline]) -> None:
        """Add many bars at once; beyond MAX_MINUTES the oldest are dropped."""
        if bars:
            self.slot_version += len(bars)
            self.version += 1
            self._bars.set_all(bars)
            self._drop_oldest()
            self.latest = self._bars.slots[-1]

    def _set(self, slot: int, bar: Kline) -> None:
        self.slot_version += self._bars.set(slot, bar)
        if self._cached:
            self._cached.discard(slot)
        self.version += 1
        self.latest = max(self.latest, slot)
        self._drop_oldest()

    def _drop_oldest(self) -> None:
        if (excess := len(self._bars) - MAX_MINUTES) > 0:
            self._cached.difference_update(self._bars.slots[:excess])
            self._bars.drop_oldest(excess)

    def _drop(self, slots: Iterable[int]) -> None:
        for slot in slots:
            self._bars.remove(slot)
            self._cached.discard(slot)
            self.version += 1
            self.slot_version += 1
        self.latest = self._bars.slots[-1] if len(self._bars) else -1

    def add_trade(self, time: int, price: float, size: float | None, *, newest: bool = True) -> None:
        """Add a trade of `time` (ms UTC) to its minute's bar; trades come in order of time. `newest` is False if a
        quote had a later price: the close of the newest bar then stays. Minutes covered by the vendor's history are
        left as they are: they include the trade."""
        self.synthesized = True
        slot = time // MINUTE
        if slot <= self._completed:
            return
        bar = self._bars.get(slot)
        if bar is None:
            bar = Kline(symbol="", open=price, high=price, low=price, close=price, time=slot * MINUTE)
        bar.high, bar.low = max(bar.high, price), min(bar.low, price)
        if newest or slot < self.latest:
            bar.close = price
        bar.volume += size or 0.0
        self._set(slot, bar)

    def add_volume(self, time: int, size: float) -> None:
        """Add the size of an earlier trade of `time` (ms UTC), known only now, to its minute's volume."""
        slot = time // MINUTE
        if slot > self._completed and (bar := self._bars.get(slot)) is not None:
            bar.volume += size
            self._bars.set(slot, bar)
            self.version += 1

    def get(self, slot: int) -> Kline | None:
        """Returns the bar of a slot, None if there is none."""
        return self._bars.get(slot)

    def latest_before(self, slot: int) -> Kline | None:
        """Returns the newest bar before that slot, None if there is none."""
        return self._bars.latest_before(slot)

    def volumes(self, first: int, stop: int) -> dict[int, float]:
        """Returns the volumes from slot `first` up to but not including `stop`, by slot."""
        return self._bars.volumes(first, stop)

    def closes(self, first: int = 0) -> dict[int, float]:
        """Returns the closes from slot `first` on, by slot, ascending."""
        return self._bars.closes(first)

    def window(self, first: int, last: int) -> list[Kline | None]:
        """Returns one entry for each slot from `first` to `last` inclusive: its bar, or None for a gap."""
        found: list[Kline | None] = [None] * (last + 1 - first)
        for bar in self._bars.between(first, last + 1):
            found[bar.time // MINUTE - first] = bar
        return found

    def since(self, slot: int) -> list[Kline]:
        """Returns the bars from that slot on, oldest first."""
        return list(self._bars.between(slot, self.latest + 1))

    def minutes(self) -> list[int]:
        """Returns the start times of the bars, ms UTC, ascending."""
        return [slot * MINUTE for slot in self._bars.slots]

    def __len__(self) -> int:
        return len(self._bars)

    def __iter__(self) -> Iterator[Kline]:
        """Iterate over all bars, oldest first."""
        return iter(self._bars)


def completed_bars(bars: Iterable[Kline], time: float) -> list[Kline]:
    """Returns the valid bars that are complete at `time` (ms UTC) and at most MAX_BAR_AGE old."""
    return [bar for bar in bars if is_valid_bar(bar) and time - MAX_BAR_AGE <= bar.time <= time - MINUTE]


def is_valid_bar(bar: Kline) -> bool:
    """Returns True if prices and volume are within the bounds of a market and low is at most high. Bars from the cache
    were checked by no decoder."""
    prices = (bar.low, bar.open, bar.close, bar.high)
    return (
        all([MIN_PRICE <= price <= MAX_PRICE for price in prices])
        and bar.low <= bar.high
        and 0 <= bar.volume <= MAX_UNITS
    )


def _is_same(one: Kline, other: Kline) -> bool:
    return all(getattr(one, field) == getattr(other, field) for field in ("open", "high", "low", "close", "volume"))
