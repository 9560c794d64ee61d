"""The statistics of `itick-tui inspect`."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import pytest

from tests.support.command import run_in_process
from tests.support.messages import BOOK_B, QQQ, SPY, T, quote
from tests.support.recordings import BEGAN, compress, header, tick_lines, write_recording
from tests.support.wait_until import until
from tui.errors import FeedError
from tui.exchange.server import Exchange
from tui.feed.clock import monotonic
from tui.feed.endpoint import host_of
from tui.feed.link import Link
from tui.feed.state import LinkPhase, LinkState
from tui.market import Market
from tui.protocol.messages import encode
from tui.recording.format import Recording, call_line, message_line, state_line
from tui.recording.summary import RecordingSummary, summarize
from tui.recording.writer import Recorder
from tui.secrets import Token
from tui.symbol import Symbol

LATE = 40.0  # ms


@pytest.fixture(autouse=True)
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def faulty_hour_lines() -> list[bytes]:
    """A trade a second for a minute, each 40 ms old when it came, but for one of 900 ms; a minute of silence, in which
    the link is lost and made again; an hour after the beginning it ends."""
    lost = FeedError("connection lost\x1b[31m")
    lines = [
        call_line(BEGAN, "follow", [(QQQ, SPY)]),
        call_line(BEGAN, "set_clock", [T - 1000 * BEGAN + LATE]),
        call_line(BEGAN, "set_hours", [True]),
        call_line(BEGAN, "observe_date", [BEGAN, BEGAN + 0.01, T + LATE - 960]),
        call_line(BEGAN, "observe_date", [BEGAN + 0.06, BEGAN + 0.07, T + LATE + 40]),
        state_line(BEGAN, LinkState(LinkPhase.LIVE, BEGAN)),
        *tick_lines(61)[5:],
        message_line(b"1060.5", encode(quote(512.34, 60_500))),
        message_line(b"1060.5", encode(BOOK_B)),
        message_line(b"1060.5", b"{nonsense"),
        state_line(BEGAN + 70, LinkState(LinkPhase.RECONNECTING, BEGAN + 70, error=lost, was_live=True)),
        state_line(BEGAN + 80, LinkState(LinkPhase.RECONNECTING, BEGAN + 80, error=lost, was_live=True)),
        state_line(BEGAN + 90, LinkState(LinkPhase.LIVE, BEGAN + 90)),
        message_line(b"1120.5", encode(quote(512.35, 120_500, s="SPY$US"))),
        message_line(b"4600.0", encode(quote(512.36, 3_600_000, s="SPY$US"))),
        b"{damaged\n",
    ]
    return lines


def summary_of(tmp_path: Path) -> RecordingSummary:
    return summarize(Recording(write_recording(tmp_path / "r.gz", faulty_hour_lines())))


def test_messages_are_counted_by_type_and_symbol(tmp_path: Path) -> None:
    inspection = summary_of(tmp_path)
    assert inspection.types == {"tick": 61, "quote": 3, "depth": 1}
    assert inspection.symbols == {"QQQ$US": 63, "SPY$US": 2}
    assert inspection.messages == 66
    assert inspection.malformed == {"not JSON": 1}
    assert (inspection.damaged, inspection.cut, inspection.demo) == (1, False, True)


def test_the_symbols_of_the_header_are_followed_although_the_beginning_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "r.gz"
    path.write_bytes(compress([header(host="demo")], [b"{damaged\n"], tick_lines(20)[5:]))
    inspection = summarize(Recording(path))
    assert (inspection.unfollowed, inspection.symbols, inspection.demo) == (0, {"QQQ$US": 20}, True)


def test_silences_and_states_of_the_link_are_listed_with_their_times(tmp_path: Path) -> None:
    inspection = summary_of(tmp_path)
    assert inspection.silences == 2
    assert [silence.seconds for silence in inspection.longest] == [3479.5, 60.0]
    assert [round(silence.at - T) for silence in inspection.longest] == [120_540, 60_540]
    assert inspection.reconnects == 1
    assert [(step.state, step.reason) for step in inspection.link] == [
        ("LIVE", ""),
        ("reconnecting", "connection lost�[31m"),
        ("LIVE", ""),
    ]
    assert inspection.seconds == pytest.approx(3600, abs=1)


def test_of_many_silences_the_longest_hundred_are_listed(tmp_path: Path) -> None:
    gaps = [6.0 + (n * 37 % 101) for n in range(101)]  # each from 6 to 106 s once, in no order
    times = list(accumulate(gaps, initial=BEGAN))
    lines = [call_line(BEGAN, "follow", [(QQQ,)]), *(message_line(repr(t).encode(), encode(quote(1.0))) for t in times)]
    summary = summarize(Recording(write_recording(tmp_path / "r.gz", lines)))
    assert summary.silences == 101
    assert [silence.seconds for silence in summary.longest] == [float(n) for n in range(106, 6, -1)]


def test_lags_cover_all_messages_and_not_only_the_latest(tmp_path: Path) -> None:
    lag = summary_of(tmp_path).lag
    assert lag is not None and not lag.relative and lag.error is not None
    assert abs(lag.median - LATE) <= lag.error
    assert lag.samples == 61 - 1 + 1


def test_without_a_known_clock_lags_are_relative_to_the_smallest(tmp_path: Path) -> None:
    lag = summarize(Recording(write_recording(tmp_path / "r.gz", tick_lines(20)))).lag
    assert lag is not None and lag.relative and lag.error is None
    assert lag.median == 0.0


def test_a_clock_that_was_set_does_not_count_as_lag(tmp_path: Path) -> None:
    lines = [*tick_lines(20), call_line(BEGAN + 20, "set_clock", [T - 1000 * BEGAN + 5_000])]
    moved = [message_line(repr(BEGAN + n).encode(), encode(quote(500.0, 1000 * n))) for n in range(20, 40)]
    lag = summarize(Recording(write_recording(tmp_path / "r.gz", [*lines, *moved]))).lag
    assert lag is not None and lag.p99 == 0.0


async def test_a_delayed_feed_is_reported(tmp_path: Path) -> None:
    market = Market()
    with Recorder(tmp_path / "r.gz") as recorder:
        async with Exchange(faults=["lagging"]) as exchange:
            recorder.begin(market, [QQQ, SPY], host_of(exchange.url), monotonic, time.time)
            link = Link(exchange.url, Token("key"), market, on_state=recorder.record_state)
            link.set_symbols([QQQ, SPY])
            running = asyncio.create_task(link.run())
            await until(lambda: market.clock.delay() is not None)
            running.cancel()
            await asyncio.wait([running])
    assert summarize(Recording(tmp_path / "r.gz")).delay == 900.0
    assert "15m: the whole feed was delayed" in run_in_process("inspect", str(tmp_path / "r.gz")).stdout


def test_a_summary_is_printed_in_words(tmp_path: Path) -> None:
    result = run_in_process("inspect", str(write_recording(tmp_path / "r.gz", faulty_hour_lines())))
    assert result.returncode == 0
    told = {line[:16].strip(): line[16:] for line in result.stdout.splitlines() if line[:1] != " "}
    assert told["time"] == "2024-11-15 11:50:00 to 12:50:00, 1 h 0 min"
    assert told["messages"].startswith("66 · ") and told["messages"].endswith(" · 0.0 a second")
    assert told["types"] == "tick 61 · quote 3 · depth 1"
    assert told["symbols"] == "2: QQQ$US 63 · SPY$US 2"
    assert told["over 5 s silent"] == "2, the longest 3,479.5 s from 2024-11-15 11:52:00"
    assert told["left out"] == "0 out of order, 0 unfollowed, 1 malformed (1 not JSON)"
    assert told["file"] == "1 damaged line, whole"
    assert "2024-11-15 11:51:10 reconnecting: connection lost�[31m" in result.stdout
    assert result.stdout.isprintable() is False and "\x1b" not in result.stdout


def test_a_long_line_of_the_summary_goes_on_below_its_words(tmp_path: Path) -> None:
    funds = tuple(Symbol(f"FUND{n}", "US") for n in range(8))
    lines = [call_line(BEGAN, "follow", [funds])]
    lines += [message_line(repr(BEGAN + n).encode(), encode(quote(1.0, s=str(fund)))) for n, fund in enumerate(funds)]
    printed = run_in_process("inspect", str(write_recording(tmp_path / "r.gz", lines))).stdout.splitlines()
    first = next(n for n, line in enumerate(printed) if line.startswith("symbols"))
    assert printed[first + 1].startswith(" " * 16 + "FUND") and max(map(len, printed)) <= 80


def test_a_recording_that_ends_on_another_day_says_on_which(tmp_path: Path) -> None:
    lines = [call_line(BEGAN, "follow", [(QQQ,)]), message_line(repr(BEGAN + 54 * 3_600).encode(), encode(quote(1.0)))]
    result = run_in_process("inspect", str(write_recording(tmp_path / "r.gz", lines)))
    assert "2024-11-15 11:50:00 to 2024-11-17 17:50:00, 54 h 0 min" in result.stdout


def test_a_summary_is_printed_as_one_json_object(tmp_path: Path) -> None:
    result = run_in_process("inspect", str(write_recording(tmp_path / "r.gz", faulty_hour_lines())), "--json")
    told = json.loads(result.stdout)
    assert told["types"]["tick"] == 61
    assert told["begins"] == T
    assert told["link"][1][1:] == ["reconnecting", "connection lost�[31m"]


def test_an_empty_recording_has_a_summary(tmp_path: Path) -> None:
    (tmp_path / "r.gz").write_bytes(compress([header()]))
    result = run_in_process("inspect", str(tmp_path / "r.gz"))
    assert result.returncode == 0
    assert "no data" in result.stdout and "not known" in result.stdout
