"""Work once a second on all instruments, without keeping a frame waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from tui.market import PORTION, Instrument, Market


def sample_in_portions(market: Market, now: float) -> None:
    """Sample all instruments within the next second from `now` (s, monotonic), in portions, so that no frame waits for
    a long list."""
    _work_in_portions(list(market.instruments.values()), market.sample, now)


def derive_in_portions(market: Market, now: float) -> None:
    """Derive all pairs within the next second from `now` (s, monotonic): also those that no frame shows, by which the
    list may be sorted, and their alerts, should no frame be drawn."""
    _work_in_portions(list(market.pairs.by_symbol.values()), market.derive_pairs, now)


def _work_in_portions(
    instruments: Sequence[Instrument], work: Callable[[float, Sequence[Instrument]], None], now: float
) -> None:
    portions = [instruments[at : at + PORTION] for at in range(0, len(instruments), PORTION)]
    for n, portion in enumerate(portions):
        if n:
            delay = n / len(portions)
            asyncio.get_running_loop().call_later(delay, work, now + delay, portion)
        else:
            work(now, portion)
