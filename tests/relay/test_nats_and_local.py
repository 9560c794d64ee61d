"""A team on NATS, and windows on one of its machines that have joined the relay there."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.relay.nats_process import NatsProcess, ProgramProcess, RelayProcess
from tests.support.feed import QQQ, Running, free_port
from tests.support.wait_until import until
from tui.errors import NoConnection
from tui.exchange.server import Exchange
from tui.feed.backoff import Backoff
from tui.feed.link import Link
from tui.feed.state import LinkPhase
from tui.market import Market
from tui.relay.nats_follower import NatsFollower
from tui.relay.nats_server import NatsServer, open_client
from tui.secrets import Token

SLOW = 40.0  # s: starting processes on a busy machine


async def test_a_window_gives_way_to_the_relay_on_another_machine_that_took_over(tmp_path: Path) -> None:
    """The window was on the machine of the relay that was killed, and takes the connection over a little before."""
    numbers: set[int] = set()
    here, there = tmp_path / "here", tmp_path / "there"
    async with (
        Exchange(rate=200, single_connection=True, on_request=lambda n, _: numbers.add(n)) as exchange,
        NatsProcess(tmp_path) as nats,
    ):
        with RelayProcess(here, exchange.url, nats.url) as killed:
            await killed.says("publishing on")
            watch = ("--url", exchange.url, "--watch", "QQQ$US")
            opener = NatsFollower(NatsServer(nats.url), "stream")
            with (
                ProgramProcess(here, "stream", *watch, name="window") as window,
                RelayProcess(there, exchange.url, nats.url) as other,
            ):
                async with Running(nats.url, QQQ, timings=None, opener=opener) as follower:
                    await window.says("LIVE")
                    await other.says("standing by")
                    await until(lambda: LinkPhase.LIVE in follower.phases, SLOW)
                    assert numbers == {1}
                    killed.kill()
                    await window.says("another client seems to be using this key: end it; copies join")
                    await until(lambda: follower.link.state.is_live and follower.phases.count(LinkPhase.LIVE) > 1, SLOW)
                    settled = set(numbers)
                    assert len(settled) < 7, "each connected anew more than once"
                    await asyncio.sleep(2)
                    assert numbers == settled and follower.link.state.is_live


def test_a_follower_comes_back_within_seconds_of_its_server() -> None:
    """Unlike one of the vendor's, which it might annoy."""
    waits: list[list[float]] = []
    for opener in (None, NatsFollower(NatsServer("nats://127.0.0.1:4222"), "dashboard")):
        link = Link("wss://api.itick.org/fund", Token("key"), Market(), opener=opener)
        backoff = Backoff(link._timings)
        waits.append([backoff.next_delay(NoConnection("connection refused"), None, None)[0] for _ in range(20)])
    assert max(waits[0]) > 30
    assert max(waits[1]) <= 5


async def test_a_server_that_is_not_there_is_told_at_once() -> None:
    """The library would try for two minutes, and a screen say meanwhile that it connects."""
    ended: list[NoConnection] = []
    async with asyncio.timeout(20):
        with pytest.raises(NoConnection, match=r"cannot reach 127.0.0.1:\d+: connection refused"):
            await open_client(NatsServer(f"nats://127.0.0.1:{free_port()}"), "test", ended.append)
    assert ended == [], "it was never open"


async def test_a_relay_says_once_why_it_cannot_reach_its_server_and_nothing_else(tmp_path: Path) -> None:
    port = free_port()
    with RelayProcess(tmp_path / "one", "ws://127.0.0.1:9/fund", f"nats://127.0.0.1:{port}") as relay:
        await relay.says("trying again")
        await asyncio.sleep(4)  # the next attempt comes after 3 s
        assert relay.kill(signal.SIGINT) == 130
        assert relay.said == f"cannot reach 127.0.0.1:{port}: connection refused; trying again\n"


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
async def test_a_publisher_tells_the_states_of_the_link_and_at_the_end_the_counters(
    tmp_path: Path, signum: signal.Signals, code: int
) -> None:
    log = tmp_path / "log"
    async with NatsProcess(tmp_path) as nats, AsyncExitStack() as stack:
        async with Exchange(rate=200) as exchange:
            relay = stack.enter_context(RelayProcess(tmp_path / "one", exchange.url, nats.url, "--log", str(log)))
            opener = NatsFollower(NatsServer(nats.url), "stream")
            async with Running(nats.url, QQQ, timings=None, opener=opener) as running:
                await until(lambda: running.link.state.is_live, SLOW)
                await relay.says("LIVE")
        await relay.says("reconnecting")
        assert relay.kill(signum) == code
        said = relay.said.splitlines()
        assert said[0].startswith("publishing on") and said[1].startswith("connecting"), said
        assert len(said) == len(set(said)), "a line twice"
        assert said[-4].startswith("received ") and said[-1].startswith("link: "), said
        logged = log.read_text()
        assert "publishing on" in logged and "link LIVE" in logged and "link reconnecting" in logged
