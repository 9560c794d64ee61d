"""How the feed is doing: counters raised where things happen, and one report of them all."""

from __future__ import annotations

import statistics
from collections import Counter, deque
from typing import Any, NamedTuple

from tui.secrets import redact

_SHOWN = 160  # characters kept of a malformed frame
_ROUND_TRIPS = 240  # an hour of pings
_HISTORY = 100  # states of the link


class Malformed(NamedTuple):
    """The last message that could not be read: its kind, its beginning with everything odd escaped, when it came (s,
    monotonic)."""

    kind: str
    text: str
    at: float


class Event(NamedTuple):
    """A state of the link: when it began (ms UTC by this machine's clock), its word, and the reason where there is
    one."""

    time: float
    state: str
    reason: str


class Health:
    """Plain counters. All grow for the life of the program, and what is kept of the past is bounded."""

    def __init__(self) -> None:
        self.messages = 0  # frames, of any kind
        self.bytes = 0
        self.ticks = 0
        self.quotes = 0
        self.depths = 0
        self.klines = 0
        self.out_of_order = 0  # older than what is shown, not applied
        self.unfollowed = 0  # of a symbol that nobody follows (any more)
        self.future = 0  # dated later than the exchange's clock can be
        self.crossed = 0  # books whose bid is above their ask
        self.outside = 0  # quotes whose last or open lies outside their day's range
        self.reconnects = 0
        self.heartbeats_missed = 0
        self.missed = 0  # of them, those of the present connection
        self.malformed: Counter[str] = Counter()
        self.time_units: Counter[str] = Counter()  # times that did not come in ms, by the unit that they came in
        self.last_malformed: Malformed | None = None
        self.damaged = 0  # lines of a recording that is played, left out because they cannot be read
        self.shown = 0  # changed symbols handed to frames
        self.frames = 0  # drawn
        self.frames_skipped = 0  # that would have been drawn, had the loop been free in time
        self.idle_timeout: float | None = None  # s of silence after which something on the way cuts the link
        self.frame_at = 0.0  # s, monotonic: the last frame received
        self.pong_at = 0.0  # s, monotonic
        self.round_trips: deque[float] = deque(maxlen=_ROUND_TRIPS)  # s, of answered pings
        self.history: deque[Event] = deque(maxlen=_HISTORY)
        self._samples: deque[tuple[float, int, int, int]] = deque(maxlen=4)

    @property
    def applied(self) -> int:
        """Data messages that changed the market."""
        return self.ticks + self.quotes + self.depths + self.klines

    @property
    def round_trip(self) -> float | None:
        """Of the latest answered ping, in s."""
        return self.round_trips[-1] if self.round_trips else None

    def count_malformed(self, kind: str, frame: bytes | bytearray, now: float) -> None:
        """Count a frame that could not be read, and keep its beginning in plain letters, without any key: half of one
        that is cut would not be known again."""
        self.malformed[kind] += 1
        shown = redact(frame.decode("latin-1"))[:_SHOWN].encode("latin-1")
        self.last_malformed = Malformed(kind, ascii(shown)[2:-1], now)

    def sample(self, now: float) -> None:
        """Remember the counters for `rates`; to be called about once a second. `now` in s, monotonic."""
        if self._samples and now - self._samples[-1][0] < 0.5:
            return  # a rate over a moment says nothing
        self._samples.append((now, self.messages, self.bytes, self.frames))

    @property
    def rates(self) -> tuple[float, float]:
        """Messages and bytes a second over the last few samples."""
        messages, size, _ = self._rates
        return messages, size

    @property
    def frame_rate(self) -> float:
        """Frames drawn a second over the last few samples."""
        return self._rates[2]

    @property
    def _rates(self) -> tuple[float, float, float]:
        if not self._samples:
            return 0.0, 0.0, 0.0
        (then, *before), (now, *after) = self._samples[0], self._samples[-1]
        if now <= then:
            return 0.0, 0.0, 0.0
        messages, size, frames = ((b - a) / (now - then) for a, b in zip(before, after, strict=True))
        return messages, size, frames

    def report(self) -> dict[str, Any]:
        """Every counter by name, for people's scripts. Round trips in ms."""
        trips = [1000 * trip for trip in self.round_trips]
        return {
            "messages": self.messages,
            "bytes": self.bytes,
            "applied": {"tick": self.ticks, "quote": self.quotes, "depth": self.depths, "kline@1": self.klines},
            "malformed": dict(self.malformed),
            "out_of_order": self.out_of_order,
            "unfollowed": self.unfollowed,
            "future": self.future,
            "time_units": dict(self.time_units),
            "crossed": self.crossed,
            "outside_range": self.outside,
            "reconnects": self.reconnects,
            "heartbeats_missed": self.heartbeats_missed,
            "round_trip_ms": {
                "last": round(trips[-1], 1),
                "median": round(statistics.median(trips), 1),
                "max": round(max(trips), 1),
            }
            if trips
            else None,
        }
