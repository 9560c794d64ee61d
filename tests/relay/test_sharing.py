"""Several windows with one key: one connection, whose data all of them have."""

from __future__ import annotations

from pathlib import Path

from tests.relay.windows import Window
from tests.support.feed import IEF, QQQ, SPY
from tests.support.wait_until import until
from tui.exchange.server import Exchange
from tui.feed.state import LinkPhase
from tui.protocol.messages import Depth
from tui.relay.sharing import Role

L, R = LinkPhase.LIVE, LinkPhase.RECONNECTING


def levels(depth: Depth | None) -> list[tuple[float, float]]:
    return [(level.price, level.volume) for side in (depth.asks, depth.bids) for level in side] if depth else []


async def equals_the_exchange(window: Window, exchange: Exchange) -> None:
    """Wait until each price and book of a window is the exchange's, whose market stands still."""

    def is_equal() -> bool:
        for symbol, instrument in window.market.instruments.items():
            truth = exchange.truth(symbol)
            if truth is None or (instrument.last, levels(instrument.depth)) != (truth.tick.last, levels(truth.depth)):
                return False
        return True

    await until(is_equal)


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
