"""Proof of life: how long a silence means that the link is dead. Pure.

In a busy session silence is judged by what is usual there: longer than five times the gap that only one in a hundred
exceeds, and at least 3 s. A feed that is hardly busy is judged by its pings alone.
"""

from __future__ import annotations

from collections import deque

LEAST = 3.0  # s of silence that are never suspicious
_TIMES = 5.0  # the p99 gap
_NOTED = LEAST / _TIMES  # a shorter gap cannot raise the limit, so it is not even kept
_MINUTE = 60.0
_BUSY = 60  # frames in the last minute


class SilenceDetector:
    """Told by `beat` of all that was read."""

    __slots__ = ("_frames", "_gaps", "_marks", "last")

    def __init__(self, now: float) -> None:
        self.last = now
        self._frames = 0
        self._gaps: deque[tuple[float, float]] = deque(maxlen=1_024)
        self._marks: deque[tuple[float, int]] = deque([(now, 0)])

    def beat(self, now: float, frames: int = 1) -> None:
        """So many frames were read at once at `now` (s, monotonic)."""
        gap = now - self.last
        self.last = now
        self._frames += frames
        if gap > _NOTED:
            self._gaps.append((now, gap))

    def limit(self, now: float) -> float | None:
        """Seconds of silence after which the link must be asked; None where the feed is not busy. To be called about
        once a second."""
        self._marks.append((now, self._frames))
        while len(self._marks) > 1 and self._marks[0][0] < now - _MINUTE:
            self._marks.popleft()
        while self._gaps and self._gaps[0][0] < now - _MINUTE:
            self._gaps.popleft()
        frames = self._frames - self._marks[0][1]
        if frames < _BUSY:
            return None
        longest = sorted((gap for _, gap in self._gaps), reverse=True)
        rank = frames // 100
        p99 = longest[rank] if rank < len(longest) else 0.0
        return max(LEAST, _TIMES * p99)
