"""A cut for being silent is not another client, and is not met again."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from tests.screens.test_health import snapshot
from tests.support.feed import QQQ, QUICK, Running, Vendor, serving
from tui.errors import FeedError, NoConnection
from tui.exchange.server import Exchange
from tui.feed.connection import ConnectionLost
from tui.feed.idle_timeout import IdleTimeoutDetector
from tui.feed.state import LinkPhase, Timings
from tui.screens.health import link_figures

IDLE = 1.0  # s
QUIET = QUICK._replace(ping_every=15.0, second_ping=0.8, idle_least=0.3, duel_wait=30.0)
IN_USE = "another client seems to be using this key"


class IdleCutter:
    """A proxy that leads to a port of loopback, and cuts who has been silent both ways for `within` s."""

    def __init__(self, url: str, within: float) -> None:
        self._port = int(url.split(":")[2].split("/")[0])
        self._within = within
        self.cuts = 0

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to = await asyncio.open_connection("127.0.0.1", self._port)
        ways = [asyncio.create_task(self._copy(reader, to)), asyncio.create_task(self._copy(there, writer))]
        self._heard = asyncio.get_running_loop().time()
        while (left := self._heard + self._within - asyncio.get_running_loop().time()) > 0:
            done, _ = await asyncio.wait(ways, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if done:
                break
        else:
            self.cuts += 1
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        to.close()
        writer.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                self._heard = asyncio.get_running_loop().time()
                writer.write(data)


async def test_an_idle_timeout_is_recognised_at_its_second_cut_and_never_met_again() -> None:
    async with serving(Vendor()) as vendor:
        cutter = IdleCutter(vendor, IDLE)
        async with await asyncio.start_server(cutter.visit, "127.0.0.1", 0) as proxy:
            url = f"ws://127.0.0.1:{proxy.sockets[0].getsockname()[1]}/fund"
            async with Running(url, QQQ, timings=QUIET) as running:
                second = await running.reaches(LinkPhase.RECONNECTING, times=2)
                assert str(second.error) == "an idle time-out of 1.0 s cuts the link: pings now go every 0.5 s"
                await running.reaches(LinkPhase.LIVE, times=3)
                await asyncio.sleep(2.5 * IDLE)
                assert running.link.state.is_live and cutter.cuts == 2
                shown = {figure.name: figure.value for figure in link_figures(running.market, snapshot(running.market))}
                assert shown["idle time-out"] == "cut after 1.0 s of silence: pinged more often"


async def test_another_client_that_comes_back_at_set_times_is_no_idle_timeout() -> None:
    """Without anything but pings, which come at set times, its cuts could all come at the same silence."""
    async with (
        Exchange(rate=0, faults=["key-in-use"], fault_every=1.2) as exchange,
        Running(exchange.url, QQQ, timings=QUIET) as running,
    ):
        third = await running.reaches(LinkPhase.RECONNECTING, times=3)
        assert str(third.error) == IN_USE
        assert not any("idle" in str(state.error) for state in running.states)


def cut(silence: float) -> ConnectionLost:
    return ConnectionLost("connection lost", silence)


def judged(*ends: FeedError) -> list[bool]:
    """Whether each end was taken for an idle time-out."""
    detector = IdleTimeoutDetector(Timings())
    return ["idle" in str(detector.judge(end)) for end in ends]


@pytest.mark.parametrize(
    ("ends", "idle"),
    [
        ([cut(5.0), cut(5.1)], [False, True]),
        ([cut(5.0), cut(5.6)], [False, False]),
        ([cut(0.9), cut(0.9)], [False, False]),
        ([cut(5.0), cut(0.1), cut(5.0)], [False, False, False]),
        ([cut(3.0), cut(5.0), cut(5.0)], [False, False, True]),
        ([cut(60.0), NoConnection("connection refused"), cut(62.0)], [False, False, True]),
    ],
)
def test_two_cuts_at_the_same_silence_are_an_idle_timeout(ends: list[FeedError], idle: list[bool]) -> None:
    assert judged(*ends) == idle


@pytest.mark.parametrize(
    ("ends", "pings"),
    [
        ([], (15.0, 2.0)),
        ([cut(5.0)], (15.0, 1.0)),
        ([cut(5.0), cut(8.0)], (15.0, 2.0)),
        ([cut(5.0), cut(5.0)], (2.5, 2.0)),
        ([cut(3.0), cut(3.0)], (1.5, 1.5)),
        ([cut(14.0), cut(14.0)], (7.0, 2.0)),
        ([cut(60.0), cut(60.0)], (15.0, 2.0)),
        ([cut(5.0), cut(5.0), cut(0.1)], (2.5, 2.0)),
    ],
)
def test_pings_come_sooner_than_the_silence_that_is_cut(ends: list[FeedError], pings: tuple[float, float]) -> None:
    detector = IdleTimeoutDetector(Timings())
    for end in ends:
        detector.judge(end)
    assert (detector.timings.ping_every, detector.timings.second_ping) == pings
