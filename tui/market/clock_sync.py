"""The offset between the exchange's clock and ours, the lag of data, and which times are credible.

A pong echoes only what was sent, so it gives the round trip and not the server's time. The offset θ = server − local is
bounded from both sides by each HTTP `Date` header, and from below by each data frame, because nothing can be dated
later than it was sent.

Any of these times may be false, and none may do harm for more than a minute:

- A time more than `reach` after its arrival, that is SLACK beyond the latest the clock can show, is not credible: the
  message is applied without a time, a bar is dropped, and neither moves the clock. The clock is bounded by the `Date`s,
  or without any by our own clock, which most machines keep to a second.
- What is accepted is at most SLACK ahead, so later messages are refused as older for no longer than that. Its bound of
  the offset expires with the second window after it at the latest.
- A data clock that is off is followed: once the last CLAIMS times in a row, over CLAIMS_OVER, lie beyond `reach` and
  agree with each other (one false time repeated does not: it falls behind), the data's clock counts as that much ahead,
  `lead`, whatever the `Date`s say. That holds while most messages of a window agree; messages refused as older count
  against it. When it is withdrawn, `Market` forgets all data dated later than is credible.
- A `Date` by which our own clock is over a minute slow is dropped after a window in which all data agree with our own
  clock: two against one, since correct data would be over a minute old without exception.
- A `Date` that contradicts the others is used only if the next one agrees with it, or if our own clock has stepped: it
  was set, or the machine was suspended and its monotonic clock with it, and the system does not say which.
- A time too early does no harm: it is refused as older, or as the first one shown with its age until the next. A bar
  more than a year old is dropped. The decoder bounds times to the years from 1973 to 2286.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import islice
from typing import NamedTuple

from tui.symbol import Symbol

_INF = float("inf")
MAX_HALF_WIDTH = 50.0  # ms up to which lag is shown as an absolute figure: lag itself is of that order
_MIN_DIFFERENCE = 2_000.0  # ms: a smaller one is not reported
_MAX_SAMPLES = 2_048
_NEARLY_ALL = 0.98
_MIN_DELAY = 60_000.0  # ms
_MINIMUM_WINDOW = 600.0  # s
SLACK = 5_000.0  # ms
_DATE_DOUBTED = 60_000.0  # ms
_WINDOW = 20_000.0  # ms: a frame bounds the offset in its own window and the next
_CLAIMS, _CLAIMS_OVER, _CLAIMS_WITHIN = 8, 3_000.0, 2_000.0  # frames in a row, ms between first and last, ms apart


class Lag(NamedTuple):
    """Lag at arrival over the latest samples, ms.

    `relative` is True if it is measured from its own minimum over ten minutes, because the offset is not known well
    enough; else `error` is the uncertainty of both figures. `coarse` is True if the data's times are whole seconds,
    which is then the resolution of the lag.
    """

    median: float
    p99: float
    relative: bool
    error: float
    coarse: bool

    @property
    def words(self) -> str:
        """The short form: `95 ms p99 410 ±31`, `+14 ms p99 +38`, `≤ 1 s`."""
        if self.coarse:
            return f"≤ {math.ceil((self.median + 1) / 1000)} s"
        if self.relative:
            return f"+{self.median:.0f} ms p99 +{self.p99:.0f}"
        return f"{self.median:.0f} ms p99 {self.p99:.0f} ±{self.error:.0f}"

    @property
    def in_full(self) -> str:
        """The long form: `median 95 ms · p99 410 ms, ±31 ms`."""
        if self.coarse:
            return f"{self.words}: the data's times are whole seconds"
        if self.relative:
            return f"median +{self.median:,.0f} ms · p99 +{self.p99:,.0f} ms over its best"
        return f"median {self.median:,.0f} ms · p99 {self.p99:,.0f} ms, ±{self.error:,.0f} ms"


class ClockOffset:
    """The bounds `low` and `high` of the offset in ms, and samples of the lag. Local times are ms of wall clock.

    `reach` is how much later than its arrival (ms) a frame may be dated. `lead` is by how many ms the data's clock is
    ahead of ours if it contradicts the `Date`s, or without any our own clock; else None. `seen` counts the frames
    observed.
    """

    def __init__(self) -> None:
        self.low = -_INF
        self.high = self.reach = _INF
        self.lead: float | None = None
        self._local_known = False
        self._dates = -_INF, _INF  # bounds of the offset from `Date` headers
        self._contrary: tuple[float, float] | None = None  # those of the latest, if it contradicts the others
        self._stepped = False  # whether our own clock has, since the latest `Date`
        self._min_late = self._min_late_before = _INF  # arrival − t, in this window and in the one before
        self._window_ends = -_INF
        self._window_seen = self._refused = 0  # frames seen before the window, frames refused in it
        self._claims = 0  # frames in a row dated beyond the bounds …
        self._claims_since = self._claims_low = self._claims_high = 0.0  # … since when, and t − arrival of these
        self._claims_seen = 0  # frames seen at the latest of them
        self._late: deque[float] = deque(maxlen=_MAX_SAMPLES)  # arrival − t of the latest frames
        self._late_by_symbol: dict[Symbol, float] = {}  # that of each symbol's latest, on this connection
        self.seen = 0
        self._whole_seconds = 0  # of those seen, with a time in whole seconds
        self._minima: deque[tuple[float, float]] = deque(
            maxlen=1_024
        )  # (s monotonic, least arrival − t), once a second

    def observe_date(self, sent: float, received: float, date: float) -> None:
        """Observe the `Date` header (ms, a whole second) of a response requested at `sent` and received at
        `received`."""
        bounds = date - received, date + 1000 - sent
        both = _intersect(self._dates, bounds)
        if both is None:
            both = (
                bounds if self._stepped else _intersect(self._contrary, bounds) if self._contrary is not None else None
            )
            if both is not None:  # one of the clocks was set: earlier bounds no longer hold
                self._min_late = self._min_late_before = _INF
                self._drop_lags()
        if both is None:
            self._contrary = bounds
        else:
            self._dates, self._contrary, self._stepped = both, None, False
            self._derive_bounds()

    def observe_frame(self, symbol: Symbol, t: int, arrival: float) -> None:
        """Observe a data frame whose `t` (ms UTC) is the newest of its symbol and type, and within `reach`. Costs two
        comparisons and a few stores."""
        late = arrival - t
        if arrival >= self._window_ends:
            self._next_window(arrival)
        if late < self._min_late:
            self._bound(late, arrival)
        self._late.append(late)
        self._late_by_symbol[symbol] = late
        self.seen += 1
        if t % 1000 == 0:
            self._whole_seconds += 1

    def accepts_ahead(self, t: int, arrival: float) -> bool:
        """Returns True if a frame's `t` beyond `reach` is credible after all, because those before it agree."""
        self._claim(t - arrival, arrival, self.seen)
        return t <= arrival + self.reach

    def observe_refused(self, arrival: float) -> None:
        """Observe a data frame that was refused as older than another one of its symbol and type."""
        if self.lead is not None:
            self._refused += 1
            if arrival >= self._window_ends:
                self._next_window(arrival)

    def discard_lag_since(self, since: int) -> None:
        """Discard the lag samples after the first `since` frames: those frames waited while the process was stopped."""
        for _ in range(min(self.seen - since, len(self._late))):
            self._late.pop()

    def shift_local(self, by: float) -> None:
        """Shift the bounds after our own clock was set forward by so many ms (back, if negative)."""
        self._local_known = True
        self._dates, self._contrary = (self._dates[0] - by, self._dates[1] - by), None
        self._min_late += by
        self._min_late_before += by
        self._window_ends += by
        self._claims = 0
        if abs(by) > 1:
            self._stepped, self.lead = True, None
            self._drop_lags()
        self._derive_bounds()

    def reset_connection(self) -> None:
        """Forget the symbols' lags: a new connection may serve other symbols, delayed or not."""
        self._late_by_symbol.clear()
        self._claims = 0

    def _bound(self, late: float, arrival: float) -> None:
        """Tighten the lower bound by a frame that is less late than any before it in its window."""
        if -late > min(self.high, self.reach):
            self._claim(-late, arrival, self.seen + 1)
        else:
            self._min_late = late
            self._derive_bounds()

    def _claim(self, ahead: float, arrival: float, seen: int) -> None:
        """Count a time beyond the bounds, and follow it once enough agree. `seen` is the count of frames by which the
        next one continues the row."""
        low, high = min(self._claims_low, ahead), max(self._claims_high, ahead)
        if self._claims and self._claims_seen == self.seen and high - low <= _CLAIMS_WITHIN:
            self._claims, self._claims_low, self._claims_high = self._claims + 1, low, high
        else:
            self._claims, self._claims_since, self._claims_low, self._claims_high = 1, arrival, ahead, ahead
        self._claims_seen = seen
        if self._claims >= _CLAIMS and arrival - self._claims_since >= _CLAIMS_OVER:
            self.lead, self._claims = self._claims_high, 0
            self._drop_lags()
            self._min_late, self._min_late_before = -self.lead, _INF
            self._begin_window(arrival)
            self._derive_bounds()

    def _next_window(self, arrival: float) -> None:
        if self._dates[0] > _DATE_DOUBTED and abs(self._min_late) <= SLACK and self.seen - self._window_seen >= _CLAIMS:
            self._dates, self._contrary = (-_INF, _INF), None
            self._drop_lags()
        self._min_late_before, self._min_late = self._min_late, _INF
        if self.lead is not None:
            late = list(islice(reversed(self._late), max(0, self.seen - self._window_seen)))
            agree = sum(-each > self.lead - SLACK for each in late)
            if 2 * agree < len(late) + self._refused:
                self.lead, self._min_late_before = None, _INF
                self._drop_lags()
            elif self._min_late_before < _INF:
                self.lead = -self._min_late_before
        self._begin_window(arrival)
        self._derive_bounds()

    def _begin_window(self, arrival: float) -> None:
        self._window_ends, self._window_seen, self._refused = arrival + _WINDOW, self.seen, 0

    def _derive_bounds(self) -> None:
        """Derive `low`, `high` and `reach` from `Date`s and frames."""
        ahead = -min(self._min_late, self._min_late_before)
        if self.lead is not None and self.lead <= (self._dates[1] if self._dates[1] < _INF else SLACK):
            self.lead = None  # by later `Date`s or frames it contradicts nothing
        if self.lead is not None:
            self.low, self.high, self.reach = max(self.lead, ahead), _INF, self.lead + SLACK
            return
        low, self.high = self._dates
        if ahead > self.high:  # by a later `Date`
            self._min_late = self._min_late_before = ahead = _INF
        self.low = low if ahead == _INF else max(low, ahead)
        self.reach = (self.high if self.high < _INF else 0.0 if self._local_known else _INF) + SLACK

    def _drop_lags(self) -> None:
        self._late.clear()
        self._late_by_symbol.clear()
        self._minima.clear()

    @property
    def offset(self) -> float:
        """θ in ms: the middle of its bounds, or the value nearest 0 if a bound is missing."""
        if self.low > -_INF and self.high < _INF:
            return (self.low + self.high) / 2
        return min(max(0.0, self.low), self.high)

    @property
    def half_width(self) -> float:
        """Half the distance between the bounds, ms: the uncertainty of `offset`."""
        return (self.high - self.low) / 2

    @property
    def known_difference(self) -> float | None:
        """The least by which the exchange's clock is ahead of ours (negative: behind), in s; None if unknown or below
        2 s."""
        low, high = (self.low, self.high) if self.ahead is None else self._dates
        least = low if low > 0 else min(high, 0.0)
        return least / 1000 if _MIN_DIFFERENCE < abs(least) < _INF else None

    @property
    def ahead(self) -> float | None:
        """By how many s the data are dated ahead of the exchange's own clock; None if they are not, or if there is no
        `Date` to compare with."""
        return (self.lead - self._dates[1]) / 1000 if self.lead is not None and self._dates[1] < _INF else None

    def delay(self) -> float | None:
        """Returns by how many s, in whole minutes, the feed as a whole is delayed: the median of its symbols' latest
        lags, if at least half of them are certainly over a minute. None for a feed that is not, or while the offset is
        unknown. Sorts the symbols: call it once a second at most."""
        if not self._late_by_symbol or self.high == _INF:
            return None
        # The lower of two medians and the lower bound of the offset: the lag is at least this.
        least = sorted(self._late_by_symbol.values())[(len(self._late_by_symbol) - 1) // 2] + self.low
        return 60.0 * round((least + self.half_width) / 60_000) if least > _MIN_DELAY else None

    def lag(self, now: float) -> Lag | None:
        """Returns median and p99 of the lag at arrival, None without data; `now` is s monotonic. Sorts the samples:
        call it once a second at most."""
        if not self._late:
            return None
        late = sorted(self._late)
        self._minima.append((now, late[0]))
        while self._minima[0][0] < now - _MINIMUM_WINDOW:
            self._minima.popleft()
        relative = self.half_width > MAX_HALF_WIDTH
        base = -min(value for _, value in self._minima) if relative else self.offset
        at = [max(0.0, late[int((len(late) - 1) * q)] + base) for q in (0.5, 0.99)]
        return Lag(at[0], at[1], relative, self.half_width, self._whole_seconds > _NEARLY_ALL * self.seen)


def _intersect(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float] | None:
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return (low, high) if low <= high else None
