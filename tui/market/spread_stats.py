"""Time-weighted statistics of the spread over the last hour: it is sampled once a second, so that each second has the
same weight however often the book changed in it."""

from __future__ import annotations

from typing import NamedTuple

MINUTES = 60


class SpreadStatistics(NamedTuple):
    """Statistics of the spread, in trade currency. `share` is the fraction of time (0 to 1) at one tick or less,
    `seconds` the time sampled."""

    mean: float
    least: float
    most: float
    share: float
    seconds: int


class _Minute(NamedTuple):
    number: int  # monotonic
    seconds: int
    total: float
    least: float
    most: float
    tight: int


class SpreadHistory:
    """The samples of the last hour, aggregated by minute."""

    __slots__ = ("_minutes",)

    def __init__(self) -> None:
        self._minutes: list[_Minute] = []

    def sample(self, spread: float, tick: float | None, now: float) -> None:
        """Record the spread of an uncrossed book at `now` (s, monotonic); `tick` is the tick size, if known."""
        number = int(now // 60)
        tight = int(tick is not None and spread <= 1.001 * tick)
        if self._minutes and self._minutes[-1].number == number:
            _, seconds, total, least, most, before = self._minutes[-1]
            self._minutes[-1] = _Minute(
                number, seconds + 1, total + spread, min(least, spread), max(most, spread), before + tight
            )
        else:
            self._minutes.append(_Minute(number, 1, spread, spread, spread, tight))
            del self._minutes[:-MINUTES]

    def statistics(self, now: float) -> SpreadStatistics | None:
        """Returns the statistics of the hour up to `now` (s, monotonic), None without samples."""
        first = int(now // 60) - MINUTES + 1
        minutes = [minute for minute in self._minutes if minute.number >= first]
        if not minutes:
            return None
        seconds = sum(minute.seconds for minute in minutes)
        return SpreadStatistics(
            sum(minute.total for minute in minutes) / seconds,
            min(minute.least for minute in minutes),
            max(minute.most for minute in minutes),
            sum(minute.tight for minute in minutes) / seconds,
            seconds,
        )
