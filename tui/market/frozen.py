"""A copy of a market that stands still, for a picture that does."""

from __future__ import annotations

import copy
from typing import Any

from tui.market.alert_engine import AlertEngine
from tui.market.depth_histories import DepthHistories
from tui.market.instrument import Instrument
from tui.market.market import Market
from tui.market.pair_instrument import PairInstrument
from tui.market.pairs import Pairs
from tui.symbol import Symbol


def frozen_copy(market: Market) -> Market:
    """Returns a market that nothing feeds, equal to this one as it is now. Only which alerts have not been seen is
    shared. Costs about 0.2 ms a symbol."""
    frozen = copy.copy(market)
    frozen.on_change = frozen.on_call = frozen.on_split = frozen.on_frames = None
    frozen.clock = copy.deepcopy(market.clock)
    frozen.alert_engine = AlertEngine()
    frozen.alert_engine.unseen = market.alert_engine.unseen
    frozen.depth_histories = DepthHistories()  # remembers none: a copy decides nothing of the present
    rows = _copies({**market.instruments, **market.pairs.by_symbol})
    frozen.instruments = {symbol: rows[symbol] for symbol in market.instruments}
    frozen.pairs = Pairs(frozen.alert_engine)
    frozen.pairs.adopt(pair for pair in rows.values() if isinstance(pair, PairInstrument))
    return frozen


def _copies(instruments: dict[Symbol, Instrument]) -> dict[Symbol, Instrument]:
    shared: dict[int, Any] = {}  # by id, what never changes, and takes the longest to copy
    for instrument in instruments.values():
        parts = (instrument.calendar, instrument.tick, instrument.quote, instrument.depth, instrument.history_quote)
        shared |= {id(part): part for part in parts if part is not None}
        _ = instrument.tape  # the pending trades become part of it
    return {symbol: copy.deepcopy(instrument, shared) for symbol, instrument in instruments.items()}
