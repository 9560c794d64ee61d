"""How far the exchange's clock is from ours, how late data arrives, and which times cannot be right.

The pong echoes only what was sent, so it tells the round trip and nothing of the server's time. What does: each HTTP
`Date` header bounds the offset θ = server − local from both sides, and each data frame from below, for nothing can be
dated later than it was sent.

Any one of these may be false, and none may do harm for longer than a minute:

- A time later than the clock can be by more than SLACK, `reach` after its arrival, is not believed: the message counts
  as one without a time, a bar is left out, and neither moves the clock. The clock is bounded by the `Date`s; where
  there are none, the bound is our own clock, which most machines keep to a second.
- What passes is at most SLACK ahead, so the messages after it are refused as older for no longer than that. What it
  told of the clock is forgotten with its window, the second one after it at the latest.
- A clock that is simply off is followed: where the last CLAIMS times in a row, over CLAIMS_OVER, lie beyond and agree
  with each other (a single time that is told again and again does not: it falls behind), the data's clock is that much
  ahead, `lead`, whatever the `Date`s say. It is so as long as most of a window's messages agree; messages that are
  refused as older count against it. When it is withdrawn, `Market` forgets what is dated later than can be.
- A `Date` that says our own clock is over a minute slow is dropped with the window in which all data agree with our own
  clock: two against one, and true data would be over a minute old without exception.
- A `Date` that contradicts the others counts only when the next one agrees with it, or where our own clock has jumped:
  it was set, or the machine slept and its monotonic clock with it, and nobody says which.
- A time too early shuts out nothing: it is refused as older, and where it is the first it is shown with its age until
  the next. A bar of more than a year ago is left out. The reading of a time bounds it to the years from 1973 to 2286.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import islice
from typing import NamedTuple

from tui.symbol import Symbol

_INF = float("inf")
TRUSTED = 50.0  # ms of half-width up to which lag is shown as an absolute figure: lag itself is of that order
_WORTH_A_WORD = 2_000.0  # ms
_SAMPLES = 2_048
_NEARLY_ALL = 0.98
_DELAYED = 60_000.0  # ms
_MINIMUM_OVER = 600.0  # s
SLACK = 5_000.0  # ms
_DATE_DOUBTED = 60_000.0  # ms
_WINDOW = 20_000.0  # ms: frames bound the offset for this window and the next
_CLAIMS, _CLAIMS_OVER, _CLAIMS_WITHIN = 8, 3_000.0, 2_000.0  # frames in a row, ms of their arrival, ms of each other


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


class ClockOffset:
    """The offset's bounds in ms, and arrival − t, both raw: of the latest frames, and of the latest of each symbol.
    `reach`: how much later than its arrival, in ms, a frame may be dated. `lead`: by how many ms the data's clock is
    ahead of ours, where it contradicts the `Date`s or, without any, our own clock; else None. Local times are ms of
    wall clock."""

    def __init__(self) -> None:
        self.low = -_INF
        self.high = self.reach = _INF
        self.lead: float | None = None
        self._local_known = False
        self._dates = -_INF, _INF  # what they tell of the offset
        self._contrary: tuple[float, float] | None = None  # what the latest tells, where it contradicts the others
        self._jumped = False  # whether our own clock has since the latest of them
        self._least = self._least_before = _INF  # arrival − t, in this window and in the one before
        self._window_ends = -_INF
        self._window_seen = self._refused = 0  # frames seen until the window began, frames refused in it
        self._claims = 0  # frames in a row whose times are beyond the bounds …
        self._claims_since = self._claims_low = self._claims_high = 0.0  # … since when, and t − arrival of these
        self._claims_seen = 0  # frames seen at the latest of them
        self._late: deque[float] = deque(maxlen=_SAMPLES)
        self._late_of: dict[Symbol, float] = {}  # of one connection's symbols
        self.seen = 0  # frames observed
        self._whole = 0  # of those seen, with a time in whole seconds
        self._minima: deque[tuple[float, float]] = deque(maxlen=1_024)  # of once a second

    def observe_date(self, sent: float, received: float, date: float) -> None:
        """An HTTP response asked for at `sent`, here at `received`, that names the whole second `date`."""
        told = date - received, date + 1000 - sent
        both = _overlap(self._dates, told)
        if both is None:
            both = told if self._jumped else _overlap(self._contrary, told) if self._contrary is not None else None
            if both is not None:  # one of the clocks was set: what was known is worth nothing now
                self._least = self._least_before = _INF
                self._forget()
        if both is None:
            self._contrary = told
        else:
            self._dates, self._contrary, self._jumped = both, None, False
            self._settle()

    def observe_frame(self, symbol: Symbol, t: int, arrival: float) -> None:
        """A data frame whose `t` is newer than any before of that symbol and type, and within `reach`. Costs two
        comparisons and a few stores."""
        late = arrival - t
        if arrival >= self._window_ends:
            self._next_window(arrival)
        if late < self._least:
            self._bound(late, arrival)
        self._late.append(late)
        self._late_of[symbol] = late
        self.seen += 1
        if t % 1000 == 0:
            self._whole += 1

    def accepts_ahead(self, t: int, arrival: float) -> bool:
        """Whether a frame's `t` beyond `reach` is right after all, because those before it claim the same."""
        self._claim(t - arrival, arrival, self.seen)
        return t <= arrival + self.reach

    def observe_refused(self, arrival: float) -> None:
        """A data frame that was refused, because a newer `t` is known of its symbol and type."""
        if self.lead is not None:
            self._refused += 1
            if arrival >= self._window_ends:
                self._next_window(arrival)

    def discard_lag_since(self, since: int) -> None:
        """Take back the samples of lag that came after `since` frames were seen: they waited for a program that was
        stopped."""
        for _ in range(min(self.seen - since, len(self._late))):
            self._late.pop()

    def shift_local(self, by: float) -> None:
        """Our own clock is known, and was set forward by so many ms (back, if negative)."""
        self._local_known = True
        self._dates, self._contrary = (self._dates[0] - by, self._dates[1] - by), None
        self._least += by
        self._least_before += by
        self._window_ends += by
        self._claims = 0
        if abs(by) > 1:
            self._jumped, self.lead = True, None
            self._forget()
        self._settle()

    def reset_connection(self) -> None:
        """A new connection may serve other symbols, and in another way."""
        self._late_of.clear()
        self._claims = 0

    def _bound(self, late: float, arrival: float) -> None:
        """A frame that was under way for less than those before it in its window."""
        if -late > min(self.high, self.reach):
            self._claim(-late, arrival, self.seen + 1)
        else:
            self._least = late
            self._settle()

    def _claim(self, ahead: float, arrival: float, seen: int) -> None:
        """A time beyond the bounds. `seen`: how many frames will have been seen, if the next one is another claim."""
        low, high = min(self._claims_low, ahead), max(self._claims_high, ahead)
        if self._claims and self._claims_seen == self.seen and high - low <= _CLAIMS_WITHIN:
            self._claims, self._claims_low, self._claims_high = self._claims + 1, low, high
        else:
            self._claims, self._claims_since, self._claims_low, self._claims_high = 1, arrival, ahead, ahead
        self._claims_seen = seen
        if self._claims >= _CLAIMS and arrival - self._claims_since >= _CLAIMS_OVER:
            self.lead, self._claims = self._claims_high, 0
            self._forget()
            self._least, self._least_before = -self.lead, _INF
            self._begin_window(arrival)
            self._settle()

    def _next_window(self, arrival: float) -> None:
        if self._dates[0] > _DATE_DOUBTED and abs(self._least) <= SLACK and self.seen - self._window_seen >= _CLAIMS:
            self._dates, self._contrary = (-_INF, _INF), None
            self._forget()
        self._least_before, self._least = self._least, _INF
        if self.lead is not None:
            late = list(islice(reversed(self._late), max(0, self.seen - self._window_seen)))
            agree = sum(-each > self.lead - SLACK for each in late)
            if 2 * agree < len(late) + self._refused:
                self.lead, self._least_before = None, _INF
                self._forget()
            elif self._least_before < _INF:
                self.lead = -self._least_before
        self._begin_window(arrival)
        self._settle()

    def _begin_window(self, arrival: float) -> None:
        self._window_ends, self._window_seen, self._refused = arrival + _WINDOW, self.seen, 0

    def _settle(self) -> None:
        """Make the bounds of what is known."""
        ahead = -min(self._least, self._least_before)
        if self.lead is not None and self.lead <= (self._dates[1] if self._dates[1] < _INF else SLACK):
            self.lead = None  # as Dates or frames have told since, it contradicts nothing
        if self.lead is not None:
            self.low, self.high, self.reach = max(self.lead, ahead), _INF, self.lead + SLACK
            return
        low, self.high = self._dates
        if ahead > self.high:  # as Dates have told since
            self._least = self._least_before = ahead = _INF
        self.low = low if ahead == _INF else max(low, ahead)
        self.reach = (self.high if self.high < _INF else 0.0 if self._local_known else _INF) + SLACK

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
    def known_difference(self) -> float | None:
        """Seconds by which the exchange's clock is surely ahead of ours (behind, if negative), where that is worth a
        word; None where it is not, or not known."""
        low, high = (self.low, self.high) if self.ahead is None else self._dates
        surely = low if low > 0 else min(high, 0.0)
        return surely / 1000 if _WORTH_A_WORD < abs(surely) < _INF else None

    @property
    def ahead(self) -> float | None:
        """Seconds by which the data are dated ahead of the exchange's own clock; None where they are not, or where
        nothing but the data tells that clock."""
        return (self.lead - self._dates[1]) / 1000 if self.lead is not None and self._dates[1] < _INF else None

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


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float] | None:
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return (low, high) if low <= high else None
