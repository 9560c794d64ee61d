"""Silence detection: how long a silence makes the link suspect. Pure.

A busy feed is suspect after five times its 99th percentile of the gaps between frames, and at least 3 s. A quiet feed
is checked by its pings alone."""

from __future__ import annotations

from collections import deque

MIN_LIMIT = 3.0  # s
_P99_MULTIPLE = 5.0
_MIN_GAP = MIN_LIMIT / _P99_MULTIPLE  # s: a shorter gap cannot raise the limit
_WINDOW = 60.0  # s
_BUSY = 60  # frames in the window


class SilenceDetector:
    """Derives the limit of silence from the frames of the last minute."""

    __slots__ = ("_frames", "_gaps", "_marks", "last")

    def __init__(self, now: float) -> None:
        self.last = now
        self._frames = 0
        self._gaps: deque[tuple[float, float]] = deque(maxlen=1_024)
        self._marks: deque[tuple[float, int]] = deque([(now, 0)])

    def record_frames(self, now: float, frames: int = 1) -> None:
        """Record that `frames` frames were read together at `now` (s, monotonic)."""
        gap = now - self.last
        self.last = now
        self._frames += frames
        if gap > _MIN_GAP:
            self._gaps.append((now, gap))

    def limit(self, now: float) -> float | None:
        """Returns the silence in s after which a ping is due; None if the feed is not busy. To be called about once a
        second."""
        self._marks.append((now, self._frames))
        while len(self._marks) > 1 and self._marks[0][0] < now - _WINDOW:
            self._marks.popleft()
        while self._gaps and self._gaps[0][0] < now - _WINDOW:
            self._gaps.popleft()
        frames = self._frames - self._marks[0][1]
        if frames < _BUSY:
            return None
        longest = sorted((gap for _, gap in self._gaps), reverse=True)
        rank = frames // 100
        p99 = longest[rank] if rank < len(longest) else 0.0
        return max(MIN_LIMIT, _P99_MULTIPLE * p99)
