"""Comparison of a market with the ground truth of the exchange."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tui.exchange.server import Exchange
from tui.market import Instrument, Market
from tui.market.book import valid_levels
from tui.market.health import Health
from tui.protocol.messages import Depth, Kline
from tui.symbol import Symbol


def differences(market: Market, exchange: Exchange, symbols: Iterable[Symbol], *, dated: bool = True) -> list[str]:
    """Returns in words where last price, session, book and minute bars differ from the exchange's; with `dated` the
    times too."""
    return [words for symbol in symbols for words in _of_one(market.instruments[symbol], exchange, dated)]


def received(health: Health) -> Counter[str]:
    """Returns the counters of what was received so far, by outcome."""
    return Counter(
        {
            "frames": health.messages,
            "data, applied or older": health.applied + health.out_of_order,
            "older": health.out_of_order,
            "malformed": health.malformed.total(),
            "unfollowed": health.unfollowed,
        }
    )


def miscounts(health: Health, sent: Counter[str], before: Counter[str] | None = None) -> list[str]:
    """Returns in words where the counters of what was received (since `before`) differ from what was `sent`."""
    true = {
        "frames": sent["frames"],
        "data, applied or older": sent["data"] + sent["stale"],
        "malformed": sent["malformed"] + sent["notice"],
        "unfollowed": sent["unfollowed"],
    }
    counted = received(health)
    counted.subtract(before or {})
    return [
        f"{what}: {counted[what]} received, {number} sent" for what, number in true.items() if counted[what] != number
    ]


def _of_one(instrument: Instrument, exchange: Exchange, dated: bool) -> Iterator[str]:
    symbol = instrument.symbol
    truth = exchange.truth(symbol)
    if truth is None:
        yield f"{symbol}: the exchange is not asked for it"
        return
    facts: list[tuple[str, Any, Any]] = [("last", instrument.last, truth.tick.last)]
    for field in ("last", "volume", *(["time"] if dated else [])):
        facts.append((f"tick {field}", getattr(instrument.tick, field, None), getattr(truth.tick, field)))
    for field in ("last", "open", "high", "low", "volume", "turnover", *(["time"] if dated else [])):
        facts.append((f"quote {field}", getattr(instrument.quote, field, None), getattr(truth.quote, field)))
    facts.append(("book", _book(instrument.depth), _book(truth.depth)))
    for bar in truth.klines:
        held = instrument.bars.get(bar.time // 60_000)
        facts.append((f"bar {bar.time}", held and _bar(held), _bar(bar)))
    for fact, known, true in facts:
        if known != true:
            yield f"{symbol}: {fact} is {known}, and {true} in truth"


def _book(depth: Depth | None) -> list[list[tuple[float, float]]] | None:
    if depth is None:
        return None
    return [[(level.price, level.volume) for level in valid_levels(side)] for side in (depth.asks, depth.bids)]


def _bar(bar: Kline) -> tuple[float, ...]:
    return bar.open, bar.high, bar.low, bar.close, bar.volume
