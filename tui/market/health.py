"""Counters that tell how the feed is doing."""

from __future__ import annotations

from collections import Counter, deque


class Health:
    """Plain counters, raised where things happen. All grow for the life of the program."""

    def __init__(self) -> None:
        self.messages = 0
        self.bytes = 0
        self.out_of_order = 0
        self.unfollowed = 0
        self.reconnects = 0
        self.heartbeats_missed = 0
        self.round_trip: float | None = None  # s, of the latest answered ping
        self.pong_at = 0.0  # s, monotonic
        self.malformed: Counter[str] = Counter()
        self._samples: deque[tuple[float, int]] = deque(maxlen=4)

    def rate(self, now: float) -> float:
        """Messages a second over the last few calls; call it about once a second. `now` in s, monotonic."""
        self._samples.append((now, self.messages))
        (then, before) = self._samples[0]
        return (self.messages - before) / (now - then) if now > then else 0.0
