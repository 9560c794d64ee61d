"""Health of the feed: counters, raised where things happen, and their report."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any, NamedTuple

from tui.secrets import redact

_MAX_EXCERPT = 160  # characters of a malformed frame
_MAX_ROUND_TRIPS = 240  # an hour of pings
_MAX_EVENTS = 100


class Malformed(NamedTuple):
    """The last malformed frame: its kind, its beginning with non-ASCII bytes escaped, its time of arrival (s,
    monotonic)."""

    kind: str
    text: str
    at: float


class Event(NamedTuple):
    """A change of the link's state: its time (ms UTC by this machine's clock), the new state, and the reason, if
    any."""

    time: float
    state: str
    reason: str


class Health:
    """Counters over the life of the program, and bounded samples of the recent past."""

    def __init__(self) -> None:
        self.messages = 0  # frames, of any kind
        self.bytes = 0
        self.ticks = 0
        self.quotes = 0
        self.depths = 0
        self.klines = 0
        self.out_of_order = 0  # older than the newest applied, not applied
        self.unfollowed = 0  # of a symbol that is not in the market (any more)
        self.future = 0  # dated later than is credible
        self.crossed = 0  # books whose bid is above their ask
        self.misplaced = 0  # books with levels whose positions contradict their prices
        self.outside = 0  # quotes whose last or open lies outside their day's range
        self.reconnects = 0
        self.heartbeats_missed = 0
        self.missed = 0  # of them, on the current connection
        self.malformed: Counter[str] = Counter()
        self.time_units: Counter[str] = Counter()  # times that came in another unit than ms, by that unit
        self.last_malformed: Malformed | None = None
        self.damaged = 0  # lines of a replayed recording that were skipped as unreadable
        self.shown = 0  # changed symbols handed to frames
        self.frames = 0  # drawn
        self.frames_skipped = 0  # not drawn, because the event loop was busy
        self.idle_timeout: float | None = None  # s of silence after which an intermediary cuts the link
        self.frame_at = 0.0  # s, monotonic: the last frame received
        self.pong_at = 0.0  # s, monotonic
        self.round_trips: deque[float] = deque(maxlen=_MAX_ROUND_TRIPS)  # s, of answered pings
        self.history: deque[Event] = deque(maxlen=_MAX_EVENTS)
        self._samples: deque[tuple[float, int, int, int]] = deque(maxlen=4)

    @property
    def applied(self) -> int:
        """The number of data messages that changed the market."""
        return self.ticks + self.quotes + self.depths + self.klines

    @property
    def round_trip(self) -> float | None:
        """The round trip of the latest answered ping, in s; None without one."""
        return self.round_trips[-1] if self.round_trips else None

    def count_malformed(self, kind: str, frame: bytes | bytearray, now: float) -> None:
        """Count a malformed frame that arrived at `now` (s, monotonic), and keep its beginning, escaped. The key is
        redacted before it is cut, because half a key would not be recognized."""
        self.malformed[kind] += 1
        excerpt = redact(frame.decode("latin-1"))[:_MAX_EXCERPT].encode("latin-1")
        self.last_malformed = Malformed(kind, ascii(excerpt)[2:-1], now)

    def sample(self, now: float) -> None:
        """Sample the counters for `rates` at `now` (s, monotonic); called about once a second."""
        if self._samples and now - self._samples[-1][0] < 0.5:
            return  # too short for a rate
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
        """Returns the counters by name, as the commands print them in JSON. Round trips are in ms."""
        import statistics  # slow to import, and the first frame has no figures

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
            "misplaced": self.misplaced,
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
