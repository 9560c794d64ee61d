"""An idle time-out is told apart from another client, and is avoided once it is known."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from tests.screens.test_health import snapshot
from tests.support.feed import QQQ, QUICK, Running, VendorServer, serving
from tests.support.loopback import LoopbackServer
from tui.errors import FeedError, NoConnection
from tui.exchange.server import Exchange
from tui.feed.connection import ConnectionLost
from tui.feed.idle_timeout import IdleTimeoutDetector
from tui.feed.state import LinkPhase, Timings
from tui.feed.tap import AnotherClient
from tui.screens.health import link_figures

IDLE = 1.0  # s
QUIET = QUICK._replace(ping_every=15.0, second_ping=0.8, min_idle_timeout=0.3, contention_wait=30.0)
IN_USE = str(AnotherClient())


class IdleCutter(LoopbackServer):
    """A proxy to a port of loopback that cuts connections which were silent both ways for `timeout` s."""

    def __init__(self, url: str, timeout: float) -> None:
        super().__init__()
        self._port = urlsplit(url).port or 0
        self._timeout = timeout
        self.cuts = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/fund"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self._port)
        copies = [
            asyncio.create_task(self._copy(reader, upstream_writer)),
            asyncio.create_task(self._copy(upstream_reader, writer)),
        ]
        now = asyncio.get_running_loop().time
        self._last = now()
        while (left := self._last + self._timeout - now()) > 0:
            done, _ = await asyncio.wait(copies, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if done:
                break
        else:
            self.cuts += 1
        for copy in copies:
            copy.cancel()
        await asyncio.gather(*copies, return_exceptions=True)
        upstream_writer.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                self._last = asyncio.get_running_loop().time()
                writer.write(data)


async def test_an_idle_timeout_is_detected_at_its_second_cut_and_avoided_afterwards() -> None:
    async with (
        serving(VendorServer()) as vendor,
        IdleCutter(vendor, IDLE) as cutter,
        Running(cutter.url, QQQ, timings=QUIET) as running,
    ):
        second = await running.reaches(LinkPhase.RECONNECTING, times=2)
        assert str(second.error) == "an idle time-out of 1.0 s cuts the link: pings now go every 0.5 s"
        await running.reaches(LinkPhase.LIVE, times=3)
        await asyncio.sleep(2.5 * IDLE)
        assert running.link.state.is_live and cutter.cuts == 2
        shown = {figure.name: figure.value for figure in link_figures(running.market, snapshot(running.market))}
        assert shown["idle time-out"] == "cut after 1.0 s of silence: pinged more often"


async def test_another_client_with_periodic_reconnects_is_no_idle_timeout() -> None:
    """Without anything but pings, which come at set times, its cuts could all come at the same silence."""
    async with (
        Exchange(rate=0, faults=["key-in-use"], fault_every=1.2) as exchange,
        Running(exchange.url, QQQ, timings=QUIET) as running,
    ):
        second = await running.reaches(LinkPhase.RECONNECTING, times=2)
        assert str(second.error) == IN_USE
        assert not any("idle" in str(state.error) for state in running.states)


def lost_after(silence: float) -> ConnectionLost:
    return ConnectionLost("connection lost", silence)


def detected(*ends: FeedError) -> list[bool]:
    """Whether each end was taken for an idle time-out."""
    detector = IdleTimeoutDetector(Timings())
    return ["idle" in str(detector.classify(end)) for end in ends]


@pytest.mark.parametrize(
    ("ends", "idle"),
    [
        ([lost_after(5.0), lost_after(5.1)], [False, True]),
        ([lost_after(5.0), lost_after(5.6)], [False, False]),
        ([lost_after(0.9), lost_after(0.9)], [False, False]),
        ([lost_after(5.0), lost_after(0.1), lost_after(5.0)], [False, False, False]),
        ([lost_after(3.0), lost_after(5.0), lost_after(5.0)], [False, False, True]),
        ([lost_after(60.0), NoConnection("connection refused"), lost_after(62.0)], [False, False, True]),
    ],
)
def test_two_cuts_at_the_same_silence_are_an_idle_timeout(ends: list[FeedError], idle: list[bool]) -> None:
    assert detected(*ends) == idle


@pytest.mark.parametrize(
    ("ends", "pings"),
    [
        ([], (15.0, 2.0)),
        ([lost_after(5.0)], (15.0, 1.0)),
        ([lost_after(5.0), lost_after(8.0)], (15.0, 2.0)),
        ([lost_after(5.0), lost_after(5.0)], (2.5, 2.0)),
        ([lost_after(3.0), lost_after(3.0)], (1.5, 1.5)),
        ([lost_after(14.0), lost_after(14.0)], (7.0, 2.0)),
        ([lost_after(60.0), lost_after(60.0)], (15.0, 2.0)),
        ([lost_after(5.0), lost_after(5.0), lost_after(0.1)], (2.5, 2.0)),
    ],
)
def test_pings_come_within_half_of_the_idle_timeout(ends: list[FeedError], pings: tuple[float, float]) -> None:
    detector = IdleTimeoutDetector(Timings())
    for end in ends:
        detector.classify(end)
    assert (detector.timings.ping_every, detector.timings.second_ping) == pings
