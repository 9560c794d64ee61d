"""The sampling of time-weighted figures, once a second, without keeping a frame waiting."""

from __future__ import annotations

import asyncio

from tui.market import PORTION, Market


def sample_in_portions(market: Market, now: float) -> None:
    """Sample all instruments within the next second from `now` (s, monotonic), in portions, so that no frame waits for
    a long list."""
    instruments = list(market.instruments.values())
    portions = [instruments[at : at + PORTION] for at in range(0, len(instruments), PORTION)]
    for n, portion in enumerate(portions):
        if n:
            delay = n / len(portions)
            asyncio.get_running_loop().call_later(delay, market.sample, now + delay, portion)
        else:
            market.sample(now, portion)
