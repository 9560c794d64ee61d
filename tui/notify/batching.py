"""When a person is told of alerts that fired: at once, but never more often than once a second. However many fire in
a storm, they ring together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from tui.market.alert_engine import AlertEvent

_GATHER = 0.05  # s: what fires together is told together
_EVERY = 1.0  # s
_NAMED = 6  # alerts


class AlertBatcher:
    """Takes each alert that fires; calls `ring` with those that came since the last time."""

    def __init__(self, ring: Callable[[list[AlertEvent]], object]) -> None:
        self._ring = ring
        self._fired: list[AlertEvent] = []
        self._rung_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def add(self, firing: AlertEvent) -> None:
        self._fired.append(firing)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(_GATHER, self._rung_at + _EVERY - loop.time()), self._tell)

    def _tell(self) -> None:
        self._rung_at = asyncio.get_running_loop().time()
        self._ring(self.stop())

    def stop(self) -> list[AlertEvent]:
        """Ring no more; what was not told yet."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        fired, self._fired = self._fired, []
        return fired


def alert_lines(fired: Sequence[AlertEvent]) -> list[str]:
    """What fired, a line each; of many the first few, and how many more."""
    words = [firing.words for firing in fired[:_NAMED]]
    return [*words, f"and {len(fired) - _NAMED} alerts more"] if len(fired) > _NAMED else words
