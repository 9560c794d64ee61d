"""What windows say while the connection goes from one to another, or is lost for all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.relay.window_process import WindowProcess
from tests.relay.windows import LOCAL_TOKEN, PACES, Window, leads_again, on_loopback
from tests.support.feed import IEF, QQQ, QUICK, SPY
from tests.support.wait_until import until
from tui.exchange.server import Exchange
from tui.feed.state import LinkPhase, LinkState
from tui.relay.sharing import Role

L = LinkPhase.LIVE


class DemoWindow(Window):
    """A window that notes whether it wears the badge DEMO, in each state."""

    def __init__(self, url: str, folder: Path, *symbols: object) -> None:
        self.badges: list[bool] = []
        super().__init__(url, folder, *symbols, timings=PACES["pausing"], on_state=self._note)  # type: ignore[arg-type]

    def _note(self, state: LinkState) -> None:
        self.badges.append(self.link.is_demo)

    @property
    def states_since_live(self) -> list[LinkState]:
        """The states after the first LIVE."""
        states = self.running.states
        return states[self.running.phases.index(L) + 1 :]


async def test_who_takes_the_connection_says_so_and_the_other_says_it_of_that_one(folder: Path) -> None:
    async with Exchange(single_connection=True) as exchange:
        leader = Window(exchange.url, folder, QQQ)
        async with leader:
            await leader.running.reaches(L)
            one, two = DemoWindow(exchange.url, folder, SPY), DemoWindow(exchange.url, folder, IEF)
            await one.__aenter__()
            await two.__aenter__()
            for window in (one, two):
                await window.running.reaches(L)
        try:
            leads = await leads_again(one, two)
            taker, other = (one, two) if leads is one else (two, one)
            taking = "taking the connection over: the window that held the connection was closed"
            assert taking in [state.words for state in taker.states_since_live]
            joined = [state for state in other.states_since_live if state.is_joined]
            assert f"joined window {os.getpid()}: {taking}" in [state.words for state in joined]
            assert {state.error for state in joined} == {None}, "a cause is told twice"
            for window in (one, two):
                first = window.badges.index(True)
                assert all(window.badges[first:]), "the prices are as made up as before"
        finally:
            await two.__aexit__(None, None, None)
            await one.__aexit__(None, None, None)


async def test_a_lost_vendor_is_told_once_by_whoever_passes_it_on(folder: Path) -> None:
    """The program over TCP hears it from a follower, which heard it from the leader."""
    slow = QUICK._replace(retry_first=1.0, retry_longest=1.0)
    async with (
        Exchange(single_connection=True) as exchange,
        Window(exchange.url, folder, QQQ, timings=slow) as leader,
        Window(exchange.url, folder, listen=on_loopback()) as follower,
    ):
        await leader.running.reaches(L)
        await follower.running.reaches(L)
        headers = {"token": LOCAL_TOKEN}
        async with connect(follower.sharing.url, additional_headers=headers, proxy=None) as program:
            await program.recv()
            exchange.set_faults("close-1001", every=0.01)
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    await program.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.reason.count("the connection to the vendor was lost") == 1


async def test_the_badge_of_made_up_prices_stays_while_a_window_takes_over_that_does_not_know_yet(folder: Path) -> None:
    async with Exchange(single_connection=True) as exchange, DemoWindow(exchange.url, folder, QQQ) as window:
        await window.running.reaches(L)
        async with WindowProcess(exchange.url, folder, SPY, pace="pausing", take_over=True) as taker:
            await taker.is_live("leading")
            await until(lambda: window.sharing.role is Role.FOLLOWING and window.link.state.phase is L, within=20)
            assert all(window.badges[window.badges.index(True) :])
