"""The frame clock: the screen is drawn at a rate of its own, however often the market changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

MAX_FRAMES = 30  # a second, at most
MIN_FRAMES = 4  # a second, however much a frame costs
SHARE = 0.4  # of the time, at most, that frames take, unless they are at their lowest rate
_SMOOTH = 0.2  # the weight of the latest frame's cost


class FrameClock:
    """Calls `frame` at most MAX_FRAMES times a second, and only after `wake`: at rest it costs nothing.

    Expensive frames are drawn less often, and all of them while `is_covered`. A frame is put off while `ready` returns
    False, until `resume`.
    `skipped` counts the frames that were due while the event loop was busy, or that were put off.
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
        """How long a frame takes, in s, smoothed."""
        self.skipped = 0
        self.is_covered = False
        """True while a dialog lies over the screen: all of it is then composed for each frame."""

    @property
    def rate(self) -> float:
        """Frames a second, at most, by their cost, while nothing covers the screen."""
        return MAX_FRAMES if self.cost <= SHARE / MAX_FRAMES else max(MIN_FRAMES, SHARE / self.cost)

    def wake(self, after: float = 0.0) -> None:
        """Ask for a frame, `after` s from now at the earliest. An earlier one that is already asked for stays."""
        when = max(self._earliest, self._loop.time() + after)
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._run)

    def add_cost(self, seconds: float) -> None:
        """Add what the painting after a frame took to the frame's cost."""
        self._spent += seconds

    def _run(self) -> None:
        assert self._timer is not None
        now, due = self._loop.time(), self._timer.when()
        rate = MIN_FRAMES if self.is_covered else self.rate
        self.skipped += int((now - due) * rate)
        self._timer = None
        self._put_off = not self._ready()
        if self._put_off:
            self.skipped += 1
            self._timer = self._loop.call_at(now + 1 / MIN_FRAMES, self._run)  # tried again even without `resume`
            return
        if self._spent:
            self.cost += _SMOOTH * (self._spent - self.cost)
        # Scheduled from the due time, not from now, so that lateness does not accumulate.
        self._earliest = max(due + 1 / rate, now + 0.5 / rate)
        self._spent = 0.0
        self._frame()
        self._spent += self._loop.time() - now

    def resume(self) -> None:
        """Draw a frame that was put off, now that `ready` may return True."""
        if self._put_off and self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self.wake()

    def stop(self) -> None:
        """Draw no frame any more, until `wake`."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
