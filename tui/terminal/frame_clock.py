"""The frame clock: the screen is drawn at its own pace, not the market's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

MAX_FRAMES = 30  # a second, at most
MIN_FRAMES = 4  # a second, however much a frame costs
SHARE = 0.4  # of the time, at most, goes into frames, as long as they are not the fewest
_SMOOTH = 0.2  # the weight of the latest frame's cost


class FrameClock:
    """Calls `frame` at most MAX_FRAMES times a second, and only after `wake`: at rest it costs nothing.

    Frames that cost much come less often. A frame that `ready` refuses is put off until `release`.
    `skipped` counts the frames that were due while the loop was busy elsewhere, or that were put off.
    """

    def __init__(self, frame: Callable[[], None], ready: Callable[[], bool] = lambda: True) -> None:
        self._frame = frame
        self._ready = ready
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._earliest = 0.0
        self._spent = 0.0
        self._put_off = False
        self.cost = 0.0
        """s that a frame takes, smoothed."""
        self.skipped = 0

    @property
    def rate(self) -> float:
        """Frames a second, at most, by what they cost."""
        return MAX_FRAMES if self.cost <= SHARE / MAX_FRAMES else max(MIN_FRAMES, SHARE / self.cost)

    def wake(self, after: float = 0.0) -> None:
        """Ask for a frame, `after` s from now at the earliest. A sooner one already asked for stands."""
        when = max(self._earliest, self._loop.time() + after)
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._run)

    def add_cost(self, seconds: float) -> None:
        """Count what was spent on the frame beside its own call: the painting that follows."""
        self._spent += seconds

    def _run(self) -> None:
        assert self._timer is not None
        now, due = self._loop.time(), self._timer.when()
        self.skipped += int((now - due) * self.rate)
        self._timer = None
        self._put_off = not self._ready()
        if self._put_off:
            self.skipped += 1
            self._timer = self._loop.call_at(now + 1 / MIN_FRAMES, self._run)  # to look again, should nobody release it
            return
        if self._spent:
            self.cost += _SMOOTH * (self._spent - self.cost)
        # A frame that was a little late does not make the next one late too.
        self._earliest = max(due + 1 / self.rate, now + 0.5 / self.rate)
        self._spent = 0.0
        self._frame()
        self._spent += self._loop.time() - now

    def resume(self) -> None:
        """What `ready` waited for has come: a frame that was put off may be drawn."""
        if self._put_off and self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self.wake()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
