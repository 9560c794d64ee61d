"""The last message of a symbol and type, as the market of this process has it."""

from __future__ import annotations

from tui.market import Market
from tui.market.data_age import RESOLUTION
from tui.protocol.messages import Push, encode
from tui.symbol import Symbol


def last_message(market: Market, symbol: Symbol, type_: str, since: float) -> tuple[bytes, int] | None:
    """Returns the text of the last message that came `since` the connection was opened (s, monotonic), and its arrival,
    ms UTC; None if none came. The arrival is exact to a second, and never later than it was."""
    instrument = market.instruments.get(symbol)
    if instrument is None:
        return None
    ages, bars = instrument.ages, instrument.bars
    last: dict[str, tuple[Push | None, float]] = {
        "tick": (instrument.tick, ages.tick.at),
        "quote": (instrument.quote, ages.quote.at),
        "depth": (instrument.depth, instrument.depth_at),
        "kline@1": (bars.get(bars.latest), ages.kline.at),
    }
    message, at = last[type_]
    # An arrival within RESOLUTION of the one before is not noted: that one may have been on the connection before.
    return None if message is None or at < since - RESOLUTION else (encode(message), int(market.local_time(at)))
