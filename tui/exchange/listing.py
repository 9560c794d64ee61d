"""One fund on the demo exchange: its price, its book, the day's figures and the minute bars, all made by its trades.

Prices are whole thousandths of the trade currency and turnover is summed in them, so that nothing is ever rounded but
the last division. Trades of the past and of the present go through the same `_print`, which is why a day's high is the
highest bar's and its volume their sum.
"""

from __future__ import annotations

import math
from collections import deque
from random import Random

from tui.exchange.book import Book, BookSide
from tui.exchange.factors import DAY_MS, HALF_HOUR, HISTORY, MINUTE_MS, Factors, Values
from tui.exchange.synthetic_history import Bar, aggregate, fill_minutes
from tui.exchange.universe import SimulatedFund
from tui.protocol.messages import Depth, Kline, Level, Push, Quote, ServedLevel, Tick

_SCALE = 1000
_CLUSTER = 0.25  # the chance that one more trade follows at once: 4 trades in 3 clusters
_DAYS = 365  # of the past, before those that minutes are known of
_MOST = 6  # trades made for a stretch of the past, at most; each then stands for several


def _busyness(minute: int) -> float:
    """How large trades are at a minute of the UTC day, about 1: New York's opening and close stand out."""
    return 0.8 + 0.9 * math.exp(-(((minute - 870) / 50) ** 2)) + 1.1 * math.exp(-(((minute - 1255) / 25) ** 2))


_BUSYNESS = tuple(_busyness(minute) for minute in range(DAY_MS // MINUTE_MS))


def poisson(random: Random, expected: float) -> int:
    """How many of many rare things happen; for a large number its normal neighbour, which costs no more for more."""
    if expected > 30:
        return max(0, round(random.gauss(expected, math.sqrt(expected))))
    limit, product, count = math.exp(-expected), random.random(), 0
    while product > limit:
        product *= random.random()
        count += 1
    return count


class Listing:
    """A fund as the market trades it. `pace` is its expected number of trades a second. `per_print`: a tick's volume
    is its trade's own size, and not the day's.

    `time` is how far it has been told what happened. Its own random numbers make it independent of all others but for
    the common factors."""

    def __init__(self, fund: SimulatedFund, seed: int, factors: Factors, pace: float, per_print: bool = False) -> None:
        self.fund = fund
        self.random = Random(f"{seed}/{fund.symbol}")
        self.bars: deque[Bar] = deque()
        self._older: list[Bar] | None = None  # before the bars are whole, once they were asked for
        self._earlier: list[Bar] | None = None  # before the sessions, once they were asked for
        self._sessions: list[Bar] = []  # that are over; of the first only what came after the factors' path began
        self._seed = seed
        self._wire = str(fund.symbol)
        self._pace = pace
        self._per_print = per_print
        self._last_size = 0
        scale = fund.volatility / 100
        self._loads = [(index, scale * load) for index, load in fund.loads]
        self._noise = scale * fund.own
        self._volatility = scale
        self._own = math.log(fund.price * _SCALE / fund.tick)  # the fair price's logarithm, but for the factors
        self._mood = 0.0
        self._buying = 0.5
        self.time, values = factors.path[0]
        self._log = self._fair(values)
        self.last = round(math.exp(self._log)) * fund.tick
        self._start_day(self.time)
        self.book = Book(math.exp(self._log), fund.spread, fund.size, self.random)
        self.catch_up(factors)
        self.tell_no_more()

    # What a client is told.

    def tick(self) -> Tick:
        """The last trade; `volume` is the day's, as in the vendor's sample, unless it is to be the trade's own."""
        volume = self._last_size if self._per_print else self.volume
        return Tick(symbol=self._wire, last=self.last / _SCALE, volume=volume, time=self.last_time)

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

    def history(self, now: int) -> list[Kline]:
        """The bars of the last two hours, oldest first, the one in progress last. Minutes without a trade have none."""
        return [self.kline(bar) for bar in self.bars if bar.time >= now - HISTORY]

    def past(self, factors: Factors) -> list[Bar]:
        """The bars of a day and more, oldest first, the one in progress last. The first time it takes a few ms."""
        whole = [bar for bar in self.bars if bar.time >= factors.fine]
        if self._older is None:
            random = self._past_random()
            oldest = factors.fine + HISTORY - DAY_MS - HALF_HOUR
            before = [bar for bar in self._before(factors, random) if bar.time >= oldest]
            known = [*before, *(bar for bar in self.bars if bar.time < factors.fine), *whole[:1]]
            each_minute = 1.0 - math.exp(-self._pace * MINUTE_MS / 1000)
            self._older = fill_minutes(known, factors.fine, self.fund.tick, self._volatility, each_minute, random)
        return [*self._older, *whole]

    def days(self, factors: Factors) -> list[Bar]:
        """The daily bars of a year, oldest first, today's last: it says what the quote says."""
        if self._earlier is None:
            random = self._past_random()
            yesterday = self._before(factors, random)
            self._earlier = [*self._year_before(yesterday[0], random), *yesterday]
        today = [self._session()] if self.volume else []
        return aggregate([*self._earlier, *self._sessions, *today], lambda time: time - time % DAY_MS)

    def _past_random(self) -> Random:
        return Random(f"{self._seed}/{self.fund.symbol}/past")

    def _year_before(self, first: Bar, random: Random) -> list[Bar]:
        """The days before that of `first`, each a short walk back from where the next one opened."""
        tick = self.fund.tick
        midnight = first.time - first.time % DAY_MS
        opening = first.open
        days: list[Bar] = []
        for time in range(midnight - DAY_MS, midnight - DAY_MS - _DAYS * DAY_MS, -DAY_MS):
            prices = [opening]
            for _ in range(8):
                log = math.log(prices[-1]) + random.gauss(0.0, self._volatility / 8**0.5)
                prices.append(max(tick, round(math.exp(log) / tick) * tick))
            opening = prices[-1]
            volume = max(1, round(self.fund.volume * math.exp(random.gauss(0.0, 0.25))))
            turnover = sum(prices) * volume // len(prices)
            days.append(Bar(time, opening, max(prices), min(prices), prices[0], volume, turnover))
        return days[::-1]

    def _session(self) -> Bar:
        """The day so far, or as it was when it ended."""
        midnight = self._midnight - DAY_MS
        return Bar(midnight, self.open, self.high, self.low, self.last, self.volume, self.turnover)

    def _before(self, factors: Factors, random: Random) -> list[Bar]:
        """A trade each half an hour, from the beginning of the day before to where the path of the factors begins."""
        own = math.log(self.fund.price * _SCALE)
        bars: list[Bar] = []
        for time, values in factors.before:
            own += random.gauss(0.0, self._noise / 48**0.5)
            log = own + sum(load * values[index] for index, load in self._loads)
            price = round(math.exp(log) / self.fund.tick) * self.fund.tick
            volume = max(1, round(self._pace * 1800 * self.fund.size * _BUSYNESS[time % DAY_MS // MINUTE_MS]))
            bars.append(Bar(time, price, price, price, price, volume, price * volume))
        return bars[::-1]

    # What happens.

    def catch_up(self, factors: Factors) -> None:
        """Trade through what was missed until the factors' present, in few trades a minute and unseen."""
        for time, values in factors.since(self.time):
            self._missed(time, values)
        self.roll(factors.time)
        self.book.stir(math.exp(self._log))

    def roll(self, time: int) -> bool:
        """Begin the trading day of `time`, if it has not begun: the last price becomes the previous close."""
        if time < self._midnight:
            return False
        if self.volume:
            self._sessions.append(self._session())
        self._start_day(time - time % DAY_MS)
        return True

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
        """A cluster of trades at one moment, on one side: a tick for each, and the quote after them."""
        random = self.random
        self._follow(time, values)
        lean = 0.3 * (math.exp(self._log) - self.book.mid) / self.fund.spread
        self._buying += 0.25 * (0.5 + max(-0.35, min(0.35, lean)) - self._buying)
        buy = random.random() < self._buying
        self._buying += 0.08 if buy else -0.08
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

    def rush(self, time: int, pairs: int) -> list[Push]:
        """Trades of one unit at one moment, at bid and ask in turn: for each a tick and a quote, and now and then the
        book. Cheap, about 2 µs a message."""
        tick = self.fund.tick
        prices = self.book.bids[0][0] * tick, self.book.asks[0][0] * tick
        told: list[Push] = []
        for index in range(pairs):
            self._print(time, prices[index % 2], 1)
            if index % 20 == 0:
                told.append(self.depth())
            told += (self.tick(), self.quote())
        return told

    def _levels(self, side: BookSide) -> list[Level]:
        tick = self.fund.tick
        return [ServedLevel(price * tick / _SCALE, size, n, size) for n, (price, size) in enumerate(side, start=1)]

    def _start_day(self, midnight: int) -> None:
        self.previous_close = self.open = self.high = self.low = self.last
        self.volume = self.turnover = 0
        self.last_time = midnight
        self._midnight = midnight - midnight % DAY_MS + DAY_MS

    def _print(self, time: int, price: int, size: int) -> None:
        """Let one trade count, everywhere it counts."""
        self.roll(time)
        if not self.volume:
            self.open = self.high = self.low = price
        elif price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.last = price
        self.last_time = time
        self._last_size = size
        self.volume += size
        self.turnover += price * size
        minute = time - time % MINUTE_MS
        bar = self.bars[-1] if self.bars else None
        if bar is None or bar.time != minute:
            bar = Bar(minute, price, price, price, price)
            self.bars.append(bar)
            while self.bars[0].time < minute - DAY_MS:
                self.bars.popleft()
        elif price > bar.high:
            bar.high = price
        elif price < bar.low:
            bar.low = price
        bar.close = price
        bar.volume += size
        bar.turnover += price * size

    def _fair(self, values: Values) -> float:
        """The logarithm of the fair price in ticks."""
        log = self._own
        for index, load in self._loads:
            log += load * values[index]
        return log

    def _follow(self, time: int, values: Values) -> None:
        if time > self.time:
            self._own += self.random.gauss(0.0, self._noise * ((time - self.time) / DAY_MS) ** 0.5)
            self.time = time
        self._log = self._fair(values)

    def _missed(self, time: int, values: Values) -> None:
        """The trades between `self.time` and `time`, along a bridge from the one fair price to the other."""
        random, tick = self.random, self.fund.tick
        start, length, log = self.time, time - self.time, self._log
        self._follow(time, values)
        if not length:
            return
        expected = self._pace * length / 1000 * self._activity(length)
        count = min(_MOST, poisson(random, expected))
        each = max(1.0, expected / _MOST) * self.fund.size * _BUSYNESS[start % DAY_MS // MINUTE_MS]
        spread = self._volatility * (length / DAY_MS) ** 0.5
        half = self.fund.spread / 2
        left = 1.0
        for after in sorted([random.random() for _ in range(count)], reverse=True):
            passed = (left - after) / left
            log += (self._log - log) * passed + random.gauss(0.0, spread * (passed * after) ** 0.5)
            left = after
            price = round(math.exp(log) + (half if random.random() < 0.5 else -half))
            self._print(start + int((1.0 - after) * length), price * tick, max(1, round(each * 2 * random.random())))

    def _activity(self, length: int) -> float:
        """How busy the fund is just now, 1 on average: calm and lively minutes come in runs."""
        fade = math.exp(-length / (3 * MINUTE_MS))
        self._mood = self._mood * fade + self.random.gauss(0.0, 0.5 * (1 - fade * fade) ** 0.5)
        return math.exp(self._mood - 0.125)

    def _size(self, time: int) -> int:
        """The size of one trade: mostly the usual one, now and then an odd lot or a block."""
        random, usual = self.random, self.fund.size
        kind = random.random()
        if kind < 0.3:
            return 1 + int(random.random() * usual)
        busy = _BUSYNESS[time % DAY_MS // MINUTE_MS]
        if kind > 0.75:
            busy *= math.exp(random.gauss(0.6, 0.7))
        return usual * max(1, round(busy))
