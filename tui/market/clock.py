"""How far the exchange's clock is from ours, and how late data arrives.

The pong echoes only what was sent, so it tells the round trip and nothing of the server's time. What does: each HTTP
`Date` header bounds the offset θ = server − local from both sides, and each data frame from below, for nothing can be
dated later than it was sent.
"""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

from tui.symbol import Symbol

_INF = float("inf")
TRUSTED = 50.0  # ms of half-width up to which lag is shown as an absolute figure: lag itself is of that order
_WORTH_A_WORD = 2_000.0  # ms
_SAMPLES = 2_048
_NEARLY_ALL = 0.98
_DELAYED = 60_000.0  # ms
_MINIMUM_OVER = 600.0  # s


class Lag(NamedTuple):
    """Lag at arrival in ms over the latest samples. `relative`: measured from its own smallest value of the last ten
    minutes, because the clocks' offset is not known well enough; else `error` is how far off both may be. `coarse`: the
    data's times are whole seconds, so that lag cannot be told more finely."""

    median: float
    p99: float
    relative: bool
    error: float
    coarse: bool

    @property
    def words(self) -> str:
        """For a line of figures: `95 ms p99 410 ±31`, `+14 ms p99 +38`, `≤ 1 s`."""
        if self.coarse:
            return f"≤ {math.ceil((self.median + 1) / 1000)} s"
        if self.relative:
            return f"+{self.median:.0f} ms p99 +{self.p99:.0f}"
        return f"{self.median:.0f} ms p99 {self.p99:.0f} ±{self.error:.0f}"

    @property
    def in_full(self) -> str:
        """The same where there is room: `median 95 ms · p99 410 ms, ±31 ms`."""
        if self.coarse:
            return f"{self.words}: the data's times are whole seconds"
        if self.relative:
            return f"median +{self.median:,.0f} ms · p99 +{self.p99:,.0f} ms over its best"
        return f"median {self.median:,.0f} ms · p99 {self.p99:,.0f} ms, ±{self.error:,.0f} ms"


class ServerClock:
    """The offset's bounds in ms, and arrival − t, both raw: of the latest frames, and of the latest of each symbol.
    Local times are ms of wall clock."""

    def __init__(self) -> None:
        self.low = -_INF
        self.high = _INF
        self._late: deque[float] = deque(maxlen=_SAMPLES)
        self._late_of: dict[Symbol, float] = {}  # of one connection's symbols
        self.seen = 0  # frames observed
        self._whole = 0  # of those seen, with a time in whole seconds
        self._minima: deque[tuple[float, float]] = deque(maxlen=1_024)  # of once a second

    def observe_date(self, sent: float, received: float, date: float) -> None:
        """An HTTP response asked for at `sent`, here at `received`, that names the whole second `date`."""
        self._narrow(date - received, date + 1000 - sent)

    def observe_frame(self, symbol: Symbol, t: int, arrival: float) -> None:
        """A data frame whose `t` is newer than any before of that symbol and type. Costs a comparison and a few
        stores."""
        late = arrival - t
        if -late > self.low:
            self._narrow(-late, _INF)
        self._late.append(late)
        self._late_of[symbol] = late
        self.seen += 1
        if t % 1000 == 0:
            self._whole += 1

    def disregard(self, since: int) -> None:
        """Take back the samples of lag that came after `since` frames were seen: they waited for a program that was
        stopped."""
        for _ in range(min(self.seen - since, len(self._late))):
            self._late.pop()

    def local_moved(self, by: float) -> None:
        """Our own clock was set forward by so many ms (back, if negative)."""
        self.low -= by
        self.high -= by
        if abs(by) > 1:
            self._forget()

    def reconnected(self) -> None:
        """A new connection may serve other symbols, and in another way."""
        self._late_of.clear()

    def _narrow(self, low: float, high: float) -> None:
        self.low, self.high = max(self.low, low), min(self.high, high)
        if self.low > self.high:
            # The bounds exclude each other: one of the clocks was set. What was known is worth nothing now.
            self.low, self.high = low, high
            self._forget()

    def _forget(self) -> None:
        self._late.clear()
        self._late_of.clear()
        self._minima.clear()

    @property
    def offset(self) -> float:
        """θ in ms: the middle of its bounds; where a bound is missing, 0 as far as the other allows."""
        if self.low > -_INF and self.high < _INF:
            return (self.low + self.high) / 2
        return min(max(0.0, self.low), self.high)

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2

    @property
    def differs(self) -> float | None:
        """Seconds by which the exchange's clock is surely ahead of ours (behind, if negative), where that is worth a
        word; None where it is not, or not known."""
        surely = self.low if self.low > 0 else min(self.high, 0.0)
        return surely / 1000 if _WORTH_A_WORD < abs(surely) < _INF else None

    def delay(self) -> float | None:
        """Seconds, in whole minutes, by which the feed is delayed as a whole: the median of its symbols' latest lags,
        where most of them are surely over a minute. None for a feed that is not, or where the clocks' difference is not
        known. Sorts the symbols: once a second is often enough."""
        if not self._late_of or self.high == _INF:
            return None
        # Of two middle ones the lower, so that it speaks for most; and the offset at its lower bound: at least so late.
        sure = sorted(self._late_of.values())[(len(self._late_of) - 1) // 2] + self.low
        return 60.0 * round((sure + self.half_width) / 60_000) if sure > _DELAYED else None

    def lag(self, now: float) -> Lag | None:
        """Median and p99 of lag at arrival; None without data. `now` in s, monotonic. Sorts its samples: once a
        second is often enough."""
        if not self._late:
            return None
        late = sorted(self._late)
        self._minima.append((now, late[0]))
        while self._minima[0][0] < now - _MINIMUM_OVER:
            self._minima.popleft()
        relative = self.half_width > TRUSTED
        base = -min(value for _, value in self._minima) if relative else self.offset
        at = [max(0.0, late[int((len(late) - 1) * q)] + base) for q in (0.5, 0.99)]
        return Lag(at[0], at[1], relative, self.half_width, self._whole > _NEARLY_ALL * self.seen)
