"""What moves all funds at once: a handful of common factors, each a random walk of variance 1 a day.

The walk is kept at whole minutes, so that a fund nobody watched can be told what it missed. What was before the last
two hours of the market's creation is kept coarser: it only has to give the day its open, high, low and volume.
"""

from __future__ import annotations

import random
from collections import deque

from tui.exchange.universe import FACTORS

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
HISTORY = 120 * MINUTE_MS
HALF_HOUR = 30 * MINUTE_MS

_GAP = 0.4  # standard deviation, in days' volatilities, of the jump with which the first day opens

Values = tuple[float, ...]


class Factors:
    """The common factors up to `time` (ms).

    `path` holds (time, values) at whole minutes, oldest first; two points at one time are a jump. From `fine` (ms) on
    it has every minute. `before` holds points half an hour apart, latest first, back from where the path began to the
    beginning of the day before."""

    def __init__(self, seed: int, now: int) -> None:
        self._random = random.Random(f"{seed}/factors")
        midnight = now - now % DAY_MS
        self.fine = fine = now - now % MINUTE_MS - HISTORY
        self.time = min(midnight, fine) - HALF_HOUR
        self.before = _backward(random.Random(f"{seed}/before"), self.time, midnight - DAY_MS)
        self.values: Values = (0.0,) * len(FACTORS)
        self.path: deque[tuple[int, Values]] = deque([(self.time, self.values)])
        stops = {midnight, fine, *range(self.time, fine, HALF_HOUR), *range(fine, now, MINUTE_MS)}
        for stop in sorted(stops - {self.time}):
            self._walk(stop)
            self.path.append((stop, self.values))
            if stop == midnight:
                self.values = tuple(value + self._random.gauss(0.0, _GAP) for value in self.values)
                self.path.append((stop, self.values))
        self._walk(now)

    def advance(self, time: int) -> None:
        """Let the factors walk to `time`, remembering where they were at each whole minute on the way."""
        while (minute := self.time - self.time % MINUTE_MS + MINUTE_MS) <= time:
            self._walk(minute)
            self.path.append((minute, self.values))
            self._forget()
        self._walk(time)

    def since(self, time: int) -> list[tuple[int, Values]]:
        """The points after `time`, up to the present one."""
        points = [point for point in self.path if point[0] > time]
        if self.time > max(time, self.path[-1][0]):
            points.append((self.time, self.values))
        return points

    def _walk(self, time: int) -> None:
        if time > self.time:
            gauss, step = self._random.gauss, ((time - self.time) / DAY_MS) ** 0.5
            self.values = tuple([value + gauss(0.0, step) for value in self.values])
            self.time = time

    def _forget(self) -> None:
        needed = min(self.time - self.time % DAY_MS, self.time - HISTORY) - HALF_HOUR
        while self.path[1][0] <= needed:
            self.path.popleft()


def _backward(random: random.Random, time: int, until: int) -> list[tuple[int, Values]]:
    points: list[tuple[int, Values]] = []
    values: Values = (0.0,) * len(FACTORS)
    while time > until:
        step = min(HALF_HOUR, time - until)
        time -= step
        values = tuple([value + random.gauss(0.0, (step / DAY_MS) ** 0.5) for value in values])
        points.append((time, values))
    return points
