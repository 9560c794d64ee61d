"""One fund listed on the demo exchange: its price, book, session figures and minute bars, all derived from its trades.

Prices are whole thousandths of the trade currency and turnover is summed in them, so only the final division rounds.
Past and present trades both go through `_record_trade`: the session's high is the highest bar's, and its volume the
bars' sum.
"""

from __future__ import annotations

import math
from collections import deque
from random import Random

from tui.exchange.book import Book, BookSide
from tui.exchange.factors import DAY_MS, HALF_HOUR_MS, HISTORY_MS, MINUTE_MS, Factors, FactorValues
from tui.exchange.synthetic_history import Bar, aggregate, fill_minutes
from tui.exchange.universe import SimulatedFund
from tui.protocol.messages import Depth, Kline, Level, Push, Quote, ServedLevel, Tick

_PRICE_SCALE = 1000
_CLUSTER_CHANCE = 0.25  # chance of another trade in the cluster: 4 trades in 3 clusters
_HISTORY_DAYS = 365  # of daily history before the first minute bar
_MAX_TRADES = 6  # simulated for one missed interval; each may stand for several


def _volume_factor(minute: int) -> float:
    """Returns the relative trade size at a minute of the UTC day, about 1, with peaks at New York's open and close."""
    return 0.8 + 0.9 * math.exp(-(((minute - 870) / 50) ** 2)) + 1.1 * math.exp(-(((minute - 1255) / 25) ** 2))


_VOLUME_PROFILE = tuple(_volume_factor(minute) for minute in range(DAY_MS // MINUTE_MS))


def poisson(random: Random, expected: float) -> int:
    """Returns a Poisson variate; a large mean uses the normal approximation, whose cost does not grow with the mean."""
    if expected > 30:
        return max(0, round(random.gauss(expected, math.sqrt(expected))))
    limit, product, count = math.exp(-expected), random.random(), 0
    while product > limit:
        product *= random.random()
        count += 1
    return count


class Listing:
    """A fund as the simulated market trades it.

    `trades_per_second` is the expected rate. With `tick_size_per_print` a tick's volume is its trade's own size instead
    of the session's volume. `time` (ms UTC) is how far the fund is simulated. Each fund has random numbers of its own:
    apart from the common factors it does not depend on others.
    """

    def __init__(
        self,
        fund: SimulatedFund,
        seed: int,
        factors: Factors,
        trades_per_second: float,
        tick_size_per_print: bool = False,
    ) -> None:
        self.fund = fund
        self.random = Random(f"{seed}/{fund.symbol}")
        self.bars: deque[Bar] = deque()
        self._older_minutes: list[Bar] | None = None  # before `minutes_start`, made on first use
        self._earlier_daily: list[Bar] | None = None  # before the sessions, made on first use
        self._sessions: list[Bar] = []  # that ended; the first begins with the factors' path
        self._seed = seed
        self._wire = str(fund.symbol)
        self._trades_per_second = trades_per_second
        self._tick_size_per_print = tick_size_per_print
        self._last_size = 0
        self._has_iopv = fund.symbol.region != "US"
        scale = fund.volatility / 100
        self._loads = [(index, scale * load) for index, load in fund.loads]
        self._noise = scale * fund.own_share
        self._volatility = scale
        self._log_own = math.log(
            fund.price * _PRICE_SCALE / fund.tick
        )  # log of the fair price in ticks, without the factors
        self._log_activity = 0.0
        self._buy_chance = 0.5
        self.time, values = factors.path[0]
        self._log_price = self._log_fair_price(values)
        self.last = round(math.exp(self._log_price)) * fund.tick
        self._start_day(self.time)
        self.book = Book(math.exp(self._log_price), fund.spread, fund.size, self.random)
        self.catch_up(factors)
        self.mark_published()

    # Published messages.

    def tick(self) -> Tick:
        """Returns the last trade; its `volume` is the session's, as in the vendor's sample, unless
        `tick_size_per_print`."""
        volume = self._last_size if self._tick_size_per_print else self.volume
        return Tick(symbol=self._wire, last=self.last / _PRICE_SCALE, volume=volume, time=self.last_time)

    def quote(self) -> Quote:
        """Returns the session so far. The change since the previous close is not on the vendor's page; sister feeds
        send it."""
        change = self.last - self.previous_close
        return Quote(
            symbol=self._wire,
            last=self.last / _PRICE_SCALE,
            open=self.open / _PRICE_SCALE,
            high=self.high / _PRICE_SCALE,
            low=self.low / _PRICE_SCALE,
            time=self.last_time,
            volume=self.volume,
            turnover=self.turnover / _PRICE_SCALE,
            change=change / _PRICE_SCALE,
            change_percent=round(100 * change / self.previous_close, 2),
            # Of these regions the exchanges publish one; it is not on the vendor's page either.
            iopv=round(math.exp(self._log_price) * self.fund.tick / _PRICE_SCALE, 4) if self._has_iopv else None,
        )

    def depth(self) -> Depth:
        """Returns the ten best levels a side."""
        return Depth(symbol=self._wire, asks=self._levels(self.book.asks), bids=self._levels(self.book.bids))

    def kline(self, bar: Bar) -> Kline:
        """Returns a minute bar as the stream sends it, finished or in progress."""
        return Kline(
            symbol=self.fund.symbol.code,
            region=self.fund.symbol.region,
            open=bar.open / _PRICE_SCALE,
            high=bar.high / _PRICE_SCALE,
            low=bar.low / _PRICE_SCALE,
            close=bar.close / _PRICE_SCALE,
            time=bar.time,
            volume=bar.volume,
            turnover=bar.turnover / _PRICE_SCALE,
        )

    def history(self, now: int) -> list[Kline]:
        """Returns the bars of the last two hours before `now` (ms UTC), oldest first, the one in progress included.
        Minutes without a trade have no bar."""
        return [self.kline(bar) for bar in self.bars if bar.time >= now - HISTORY_MS]

    def minute_bars(self, factors: Factors) -> list[Bar]:
        """Returns the minute bars of a day or more, oldest first, the one in progress included. The first call takes a
        few ms."""
        recent = [bar for bar in self.bars if bar.time >= factors.minutes_start]
        if self._older_minutes is None:
            random = self._history_random()
            oldest = factors.minutes_start + HISTORY_MS - DAY_MS - HALF_HOUR_MS
            before = [bar for bar in self._earlier_half_hours(factors, random) if bar.time >= oldest]
            known = [*before, *(bar for bar in self.bars if bar.time < factors.minutes_start), *recent[:1]]
            each_minute = 1.0 - math.exp(-self._trades_per_second * MINUTE_MS / 1000)
            self._older_minutes = fill_minutes(
                known, factors.minutes_start, self.fund.tick, self._volatility, each_minute, random
            )
        return [*self._older_minutes, *recent]

    def daily_bars(self, factors: Factors) -> list[Bar]:
        """Returns the daily bars of a year, oldest first; today's agrees with the quote."""
        if self._earlier_daily is None:
            random = self._history_random()
            yesterday = self._earlier_half_hours(factors, random)
            self._earlier_daily = [*self._earlier_days(yesterday[0], random), *yesterday]
        today = [self._session()] if self.volume else []
        return aggregate([*self._earlier_daily, *self._sessions, *today], lambda time: time - time % DAY_MS)

    def _history_random(self) -> Random:
        return Random(f"{self._seed}/{self.fund.symbol}/past")

    def _earlier_days(self, first: Bar, random: Random) -> list[Bar]:
        """Returns the days before that of `first`, each a short random walk back from the next day's open."""
        tick = self.fund.tick
        midnight = first.time - first.time % DAY_MS
        opening = first.open
        days: list[Bar] = []
        for time in range(midnight - DAY_MS, midnight - DAY_MS - _HISTORY_DAYS * DAY_MS, -DAY_MS):
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
        """Returns the session as a bar, up to now or complete."""
        midnight = self._midnight - DAY_MS
        return Bar(midnight, self.open, self.high, self.low, self.last, self.volume, self.turnover)

    def _earlier_half_hours(self, factors: Factors, random: Random) -> list[Bar]:
        """Returns one trade each half an hour, from the start of the previous day to the start of the factors' path."""
        own = math.log(self.fund.price * _PRICE_SCALE)
        bars: list[Bar] = []
        for time, values in factors.earlier_path:
            own += random.gauss(0.0, self._noise / 48**0.5)
            log = own + sum(load * values[index] for index, load in self._loads)
            price = round(math.exp(log) / self.fund.tick) * self.fund.tick
            volume = max(
                1, round(self._trades_per_second * 1800 * self.fund.size * _VOLUME_PROFILE[time % DAY_MS // MINUTE_MS])
            )
            bars.append(Bar(time, price, price, price, price, volume, price * volume))
        return bars[::-1]

    # The simulation.

    def catch_up(self, factors: Factors) -> None:
        """Simulate the trades missed up to the factors' present time, a few a minute, without publishing them."""
        for time, values in factors.points_since(self.time):
            self._simulate_interval(time, values)
        self.roll(factors.time)
        self.book.evolve(math.exp(self._log_price))

    def roll(self, time: int) -> bool:
        """Begin the session of `time` (ms UTC) unless it has begun: the last price becomes the previous close. Returns
        True if one began."""
        if time < self._midnight:
            return False
        if self.volume:
            self._sessions.append(self._session())
        self._start_day(time - time % DAY_MS)
        return True

    def changed_klines(self) -> list[Push]:
        """Returns the bars changed since the last call, oldest first: the one in progress, perhaps after the final form
        of another."""
        published_time, published_volume = self._published
        changed: list[Push] = []
        for bar in reversed(self.bars):
            if bar.time < published_time or (bar.time == published_time and bar.volume == published_volume):
                break
            changed.append(self.kline(bar))
        self.mark_published()
        return changed[::-1]

    def mark_published(self) -> None:
        """Mark all bars as published: a new subscriber receives them as history."""
        self._published = (self.bars[-1].time, self.bars[-1].volume) if self.bars else (0, 0)

    def trade(self, time: int, values: FactorValues) -> list[Push]:
        """Execute a cluster of trades at one moment on one side; returns a tick for each and the quote after them."""
        random = self.random
        self._update_fair_price(time, values)
        imbalance = 0.3 * (math.exp(self._log_price) - self.book.mid) / self.fund.spread
        self._buy_chance += 0.25 * (0.5 + max(-0.35, min(0.35, imbalance)) - self._buy_chance)
        is_buy = random.random() < self._buy_chance
        self._buy_chance += 0.08 if is_buy else -0.08
        messages: list[Push] = []
        while True:
            price, size = self.book.execute(is_buy, self._draw_size(time))
            self._record_trade(time, price * self.fund.tick, size)
            messages.append(self.tick())
            if random.random() >= _CLUSTER_CHANCE:
                break
        messages.append(self.quote())
        return messages

    def update_book(self, time: int, values: FactorValues) -> Depth:
        """Move the book to the fair price at `time` (ms UTC); returns it."""
        self._update_fair_price(time, values)
        self.book.evolve(math.exp(self._log_price))
        return self.depth()

    def burst(self, time: int, pairs: int) -> list[Push]:
        """Execute `pairs` trades of one share at one moment, alternating between bid and ask; returns a tick and a
        quote for each, and a book for every twentieth. Costs about 2 µs a message."""
        tick = self.fund.tick
        prices = self.book.bids[0][0] * tick, self.book.asks[0][0] * tick
        messages: list[Push] = []
        for index in range(pairs):
            self._record_trade(time, prices[index % 2], 1)
            if index % 20 == 0:
                messages.append(self.depth())
            messages += (self.tick(), self.quote())
        return messages

    def _levels(self, side: BookSide) -> list[Level]:
        tick = self.fund.tick
        return [
            ServedLevel(price * tick / _PRICE_SCALE, size, n, size) for n, (price, size) in enumerate(side, start=1)
        ]

    def _start_day(self, midnight: int) -> None:
        self.previous_close = self.open = self.high = self.low = self.last
        self.volume = self.turnover = 0
        self.last_time = midnight
        self._midnight = midnight - midnight % DAY_MS + DAY_MS

    def _record_trade(self, time: int, price: int, size: int) -> None:
        """Add one trade to the session and its minute bar."""
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

    def _log_fair_price(self, values: FactorValues) -> float:
        """Returns the logarithm of the fair price in ticks."""
        log = self._log_own
        for index, load in self._loads:
            log += load * values[index]
        return log

    def _update_fair_price(self, time: int, values: FactorValues) -> None:
        if time > self.time:
            self._log_own += self.random.gauss(0.0, self._noise * ((time - self.time) / DAY_MS) ** 0.5)
            self.time = time
        self._log_price = self._log_fair_price(values)

    def _simulate_interval(self, time: int, values: FactorValues) -> None:
        """Simulate the trades between `self.time` and `time` along a Brownian bridge between the two fair prices."""
        random, tick = self.random, self.fund.tick
        start, length, log = self.time, time - self.time, self._log_price
        self._update_fair_price(time, values)
        if not length:
            return
        expected = self._trades_per_second * length / 1000 * self._draw_activity(length)
        count = min(_MAX_TRADES, poisson(random, expected))
        each = max(1.0, expected / _MAX_TRADES) * self.fund.size * _VOLUME_PROFILE[start % DAY_MS // MINUTE_MS]
        spread = self._volatility * (length / DAY_MS) ** 0.5
        half_spread = self.fund.spread / 2
        remaining = 1.0
        for after in sorted([random.random() for _ in range(count)], reverse=True):
            passed = (remaining - after) / remaining
            log += (self._log_price - log) * passed + random.gauss(0.0, spread * (passed * after) ** 0.5)
            remaining = after
            price = round(math.exp(log) + (half_spread if random.random() < 0.5 else -half_spread))
            self._record_trade(
                start + int((1.0 - after) * length), price * tick, max(1, round(each * 2 * random.random()))
            )

    def _draw_activity(self, length: int) -> float:
        """Returns the fund's relative activity, 1 on average; it is autocorrelated over a few minutes."""
        fade = math.exp(-length / (3 * MINUTE_MS))
        self._log_activity = self._log_activity * fade + self.random.gauss(0.0, 0.5 * (1 - fade * fade) ** 0.5)
        return math.exp(self._log_activity - 0.125)

    def _draw_size(self, time: int) -> int:
        """Returns the size of one trade: mostly the typical one, sometimes an odd lot or a block."""
        random, usual = self.random, self.fund.size
        draw = random.random()
        if draw < 0.3:
            return 1 + int(random.random() * usual)
        lots = _VOLUME_PROFILE[time % DAY_MS // MINUTE_MS]
        if draw > 0.75:
            lots *= math.exp(random.gauss(0.6, 0.7))
        return usual * max(1, round(lots))
