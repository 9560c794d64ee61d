"""A recording of a live run rebuilds its market, and is played by a clock of its own."""

from __future__ import annotations

import asyncio
import gzip
import math
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.command import KEY, exchange, lines_until, start_program
from tests.support.feed import IEF, QQQ, SPY, Running
from tests.support.messages import BOOK_B, T, bar, quote, tick
from tests.support.recordings import BEGAN, compress, header, play_all, state_of, tick_lines, write_recording
from tests.support.wait_until import until
from tui.errors import UsageError
from tui.exchange.server import Exchange
from tui.feed.clock import monotonic
from tui.feed.endpoint import host_of
from tui.feed.state import LinkPhase, LinkState
from tui.market import Market
from tui.protocol.messages import encode
from tui.recording.format import RecordedFrame, Recording, call_line, message_line, names_line, state_line
from tui.recording.replay import Replay, parse_speed
from tui.recording.writer import Recorder
from tui.symbol import Symbol


async def replay_file(path: Path, speed: float = math.inf) -> tuple[Market, list[LinkState]]:
    """A whole recording, played as the dashboard does."""
    market, states = Market(), list[LinkState]()
    replay = attach_to(Replay(path, speed), market, states.append)
    await asyncio.wait_for(replay.run(), 10)
    return market, states


def attach_to(replay: Replay, market: Market, on_state: Callable[[LinkState], None] = lambda state: None) -> Replay:
    replay.attach(market, on_state, lambda added, removed: None, lambda: None, lambda names: None)
    return replay


@pytest.mark.parametrize(
    ("host", "demo"),
    [("demo", True), ("127.0.0.1:9020", True), (host_of("ws://[::1]:9020"), True), ("api.itick.org", False)],
)
def test_demo_prices_do_not_pass_for_real_ones_although_lines_are_damaged(
    tmp_path: Path, host: str, demo: bool
) -> None:
    path = tmp_path / "r.jsonl.gz"
    path.write_bytes(compress([header(host=host)], tick_lines(3)[1:]))  # neither hours nor clock
    market = Market()
    replay = attach_to(Replay(path, math.inf), market)
    assert replay.is_demo == market.calendar("US").always_open == demo
    assert market.wall_base == T - 1000 * BEGAN


# --- the promise ---


@pytest.mark.parametrize("faults", [["drop", "malformed", "escapes"], ["drop", "kline-refused", "old-time", "lists"]])
async def test_a_recording_rebuilds_the_market_of_its_run(tmp_path: Path, faults: Sequence[str]) -> None:
    path = tmp_path / "r.jsonl.gz"
    with Recorder(path) as recorder:
        async with Exchange(rate=1_500, faults=faults, fault_every=0.4) as server:
            running = Running(server.url, QQQ, SPY, on_state=recorder.record_state)
            market = running.market
            recorder.begin(market, [QQQ, SPY], "127.0.0.1", monotonic, time.time)
            async with running:
                await running.reaches(LinkPhase.LIVE)
                running.link.set_symbols([QQQ, IEF])
                await until(lambda: (ief := market.instruments.get(IEF)) and ief.depth and ief.quote)
                assert market.instruments[SPY].last
                await running.reaches(LinkPhase.LIVE, times=2)
                running.link.set_symbols([QQQ, IEF, SPY])
                await running.reaches(LinkPhase.LIVE, times=3)
                await until(lambda: all(i.depth and i.quote and i.tick for i in market.instruments.values()))
                await until(lambda: market.instruments[QQQ].tape.total > 20)
    assert market.health.reconnects >= 2
    assert all(len(instrument.bars) for instrument in market.instruments.values())
    once, recording = play_all(path)
    assert state_of(once) == state_of(market)
    assert (recording.damaged, recording.truncated) == (0, False)
    again, states = await replay_file(path)
    assert state_of(again) == state_of(market)
    assert [state.describe(0) for state in states] == [state.describe(0) for state in running.states]
    assert len(again.health.round_trips) > 0


def test_a_killed_run_leaves_all_but_its_last_second(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl.gz"
    with (
        exchange("--rate", "500") as url,
        start_program("stream", "--url", url, "--watch", "QQQ$US", "--record", str(path), key=KEY) as process,
    ):
        lines_until(process.stderr, "LIVE")
        time.sleep(1.7)
        process.kill()
        killed = monotonic()
    recording = Recording(path)
    entries = list(recording)
    assert (recording.damaged, recording.truncated) == (0, False)
    assert killed - 2.0 < entries[-1].t <= killed
    assert sum(type(entry) is RecordedFrame for entry in entries) > 100
    assert KEY.encode() not in gzip.decompress(path.read_bytes())


# --- what is no recording of ours ---

ONE_LINE = b'{"t":1000.0,"m":{"code":1,"data":[%s]}}\n' % b",".join([b"{}"] * 10_000_000)


@pytest.mark.parametrize(
    ("text", "pack", "damaged"),
    [
        (b'{"t":1,"call":"follow","with":[["?"]]}\n' * 100_000, True, 100_000),
        (ONE_LINE, False, 7),
        (ONE_LINE, True, 1),
        (b"[" * 300_000_000, True, 3),
    ],
    ids=["lines", "a line", "a packed line", "a line without an end"],
)
async def test_unreadable_parts_do_not_block_the_event_loop(
    tmp_path: Path, text: bytes, pack: bool, damaged: int
) -> None:
    begin, end = [header(), *tick_lines(3)], [b"\n", *tick_lines(6)[8:]]
    (tmp_path / "r.gz").write_bytes(compress([*begin, text, *end]) if pack else b"".join([*begin, text, *end]))
    del text
    market = Market()
    replay = attach_to(Replay(tmp_path / "r.gz", math.inf), market)
    playing, turns = asyncio.create_task(replay.run()), [time.process_time()]
    while not playing.done():
        await asyncio.sleep(0)
        turns.append(time.process_time())
    await playing
    assert max(b - a for a, b in pairwise(turns)) < 0.3
    assert market.health.ticks == 6 and market.health.damaged >= damaged


async def test_names_of_unfollowed_funds_are_ignored(tmp_path: Path) -> None:
    lines = [*tick_lines(1), names_line(BEGAN, {QQQ: "ours", Symbol("NOBODY", "US"): "nobody's"})]
    names: dict[Symbol, str] = {}
    replay = Replay(write_recording(tmp_path / "r.gz", lines), math.inf)
    replay.attach(Market(), lambda state: None, lambda added, removed: None, lambda: None, names.update)
    await asyncio.wait_for(replay.run(), 10)
    assert names == {QQQ: "ours"}


# --- its clock ---


async def test_the_clock_follows_the_speed_and_is_never_ahead_of_what_was_played(tmp_path: Path) -> None:
    market = Market()
    replay = attach_to(Replay(write_recording(tmp_path / "r.gz", tick_lines(101, 0.1)), speed=20.0), market)
    begun = time.monotonic()
    task = asyncio.create_task(replay.run())
    shown = [replay.clock()]
    while not task.done():
        await asyncio.sleep(0.002)
        shown.append(replay.clock())
        newest = market.instruments[QQQ].last if market.instruments else None
        if newest is not None:
            at = BEGAN + (newest - 100) * 0.1
            assert at - 1e-6 <= shown[-1] <= at + 0.1 + 1e-6
    assert shown == sorted(shown) and shown[0] == BEGAN and shown[-1] == BEGAN + 10.0
    assert time.monotonic() - begun >= 0.5
    assert replay.ended and replay.status == "ended"
    assert replay.wall() == pytest.approx(T / 1000 + 10)


async def test_a_replay_pauses_steps_and_resumes(tmp_path: Path) -> None:
    market = Market()
    replay = attach_to(Replay(write_recording(tmp_path / "r.gz", tick_lines(50, 60.0))), market)
    task = asyncio.create_task(replay.run())
    await until(lambda: market.instruments and market.instruments[QQQ].last == 100.0)
    replay.pause()
    stood = replay.clock()
    assert replay.status == "×1 paused #1" and BEGAN <= stood < BEGAN + 5
    assert list(replay.details) == ["0:00 / 49:00"]
    for n in (1, 2, 3):
        replay.step()
        assert replay.status == f"×1 paused #{1 + n}"
        assert list(replay.details) == ["tick QQQ$US", f"{n}:00 / 49:00"]
        assert market.instruments[QQQ].last == 100.0 + n
        await asyncio.sleep(0.01)
        assert replay.clock() == BEGAN + n * 60
    replay.change_speed(up=True)
    assert replay.status == "×2 paused #4"
    replay.pause()
    assert replay.status == "×2" and list(replay.details) == ["3:00 / 49:00"]
    await asyncio.sleep(0.05)
    assert BEGAN + 180 < replay.clock() < BEGAN + 190
    for _ in range(20):
        replay.change_speed(up=True)
    assert replay.status == "max"
    await asyncio.wait_for(task, 5)
    assert market.instruments[QQQ].last == 149.0
    assert replay.clock() == BEGAN + 49 * 60
    assert not replay.details


async def test_a_step_tells_each_type_of_message_and_that_a_reply_has_no_data(tmp_path: Path) -> None:
    frames = [encode(tick(100.0)), encode(quote(100.0, s="SPY$US")), encode(bar(0)), encode(BOOK_B), b'{"code": 1}']
    lines = [*tick_lines(0), call_line(BEGAN, "follow", [(QQQ, SPY)])]
    lines += [message_line(repr(BEGAN + 1 + n).encode(), frame) for n, frame in enumerate(frames)]
    replay = attach_to(Replay(write_recording(tmp_path / "r.gz", lines)), Market())
    replay.pause()
    task = asyncio.create_task(replay.run())
    await until(lambda: replay._next is not None)
    told = []
    for _ in frames:
        replay.step()
        told.append(replay.details[0])
    assert told == ["tick QQQ$US", "quote SPY$US", "kline QQQ$US", "depth QQQ$US", "without data"]
    replay.pause()
    await asyncio.wait_for(task, 10)


def test_speeds_change_along_a_table_from_any_first_one(tmp_path: Path) -> None:
    replay = attach_to(Replay(write_recording(tmp_path / "r.gz"), speed=3.0), Market())
    words = [replay.status]
    for up in (True, True, False, False, False, False, False, False):
        replay.change_speed(up)
        words.append(replay.status)
    assert words == ["×3", "×5", "×10", "×5", "×2", "×1", "×½", "×½", "×½"]


async def test_a_replay_continues_where_it_was_after_a_suspend(tmp_path: Path) -> None:
    now = [0.0]
    market = Market()
    replay = attach_to(Replay(write_recording(tmp_path / "r.gz", tick_lines(50, 60.0)), real=lambda: now[0]), market)
    task = asyncio.create_task(replay.run())
    await until(lambda: market.instruments and market.instruments[QQQ].last == 100.0)
    now[0] = 3_600.0
    replay.change_speed(up=True)  # whatever wakes it
    await until(lambda: market.instruments[QQQ].last == 101.0)
    await asyncio.sleep(0.02)
    assert market.instruments[QQQ].last == 101.0
    task.cancel()


async def test_a_replay_that_is_late_sets_its_clock_back_and_does_not_catch_up(tmp_path: Path) -> None:
    now = [0.0]
    market = Market()
    replay = attach_to(Replay(write_recording(tmp_path / "r.gz", tick_lines(50, 0.02)), real=lambda: now[0]), market)
    task = asyncio.create_task(replay.run())
    await until(lambda: market.instruments and market.instruments[QQQ].last == 100.0)
    now[0] = 3_600.0
    await until(lambda: market.instruments[QQQ].last == 101.0)
    await asyncio.sleep(0.1)
    assert market.instruments[QQQ].last == 101.0 and replay.clock() == pytest.approx(BEGAN + 0.02)
    task.cancel()


async def test_entries_before_the_start_time_are_played_at_once(tmp_path: Path) -> None:
    # T is 11:50 in New York.
    market = Market()
    replay = Replay(write_recording(tmp_path / "r.gz", tick_lines(50, 60.0)), begin="12:10")
    at_once: list[float | None] = []
    on_pace = lambda: at_once.append(market.instruments[QQQ].last)  # noqa: E731
    replay.attach(market, lambda state: None, lambda added, removed: None, on_pace, lambda names: None)
    assert replay.status == "to 12:10"
    task = asyncio.create_task(replay.run())
    await until(lambda: at_once)
    assert at_once == [119.0] and replay.status == "×1"
    await until(lambda: market.instruments[QQQ].last == 120.0)
    await asyncio.sleep(0.02)
    assert market.instruments[QQQ].last == 120.0
    assert BEGAN + 1200 <= replay.clock() < BEGAN + 1201
    task.cancel()


async def test_a_start_time_after_the_end_is_reported(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "r.gz", tick_lines(5))
    path.write_bytes(path.read_bytes()[:-3])
    replay = attach_to(Replay(path, begin="12:10"), Market())
    await asyncio.wait_for(replay.run(), 5)
    assert replay.summary == "the recording ends before 12:10: the file is cut off"


@pytest.mark.parametrize("text", ["soon", "25:00", "15:3", "15:30:99", "15", "-1:00", "15:30+01:00", "\x1b[31m"])
def test_an_invalid_time_of_day_is_a_usage_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="is no time of day: write for example 15:30"):
        Replay(write_recording(tmp_path / "r.gz"), begin=text)


def test_a_start_time_after_midnight_is_on_the_next_day(tmp_path: Path) -> None:
    late = header([Symbol("QQQ", "US")]).replace(str(float(T)).encode(), str(T + 12 * 3_600_000.0).encode())
    (tmp_path / "r.gz").write_bytes(compress([late]))
    assert Replay(tmp_path / "r.gz", begin="00:10")._skip_to == T + 12 * 3_600_000 + 20 * 60_000  # from 23:50 on
    assert Replay(tmp_path / "r.gz", begin="23:00")._skip_to < T + 12 * 3_600_000


@pytest.mark.parametrize(("text", "speed"), [("10", 10.0), ("0.01", 0.01), ("1000", 1_000.0), ("max", math.inf)])
def test_speeds_are_parsed(text: str, speed: float) -> None:
    assert parse_speed(text) == speed


@pytest.mark.parametrize("text", ["", "fast", "0", "0.009", "-1", "1001", "1e9", "inf", "nan", "\x1b"])
def test_an_invalid_speed_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match=r"is no speed: write a number from 0\.01 to 1000, or max"):
        parse_speed(text)


def test_a_minute_in_which_the_link_was_away_is_incomplete_in_a_replay_too(tmp_path: Path) -> None:
    lines = [*tick_lines(2, 62.0), state_line(BEGAN + 65, LinkState(LinkPhase.RECONNECTING, BEGAN + 65))]
    lines += [call_line(BEGAN + 150, "reconnected", [(QQQ,)]), call_line(BEGAN + 150, "served", [(QQQ,), BEGAN + 150])]
    market, _ = play_all(write_recording(tmp_path / "r.gz", lines))
    assert market.instruments[QQQ].bars.incomplete == {T // 60_000 + n for n in range(3)}


# --- what is watched ---


async def test_recorded_additions_and_removals_are_reported_and_symbols_on_the_screen_stay(tmp_path: Path) -> None:
    lines = [
        *tick_lines(2),
        call_line(BEGAN + 2, "follow", [(SPY, IEF)]),
        call_line(BEGAN + 2, "reconnected", [(SPY, IEF)]),
    ]
    market, told = Market(), list[tuple[list[Symbol], list[Symbol]]]()
    replay = Replay(write_recording(tmp_path / "r.gz", lines), math.inf)
    on_followed = lambda added, removed: told.append((added, removed))  # noqa: E731
    replay.attach(market, lambda state: None, on_followed, lambda: None, lambda names: None)
    replay.set_symbols([QQQ])
    await replay.run()
    assert told == [([SPY, IEF], [QQQ])]
    assert set(market.instruments) == {QQQ, SPY, IEF}
    assert market.instruments[QQQ].last == 101.0


# --- what tells nothing ---


@pytest.mark.parametrize(
    ("rubbish", "packs"),
    [(bytes(200_000_000), True), (bytes(200_000_000), False), (b"\n" * 1_000_000, True), (b"x\n" * 300_000, False)],
    ids=["zeros packed", "zeros", "empty lines packed", "lines"],
)
async def test_garbage_in_a_recording_does_not_block_the_event_loop(
    tmp_path: Path, rubbish: bytes, packs: bool
) -> None:
    path = tmp_path / "r"
    parts = (header(), *tick_lines(1)), (rubbish, b"\n", *tick_lines(3))
    path.write_bytes(compress(*parts) if packs else b"".join(b"".join(part) for part in parts))
    market = Market()
    replay = attach_to(Replay(path, math.inf), market)
    playing = asyncio.create_task(replay.run())
    longest = 0.0
    while not playing.done():
        begun = time.perf_counter()
        for _ in range(200):  # turns of the loop: a key that opens or closes something takes as many
            await asyncio.sleep(0)
        longest = max(longest, time.perf_counter() - begun)
    await playing
    assert market.health.ticks == 4 and market.health.damaged
    assert longest < 1  # s, on a busy machine


async def test_the_clock_does_not_jump_while_the_next_entry_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.recording.replay._SLICE", 0.0)  # each portion is all that there is time for
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"".join([header(), *tick_lines(3), b"x\n" * 30, *tick_lines(6)[-3:]]))
    replay = attach_to(Replay(path, 20.0), Market())
    begun = time.monotonic()
    playing = asyncio.create_task(replay.run())
    before = BEGAN
    while not playing.done():
        await asyncio.sleep(0.001)
        shown = replay.clock()
        assert before <= shown <= BEGAN + 20 * (time.monotonic() - begun)
        before = shown
    assert before == BEGAN + 5
