"""A market that gets messages of some types, second by second."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.messages import QQQ, T, bar, depth
from tui.market import Instrument, Market
from tui.market.data_age import describe_silence
from tui.protocol.messages import Push, Quote, Tick
from tui.symbol import Symbol

BEGIN = 1_000.0  # s monotonic
ALL = ("tick", "quote", "depth", "kline@1")


class SampledFeed:
    """A market that gets messages, and is sampled once a second as on the screen."""

    def __init__(self, *, demo: bool = True, begin: int = T, symbol: Symbol = QQQ) -> None:
        self.market = Market()
        self.market.set_hours(demo)
        self.market.set_clock(begin - 1000 * BEGIN)
        self.market.follow([symbol])
        self.i: Instrument = self.market.instruments[symbol]
        self.begin, self.symbol, self.now = begin, symbol, BEGIN
        self.market.expect_data([symbol], BEGIN)

    def apply(self, *messages: Push) -> None:
        for message in messages:
            self.market.apply(message, self.now)

    def trade(self, price: float | None = None) -> Tick:
        """At this moment; the price moves unless one is given."""
        moved = 500 + (self.now % 100) / 100 if price is None else price
        return Tick(symbol=str(self.symbol), last=moved, time=self._time)

    def told(self, **fields: float) -> Quote:
        """A quote of this moment."""
        return Quote(symbol=str(self.symbol), last=500.0, time=self._time, **fields)  # type: ignore[arg-type]

    @property
    def _time(self) -> int:
        return self.begin + round(1000 * (self.now - BEGIN))

    def go_on(self, seconds: int, moving: Sequence[str] = (), every: int = 1) -> None:
        """So many seconds, in which messages of these types come every few seconds."""
        for _ in range(seconds):
            self.now += 1
            if round(self.now - BEGIN) % every == 0:
                for type_ in moving:
                    self.apply(self._message(type_))
            self.market.sample(self.now, [self.i])

    def _message(self, type_: str) -> Push:
        if type_ == "tick":
            return self.trade()
        if type_ == "quote":
            return self.told()
        if type_ == "kline@1":
            made = bar(0, volume=self.now, s=self.symbol.code, r=self.symbol.region)
            made.time = self._time // 60_000 * 60_000
            return made
        return depth([(500.02, self.now)], [(500.01, 100)], s=str(self.symbol))

    @property
    def words(self) -> str:
        return describe_silence(self.i.ages.silent, self.now)
