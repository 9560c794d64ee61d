"""One fund on the demo exchange: its price, its book, the day's figures and the minute bars, all made by its trades.

Prices are whole thousandths of the trade currency and turnover is summed in them, so that nothing is ever rounded but
the last division. Trades of the past and of the present go through the same `_print`, which is why a day's high is the
highest bar's and its volume their sum.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from random import Random

from tui.exchange.book import Book, Side
from tui.exchange.factors import DAY, HISTORY, MINUTE, Factors, Values
from tui.exchange.universe import Fund
from tui.protocol import Depth, Kline, Level, Push, Quote, Tick

_SCALE = 1000
_CLUSTER = 0.25  # the chance that one more trade follows at once: 4 trades in 3 clusters
_BUSIEST = 8  # trades made for a minute of the past, at most; each then stands for several


@dataclass(slots=True)
class Bar:
    """One minute: `time` of its beginning in ms, prices and `turnover` in thousandths, `volume` in units."""

    time: int
    open: int
    high: int
    low: int
    close: int
    volume: int = 0
    turnover: int = 0


class Listing:
    """A fund as the market trades it. `pace` is its expected number of trades a second.

    `time` is how far it has been told what happened. Its own random numbers make it independent of all others but for
    the common factors."""

    def __init__(self, fund: Fund, seed: int, factors: Factors, pace: float) -> None:
        self.fund = fund
        self.bars: deque[Bar] = deque()
        self._random = Random(f"{seed}/{fund.symbol}")
        self._wire = str(fund.symbol)
        self._pace = pace
        self._scale = fund.volatility / 100
        self._base = math.log(fund.price * _SCALE / fund.tick)
        self._own = 0.0
        self._mood = 0.0
        self._buying = 0.5
        self.time, values = factors.path[0]
        self._log = self._level(values)
        self.last = round(math.exp(self._log)) * fund.tick
        self.last_time = self.time
        self._start_day(self.time)
        self.book = Book(math.exp(self._log), fund.spread, fund.size, self._random)
        self.catch_up(factors)
        self.tell_no_more()

    # What a client is told.

    def tick(self) -> Tick:
        """The last trade; `volume` is the day's, as in the vendor's sample."""
        return Tick(symbol=self._wire, last=self.last / _SCALE, volume=self.volume, time=self.last_time)

    def quote(self) -> Quote:
        """The day so far. The change against the previous close is not on the vendor's page: sister feeds have it."""
        change = self.last - self.previous_close
        return Quote(
            symbol=self._wire,
            last=self.last / _SCALE,
            open=self.open / _SCALE,
            high=self.high / _SCALE,
            low=self.low / _SCALE,
            time=self.last_time,
            volume=self.volume,
            turnover=self.turnover / _SCALE,
            change=change / _SCALE,
            change_percent=round(100 * change / self.previous_close, 2),
        )

    def depth(self) -> Depth:
        """The ten best levels a side."""
        return Depth(symbol=self._wire, asks=self._levels(self.book.asks), bids=self._levels(self.book.bids))

    def kline(self, bar: Bar) -> Kline:
        """A minute's bar, finished or in progress."""
        return Kline(
            symbol=self.fund.symbol.code,
            region=self.fund.symbol.region,
            open=bar.open / _SCALE,
            high=bar.high / _SCALE,
            low=bar.low / _SCALE,
            close=bar.close / _SCALE,
            time=bar.time,
            volume=bar.volume,
            turnover=bar.turnover / _SCALE,
        )

    def history(self) -> list[Kline]:
        """The bars of the last two hours, oldest first, the one in progress last. Minutes without a trade have none."""
        return [self.kline(bar) for bar in self.bars]

    # What happens.

    def catch_up(self, factors: Factors) -> None:
        """Trade through what was missed until the factors' present, in few trades a minute and unseen."""
        for time, values in factors.since(self.time):
            self._missed(time, values)
        self.book.stir(math.exp(self._log))

    def roll(self, time: int) -> Quote:
        """A new trading day at `time`: the last price becomes the previous close."""
        self._start_day(time)
        self.time = time
        return self.quote()

    def klines(self) -> list[Push]:
        """The bars that changed since they were last told, oldest first: the one in progress, before it perhaps the
        final form of another."""
        told_time, told_volume = self._told
        changed: list[Push] = []
        for bar in reversed(self.bars):
            if bar.time < told_time or (bar.time == told_time and bar.volume == told_volume):
                break
            changed.append(self.kline(bar))
        self.tell_no_more()
        return changed[::-1]

    def tell_no_more(self) -> None:
        """Take all bars as told: whoever begins to listen gets them as history."""
        self._told = (self.bars[-1].time, self.bars[-1].volume) if self.bars else (0, 0)

    def trade(self, time: int, values: Values) -> list[Push]:
        """A cluster of trades at one moment, mostly on one side: a tick for each, and the quote after them."""
        random = self._random
        self._follow(time, values)
        lean = 0.3 * (math.exp(self._log) - self.book.mid) / self.fund.spread
        self._buying += 0.25 * (0.5 + max(-0.35, min(0.35, lean)) - self._buying)
        buy = random.random() < self._buying
        self._buying += 0.15 if buy else -0.15
        told: list[Push] = []
        while True:
            price, size = self.book.take(buy, self._size(time))
            self._print(time, price * self.fund.tick, size)
            told.append(self.tick())
            if random.random() >= _CLUSTER:
                break
        told.append(self.quote())
        return told

    def stir(self, time: int, values: Values) -> Depth:
        """The book follows the price."""
        self._follow(time, values)
        self.book.stir(math.exp(self._log))
        return self.depth()

    def _levels(self, side: Side) -> list[Level]:
        tick = self.fund.tick
        return [
            Level(level=index, price=price * tick / _SCALE, volume=size, size=size)
            for index, (price, size) in enumerate(side, start=1)
        ]

    def _start_day(self, time: int) -> None:
        self.previous_close = self.open = self.high = self.low = self.last
        self.volume = self.turnover = 0
        self.last_time = time

    def _print(self, time: int, price: int, size: int) -> None:
        """Let one trade count, everywhere it counts."""
        if not self.volume:
            self.open = self.high = self.low = price
        self.last = price
        self.last_time = time
        self.high = max(self.high, price)
        self.low = min(self.low, price)
        self.volume += size
        self.turnover += price * size
        minute = time - time % MINUTE
        if not self.bars or self.bars[-1].time != minute:
            self.bars.append(Bar(minute, price, price, price, price))
        bar = self.bars[-1]
        bar.high = max(bar.high, price)
        bar.low = min(bar.low, price)
        bar.close = price
        bar.volume += size
        bar.turnover += price * size

    def _level(self, values: Values) -> float:
        """The logarithm of the fair price in ticks."""
        common = sum(load * values[index] for index, load in self.fund.loads)
        return self._base + self._scale * (common + self.fund.own * self._own)

    def _follow(self, time: int, values: Values) -> None:
        if time > self.time:
            self._own += self._random.gauss(0.0, ((time - self.time) / DAY) ** 0.5)
            self.time = time
        self._log = self._level(values)

    def _missed(self, time: int, values: Values) -> None:
        """The trades between `self.time` and `time`, along a bridge from the one fair price to the other."""
        random, tick = self._random, self.fund.tick
        start, log = self.time, self._log
        self._follow(time, values)
        if time == start:
            return
        if start % DAY == 0:
            self._start_day(start)
        seconds = (time - start) / 1000
        expected = self._pace * seconds * self._activity(seconds)
        count = min(_BUSIEST, self._poisson(expected))
        each = max(1.0, expected / _BUSIEST)
        step = self._scale * ((time - start) / DAY) ** 0.5
        left = 1.0
        for moment in sorted(random.random() for _ in range(count)):
            passed = moment - (1.0 - left)
            after = 1.0 - moment
            log += (self._log - log) * passed / left + random.gauss(0.0, step * (passed * after / left) ** 0.5)
            left = after
            half = self.fund.spread / 2
            price = round(math.exp(log) + (half if random.random() < 0.5 else -half))
            at = start + int(moment * (time - start))
            self._print(at, price * tick, max(1, round(each * self._size(at))))
        while self.bars and self.bars[0].time < time - HISTORY:
            self.bars.popleft()

    def _activity(self, seconds: float) -> float:
        """How busy the fund is just now, 1 on average: calm and lively minutes come in runs."""
        fade = math.exp(-seconds / 180)
        self._mood = self._mood * fade + self._random.gauss(0.0, 0.5 * (1 - fade * fade) ** 0.5)
        return math.exp(self._mood - 0.125)

    def _poisson(self, expected: float) -> int:
        if expected > 3 * _BUSIEST:
            return _BUSIEST
        limit, product, count = math.exp(-expected), self._random.random(), 0
        while product > limit:
            product *= self._random.random()
            count += 1
        return count

    def _size(self, time: int) -> int:
        """The size of one trade: mostly the usual one, now and then an odd lot or a block; larger when New York opens
        and closes."""
        random = self._random
        kind = random.random()
        minute = time % DAY / MINUTE
        busy = 0.8 + 0.9 * math.exp(-(((minute - 870) / 50) ** 2)) + 1.1 * math.exp(-(((minute - 1255) / 25) ** 2))
        if kind < 0.3:
            return random.randint(1, max(2, self.fund.size - 1))
        if kind < 0.75:
            return self.fund.size * max(1, round(busy))
        return self.fund.size * max(1, round(busy * random.lognormvariate(0.6, 0.7)))
