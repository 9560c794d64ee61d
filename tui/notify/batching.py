"""Batching of fired alerts: the first ones notify at once, later ones at most once a second, together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from tui.market.alert_engine import AlertEvent

_BATCH_WINDOW = 0.05  # s: alerts that fire within it are notified together
_MIN_INTERVAL = 1.0  # s between two notifications
_MAX_LINES = 6  # alerts


class AlertBatcher:
    """Collects fired alerts; calls `notify` with those since the last call."""

    def __init__(self, notify: Callable[[list[AlertEvent]], object]) -> None:
        self._notify = notify
        self._events: list[AlertEvent] = []
        self._notified_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def add(self, event: AlertEvent) -> None:
        """Add a fired alert to the batch."""
        self._events.append(event)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(
                max(_BATCH_WINDOW, self._notified_at + _MIN_INTERVAL - loop.time()), self._flush
            )

    def _flush(self) -> None:
        self._notified_at = asyncio.get_running_loop().time()
        self._notify(self.stop())

    def stop(self) -> list[AlertEvent]:
        """Stop the timer; returns the alerts not yet notified."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        events, self._events = self._events, []
        return events


def alert_lines(events: Sequence[AlertEvent]) -> list[str]:
    """Returns the words of the alerts, a line each; of many the first few, and the number of the others."""
    words = [event.words for event in events[:_MAX_LINES]]
    return [*words, f"and {len(events) - _MAX_LINES} alerts more"] if len(events) > _MAX_LINES else words
