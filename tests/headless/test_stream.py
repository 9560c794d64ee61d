"""The feed as lines of JSON, from the real program."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest

from tests.support.command import (
    COUNTERS,
    KEY,
    PROGRAM,
    check_output,
    environment,
    exchange,
    lines_until,
    run_program,
    start_program,
)
from tests.support.feed import free_port
from tests.support.messages import BOOK_B, QQQ, T, bar, quote, tick
from tests.support.resource_limits import lower_limit
from tui.errors import EXIT_INTERRUPTED, EXIT_OUTPUT, EXIT_TERMINATED
from tui.exchange.server import Exchange
from tui.headless import stream
from tui.headless.stream import describe_refusals, format_counters, to_record
from tui.market.entitlements import RefusedType
from tui.market.health import Health
from tui.protocol.messages import OVER_LIMIT, Depth, Level, Push, Quote
from tui.secrets import Token
from tui.symbol import Symbol

STATES = ("connecting ", "authenticating ", "subscribing ", "LIVE", *COUNTERS)
FIELDS = {
    "tick": {"last", "volume", "time", "side"},
    "quote": {"last", "open", "high", "low", "time", "volume", "turnover", "previous_close", "change"}
    | {"change_percent", "status", "iopv", "nav"},
    "depth": {"asks", "bids"},
    "kline@1": {"open", "high", "low", "close", "time", "volume", "turnover"},
}


@pytest.mark.parametrize(
    ("message", "described"),
    [
        (tick(512.34, volume=100), {"type": "tick", "last": 512.34, "volume": 100, "time": T}),
        (quote(512.34, status=0), {"type": "quote", "last": 512.34, "time": T, "status": 0}),
        (
            bar(0, 512.34, 28),
            {
                "type": "kline@1",
                "open": 512.34,
                "high": 512.34,
                "low": 512.34,
                "close": 512.34,
                "time": T,
                "volume": 28,
            },
        ),
    ],
    ids=["tick", "quote", "kline"],
)
def test_an_update_has_its_symbol_its_type_and_what_came_by_its_full_name(
    message: Push, described: dict[str, Any]
) -> None:
    assert to_record(message, QQQ) == {"symbol": "QQQ$US", **described}


def test_a_level_has_the_number_it_came_with() -> None:
    book = Depth(symbol="QQQ$US", asks=[Level(2.0, 5, 2), Level(1.9, 5, 1)], bids=[Level(1.8, 5)])
    record = to_record(book, QQQ)
    assert [level["level"] for level in record["asks"]] == [2, 1]
    assert [level["level"] for level in record["bids"]] == [1], "its place, if none came"


def test_a_change_across_a_likely_split_is_null() -> None:
    printer = stream.NdjsonStream([QQQ], None, None, 20.0)
    printer._loop = Mock()
    printer.market.follow([QQQ])
    instrument = printer.market.instruments[QQQ]
    for last, moved in ((101.57, -707.31), (101.6, 0.49)):
        quote = Quote(symbol="QQQ$US", last=last, change=moved, change_percent=moved / 8, open=101.2, time=T)
        printer.market.apply(quote, 0.0)
        printer._on_push(quote, instrument)
    first, second = map(json.loads, printer._lines)
    assert (first["change"], first["change_percent"], first["last"]) == (None, None, 101.57)
    assert (second["change"], second["change_percent"]) == (0.49, 0.49 / 8)


def test_a_book_is_described_level_by_level() -> None:
    described = to_record(BOOK_B, QQQ)
    assert list(described) == ["symbol", "type", "asks", "bids"]
    assert described["asks"][0] == {"price": 512.35, "volume": 2600, "level": 1}
    assert len(described["bids"]) == 10


def objects(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_count_prints_so_many_objects_and_the_states_beside_them() -> None:
    result = run_program("stream", "--demo", "--count", "5")
    assert result.returncode == 0
    assert len(objects(result.stdout)) == 5
    assert all(line.startswith(STATES) for line in result.stderr.splitlines())


def test_every_type_comes_with_full_names() -> None:
    result = run_program("stream", "--demo", "--watch", "QQQ$US,SPY$US", "--count", "400")
    updates = objects(result.stdout)
    assert len(updates) == 400
    assert {update["type"] for update in updates} == set(FIELDS)
    assert {update["symbol"] for update in updates} == {"QQQ$US", "SPY$US"}
    for update in updates:
        assert list(update)[:2] == ["symbol", "type"]
        assert set(update) - {"symbol", "type"} <= FIELDS[update["type"]]
        for level in update.get("asks", []) + update.get("bids", []):
            assert level.keys() == {"price", "volume", "level"}


def test_only_the_types_asked_for_are_printed() -> None:
    result = run_program("stream", "--demo", "--types", "depth", "--count", "3")
    assert {update["type"] for update in objects(result.stdout)} == {"depth"}
    assert [line for line in result.stderr.splitlines() if line.startswith("subscribing")] == [
        "subscribing 14 symbols: depth"
    ]


def test_the_counters_come_at_the_end_in_words() -> None:
    result = run_program("stream", "--demo", "--seconds", "1.5")
    received, left_out, odd, link = result.stderr.splitlines()[-4:]
    found = re.fullmatch(r"received ([\d,]+) messages, ([\d,]+) bytes; applied (.*)", received)
    assert found and int(found[2].replace(",", "")) > int(found[1].replace(",", "")) > 100
    assert re.fullmatch(r"[\d,]+ tick, [\d,]+ quote, [\d,]+ depth, [\d,]+ kline@1", found[3])
    assert left_out == "left out: 0 out of order, 0 unfollowed, 0 malformed"
    assert odd == "odd: 0 from the future, 0 crossed books, 0 with misplaced levels, 0 quotes outside their range"
    assert re.fullmatch(r"link: 0 reconnects, 0 heartbeats missed, round trip [\d.]+ ms \(median .*\)", link)


def test_what_was_malformed_is_told_by_kind() -> None:
    health = Health()
    health.count_malformed("not JSON", b"?", 0.0)
    health.count_malformed("not JSON", b"?", 0.0)
    health.count_malformed("unknown type", b"?", 0.0)
    assert "0 unfollowed, 3 malformed (2 not JSON, 1 unknown type)" in format_counters(health.report())
    assert "round trip not measured" in format_counters(health.report())


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--demo", "--count", "5"], 0),
        (["--url", f"ws://127.0.0.1:{free_port()}", "--watch", "A", "--deadline", "1"], 4),
    ],
    ids=["done", "no connection"],
)
def test_the_counters_can_be_had_as_one_object(arguments: list[str], code: int) -> None:
    result = run_program("stream", *arguments, "--json-health", key=None if "--demo" in arguments else KEY)
    assert result.returncode == code
    report = json.loads(result.stderr.splitlines()[-1])
    assert report["messages"] >= report["applied"]["quote"]
    assert bool(report["messages"]) == (code == 0)
    assert set(report) >= {"bytes", "malformed", "out_of_order", "reconnects", "heartbeats_missed", "round_trip_ms"}
    assert not any(line.startswith(COUNTERS) for line in result.stderr.splitlines())


def test_what_is_not_served_is_said_in_words_and_counted() -> None:
    watch = ("--watch", "QQQ$US,SPY$US,IEF$US,GLD$US", "--seconds", "2")
    faults = ("--fault", "plan-limit", "--fault", "depth-refused")
    with exchange(*faults) as url:
        words = run_program("stream", "--url", url, *watch, key=KEY).stderr.splitlines()
    with exchange(*faults) as url:  # on a port of its own: after another run with this host and key it would wait
        report = json.loads(
            run_program("stream", "--url", url, *watch, "--json-health", key=KEY).stderr.splitlines()[-1]
        )
    after = words.index("LIVE") + 1
    assert words[after : after + 2] == [
        "plan limit: 3 of 4 symbols live: not GLD$US",
        "depth refused for QQQ$US, SPY$US, IEF$US: permission denied: please upgrade your package",
    ]
    assert report["symbols"] == 4
    denied = "permission denied: please upgrade your package"
    assert {"type": "depth", "words": denied, "symbols": ["QQQ$US", "SPY$US", "IEF$US"]} in report["refused"]
    assert {"type": "quote", "words": OVER_LIMIT, "symbols": ["GLD$US"]} in report["refused"]


def test_many_that_are_refused_are_not_all_named() -> None:
    symbols = tuple(Symbol(f"F{n}", "US") for n in range(8))
    refused = [RefusedType("depth", "no\x1b[31m", symbols), RefusedType("tick", "no", symbols[:7])]
    assert describe_refusals(refused, 8) == [
        "depth refused for 8 symbols: no�[31m",
        "tick refused for F0$US, F1$US, F2$US, F3$US, F4$US and 2 more: no",
    ]
    assert describe_refusals([], 8) == []


@pytest.mark.parametrize("as_json", [False, True])
def test_a_symbol_that_brings_nothing_is_named_once_and_at_the_end(as_json: bool) -> None:
    program = "import tui.headless.stream, tui.cli; tui.headless.stream.DATA_TIMEOUT = 0.5; tui.cli.main()"
    arguments = ["--demo", "--watch", "QQQ$US,ZZZ$US,YYY$US", "--seconds", "2"] + ["--json-health"] * as_json
    result = subprocess.run(
        [sys.executable, "-c", program, "stream", *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    check_output(result.stderr)
    words = result.stderr.splitlines()
    said = "no data yet for ZZZ$US, YYY$US: are they spelled right? A closed exchange sends nothing either"
    assert words.count(said) == 1
    if as_json:
        assert json.loads(words[-1])["no_data"] == ["ZZZ$US", "YYY$US"]
    else:
        assert words[-5] == "no data: ZZZ$US, YYY$US"


async def test_a_new_connection_does_not_name_it_again_nor_what_came_before(
    status_lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "DATA_TIMEOUT", 0.2)
    async with Exchange(faults=["drop"], fault_every=0.5) as exchange:
        printer = stream.NdjsonStream([QQQ, Symbol("ZZZ", "US")], None, 2.5, 20.0, json_health=True)
        assert await printer.run(exchange.url, Token("key"), ["depth"]) == 0
    assert status_lines.count("LIVE") >= 2
    assert [line for line in status_lines if "no data" in line] == [
        "no data yet for ZZZ$US: is it spelled right? A closed exchange sends nothing either"
    ]
    printer.market.reconnected(printer._symbols)  # a connection that has yet to bring a book
    printer.market.expect_data(printer._symbols, 1.0)
    printer.print_counters()
    assert json.loads(status_lines[-1])["no_data"] == ["ZZZ$US"]


@pytest.mark.parametrize(("end", "told"), [(("--seconds", "1.5"), True), (("--count", "1"), False)])
def test_a_short_run_names_them_too_but_where_it_ended_by_an_update(end: tuple[str, str], told: bool) -> None:
    words = run_program("stream", "--demo", "--watch", "QQQ$US,ZZZ$US,YYY$US", *end).stderr.splitlines()
    assert ("no data: ZZZ$US, YYY$US" in words) is told
    assert not any(line.startswith("no data yet") for line in words)


def test_what_is_over_the_plan_is_not_said_to_be_silent_too() -> None:
    watch = ("--watch", "QQQ$US,SPY$US,IEF$US,GLD$US", "--seconds", "1", "--json-health")
    with exchange("--fault", "plan-limit") as url:
        report = json.loads(run_program("stream", "--url", url, *watch, key=KEY).stderr.splitlines()[-1])
    assert report["refused"] and report["no_data"] == []


def test_seconds_end_it() -> None:
    result = run_program("stream", "--demo", "--seconds", "0.5")
    assert result.returncode == 0
    assert objects(result.stdout)


def test_a_key_reaches_the_exchange_and_is_seen_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    with exchange("--key-file", str(tmp_path / "key")) as url:
        result = run_program("stream", "--url", url, "--watch", "QQQ$US", "--count", "1", key=KEY)
        assert result.returncode == 0
        assert objects(result.stdout)[0]["symbol"] == "QQQ$US"


@pytest.mark.parametrize(
    ("watch", "notice"),
    [
        ("QQQ,SPY", "read as QQQ$US, SPY$US"),
        ("QQQ$US,spy", "read as SPY$US"),
        ("2800", "2800 read as 2800$HK, where 4-digit codes are usual"),
        (
            "02800.HK、sh510300，AMEX:SPY",
            "02800.HK read as 2800$HK; sh510300 read as 510300$SH; AMEX:SPY read as SPY$US",
        ),
    ],
)
def test_a_symbol_without_a_region_works_with_a_notice(watch: str, notice: str) -> None:
    result = run_program("stream", "--demo", "--watch", watch, "--seconds", "0.2")
    assert result.returncode == 0
    assert result.stderr.splitlines()[0] == f"itick-tui: {notice}"


def test_a_symbol_with_its_region_needs_no_notice() -> None:
    result = run_program("stream", "--demo", "--watch", "QQQ$US,SPY.US,US:IEF", "--seconds", "0.2")
    assert result.stderr.startswith("connecting ")


def test_who_is_taken_over_on_this_machine_joins_the_other_and_leads_again_when_that_ends() -> None:
    with exchange("--one-connection") as url:
        arguments = ("stream", "--url", url, "--watch", "QQQ$US", "--types", "quote")
        with start_program(*arguments, key=KEY) as first:
            lines_until(first.stderr, "LIVE")
            with start_program(*arguments, "--take-over", "--seconds", "6", key=KEY) as second:
                lines_until(first.stderr, f"joined stream {second.pid}: ")
                lines_until(first.stderr, "LIVE")
                _, said = second.communicate(timeout=10)
                assert second.returncode == 0
                assert "connection" not in said.partition("LIVE")[2], "it was never lost"
            lines_until(first.stderr, "moving to another window")
            lines_until(first.stderr, "LIVE")
            first.terminate()


def test_a_reader_that_has_enough_ends_it_quietly() -> None:
    with start_program("stream", "--demo") as process:
        assert process.stdout is not None and process.stderr is not None
        assert json.loads(process.stdout.readline())["symbol"]
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(timeout=10) == 0
    assert all(line.startswith(STATES) for line in said.splitlines())


def test_nobody_reading_the_states_does_not_end_it() -> None:
    nobody, theirs = os.pipe()
    os.close(nobody)
    try:
        result = subprocess.run(
            [*PROGRAM, "stream", "--demo", "--count", "200"],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
            timeout=30,
            check=False,
        )
    finally:
        os.close(theirs)
    assert result.returncode == 0
    assert len(objects(result.stdout)) == 200


def test_with_standard_error_closed_only_data_are_printed() -> None:
    command = 'exec "$@" 2>&-'
    result = subprocess.run(
        ["sh", "-c", command, "sh", *PROGRAM, "stream", "--demo", "--count", "2"],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        timeout=30,
        check=False,
    )
    assert result.returncode == 0
    assert [update["type"] for update in objects(result.stdout)] == ["quote", "quote"]


# --- a reader that stands still ---


@pytest.fixture(scope="module")
def busy() -> Iterator[str]:
    """An exchange that fills a pipe in no time."""
    with exchange("--rate", "2000") as url:
        yield url


@contextmanager
def stalled(url: str, *arguments: str, stderr: int = subprocess.PIPE) -> Iterator[subprocess.Popen[str]]:
    """A stream whose output nobody reads, for as long as it takes to fill the pipe."""
    command = [*PROGRAM, "stream", "--url", url, "--watch", "QQQ$US,SPY$US,IWM$US", "--take-over", *arguments]
    kept = {name: value for name, value in environment(KEY).items() if name != "PYTHONUNBUFFERED"}
    with subprocess.Popen(command, env=kept, stdout=subprocess.PIPE, stderr=stderr, text=True) as process:
        try:
            time.sleep(2.5)
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("more", [(), ("--count", "2000")], ids=["for ever", "all received"])
def test_it_can_be_ended_while_nobody_reads(busy: str, more: tuple[str, ...]) -> None:
    with stalled(busy, *more) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == EXIT_TERMINATED
        assert process.stderr is not None and "received " in process.stderr.read()


def test_nor_does_it_wait_for_who_does_not_read_its_words_either(busy: str) -> None:
    with stalled(busy, stderr=subprocess.STDOUT) as process:
        process.send_signal(signal.SIGINT)
        assert process.wait(8) == EXIT_INTERRUPTED


def test_its_seconds_end_while_nobody_reads(busy: str) -> None:
    with stalled(busy, "--seconds", "2") as process:
        assert process.wait(8) == EXIT_OUTPUT
        assert process.stderr is not None
        assert "itick-tui: cannot write to standard output: nobody reads it" in process.stderr.read().splitlines()


def test_a_reader_that_pauses_gets_all_of_it_in_order(busy: str) -> None:
    with stalled(busy, "--count", "2000", "--types", "tick") as process:
        output, said = process.communicate(timeout=20)
    assert process.returncode == 0
    updates = objects(output)
    assert len(updates) == 2000
    for symbol in ("QQQ$US", "SPY$US", "IWM$US"):
        times = [update["time"] for update in updates if update["symbol"] == symbol]
        assert times == sorted(times)
    assert "received " in said


def test_where_more_waits_than_memory_is_for_it_ends(busy: str) -> None:
    program = "import tui.headless.stdout, tui.cli; tui.headless.stdout._MAX_BUFFERED = 200_000; tui.cli.main()"
    command = [sys.executable, "-c", program, "stream", "--url", busy, "--watch", "QQQ$US,SPY$US", "--take-over"]
    with subprocess.Popen(
        command, env=environment(KEY), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.wait(15) == EXIT_OUTPUT
            assert process.stderr is not None
            assert "itick-tui: cannot write to standard output: nobody reads it" in process.stderr.read()
        finally:
            process.kill()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_is_said_in_a_line() -> None:
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [*PROGRAM, "stream", "--demo"],
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
            check=False,
        )
    check_output(result.stderr)
    assert result.returncode == 1
    *_, said, received, _, _, _ = result.stderr.splitlines()
    assert said == "itick-tui: cannot write to standard output: no space left on device"
    assert received.startswith("received ")


def test_a_stream_that_never_was_live_in_its_time_says_so() -> None:
    url = f"ws://127.0.0.1:{free_port()}/fund"
    result = run_program("stream", "--url", url, "--watch", "QQQ$US", "--seconds", "1", key=KEY)
    assert result.returncode == 4
    assert "itick-tui: no live connection within 1 s: " in result.stderr


def test_a_log_that_cannot_be_written_any_more_is_said_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with lower_limit(resource.RLIMIT_FSIZE, 150):  # the first line finds room
        result = run_program("stream", "--demo", "--seconds", "2", "--log", str(log))
    assert result.returncode == 0
    assert result.stderr.count(f"the log {log} is not whole: file too large") == 1


@pytest.mark.parametrize("kind", ["pipe", "socket", "terminal", "file"])
def test_a_log_into_standard_error_goes_where_that_goes(kind: str, tmp_path: Path) -> None:
    """As containers and journals want it: every line stands there whole, beside the words for a person."""
    with contextlib.ExitStack() as stack:
        if kind == "pipe":
            read, write = os.pipe()
        elif kind == "socket":
            read, write = (end.detach() for end in socket.socketpair())
        elif kind == "terminal":
            read, write = os.openpty()
        else:
            write = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
            read = os.open(tmp_path / "file", os.O_RDONLY)
        stack.callback(os.close, read)
        command = [*PROGRAM, "stream", "--demo", "--count", "5", "--log", "/dev/stderr"]
        process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=write)
        os.close(write)
        assert process.wait(20) == 0
        said = b""
        with contextlib.suppress(OSError):  # a terminal without anybody ends so
            while part := os.read(read, 1 << 16):
                said += part
    lines = said.decode().splitlines()
    logged = [json.loads(line)["message"] for line in lines if line.startswith("{")]
    assert logged[0].startswith("itick-tui ") and logged[-1] == "ends" and "connection open" in logged
    assert all(line.startswith(STATES) for line in lines if not line.startswith("{"))


def test_a_log_into_standard_error_that_nobody_reads_keeps_nothing_waiting() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    with contextlib.suppress(BlockingIOError):
        while os.write(write, b"x" * 4096):
            pass
    os.set_blocking(write, True)
    began = time.monotonic()
    process = subprocess.Popen(
        [*PROGRAM, "stream", "--demo", "--types", "quote", "--log", "/dev/stderr"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=write,
    )
    try:
        os.close(write)
        assert process.stdout is not None and process.stdout.readline().startswith(b"{")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == EXIT_TERMINATED
        assert time.monotonic() - began < 8
    finally:
        process.kill()
        process.communicate()
        os.close(read)


@pytest.fixture
def status_lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines for standard error of a stream without a reader."""
    lines: list[str] = []
    monkeypatch.setattr(stream.NdjsonStream, "_print_status", staticmethod(lines.append))
    monkeypatch.setattr(stream, "StdoutWriter", Mock(return_value=Mock(close=AsyncMock(return_value=None))))
    return lines


async def test_a_connection_that_was_too_short_for_data_blames_no_symbol(
    status_lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "DATA_TIMEOUT", 0.5)
    async with Exchange(faults=["drop"], fault_every=0.15) as exchange:
        printer = stream.NdjsonStream([QQQ, Symbol("ZZZ", "US")], None, 2.0, 20.0)
        assert await printer.run(exchange.url, Token("key"), ["quote"]) == 0
    assert status_lines.count("LIVE") >= 2
    assert not any("no data yet" in line for line in status_lines)


async def test_what_is_refused_is_said_once_and_not_for_each_connection(status_lines: list[str]) -> None:
    async with Exchange(faults=["plan-limit", "drop"], fault_every=0.3) as exchange:
        symbols = [Symbol(code, "US") for code in ("QQQ", "SPY", "IEF", "GLD")]
        printer = stream.NdjsonStream(symbols, None, 2.5, 20.0)
        assert await printer.run(exchange.url, Token("key"), ["quote"]) == 0
    assert status_lines.count("LIVE") >= 2
    assert status_lines.count("plan limit: 3 of 4 symbols live: not GLD$US") == 1


def test_under_nohup_it_outlives_the_terminal() -> None:
    shell = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *PROGRAM, "stream", "--demo", "--types", "quote"]
    with subprocess.Popen(
        shell, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            lines_until(process.stderr, "LIVE")
            process.send_signal(signal.SIGHUP)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == EXIT_TERMINATED
        finally:
            process.kill()


def test_a_pair_is_refused_with_its_legs() -> None:
    result = run_program("stream", "--demo", "--watch", "TLT,QQQ/SPY")
    assert result.returncode == 2 and result.stdout == ""
    assert "QQQ$US/SPY$US is a pair, and the feed sends updates of symbols alone" in result.stderr
    assert "--watch 'QQQ$US,SPY$US'" in result.stderr
