"""A process that holds the connection and stands still, and one of ours that did."""

from __future__ import annotations

import time
from pathlib import Path

from tests.relay.window_process import WindowProcess
from tests.relay.windows import Window, equals_the_exchange
from tests.support.feed import IEF, QQQ, QUICK
from tests.support.wait_until import until
from tui.exchange.server import Exchange
from tui.feed.state import LinkPhase, Timings
from tui.relay.sharing import Role

L = LinkPhase.LIVE
NO_PINGS = Timings(ping_every=1_000, second_ping=1_000, join=0.5, join_again=0.2)


def stand_still(seconds: float) -> None:
    """Keep everything in this process from going on."""
    time.sleep(seconds)


async def test_a_holder_that_stands_still_is_stale_though_its_symbols_are_quiet(folder: Path) -> None:
    """No ping would find it, and no trade is missed."""
    async with Exchange() as exchange, WindowProcess(exchange.url, folder, QQQ) as holder:
        await holder.is_live("leading")
        await exchange.close_market()
        async with Window(exchange.url, folder, IEF, timings=NO_PINGS) as follower:
            await follower.running.reaches(L)
            holder.stop()
            await until(lambda: L is not follower.link.state.phase, within=20)
            assert str(follower.link.state.error) == f"window {holder.pid} does not answer"
            await until(lambda: follower.sharing.role is Role.REFUSED)
            assert str(follower.link.state.error) == f"pid {holder.pid} uses this key and does not answer"
            holder.go_on()
            await follower.running.reaches(L, 2)
            assert follower.sharing.role is Role.FOLLOWING
            await equals_the_exchange(follower, exchange)


async def test_a_process_that_slept_itself_does_not_take_the_holder_for_silent(folder: Path) -> None:
    """Both stood still, as on a machine that was suspended: the holder's report comes a moment later."""
    timings = QUICK._replace(silence=1.2, ping_every=1_000.0, second_ping=1_000.0)
    async with Exchange() as exchange, Window(exchange.url, folder, QQQ) as holder:
        await holder.running.reaches(L)
        async with Window(exchange.url, folder, IEF, timings=timings) as follower:
            await follower.running.reaches(L)
            reports = follower.link.report
            stand_still(2.0)
            await until(lambda: follower.link.report is not reports)
            assert follower.phases_since_live == []
