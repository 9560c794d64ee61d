"""The frame clock: the screen is drawn at its own pace, not the market's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

FRAMES = 30  # a second, at most


class FrameClock:
    """Calls `frame` at most FRAMES times a second, and only after `wake`: at rest it costs nothing.

    `skipped` counts the frames that were due while the loop was busy elsewhere.
    """

    def __init__(self, frame: Callable[[], None]) -> None:
        self._frame = frame
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._earliest = 0.0
        self.skipped = 0

    def wake(self, after: float = 0.0) -> None:
        """Ask for a frame, `after` s from now at the earliest. A sooner one already asked for stands."""
        when = max(self._earliest, self._loop.time() + after)
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._run)

    def _run(self) -> None:
        assert self._timer is not None
        now = self._loop.time()
        self.skipped += int((now - self._timer.when()) * FRAMES)
        self._timer = None
        self._earliest = now + 1 / FRAMES
        self._frame()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
