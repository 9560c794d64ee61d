"""The storage of minute bars: columns of numbers, which take a fifth of the memory of objects."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from math import isnan, nan

from tui.protocol.messages import Kline

MINUTE = 60_000  # ms
_WIDTH = 6  # open, high, low, close, volume, turnover (not a number if the vendor sends none)


class MinuteColumns:
    """Bars by slot (`time // MINUTE`), ascending. A bar that is returned is a copy of what is stored."""

    __slots__ = ("_region", "_symbol", "_values", "slots")

    def __init__(self) -> None:
        self.slots = array("q")
        self._values = array("d")
        self._symbol = ""
        self._region: str | None = None

    def __len__(self) -> int:
        return len(self.slots)

    def __contains__(self, slot: int) -> bool:
        return self._index(slot) is not None

    def __iter__(self) -> Iterator[Kline]:
        return (self._bar(at) for at in range(len(self.slots)))

    def get(self, slot: int) -> Kline | None:
        """Returns the bar of a slot, None if there is none."""
        at = self._index(slot)
        return None if at is None else self._bar(at)

    def set(self, slot: int, bar: Kline) -> bool:
        """Store the bar of a slot; returns True if the slot had none."""
        self._symbol, self._region = bar.symbol, bar.region
        values = array("d", _numbers(bar))
        slots = self.slots
        at = len(slots) if not slots or slot > slots[-1] else bisect_left(slots, slot)
        if at < len(slots) and slots[at] == slot:
            self._values[_WIDTH * at : _WIDTH * (at + 1)] = values
            return False
        slots.insert(at, slot)
        self._values[_WIDTH * at : _WIDTH * at] = values
        return True

    def set_all(self, bars: Mapping[int, Kline]) -> None:
        """Store many bars at once."""
        values = array("d")
        slots = array("q", sorted({*self.slots, *bars}))
        at, held = 0, self.slots
        for slot in slots:
            is_held = at < len(held) and held[at] == slot
            if (bar := bars.get(slot)) is not None:
                self._symbol, self._region = bar.symbol, bar.region
                values.extend(_numbers(bar))
            else:
                values.extend(self._values[_WIDTH * at : _WIDTH * (at + 1)])
            at += is_held
        self.slots, self._values = slots, values

    def replace_closes(self, first: int, closes: Mapping[int, float]) -> bool:
        """Replace all bars from slot `first` on by these closes, ascending; returns True if they have other slots."""
        at = bisect_left(self.slots, first)
        before, now = self.slots[at:], array("q", closes)
        self.slots[at:] = now
        self._values[_WIDTH * at :] = array("d", [n for c in closes.values() for n in (c, c, c, c, 0.0, nan)])
        return before != now

    def drop_oldest(self, count: int) -> None:
        """Remove the oldest bars."""
        del self.slots[:count]
        del self._values[: _WIDTH * count]

    def remove(self, slot: int) -> None:
        """Remove the bar of a slot, which has one."""
        at = bisect_left(self.slots, slot)
        del self.slots[at]
        del self._values[_WIDTH * at : _WIDTH * (at + 1)]

    def between(self, first: int, stop: int) -> Iterator[Kline]:
        """Yields the bars from slot `first` up to but not including `stop`, oldest first."""
        return (self._bar(at) for at in range(bisect_left(self.slots, first), bisect_left(self.slots, stop)))

    def volumes(self, first: int, stop: int) -> dict[int, float]:
        """Returns the volumes from slot `first` up to but not including `stop`, by slot."""
        begin, end = bisect_left(self.slots, first), bisect_left(self.slots, stop)
        return dict(zip(self.slots[begin:end], self._values[_WIDTH * begin + 4 : _WIDTH * end : _WIDTH], strict=True))

    def closes(self, first: int) -> dict[int, float]:
        """Returns the closes from slot `first` on, by slot."""
        begin = bisect_left(self.slots, first)
        return dict(zip(self.slots[begin:], self._values[_WIDTH * begin + 3 :: _WIDTH], strict=True))

    def latest_before(self, stop: int) -> Kline | None:
        """Returns the newest bar before slot `stop`, None if there is none."""
        at = bisect_left(self.slots, stop)
        return self._bar(at - 1) if at else None

    def _index(self, slot: int) -> int | None:
        slots = self.slots
        if not slots or slot > slots[-1]:
            return None
        at = bisect_left(slots, slot)
        return at if slots[at] == slot else None

    def _bar(self, at: int) -> Kline:
        open_, high, low, close, volume, turnover = self._values[_WIDTH * at : _WIDTH * (at + 1)]
        return Kline(
            symbol=self._symbol,
            region=self._region,
            open=open_,
            high=high,
            low=low,
            close=close,
            time=self.slots[at] * MINUTE,
            volume=volume,
            turnover=None if isnan(turnover) else turnover,
        )


def _numbers(bar: Kline) -> tuple[float, ...]:
    turnover = nan if bar.turnover is None else bar.turnover
    return bar.open, bar.high, bar.low, bar.close, bar.volume, turnover
