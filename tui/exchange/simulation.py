"""The simulated market: funds that trade around the clock, driven by common factors. No I/O and no clock of its own.

Times are arguments, in ms UTC. The same seed and the same calls give the same market.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tui.exchange.demo_lists import DEMO_WATCHLIST
from tui.exchange.factors import MINUTE_MS, Factors
from tui.exchange.listing import Listing, poisson
from tui.exchange.synthetic_history import Bar
from tui.exchange.universe import BY_SYMBOL
from tui.protocol.messages import Push
from tui.symbol import Symbol

# Shares of `rate` by kind of message. A cluster of trades is four ticks in three, each cluster followed by a quote.
_CLUSTER_SHARE = 0.30
_BOOK_SHARE = 0.27
_TICK_SHARE = 0.40
_KLINE_INTERVAL = 1000  # ms, for one fund

_DEMO_LIQUIDITY = sum(BY_SYMBOL[symbol].liquidity for symbol in DEMO_WATCHLIST)


class SimulatedMarket:
    """All funds of the universe; watched ones trade event by event, others catch up when asked for.

    `rate` is the number of messages a second for a client with all types of DEMO_WATCHLIST: a longer list shares the
    same number, a shorter one has its proportional part. With `tick_size_per_print` a tick's volume is its trade's own
    size.
    """

    def __init__(self, seed: int, now: int, rate: float, tick_size_per_print: bool = False) -> None:
        self.time = now
        self._seed = seed
        self._rate = rate
        self._tick_size_per_print = tick_size_per_print
        self._factors = Factors(seed, now)
        self._listings: dict[Symbol, Listing] = {}
        self._watched: dict[Symbol, Listing] = {}
        self._klines_due = now + _KLINE_INTERVAL
        self._watched_liquidity = 0.0

    @property
    def watched(self) -> Collection[Symbol]:
        """The funds that trade event by event."""
        return self._watched.keys()

    def watch(self, symbol: Symbol) -> Listing | None:
        """Start to trade a fund event by event; returns it, None if the exchange does not list it."""
        listing = self.find(symbol)
        if listing is not None and symbol not in self._watched:
            listing.mark_published()
            self._watched[symbol] = listing
            self._watched_liquidity += listing.fund.liquidity
        return listing

    def minute_bars(self, listing: Listing) -> list[Bar]:
        """Returns a fund's minute bars of a day or more, oldest first."""
        return listing.minute_bars(self._factors)

    def daily_bars(self, listing: Listing) -> list[Bar]:
        """Returns a fund's daily bars, oldest first."""
        return listing.daily_bars(self._factors)

    def find(self, symbol: Symbol) -> Listing | None:
        """Returns the fund at its present state, watched or not; None if the exchange does not list it."""
        if symbol in self._watched:
            return self._watched[symbol]
        fund = BY_SYMBOL.get(symbol)
        if fund is None:
            return None
        listing = self._listings.get(symbol)
        if listing is None:
            trades_per_second = self._rate * _TICK_SHARE * fund.liquidity / _DEMO_LIQUIDITY
            listing = self._listings[symbol] = Listing(
                fund, self._seed, self._factors, trades_per_second, self._tick_size_per_print
            )
        else:
            listing.catch_up(self._factors)
        return listing

    def find_watched(self, symbol: Symbol) -> Listing | None:
        """Returns the fund if it is watched, else None."""
        return self._watched.get(symbol)

    def unwatch(self, symbol: Symbol) -> None:
        """Stop trading a fund event by event; it costs nothing until it is watched again."""
        listing = self._watched.pop(symbol, None)
        if listing is not None:
            self._watched_liquidity -= listing.fund.liquidity

    def skip(self, now: int) -> None:
        """Advance to `now` (ms UTC) without messages, for the time a late caller drops or the machine was suspended."""
        elapsed = now - self.time
        if elapsed <= 0:
            return
        self._factors.advance(now)
        self.time = now
        if elapsed > MINUTE_MS:
            for listing in self._watched.values():
                listing.catch_up(self._factors)

    def step(self, now: int) -> Iterator[tuple[Symbol, Push]]:
        """Yields (symbol, message) up to `now` (ms UTC), in order. The generator must be exhausted."""
        while self.time < now:
            start = self.time
            end = min(now, start - start % MINUTE_MS + MINUTE_MS)
            self._factors.advance(end)
            yield from self._events(start, end)
            self.time = end
            if end % MINUTE_MS == 0 or end >= self._klines_due:
                self._klines_due = end + _KLINE_INTERVAL
                yield from self.changed_klines()
            for symbol, listing in self._watched.items():
                if listing.roll(end):
                    yield symbol, listing.quote()

    def burst(self, count: int) -> Iterator[tuple[Symbol, Push]]:
        """Yields about `count` messages of the present moment, of all watched funds. The generator must be
        exhausted."""
        for symbol, listing in self._watched.items():
            for push in listing.burst(self.time, max(1, count // (2 * len(self._watched)))):
                yield symbol, push

    def changed_klines(self) -> Iterator[tuple[Symbol, Push]]:
        """Yields the bars changed since the last call. The generator must be exhausted."""
        for symbol, listing in self._watched.items():
            for push in listing.changed_klines():
                yield symbol, push

    def _events(self, start: int, end: int) -> Iterator[tuple[Symbol, Push]]:
        values, length = self._factors.values, end - start
        per_liquidity = self._rate / max(self._watched_liquidity, _DEMO_LIQUIDITY) * length / 1000
        events: list[tuple[int, Symbol, bool]] = []
        for symbol, listing in self._watched.items():
            random, expected = listing.random, per_liquidity * listing.fund.liquidity
            for is_trade, share in ((True, _CLUSTER_SHARE), (False, _BOOK_SHARE)):
                for _ in range(poisson(random, expected * share)):
                    events.append((start + int(random.random() * length), symbol, is_trade))
        events.sort()
        for time, symbol, is_trade in events:
            listing = self._watched[symbol]
            if is_trade:
                for push in listing.trade(time, values):
                    yield symbol, push
            else:
                yield symbol, listing.update_book(time, values)
