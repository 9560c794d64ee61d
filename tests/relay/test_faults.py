"""Windows that share a connection under every fault: afterwards each market equals the exchange's, or its window says
why not."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import time
from pathlib import Path

import pytest

from tests.relay import faults
from tests.relay.window_process import WindowProcess
from tests.relay.windows import PACES, Window, equals_the_exchange, leads_again, true_facts
from tests.support.feed import IEF, KEY, QQQ, SPY
from tests.support.wait_until import until
from tui.errors import KeyRefused
from tui.exchange.server import Exchange
from tui.feed.key_lock import KeyLock
from tui.feed.state import LinkPhase
from tui.relay import admission, sharing
from tui.relay import client as client_module
from tui.relay import server as server_module
from tui.relay.sharing import Role
from tui.secrets import Token
from tui.symbol import Symbol

L, S = LinkPhase.LIVE, LinkPhase.STOPPED
FAST = PACES["fast"]


async def is_right(window: WindowProcess, exchange: Exchange, *symbols: Symbol) -> None:
    """Wait until all facts of a window are the exchange's, whose market stands still."""
    await window.has({str(symbol): true_facts(exchange, symbol) for symbol in symbols})


async def test_a_leader_killed_in_a_flood_is_followed_by_another_after_the_vendors_pause(folder: Path) -> None:
    opened: dict[int, float] = {}

    def note(number: int, request: bytes) -> None:
        opened.setdefault(number, time.monotonic())

    async with (
        Exchange(rate=3_000, single_connection=True, on_request=note) as exchange,
        WindowProcess(exchange.url, folder, QQQ, SPY, pace="default") as leader,
    ):
        await leader.is_live("leading")
        async with (
            Window(exchange.url, folder, IEF, QQQ, timings=PACES["default"]) as second,
            Window(exchange.url, folder, SPY, timings=PACES["default"]) as third,
        ):
            await second.running.reaches(L)
            await third.running.reaches(L)
            leader.kill()
            killed = time.monotonic()
            await second.running.reaches(LinkPhase.RECONNECTING)
            assert "moving to another window" in str(second.link.state.error)
            await leads_again(second, third)
            took = time.monotonic() - killed
            assert set(opened) == {1, 2}
            assert 3.0 <= opened[2] - killed <= took, "the vendor wants 3 s between two connections"
            print(f"taken over in {took:.2f} s")
            await exchange.close_market()
            for window in (second, third):
                await equals_the_exchange(window, exchange)
        assert [name for name in os.listdir(folder) if name.endswith(".sock")] == [], "nor is a socket left over"


@pytest.mark.parametrize("how", ["left", "killed", "left, and the clock was set back"])
async def test_who_starts_after_the_only_window_has_ended_waits_as_long_as_the_vendor_wants(
    folder: Path, how: str
) -> None:
    opened: dict[int, float] = {}

    def note(number: int, request: bytes) -> None:
        opened.setdefault(number, time.monotonic())

    pace = PACES["pausing"]
    async with Exchange(single_connection=True, on_request=note) as exchange:
        async with WindowProcess(exchange.url, folder, QQQ, pace="pausing") as first:
            await first.is_live("leading")
            first.kill() if how == "killed" else first.leave()
            await first.process.wait()
            ended = time.monotonic()
        if how.endswith("set back"):
            (lock,) = os.listdir(folder)
            os.utime(folder / lock, (time.time() + 3_600,) * 2)
        async with Window(exchange.url, folder, SPY, timings=pace) as second:
            async with asyncio.timeout(10):  # far less than the clock was set back
                await second.running.reaches(L)
            # The process ended a little after its connection.
            assert opened[2] - ended > pace.retry_gap / 2
    async with Exchange(single_connection=True) as other, Window(other.url, folder / "new", QQQ, timings=pace) as alone:
        begun = time.monotonic()
        await alone.running.reaches(L)
        assert time.monotonic() - begun < pace.retry_gap, "nobody was there before"


async def test_a_client_that_was_stopped_is_disconnected_and_is_right_once_it_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "MAX_STALL", 0.3)
    monkeypatch.setattr(server_module, "_REPORT_EVERY", 0.05)
    async with (
        Exchange(rate=4_000) as exchange,
        Window(exchange.url, folder, QQQ, SPY) as leader,
        Window(exchange.url, folder, IEF) as other,
    ):
        await leader.running.reaches(L)
        async with WindowProcess(exchange.url, folder, QQQ, SPY, IEF) as stopped:
            await stopped.is_live("following")
            stopped.stop()
            await until(lambda: len(leader.link.windows) == 2, within=20)
            assert leader.phases_since_live == [] and other.phases_since_live == [], "nobody waits for it"
            stopped.go_on()
            await stopped.until(lambda r: len([words for words in r.states if "moving" in words]) > 0)
            await stopped.is_live("following")
            await exchange.close_market()
            await is_right(stopped, exchange, QQQ, SPY, IEF)
            await equals_the_exchange(leader, exchange)
            await equals_the_exchange(other, exchange)


async def test_a_leader_leaves_in_time_although_a_client_is_stopped(folder: Path) -> None:
    async with Exchange(rate=4_000) as exchange:
        leader = Window(exchange.url, folder, QQQ, SPY)
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(leader)
            await leader.running.reaches(L)
            stopped = await stack.enter_async_context(WindowProcess(exchange.url, folder, QQQ, SPY, IEF))
            await stopped.is_live("following")
            stopped.stop()
            await until(lambda: leader.sharing.relay and leader.sharing.relay.windows[1].queued > 0, within=20)
            async with asyncio.timeout(10):
                await leader.sharing._close_relay("the window was closed")


async def test_of_those_who_race_one_leads(folder: Path) -> None:
    numbers: set[int] = set()
    async with contextlib.AsyncExitStack() as stack:
        exchange = await stack.enter_async_context(
            Exchange(rate=500, single_connection=True, on_request=lambda n, _: numbers.add(n))
        )
        leader = Window(exchange.url, folder, QQQ)
        async with leader:
            await leader.running.reaches(L)
            others = [
                await stack.enter_async_context(Window(exchange.url, folder, symbol, name="stream"))
                for symbol in (SPY, IEF, QQQ, SPY)
            ]
            for other in others:
                await other.running.reaches(L)
        await leads_again(*others)
        assert numbers == {1, 2}
        assert "closed" in str(next(s for s in others[0].running.states if s.error).error), "it said so"
        await exchange.close_market()
        for other in others:
            await equals_the_exchange(other, exchange)


async def test_who_joins_in_a_flood_has_the_leaders_whole_market(folder: Path) -> None:
    symbols = (QQQ, SPY, IEF)
    async with Exchange(rate=5_000) as exchange, Window(exchange.url, folder, *symbols) as leader:
        await leader.running.reaches(L)
        async with contextlib.AsyncExitStack() as stack:
            joined = [await stack.enter_async_context(Window(exchange.url, folder, *symbols)) for _ in range(3)]
            for window in joined:
                await window.running.reaches(L)
            await exchange.close_market()
            for window in (leader, *joined):
                await equals_the_exchange(window, exchange)
                assert window.market.health.out_of_order == 0


async def test_a_key_that_is_refused_is_refused_to_all(folder: Path) -> None:
    async with (
        Exchange() as exchange,
        Window(exchange.url, folder, QQQ) as leader,
        Window(exchange.url, folder, SPY) as follower,
    ):
        for window in (leader, follower):
            await window.running.reaches(L)
        for n, fault in enumerate(("http-401", "auth-failed"), 1):
            exchange.set_faults(fault, "close-1001", every=0.01)
            for window in (leader, follower):
                await window.running.reaches(S, n)
                assert isinstance(window.link.state.error, KeyRefused)
            exchange.set_faults()
            leader.link.reconnect()
            follower.link.reconnect()
            await leads_again(leader, follower)
        await exchange.close_market()
        for window in (leader, follower):
            await equals_the_exchange(window, exchange)


async def test_a_half_open_connection_is_stale_for_all_and_renewed_once(folder: Path) -> None:
    async with (
        Exchange(rate=1_000) as exchange,
        Window(exchange.url, folder, QQQ, timings=FAST) as leader,
        Window(exchange.url, folder, SPY, timings=FAST) as follower,
    ):
        for window in (leader, follower):
            await window.running.reaches(L)
        exchange.set_faults("half-open", every=0.01)
        for window in (leader, follower):
            await window.running.reaches(LinkPhase.RECONNECTING)
        assert "silent" in str(follower.link.state.error)
        exchange.set_faults()
        await leads_again(leader, follower)
        assert leader.sharing.role is Role.LEADING
        await exchange.close_market()
        for window in (leader, follower):
            await equals_the_exchange(window, exchange)


async def test_a_leader_of_another_version_is_not_joined_and_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Exchange() as exchange, Window(exchange.url, folder, QQQ) as leader:
        await leader.running.reaches(L)
        monkeypatch.setattr(admission, "RELAY_VERSION", 2)
        async with Window(exchange.url, folder, SPY, timings=FAST) as other:
            assert "is of another version" in await other.running.is_lost()
            await other.running.reaches(LinkPhase.RECONNECTING, 2)  # it tries again
            assert other.sharing.role is Role.REFUSED
            monkeypatch.undo()
            await leads_again(leader, other)
            await exchange.close_market()
            await equals_the_exchange(other, exchange)


async def test_a_leader_that_accepts_nobody_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Exchange() as exchange, Window(exchange.url, folder, QQQ) as leader:
        await leader.running.reaches(L)
        monkeypatch.setattr(admission, "MAX_CLIENTS", 0)
        async with Window(exchange.url, folder, SPY, timings=FAST) as other:
            assert "serves as many windows as it can" in await other.running.is_lost()


async def test_a_leader_that_ends_during_the_handshake_is_no_refusal(folder: Path) -> None:
    """A socket that closes at once is what a process leaves that is killed then."""
    async with Exchange() as exchange, contextlib.AsyncExitStack() as stack:
        lock = KeyLock("host", Token(KEY), folder=folder)
        lock.acquire()

        def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        server = await stack.enter_async_context(await asyncio.start_unix_server(hang_up, folder / "socket"))
        lock.publish(folder / "socket")
        async with Window(exchange.url, folder, QQQ) as window:
            await window.running.reaches(LinkPhase.RECONNECTING)
            server.close()
            lock.release()
            await window.running.reaches(L)
            assert S not in window.running.phases


async def test_a_socket_file_left_over_is_nobody(folder: Path) -> None:
    lock = KeyLock("host", Token(KEY), folder=folder)
    lock.acquire()
    left = folder / f"{lock.name}-1.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(left))
    lock.publish(left)
    # The lock goes with its process; what it wrote stays.
    assert lock._file is not None
    lock._close()
    async with Exchange() as exchange, Window(exchange.url, folder, QQQ) as window:
        await window.running.reaches(L)
        assert window.sharing.role is Role.LEADING
        assert not left.exists()
        async with Window(exchange.url, folder, QQQ) as second:
            await second.running.reaches(L)
            assert second.sharing.role is Role.FOLLOWING


@pytest.mark.parametrize("what", ["socket", "lock file", "folder"])
async def test_what_others_join_by_is_made_again_if_it_is_removed(
    folder: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who cleans up a folder of temporary files does so while the program runs."""
    monkeypatch.setattr(sharing, "_CHECK_EVERY", 0.02)
    numbers: set[int] = set()
    locks = folder / "locks"
    async with (
        Exchange(single_connection=True, on_request=lambda n, _: numbers.add(n)) as exchange,
        Window(exchange.url, locks, QQQ) as leader,
        Window(exchange.url, locks, SPY) as earlier,
    ):
        await earlier.running.reaches(L)
        before = sorted(os.listdir(locks))
        assert [Path(name).suffix for name in before] == [".sock", ".lock"]
        if what == "folder":
            shutil.rmtree(locks)
        else:
            os.unlink(locks / before[what == "lock file"])
        await until(lambda: locks.exists() and sorted(os.listdir(locks)) == before)
        async with Window(exchange.url, locks, IEF) as later:
            await later.running.reaches(L)
            assert later.sharing.role is Role.FOLLOWING and S not in later.running.phases
            assert leader.phases_since_live == earlier.phases_since_live == []
            assert numbers == {1}


async def test_a_leader_that_keeps_its_connection_gives_way_to_one_that_takes_over(folder: Path) -> None:
    """A plan may have several connections: then the vendor ends none."""
    async with Exchange() as exchange, Window(exchange.url, folder, QQQ) as leader:
        await leader.running.reaches(L)
        async with WindowProcess(exchange.url, folder, SPY, take_over=True) as taker:
            await taker.is_live("leading")
            await until(lambda: leader.sharing.role is Role.FOLLOWING and leader.link.state.phase is L, within=20)
            assert "another window took the connection over" in {str(s.error) for s in leader.running.states}


async def test_without_a_folder_a_window_goes_on_alone(folder: Path) -> None:
    (folder / "file").touch()
    async with Exchange() as exchange, Window(exchange.url, folder / "file", QQQ) as window:
        await window.running.reaches(L)
        assert window.link.windows == ()
        assert window.link.unshared == f"no lock file can be written in {folder / 'file'}"


async def test_a_stopped_leader_is_silent_taken_over_by_hand_and_joins_once_it_goes_on(folder: Path) -> None:
    async with (
        Exchange(rate=1_000, single_connection=True) as exchange,
        WindowProcess(exchange.url, folder, QQQ) as first,
    ):
        await first.is_live("leading")
        async with (
            WindowProcess(exchange.url, folder, SPY) as second,
            WindowProcess(exchange.url, folder, IEF) as third,
        ):
            for window in (second, third):
                await window.is_live("following")
            first.stop()
            for window in (second, third):
                report = await window.until(lambda r: r.role == "refused")
                assert any("silent" in words for words in report.states)
                assert f"pid {first.pid} uses this key and does not answer" in report.states[-1]
            second.take_over()
            await second.is_live("leading")
            await third.is_live("following")
            first.go_on()
            await first.is_live("following")

            second.stop()  # the one that took over once is taken over in its turn
            for window in (first, third):
                await window.until(lambda r: r.role == "refused")
            first.take_over()
            await first.is_live("leading")
            second.go_on()
            await second.is_live("following")
            await third.is_live("following")
            await asyncio.sleep(0.5)
            assert [(await w.report()).role for w in (first, second, third)] == ["leading", "following", "following"]

            await exchange.close_market()
            for window, symbol in ((first, QQQ), (second, SPY), (third, IEF)):
                await is_right(window, exchange, symbol)


async def test_a_leader_is_found_again_after_one_that_took_over_was_killed(folder: Path) -> None:
    """The lock file still names the killed one."""
    async with (
        Exchange(rate=500, single_connection=True) as exchange,
        WindowProcess(exchange.url, folder, QQQ) as first,
    ):
        await first.is_live("leading")
        first.stop()
        async with WindowProcess(exchange.url, folder, SPY, take_over=True) as second:
            await second.is_live("leading")
            second.kill()
            await second.process.wait()
        first.go_on()
        await first.until(lambda r: any("moving" in s or "reconnecting" in s or "closed" in s for s in r.states))
        await first.is_live("leading")
        async with WindowProcess(exchange.url, folder, IEF) as third:
            await third.is_live("following")


async def test_of_two_that_take_over_at_once_one_connects(folder: Path) -> None:
    """The vendor closes the first of two connections."""
    numbers: set[int] = set()
    async with (
        Exchange(single_connection=True, on_request=lambda number, _: numbers.add(number)) as exchange,
        WindowProcess(exchange.url, folder, QQQ) as first,
    ):
        await first.is_live("leading")
        async with (
            WindowProcess(exchange.url, folder, SPY, pace="patient") as second,
            WindowProcess(exchange.url, folder, IEF, pace="patient") as third,
        ):
            others = (second, third)
            for window in others:
                await window.is_live("following")
            first.stop()
            for window in others:
                await window.until(lambda r: r.role == "refused")
            for window in others:
                window.take_over()
            for window in others:
                await window.is_live()
            assert sorted([(await window.report()).role for window in others]) == ["following", "leading"]
            assert numbers == {1, 2}


async def test_a_holder_that_nobody_names_is_no_pid(folder: Path) -> None:
    """One that took over has left, and the one before it stands still."""
    async with Exchange(single_connection=True) as exchange, WindowProcess(exchange.url, folder, QQQ) as first:
        await first.is_live("leading")
        first.stop()
        async with WindowProcess(exchange.url, folder, SPY, take_over=True) as second:
            await second.is_live("leading")
            second.leave()
            await second.process.wait()
        async with WindowProcess(exchange.url, folder, IEF) as third:
            report = await third.until(lambda r: r.role == "refused")
            assert report.states[-1] == "trying again: another itick-tui uses this key and does not share it"
            first.go_on()
            await first.is_live("leading")
            await third.is_live("following")


@pytest.mark.parametrize("seed", [1, 2])
async def test_after_a_schedule_of_faults_all_windows_are_right(seed: int) -> None:
    await faults.run(seed, 6, print)


def test_a_schedule_replays() -> None:
    assert [*faults.schedule(3, 20)] == [*faults.schedule(3, 20)] != [*faults.schedule(4, 20)]
    assert {step.what for step in faults.schedule(3, 200)} > {"kill", "stop", "leave", "reconnect"}
