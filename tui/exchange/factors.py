"""The common factors behind all funds: random walks with a variance of 1 a day.

The walk is kept at whole minutes, so a fund that was not watched can catch up on them. Before the last two hours (at
the creation of the market) it is kept coarser: it only gives the day its open, high, low and volume.
"""

from __future__ import annotations

import random
from collections import deque

from tui.exchange.universe import FACTORS

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
HISTORY_MS = 120 * MINUTE_MS
HALF_HOUR_MS = 30 * MINUTE_MS

_OPENING_GAP = 0.4  # standard deviation, in days' volatilities, of the jump with which the first day opens

FactorValues = tuple[float, ...]


class Factors:
    """The common factors up to `time` (ms UTC).

    `path` holds (time, values) at whole minutes, oldest first; two points at one time are a jump. It has every minute
    from `minutes_start` (ms UTC) on. `earlier_path` holds points half an hour apart, latest first, from the start of
    `path` back to the start of the previous day.
    """

    def __init__(self, seed: int, now: int) -> None:
        self._random = random.Random(f"{seed}/factors")
        midnight = now - now % DAY_MS
        self.minutes_start = minutes_start = now - now % MINUTE_MS - HISTORY_MS
        self.time = min(midnight, minutes_start) - HALF_HOUR_MS
        self.earlier_path = _walk_backward(random.Random(f"{seed}/before"), self.time, midnight - DAY_MS)
        self.values: FactorValues = (0.0,) * len(FACTORS)
        self.path: deque[tuple[int, FactorValues]] = deque([(self.time, self.values)])
        stops = {
            midnight,
            minutes_start,
            *range(self.time, minutes_start, HALF_HOUR_MS),
            *range(minutes_start, now, MINUTE_MS),
        }
        for stop in sorted(stops - {self.time}):
            self._walk(stop)
            self.path.append((stop, self.values))
            if stop == midnight:
                self.values = tuple(value + self._random.gauss(0.0, _OPENING_GAP) for value in self.values)
                self.path.append((stop, self.values))
        self._walk(now)

    def advance(self, time: int) -> None:
        """Advance the walk to `time`, keeping a point at each whole minute."""
        while (minute := self.time - self.time % MINUTE_MS + MINUTE_MS) <= time:
            self._walk(minute)
            self.path.append((minute, self.values))
            self._prune()
        self._walk(time)

    def points_since(self, time: int) -> list[tuple[int, FactorValues]]:
        """Returns the points after `time`, the present one included."""
        points = [point for point in self.path if point[0] > time]
        if self.time > max(time, self.path[-1][0]):
            points.append((self.time, self.values))
        return points

    def _walk(self, time: int) -> None:
        if time > self.time:
            gauss, step = self._random.gauss, ((time - self.time) / DAY_MS) ** 0.5
            self.values = tuple([value + gauss(0.0, step) for value in self.values])
            self.time = time

    def _prune(self) -> None:
        needed = min(self.time - self.time % DAY_MS, self.time - HISTORY_MS) - HALF_HOUR_MS
        while self.path[1][0] <= needed:
            self.path.popleft()


def _walk_backward(random: random.Random, time: int, until: int) -> list[tuple[int, FactorValues]]:
    points: list[tuple[int, FactorValues]] = []
    values: FactorValues = (0.0,) * len(FACTORS)
    while time > until:
        step = min(HALF_HOUR_MS, time - until)
        time -= step
        values = tuple([value + random.gauss(0.0, (step / DAY_MS) ** 0.5) for value in values])
        points.append((time, values))
    return points
