"""What is told of the worth of a unit of a fund, minute by minute."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import NamedTuple, Protocol

from tui.market.bars import MAX_MINUTES, MINUTE, MinuteBars
from tui.symbol import Symbol


class IndicativeValue(NamedTuple):
    """The worth of a unit, and when it was that, ms UTC."""

    value: float
    time: int


class PricedSymbol(Protocol):
    """What a proxy needs of another symbol."""

    symbol: Symbol
    last: float | None
    last_time: int
    bars: MinuteBars


class ValueProxy(NamedTuple):
    """Another symbol whose price times `factor` stands for the worth."""

    of: PricedSymbol
    factor: float

    @property
    def now(self) -> IndicativeValue | None:
        """The worth by the last price; None without one."""
        return IndicativeValue(self.of.last * self.factor, self.of.last_time) if self.of.last is not None else None


class FairValues:
    """The last IOPV of each minute, of the latest MAX_MINUTES that had one: 24 kB at most, and none without an IOPV.

    `given` is the newest value that the person's command printed, `proxy` the symbol of a basis. `version` is raised
    with every minute that changed."""

    __slots__ = ("_minutes", "_values", "given", "proxy", "version")

    def __init__(self) -> None:
        self._minutes = array("q")
        self._values = array("d")
        self.given: IndicativeValue | None = None
        self.proxy: ValueProxy | None = None
        self.version = 0

    def __len__(self) -> int:
        return len(self._minutes)

    @property
    def since(self) -> int | None:
        """The time of the first minute, ms UTC; None without any."""
        return self._minutes[0] * MINUTE if self._minutes else None

    def add(self, value: float, time: int) -> None:
        """Set the value of a minute. Later minutes are dropped: the feed's times only rise, so a clock was wrong when
        these came."""
        minutes, minute = self._minutes, time // MINUTE
        while minutes and minutes[-1] >= minute:
            minutes.pop()
            self._values.pop()
        minutes.append(minute)
        self._values.append(value)
        if len(minutes) > MAX_MINUTES:
            del minutes[0], self._values[0]
        self.version += 1

    def at(self, minute: int) -> float | None:
        """Returns the value of a minute, by its number; None if it had none."""
        at = bisect_left(self._minutes, minute)
        return self._values[at] if at < len(self._minutes) and self._minutes[at] == minute else None
