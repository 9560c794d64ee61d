"""The benchmarks still measure: nothing else runs them, and much of what they start is named in strings."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.benchmarks import drain, far, instruction_counts, latency, memory, naive, quiet, sender
from tests.benchmarks.__main__ import NAMES
from tests.benchmarks.full_day import fill_spreads
from tests.benchmarks.latency import Latencies
from tests.benchmarks.pty import Pty
from tests.benchmarks.results import Goal, Result
from tests.benchmarks.running import REPLIES, start_program, start_sender, wait_for_counters
from tests.support.cursor_queries import CURSOR_QUERY
from tui.feed.dispatch import make_dispatcher
from tui.market import Market
from tui.market.spread_stats import MINUTES
from tui.market.tape import MAX_TRADES
from tui.protocol.messages import TYPES, Subscribe, Tick, encode
from tui.symbol import join_wire_symbols

ASKS_ONCE = f"""
import os, sys, termios, time, tty
tty.setraw(0)
began = time.monotonic()
os.write(1, {CURSOR_QUERY!r})
reply = os.read(0, 100)
open(sys.argv[1], "w").write(f"{{reply!r}} {{time.monotonic() - began}}")
"""


@pytest.mark.parametrize("module", ["program", "naive_client"])
def test_a_client_reports_its_updates(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naive, "SETTLE", 0.0)
    monkeypatch.setattr(naive, "DURATION", 1.5)
    rate = naive.measure_updates(module)
    assert rate.speed > 100 and rate.cost > 0


@pytest.mark.parametrize(
    ("work", "parts"),
    [
        ("messages", len(instruction_counts.SYMBOLS)),
        ("frames", len(instruction_counts.CHANGED) + len(instruction_counts.LISTS)),
    ],
)
def test_each_part_of_the_work_is_timed(work: str, parts: int) -> None:
    command = [sys.executable, "-m", "tests.benchmarks.instruction_counts", work, "1"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    timings = json.loads(result.stdout)
    assert len(timings) == parts and all(seconds > 0 for _, seconds in timings)


def test_both_sides_of_a_flood_are_measured_over_tls() -> None:
    before = os.environ.get("SSL_CERT_FILE")
    with start_sender(scheme="wss") as (url, _):
        assert url.startswith("wss://")
        bare = asyncio.run(drain.measure_bare_loop(url, 2_000))
        with start_program(url) as running:
            assert wait_for_counters(running, lambda report: report.messages > 2_000).wrong == 0
    assert bare.cost > 0
    assert os.environ.get("SSL_CERT_FILE") == before


def test_a_terminal_far_away_replies_late(tmp_path: Path) -> None:
    with Pty([sys.executable, "-c", ASKS_ONCE, str(tmp_path / "reply")], os.environ, reply_after=0.3) as pty:
        pty.process.wait(20)
    reply, took = (tmp_path / "reply").read_text().rsplit(" ", 1)
    assert reply == repr(b"\x1b[1;1R")
    assert 0.3 <= float(took) < 5


async def test_the_memory_of_a_full_day_is_measured() -> None:
    """The sender brings a day of minutes, its flood fills every tape, and the spreads of an hour are there before."""
    symbols = sender.symbols(3)
    market = Market()
    market.wall_base = 1000 * (time.time() - time.monotonic())
    market.follow(symbols)
    begin, dispatch = make_dispatcher(market, None, lambda reply, now: None)
    fill_spreads(market, time.monotonic())
    with start_sender("--symbols", "3", "--count", "10", *memory.MINUTES) as (url, _):
        async with (
            asyncio.timeout(30),
            connect(url, compression=None, proxy=None, close_timeout=0.1) as websocket,
        ):
            for type_ in TYPES:
                await websocket.send(encode(Subscribe(join_wire_symbols(symbols), type_)), text=True)
            for _ in range(REPLIES + 3 * 390 + 10):
                begin(time.monotonic())
                dispatch(await websocket.recv(decode=False))
    for instrument in market.instruments.values():
        assert len(instrument.bars) >= 390
        spreads = instrument.spreads.statistics(time.monotonic())
        assert spreads is not None and spreads.seconds >= 2 * (MINUTES - 1)
    trades = Counter(message.symbol for message in sender.prepared_messages() if isinstance(message, Tick))
    flood = memory.FULL * memory.MILLION - 390 * sender.SYMBOLS
    assert len(trades) == sender.SYMBOLS
    assert min(trades.values()) * (flood // sender._PREPARED) >= MAX_TRADES


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Canned figures instead of the measuring that takes minutes."""
    throughput = drain.Throughput(1.0, 1.0, 30.0)
    canned: dict[Any, dict[str, Any]] = {
        drain: {"measure_pair": lambda scheme, count: (throughput, throughput)},
        latency: {"run": lambda rate, scheme: Latencies([40.0], [10.0])},
        quiet: {"cpu_shares": lambda rate, scheme: (2.0, 1.0)},
        far: {"run": lambda: [391.0]},
        memory: {"at_each": lambda millions, symbols: [100.0] * millions, "of_naive_client": lambda: 50.0},
        import_module("tests.benchmarks.bytes"): {"rate_of_bytes": lambda rate: 1.0},
    }
    for module, functions in canned.items():
        for name, function in functions.items():
            monkeypatch.setattr(module, name, function)


@pytest.mark.parametrize(
    ("name", "what", "met"),
    [
        ("drain", "messages a second / a bare receive loop's, ws://", "yes"),
        ("drain", "messages a second / a bare receive loop's, wss://", "yes"),
        ("drain", "frames a second meanwhile, wss://", "yes"),
        ("latency", "message to terminal at 20,000/s over ws://, p99", "NO"),
        ("latency", "message to terminal at 20,000/s over wss://, p99", "NO"),
        ("latency", "key to cursor at 20,000/s over wss://, p99", "yes"),
        ("quiet", "CPU at 200 messages/s over ws://", "NO"),
        ("quiet", "CPU at 2,000 messages/s over wss://", "yes"),
        ("bytes", "written to the terminal at 2,000 messages/s", "yes"),
        ("far", "key to cursor p99 / the round trip of 300 ms, at 2,000 messages/s", "NO"),
        ("memory", "after 10 million / the naive client's", "NO"),
        ("memory", "a symbol, from 10 to 500", "yes"),
    ],
)
def test_the_table_has_what_is_felt(name: str, what: str, met: str, measured: None) -> None:
    assert name in NAMES
    results = {result.what: result for result in import_module(f"tests.benchmarks.{name}").measure(2)}
    assert results[what].cells()[-1] == met


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_of_the_table_is_there(name: str) -> None:
    assert callable(import_module(f"tests.benchmarks.{name}").measure)


def test_a_figure_that_misses_is_told_as_missed() -> None:
    assert Result("", [1.0, 2.0, 3.0], goal=Goal(1.9)).cells()[-1] == "NO"
    assert Result("", [1.0, 2.0, 3.0], goal=Goal(2.1, at_least=True)).cells()[-1] == "NO"
    assert Result("", [], goal=Goal(1)).cells()[-1] == "?"
