"""The simulated market: funds that trade day and night, moved by common factors. Pure: no I/O and no clock.

Time (ms since the epoch, UTC) is an argument. The same seed and the same calls give the same market.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tui.exchange.factors import MINUTE_MS, Factors
from tui.exchange.listing import Listing, poisson
from tui.exchange.synthetic_history import Bar
from tui.exchange.universe import BY_SYMBOL, DEMO_WATCHLIST
from tui.protocol.messages import Push
from tui.symbol import Symbol

# Shares of `rate` by kind of message. A cluster of trades is four ticks in three, each cluster followed by a quote.
_CLUSTERS = 0.30
_BOOKS = 0.27
_TICKS = 0.40
_KLINE_EVERY = 1000  # ms, for one fund

_DEMO_LIQUIDITY = sum(BY_SYMBOL[symbol].liquidity for symbol in DEMO_WATCHLIST)


class SimulatedMarket:
    """All funds of the universe; those that are watched trade event by event, the others catch up when asked for.

    `rate` is the number of messages a second a client gets who takes every type of DEMO_WATCHLIST; a longer list shares
    the same number, a shorter one has its natural part of it. `per_print`: a tick's volume is its trade's own size."""

    def __init__(self, seed: int, now: int, rate: float, per_print: bool = False) -> None:
        self.time = now
        self._seed = seed
        self._rate = rate
        self._per_print = per_print
        self._factors = Factors(seed, now)
        self._listings: dict[Symbol, Listing] = {}
        self._watched: dict[Symbol, Listing] = {}
        self._klines_due = now + _KLINE_EVERY
        self._total = 0.0

    @property
    def watched(self) -> Collection[Symbol]:
        """The funds that trade event by event."""
        return self._watched.keys()

    def watch(self, symbol: Symbol) -> Listing | None:
        """Let the fund trade from now on. None where the exchange has no such fund."""
        listing = self.present(symbol)
        if listing is not None and symbol not in self._watched:
            listing.tell_no_more()
            self._watched[symbol] = listing
            self._total += listing.fund.liquidity
        return listing

    def past(self, listing: Listing) -> list[Bar]:
        """A fund's minute bars of a day and more, oldest first."""
        return listing.past(self._factors)

    def days(self, listing: Listing) -> list[Bar]:
        """A fund's daily bars, oldest first."""
        return listing.days(self._factors)

    def present(self, symbol: Symbol) -> Listing | None:
        """The fund as it stands now, watched or not. None where the exchange has no such fund."""
        if symbol in self._watched:
            return self._watched[symbol]
        fund = BY_SYMBOL.get(symbol)
        if fund is None:
            return None
        listing = self._listings.get(symbol)
        if listing is None:
            pace = self._rate * _TICKS * fund.liquidity / _DEMO_LIQUIDITY
            listing = self._listings[symbol] = Listing(fund, self._seed, self._factors, pace, self._per_print)
        else:
            listing.catch_up(self._factors)
        return listing

    def listing(self, symbol: Symbol) -> Listing | None:
        """The fund, if it is watched."""
        return self._watched.get(symbol)

    def unwatch(self, symbol: Symbol) -> None:
        """Nobody looks any more: the fund costs nothing until it is watched again."""
        listing = self._watched.pop(symbol, None)
        if listing is not None:
            self._total -= listing.fund.liquidity

    def skip(self, now: int) -> None:
        """Let time pass up to `now` unseen: what a late caller drops, or what went by while the machine slept."""
        passed = now - self.time
        if passed <= 0:
            return
        self._factors.advance(now)
        self.time = now
        if passed > MINUTE_MS:
            for listing in self._watched.values():
                listing.catch_up(self._factors)

    def step(self, now: int) -> Iterator[tuple[Symbol, Push]]:
        """What happens up to `now`, in order: (symbol, message). To be taken to its end."""
        while self.time < now:
            start = self.time
            end = min(now, start - start % MINUTE_MS + MINUTE_MS)
            self._factors.advance(end)
            yield from self._events(start, end)
            self.time = end
            if end % MINUTE_MS == 0 or end >= self._klines_due:
                self._klines_due = end + _KLINE_EVERY
                yield from self.klines()
            for symbol, listing in self._watched.items():
                if listing.roll(end):
                    yield symbol, listing.quote()

    def rush(self, count: int) -> Iterator[tuple[Symbol, Push]]:
        """About `count` messages of this very moment, of all watched funds. To be taken to its end."""
        for symbol, listing in self._watched.items():
            for push in listing.rush(self.time, max(1, count // (2 * len(self._watched)))):
                yield symbol, push

    def klines(self) -> Iterator[tuple[Symbol, Push]]:
        """The bars that changed since they were last told. To be taken to its end."""
        for symbol, listing in self._watched.items():
            for push in listing.klines():
                yield symbol, push

    def _events(self, start: int, end: int) -> Iterator[tuple[Symbol, Push]]:
        values, length = self._factors.values, end - start
        each = self._rate / max(self._total, _DEMO_LIQUIDITY) * length / 1000
        events: list[tuple[int, Symbol, bool]] = []
        for symbol, listing in self._watched.items():
            random, expected = listing.random, each * listing.fund.liquidity
            for is_trade, share in ((True, _CLUSTERS), (False, _BOOKS)):
                for _ in range(poisson(random, expected * share)):
                    events.append((start + int(random.random() * length), symbol, is_trade))
        events.sort()
        for time, symbol, is_trade in events:
            listing = self._watched[symbol]
            if is_trade:
                for push in listing.trade(time, values):
                    yield symbol, push
            else:
                yield symbol, listing.stir(time, values)
