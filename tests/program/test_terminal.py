"""The installed command in a real terminal, against the demo exchange over a real socket."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from os import kill
from pathlib import Path

import pytest

from tests.support.cursor_queries import CURSOR_QUERY
from tests.support.recordings import play_all
from tests.support.terminal import COMMAND, Terminal
from tui.errors import EXIT_HANGUP, EXIT_INTERRUPTED, EXIT_TERMINATED
from tui.exchange.server import Exchange
from tui.protocol.decoder import decode_request
from tui.protocol.messages import Ping, Request, Subscribe
from tui.recording.format import RecordedFrame, Recording
from tui.terminal.ambiguous_width import CHARACTERS, PATIENCE


@pytest.fixture
async def asked() -> list[Request]:
    """What the exchange was asked, in order."""
    return []


@pytest.fixture
async def exchange(asked: list[Request]) -> AsyncIterator[Exchange]:
    def remember(connection: int, frame: bytes) -> None:
        asked.append(decode_request(frame))

    async with Exchange(on_request=remember, rate=40.0) as exchange:
        yield exchange


@pytest.fixture
def plain() -> str:
    """Whether painting and frames are left to the libraries."""
    return ""


both_ways = pytest.mark.parametrize("plain", ["", "1"], ids=["ours", "plain"])


@pytest.fixture
async def terminal(exchange: Exchange, plain: str) -> AsyncIterator[Terminal]:
    arguments = ["--url", exchange.url, "--watch", "QQQ$US,SPY$US"]
    terminal = Terminal(arguments, ITICK_TOKEN="a-known-key-7351", ITICK_TUI_PLAIN=plain)
    yield terminal
    terminal.kill()


def row(terminal: Terminal, code: str) -> str:
    """The watchlist's line of a symbol, up to the frame."""
    return next((line.split("││")[0] for line in terminal.screen()[2:] if re.search(rf" {code}\$", line[:14])), "")


def ladder_last(terminal: Terminal) -> str:
    """The last price on the ladder's spread row."""
    found = re.search(r"mid [\d.]+ [─ ]+([\d.]+)", terminal.text())
    return found[1] if found else ""


SIGNALS = [(signal.SIGTERM, EXIT_TERMINATED), (signal.SIGHUP, EXIT_HANGUP), (signal.SIGINT, EXIT_INTERRUPTED)]


async def live(terminal: Terminal) -> None:
    await terminal.until(lambda: "● LIVE" in terminal.text() and ladder_last(terminal))


@both_ways
async def test_a_person_watches_adds_removes_and_quits(terminal: Terminal, asked: list[Request], plain: str) -> None:
    await live(terminal)
    queries = terminal.raw.count(CURSOR_QUERY) - terminal.raw.count(f"{CHARACTERS}\x1b[6n".encode())
    assert (queries > 0) == (not plain), "flow control is ours"
    assert "DEMO" in terminal.screen()[0]
    assert "2 symbols" in terminal.text()
    await terminal.until(lambda: re.search(r"♥ \d+ ms", terminal.text()))

    first = ladder_last(terminal)
    await terminal.until(lambda: ladder_last(terminal) not in ("", first))

    terminal.press("a")
    await terminal.until(lambda: "Enter adds" in terminal.text())
    terminal.press("GLD$US,TLT\r")
    await terminal.until(
        lambda: re.search(r"\d+\.\d\d", row(terminal, "GLD")) and re.search(r"\d", row(terminal, "TLT"))
    )
    assert "4 symbols" in terminal.text()
    assert "GLD$US depth" in terminal.text()

    terminal.press("d")
    await terminal.until(lambda: not row(terminal, "GLD"))
    terminal.press("u")
    await terminal.until(lambda: row(terminal, "GLD"))

    terminal.press("g")
    await terminal.until(lambda: "QQQ$US depth" in terminal.text() and "QQQ$US 1 min" in terminal.text())
    terminal.press("j")
    await terminal.until(lambda: "SPY$US depth" in terminal.text() and "SPY$US 1 min" in terminal.text())
    terminal.press("\x1b[B")
    await terminal.until(lambda: "GLD$US depth" in terminal.text())

    terminal.press("?")
    await terminal.until(lambda: "take back the last change of lists" in terminal.text())
    terminal.press("q")
    await terminal.until(lambda: "bring back" not in terminal.text())
    terminal.press("q")
    assert await terminal.exit_code() == 0
    assert terminal.restored
    assert b"a-known-key-7351" not in terminal.raw

    subscribed = [(r.types, r.params) for r in asked if isinstance(r, Subscribe)]
    types = ["quote", "depth", "tick", "kline@1"]
    assert subscribed[:4] == [(type_, "QQQ$US,SPY$US") for type_ in types]
    assert subscribed[4:8] == [(type_, "QQQ$US,SPY$US,GLD$US,TLT$US") for type_ in types]
    pings = [r for r in asked if isinstance(r, Ping)]
    assert pings
    assert all(re.fullmatch(r"\d{13}", ping.params) for ping in pings)


async def test_ctrl_c_quits_even_from_a_field(terminal: Terminal) -> None:
    await live(terminal)
    terminal.press("a")
    await terminal.until(lambda: "Enter adds" in terminal.text())
    terminal.press("\x03")
    assert await terminal.exit_code() == EXIT_INTERRUPTED
    assert terminal.restored


@pytest.mark.parametrize(("signum", "code"), SIGNALS)
async def test_a_signal_leaves_the_terminal_as_it_was(terminal: Terminal, signum: signal.Signals, code: int) -> None:
    await live(terminal)
    kill(terminal.pid, signum)
    assert await terminal.exit_code() == code
    assert terminal.restored


@both_ways
async def test_a_program_that_was_stopped_from_outside_goes_on_and_leaves_well(terminal: Terminal) -> None:
    await live(terminal)
    kill(terminal.pid, signal.SIGSTOP)
    await asyncio.sleep(1.5)
    terminal.raw = b""
    kill(terminal.pid, signal.SIGCONT)
    await terminal.until(lambda: b"\x1b[?1049h" in terminal.raw)
    await live(terminal)
    await asyncio.sleep(1.5 * PATIENCE)  # what was asked of the terminal again is waited for no longer
    began = time.monotonic()
    terminal.press("q")
    assert await terminal.exit_code() == 0
    assert time.monotonic() - began < 2.5, "nothing had to be cut off"
    assert terminal.restored


@pytest.mark.parametrize("overlay", ["", "?"])
async def test_a_closed_terminal_ends_the_program(terminal: Terminal, overlay: str) -> None:
    await live(terminal)
    terminal.press(overlay)
    terminal.hang_up()
    assert await terminal.gone() == EXIT_HANGUP


async def test_a_second_copy_with_the_same_key_joins_the_first(exchange: Exchange, terminal: Terminal) -> None:
    await live(terminal)
    second = Terminal(["--url", exchange.url, "--watch", "TLT$US"], 80, 24, ITICK_TOKEN="a-known-key-7351")
    try:
        await live(second)
        assert row(second, "TLT")
        await second.until(lambda: "SHARED 2" in second.screen()[0])
        await terminal.until(lambda: "SHARED 2" in terminal.screen()[0])
    finally:
        second.kill()


@both_ways
async def test_it_follows_the_size_of_the_terminal(terminal: Terminal) -> None:
    await live(terminal)
    terminal.resize(50, 12)
    await terminal.until(lambda: row(terminal, "QQQ") and "PRICE" not in terminal.text())
    terminal.resize(30, 5)
    await terminal.until(lambda: "needs 40×8, has 30×5" in terminal.text())
    terminal.resize(120, 36)
    await terminal.until(lambda: "PRICE" in terminal.text() and ladder_last(terminal))


async def test_a_pasted_column_is_a_list(terminal: Terminal) -> None:
    await live(terminal)
    terminal.press("a")
    await terminal.until(lambda: "Enter adds" in terminal.text())
    terminal.press("\x1b[200~GLD$US\nTLT$US\nXLE$US\n\x1b[201~")
    await terminal.until(lambda: "GLD$US,TLT$US,XLE$US" in terminal.screen()[-1])
    terminal.press("\r")
    await terminal.until(lambda: "5 symbols" in terminal.text())


@pytest.fixture
def demo(plain: str) -> Iterator[Terminal]:
    terminal = Terminal(["--demo"], 80, 24, ITICK_TUI_PLAIN=plain)
    yield terminal
    terminal.kill()


@both_ways
async def test_the_demo_runs_without_a_key_and_themes_are_worn_at_once(demo: Terminal) -> None:
    await live(demo)
    before = demo.raw.count(b"48;2;15;20;26")  # midnight's background
    assert before
    demo.press("t")
    await demo.until(lambda: "Daylight" in demo.text())
    demo.press("G\x1b[F")
    await demo.until(lambda: b"48;2;251;251;249" in demo.raw)
    demo.press("\r")
    await demo.until(lambda: "Daylight" not in demo.text())
    demo.press("q")
    assert await demo.exit_code() == 0
    assert demo.restored


@both_ways
async def test_a_dead_link_is_said_and_every_number_is_marked_stale(exchange: Exchange, terminal: Terminal) -> None:
    await live(terminal)
    await exchange.__aexit__(None, None, None)
    await terminal.until(lambda: "reconnecting" in terminal.text() and "connection refused" in terminal.text())
    assert "stale" in row(terminal, "QQQ")
    assert "--" in row(terminal, "QQQ")
    assert "LIVE" not in terminal.text()
    terminal.press("q")
    assert await terminal.exit_code() == 0


async def test_what_was_recorded_is_seen_again_without_a_key_or_a_feed(exchange: Exchange, tmp_path: Path) -> None:
    file = str(tmp_path / "friday.jsonl.gz")
    arguments = ["--url", exchange.url, "--watch", "QQQ$US,SPY$US", "--record", file]
    live_one = Terminal(arguments, ITICK_TOKEN="a-known-key-7351")
    try:
        await live(live_one)
        assert " REC " in live_one.screen()[0]
        live_one.press("a")
        await live_one.until(lambda: "Enter adds" in live_one.text())
        live_one.press("GLD$US\r")
        await live_one.until(lambda: re.search(r"\d+\.\d\d", row(live_one, "GLD")))
        live_one.press("q")
        assert await live_one.exit_code() == 0
        kept = sum(isinstance(entry, RecordedFrame) for entry in Recording(Path(file)))
        assert f"kept {kept:,} messages in {file}" in "".join(live_one.text().split("\n"))
    finally:
        live_one.kill()
    market, _ = play_all(Path(file))

    replay = Terminal(["--replay", file, "--speed", "max"], XDG_CONFIG_HOME=str(tmp_path / "config"))
    try:
        await replay.until(lambda: "REPLAY ended" in replay.screen()[0])
        last = {symbol.code: f" {instrument.last:.2f} " for symbol, instrument in market.instruments.items()}
        assert set(last) == {"QQQ", "SPY", "GLD"}
        await replay.until(lambda: all(price in row(replay, code) for code, price in last.items()))
        assert "■ ENDED" in replay.text() and "LIVE" not in replay.text()
        assert "DEMO" in replay.screen()[0]
        replay.press("Gd")
        await replay.until(lambda: not row(replay, "GLD"))
        replay.press("q")
        assert await replay.exit_code() == 0
        assert replay.restored
    finally:
        replay.kill()
    assert not (tmp_path / "config").exists(), "nothing was remembered"


_LEFT = {
    "a terminal that does not wait": "os.set_blocking(0, False)",  # by a program that was killed
    "no current folder": "import tempfile; folder = tempfile.mkdtemp(); os.chdir(folder); os.rmdir(folder)",
}


@pytest.mark.parametrize("left", _LEFT.values(), ids=_LEFT)
async def test_it_starts_whatever_was_left_behind_in_the_shell(left: str) -> None:
    start = f"import os; {left}; os.execv({COMMAND!r}, ['itick-tui', '--demo'])"
    terminal = Terminal(["-c", start], program=sys.executable)
    try:
        await asyncio.sleep(1.5)  # nobody reads, and the whole first screen does not find room
        await terminal.until(lambda: "LIVE" in terminal.text())
        terminal.press("q")
        assert await terminal.exit_code() == 0
        assert terminal.restored
    finally:
        terminal.kill()
