"""Windows that share a connection to a plan that has not enough symbols for all."""

from __future__ import annotations

from pathlib import Path

from tests.relay.windows import Window, equals_the_exchange, facts_of, leads_again, true_facts
from tests.support.feed import IEF, QQQ, SPY
from tests.support.wait_until import until
from tui.exchange.server import Exchange
from tui.feed.state import LinkPhase
from tui.market.entitlements import describe_shortfalls
from tui.protocol.messages import OVER_LIMIT
from tui.symbol import Symbol

L = LinkPhase.LIVE


async def test_a_full_plan_is_told_to_each_and_who_goes_frees_its_symbols(folder: Path) -> None:
    third, fourth = Symbol("VTI", "US"), Symbol("GLD", "US")
    async with Exchange(faults=["plan-limit"]) as exchange, Window(exchange.url, folder, QQQ) as leader:
        await leader.running.reaches(L)
        async with Window(exchange.url, folder, SPY, IEF) as first:
            await first.running.reaches(L)
            async with Window(exchange.url, folder, QQQ, third, fourth) as second:
                await second.running.reaches(L)
                instruments = second.market.instruments
                await until(lambda: instruments[QQQ].has_data)
                for symbol in (third, fourth):
                    assert set(instruments[symbol].refused.values()) == {OVER_LIMIT}
                await first.__aexit__(None, None, None)
                await until(lambda: all(instruments[s].has_data for s in (third, fourth)), within=20)
                await leads_again(leader, second)
                await exchange.close_market()
                await equals_the_exchange(leader, exchange)
                await equals_the_exchange(second, exchange)


async def test_of_a_full_plan_only_those_are_said_to_hold_who_have_what_this_one_lacks(folder: Path) -> None:
    over = Symbol("VTI", "US"), Symbol("GLD", "US")
    async with (
        Exchange(faults=["plan-limit"]) as exchange,
        Window(exchange.url, folder, QQQ) as leader,
        Window(exchange.url, folder, QQQ) as same,
        Window(exchange.url, folder, SPY) as other,
    ):
        for window in (leader, same, other):
            await window.running.reaches(L)
        async with Window(exchange.url, folder, QQQ, IEF, *over) as last:
            await last.running.reaches(L)

            def words(window: Window) -> list[str]:
                return describe_shortfalls(list(window.market.instruments.values()), window.link.shared)

            await until(lambda: words(last) == ["plan limit: 2 of 4 symbols live; 1 is held by 1 other window"])
            assert words(leader) == words(same) == words(other) == []
            leader.link.set_symbols([QQQ, over[0]])  # which was refused already, when it was asked for by another
            held = "plan limit: 1 of 2 symbols live; 2 are held by 2 other windows"
            await until(lambda: words(leader) == [held])


async def test_what_another_window_follows_is_live_beside_what_is_over_the_plan(folder: Path) -> None:
    """A place less does not count against a symbol that has one already."""
    over = Symbol("VTI", "US"), Symbol("GLD", "US")
    async with (
        Exchange(faults=["plan-limit"]) as exchange,
        Window(exchange.url, folder, QQQ, SPY, IEF) as leader,
    ):
        await leader.running.reaches(L)
        async with Window(exchange.url, folder, over[0], SPY, over[1], QQQ) as follower:
            await follower.running.reaches(L)
            follower.link.set_symbols([*over, SPY, QQQ, IEF])
            instruments = follower.market.instruments
            await until(lambda: all(instruments[symbol].has_data for symbol in (SPY, QQQ, IEF)))
            await exchange.close_market()
            for symbol in (SPY, QQQ, IEF):
                await until(lambda symbol=symbol: facts_of(instruments[symbol]) == true_facts(exchange, symbol))  # type: ignore[misc]
            for symbol in over:
                assert set(instruments[symbol].refused.values()) == {OVER_LIMIT}
            assert not follower.phases_since_live


async def test_a_follower_that_makes_room_for_others_joins_again(folder: Path) -> None:
    """It needs a new connection for symbols that take the place of others."""
    async with (
        Exchange(faults=["plan-limit"]) as exchange,
        Window(exchange.url, folder, QQQ) as leader,
        Window(exchange.url, folder, QQQ, SPY, IEF, Symbol("VTI", "US")) as follower,
    ):
        await leader.running.reaches(L)
        await follower.running.reaches(L)
        follower.link.set_symbols([QQQ, SPY, Symbol("VTI", "US")])
        await until(lambda: follower.market.instruments[Symbol("VTI", "US")].has_data, within=20)
        await leads_again(leader, follower)
