"""How well a window knows the vendor's clock that it has from another window."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.relay.windows import Window
from tests.support.feed import QQQ, SPY
from tui.exchange.server import Exchange
from tui.feed.state import LinkPhase


@pytest.mark.parametrize("ahead", [0, 180_000])
async def test_the_bounds_of_the_clock_hold_however_often_a_follower_joins(ahead: int, tmp_path: Path) -> None:
    """Each joining tells the bounds that the leader has then, which hold: so do all of them together."""
    async with (
        Exchange(faults=["clock-off"] if ahead else []) as exchange,
        Window(exchange.url, tmp_path, QQQ) as leader,
        Window(exchange.url, tmp_path, SPY) as follower,
    ):
        for window in (leader, follower):
            await window.running.reaches(LinkPhase.LIVE)
        for n in range(2, 12):
            await asyncio.sleep(0.13)  # a `Date` has whole seconds: at another moment in one it tells more
            follower.link.reconnect()
            await follower.running.reaches(LinkPhase.LIVE, n)
            clock = follower.market.clock
            difference = time.time() * 1000 + ahead - follower.market.local_time(follower.link._clock())
            assert clock.low - 2 <= difference <= clock.high + 2
