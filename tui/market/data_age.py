"""The age of a symbol's data by type, and which types have fallen silent while others move.

Each figure is as old as the type that carries it: a book that stopped minutes ago must not look current beside a price
that moves. Times are s monotonic, as messages arrive.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import inf
from typing import NamedTuple

from tui import format as fmt

LEAST_SILENCE = 60.0
"""s for which a type has to be missing before it counts as silent …"""
USUAL_GAPS = 20
"""… and the number of its usual gaps, if that is longer."""
RESOLUTION = 1.0
"""s between two arrivals that are noted: what comes in between costs a comparison."""
NOUNS = {"tick": "trades", "quote": "quote", "depth": "book", "kline@1": "bars"}
"""The types by the words on the screen, in the order in which they are told."""

_MIN_GAPS = 4  # from which a usual gap is known
_REMEMBERED_GAPS = 16
_MAX_GAP = 600.0  # s: a longer one is a pause of the exchange or of the link


class TypeAge:
    """The arrivals of one type of one symbol: `at` is the latest, to RESOLUTION, -inf before the first."""

    __slots__ = ("_gap", "_gaps", "at")

    def __init__(self) -> None:
        self.at = -inf
        self._gap = 0.0
        self._gaps = 0

    def note(self, now: float) -> None:
        """Note new data that arrived at `now`, at least RESOLUTION after the arrival noted before."""
        gap = now - self.at
        if gap <= _MAX_GAP:
            self._gaps = min(self._gaps + 1, _REMEMBERED_GAPS)
            self._gap += (gap - self._gap) / self._gaps
        self.at = now

    @property
    def usual_gap(self) -> float | None:
        """The mean of the latest gaps between arrivals, in s; None until a few are known."""
        return self._gap if self._gaps >= _MIN_GAPS else None


class Evidence(NamedTuple):
    """What else is known of a symbol when its types are judged.

    `held`: the types whose data is shown. `since`: when it could first be expected, in this phase and on this
    connection. `price_moved_at`: when the last price changed. `quote_lag`: s by which the quote's own time is behind
    the last trade's. `trades`: whether orders match without a pause, so that what is missing is missed."""

    held: Collection[str]
    since: float
    price_moved_at: float
    quote_lag: float
    trades: bool


class DataAges:
    """The ages of a symbol's types. `silent` has each type that is missing for longer than LEAST_SILENCE and USUAL_GAPS
    while another type moved, with the time of its newest data; if none ever came, since when it is expected.

    Before a type's usual gap is known, only trades and changes of the price prove that it is missing: in a thin symbol
    the book moves for hours without a trade.
    """

    __slots__ = ("_judged_by", "depth", "kline", "quote", "silent", "tick")

    def __init__(self) -> None:
        self.tick = TypeAge()
        self.quote = TypeAge()
        self.depth = TypeAge()
        self.kline = TypeAge()
        self.silent: dict[str, float] = {}
        self._judged_by: tuple[object, ...] = ()

    def reset(self) -> None:
        """Begin a new connection, on which nothing is missing yet."""
        self.silent = {}
        self._judged_by = ()

    def are_judged_by(self, *known: object) -> bool:
        """Returns True if nothing arrived since the last call and `known` is the same. Nothing falls silent by the
        clock alone, and to judge each symbol each second costs a tenth of the CPU in a calm market."""
        judged_by = (self.tick.at, self.quote.at, self.depth.at, self.kline.at, known)
        if judged_by == self._judged_by:
            return True
        self._judged_by = judged_by
        return False

    def are_even(self, quote_lag: float) -> bool:
        """Returns True if all types came within LEAST_SILENCE of each other, as nearly always, and none was silent."""
        arrivals = (self.tick.at, self.quote.at, self.depth.at, self.kline.at)
        return not self.silent and max(arrivals) - min(arrivals) <= LEAST_SILENCE >= quote_lag

    def judge(self, evidence: Evidence) -> bool:
        """Find the silent types; returns True if they are others than before."""
        before, self.silent = self.silent, {}
        arrivals = {"tick": self.tick, "quote": self.quote, "depth": self.depth, "kline@1": self.kline}
        for type_, age in arrivals.items():
            if type_ not in evidence.held:
                continue
            at = age.at
            if type_ == "quote" and evidence.quote_lag > 0:
                at = min(at, self.tick.at - evidence.quote_lag)
            usual, since = age.usual_gap, max(at, evidence.since)
            if type_ in before and at <= before[type_]:
                self.silent[type_] = before[type_]
            elif evidence.trades:
                if usual is None:
                    moved = max(evidence.price_moved_at, -inf if type_ == "tick" else self.tick.at)
                else:
                    moved = max(other.at for name, other in arrivals.items() if name != type_)
                if moved - since > max(LEAST_SILENCE, USUAL_GAPS * (usual or 0.0)):
                    self.silent[type_] = at if at > -inf else since
        return self.silent.keys() != before.keys()


def describe_silence(silent: Mapping[str, float], now: float) -> str:
    """Returns the silent types in words: `no book for 2m, no bars for 5m`; "" without any."""
    return ", ".join(
        f"no {noun} for {fmt.seconds(max(0.0, now - silent[t]))}" for t, noun in NOUNS.items() if t in silent
    )
