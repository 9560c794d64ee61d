"""Statistics of a recording."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import Counter, deque
from itertools import accumulate
from typing import NamedTuple

from msgspec import Struct

from tui.feed.state import LinkPhase, LinkState
from tui.market import Instrument, Market
from tui.market.clock_sync import MAX_HALF_WIDTH, ClockOffset
from tui.protocol.messages import TYPE_OF, Push
from tui.recording.format import RecordedFrame, Recording
from tui.recording.replay import Player
from tui.secrets import safe_text
from tui.symbol import Symbol

SILENCE = 5.0  # s without a message that count as a silence
_MAX_LISTED = 100  # of the longest silences, and of the latest states of the link


class Silence(NamedTuple):
    """A time of `seconds` without a message. `at`: its beginning, ms UTC."""

    seconds: float
    at: float


class LinkStep(NamedTuple):
    """A state of the link since `at`, ms UTC."""

    at: float
    state: str
    reason: str


class Lags(Struct):
    """Lags from a message's own time to its arrival, in ms. `relative`: measured over the smallest one, because the
    offset of the clocks is not known well enough; else `error` is their uncertainty. `coarse`: the times are whole
    seconds."""

    median: float
    p99: float
    relative: bool
    error: float | None
    coarse: bool
    samples: int


class RecordingSummary(Struct):
    """Statistics of a recording. Times are ms UTC by the clock of the recording machine. `types` and `symbols` count
    the applied messages, the most frequent first. `delay`: s by which the whole feed was surely late, if over a
    minute."""

    program: str
    host: str
    demo: bool
    begins: float
    ends: float
    messages: int
    bytes: int
    types: dict[str, int]
    symbols: dict[str, int]
    malformed: dict[str, int]
    out_of_order: int
    unfollowed: int
    silences: int
    longest: list[Silence]
    reconnects: int
    link: list[LinkStep]
    lag: Lags | None
    delay: float | None
    damaged: int
    cut: bool

    @property
    def seconds(self) -> float:
        """The length of the recording in s."""
        return (self.ends - self.begins) / 1000


class _LagCounter(ClockOffset):
    """A ClockOffset that counts every lag in whole ms, not only the latest."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: Counter[int] = Counter()
        self._shift = 0.0  # ms by which our own clock was set forward in total

    def observe_frame(self, symbol: Symbol, t: int, arrival: float) -> None:
        super().observe_frame(symbol, t, arrival)
        self._counts[round(arrival - t - self._shift)] += 1

    def shift_local(self, by: float) -> None:
        super().shift_local(by)
        self._shift += by

    def lags(self) -> Lags | None:
        """Returns the lags of all messages; None if there were none."""
        samples = self._counts.total()
        if not samples:
            return None
        ordered = sorted(self._counts.items())
        relative = self.half_width > MAX_HALF_WIDTH
        base = -ordered[0][0] if relative else self._shift + self.offset
        cumulative = list(accumulate(count for _, count in ordered))
        median, p99 = (
            max(0.0, ordered[bisect_right(cumulative, int((samples - 1) * q))][0] + base) for q in (0.5, 0.99)
        )
        error = None if relative else round(self.half_width, 1)
        lag = self.lag(0.0)
        return Lags(round(median, 1), round(p99, 1), relative, error, lag is not None and lag.coarse, samples)


def summarize(recording: Recording) -> RecordingSummary:
    """Returns the statistics of a recording. Takes the time and memory of playing it at full speed."""
    header, market = recording.header, Market()
    market.clock = clock = _LagCounter()
    types: Counter[str] = Counter()
    symbols: Counter[Symbol] = Counter()
    silences, longest = 0, list[Silence]()
    link: deque[LinkStep] = deque(maxlen=_MAX_LISTED)

    def count_push(message: Push, instrument: Instrument) -> None:
        types[TYPE_OF[type(message)]] += 1
        symbols[instrument.symbol] += 1

    def record_state(state: LinkState) -> None:
        has_reason = state.error is not None and state.phase in (LinkPhase.RECONNECTING, LinkPhase.STOPPED)
        step = LinkStep(market.local_time(state.since), state.word, safe_text(str(state.error)) if has_reason else "")
        if not link or link[-1][1:] != step[1:]:
            link.append(step)

    player = Player(market, header, record_state, count_push)
    at = before = header.t
    for entry in recording:
        player.play(entry)
        at = max(at, entry.t)
        if type(entry) is RecordedFrame:
            if entry.t - before > SILENCE:
                silences += 1
                heapq.heappush(longest, Silence(entry.t - before, market.local_time(before)))
                if len(longest) > _MAX_LISTED:
                    heapq.heappop(longest)
            before = entry.t
    health = market.health
    return RecordingSummary(
        program=safe_text(header.program),
        host=safe_text(header.host),
        demo=player.demo,
        begins=header.wall,
        ends=market.local_time(at),
        messages=health.messages,
        bytes=health.bytes,
        types=dict(types.most_common()),
        symbols={str(symbol): count for symbol, count in symbols.most_common()},
        malformed=dict(health.malformed.most_common()),
        out_of_order=health.out_of_order,
        unfollowed=health.unfollowed,
        silences=silences,
        longest=sorted(longest, reverse=True),
        reconnects=health.reconnects,
        link=list(link),
        lag=clock.lags(),
        delay=clock.delay(),
        damaged=recording.damaged,
        cut=recording.truncated,
    )
