"""Several windows with one key: one connection, whose data all of them have."""

from __future__ import annotations

from pathlib import Path

from tests.relay.windows import Window, equals_the_exchange, leads_again
from tests.support.feed import IEF, QQQ, QUICK, SPY
from tests.support.wait_until import until
from tui.exchange.server import Exchange
from tui.feed.state import LinkPhase
from tui.market import Market
from tui.protocol.messages import Tick
from tui.relay.sharing import Role
from tui.relay.snapshot import last_message

L, R = LinkPhase.LIVE, LinkPhase.RECONNECTING


async def test_three_windows_are_live_on_one_connection_and_each_has_its_own_list(tmp_path: Path) -> None:
    numbers: set[int] = set()
    async with (
        Exchange(rate=500, single_connection=True, on_request=lambda n, _: numbers.add(n)) as exchange,
        Window(exchange.url, tmp_path, QQQ, SPY) as first,
    ):
        await first.running.reaches(L)
        async with Window(exchange.url, tmp_path, IEF) as second, Window(exchange.url, tmp_path, QQQ) as third:
            await second.running.reaches(L)
            await third.running.reaches(L)
            assert [w.sharing.role for w in (first, second, third)] == [Role.LEADING, Role.FOLLOWING, Role.FOLLOWING]
            await exchange.close_market()
            for window, symbols in ((first, {QQQ, SPY}), (second, {IEF}), (third, {QQQ})):
                await equals_the_exchange(window, exchange)
                assert window.market.instruments.keys() == symbols
                assert all(i.has_data and i.bars.latest > 0 for i in window.market.instruments.values())
                assert window.market.health.unfollowed == 0
                assert not any(window.market.health.malformed.values())
                authenticating = [state for state in window.running.states if state.phase is LinkPhase.AUTHENTICATING]
                assert authenticating and window.link.is_demo
            assert [window.symbols for window in first.link.windows] == [2, 1, 1]
            await until(lambda: [window.symbols for window in second.link.windows] == [2, 1, 1])
        assert numbers == {1}
        await until(lambda: first.link.windows == ())


async def test_a_window_that_has_joined_renews_the_connection_of_all(tmp_path: Path) -> None:
    numbers: set[int] = set()
    async with (
        Exchange(rate=200, on_request=lambda n, _: numbers.add(n)) as exchange,
        Window(exchange.url, tmp_path, QQQ) as leader,
        Window(exchange.url, tmp_path, SPY) as follower,
        Window(exchange.url, tmp_path, IEF) as third,
    ):
        for window in (leader, follower, third):
            await window.running.reaches(L)
        follower.link.reconnect()
        await leader.running.reaches(L, 2)
        await leads_again(leader, follower, third)
        assert numbers == {1, 2} and leader.sharing.role is Role.LEADING


async def test_a_window_that_has_joined_has_the_holder_try_now(tmp_path: Path) -> None:
    patient = QUICK._replace(retry_first=60.0, retry_longest=60.0)
    async with (
        Exchange(rate=200) as exchange,
        Window(exchange.url, tmp_path, QQQ, timings=patient) as leader,
        Window(exchange.url, tmp_path, SPY) as follower,
    ):
        for window in (leader, follower):
            await window.running.reaches(L)
        exchange.set_faults("close-1001", every=0.01)
        await leader.running.reaches(R)
        await until(lambda: follower.link.state.retry_at > 0 and follower.link.state.is_joined)
        exchange.set_faults()
        follower.link.reconnect()
        await leads_again(leader, follower)


def test_the_first_message_of_a_new_connection_is_in_a_snapshot_although_one_came_just_before() -> None:
    """A leader that was cut off for less than a second had nothing for those who joined it then."""
    market = Market()
    market.follow([QQQ])
    for now, price in ((100.0, 1.0), (100.6, 2.0)):
        market.apply(Tick(symbol="QQQ$US", last=price, volume=1, time=1_731_689_407_000 + int(now)), now)
    last = last_message(market, QQQ, "tick", since=100.3)
    assert last is not None and b'"ld":2.0' in last[0]
    assert last_message(market, QQQ, "tick", since=102.0) is None, "it came on an earlier connection"
