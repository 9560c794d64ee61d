"""A fault in the program: the terminal as it was, two lines, exit code 70, and a report without secrets."""

from __future__ import annotations

import asyncio
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import environment
from tests.support.crashing import CrashingApp, Fault
from tests.support.launch_options import launch_options
from tests.support.terminal import Terminal
from tui import __version__, crash
from tui.app.feed_worker import FeedSource
from tui.errors import EXIT_CRASH
from tui.exchange.server import Exchange
from tui.secrets import Token, read_file
from tui.symbol import Symbol

KEY = "a-known-key-7351"
PLACES = ("handler", "widget", "worker", "frame", "timer", "keyboard")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The state folder, empty."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    yield tmp_path / "itick-tui"


def reports(state: Path) -> list[Path]:
    return list(state.glob("crash-*"))


@pytest.mark.parametrize("where", PLACES)
async def test_a_fault_anywhere_ends_the_app_and_is_kept(where: str, capfd: pytest.CaptureFixture[str]) -> None:
    async with Exchange(rate=20.0) as exchange:
        app = CrashingApp(launch_options([Symbol("QQQ", "US")]), FeedSource(exchange.url, Token(KEY)))
        app.where = where
        with pytest.raises((Fault, RuntimeError)) as caught:
            async with app.run_test() as pilot:
                await pilot.press("u")
                async with asyncio.timeout(5):
                    while app.crash is None:
                        await pilot.pause(0.02)
        assert caught.value is app.crash
        assert app.return_code == EXIT_CRASH
        assert isinstance(app.crash, Fault) or where == "keyboard"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("where", ["widget", "worker", "start"])
async def test_a_crash_restores_the_terminal_and_leaves_a_report(where: str, state: Path) -> None:
    async with Exchange(rate=20.0) as exchange:
        terminal = Terminal(
            ["-m", "tests.support.crashing", where, "--url", exchange.url, "--watch", "QQQ$US"],
            program=sys.executable,
            ITICK_TOKEN=KEY,
            XDG_STATE_HOME=str(state.parent),
        )
        try:
            if where != "start":
                await terminal.until(lambda: "LIVE" in terminal.text())
                terminal.press("u")
            assert await terminal.exit_code() == EXIT_CRASH
            assert terminal.restored
        finally:
            terminal.kill()
    [report] = reports(state)
    after = terminal.raw.rpartition(b"\x1b[?1049l")[2].decode()
    said = [line for line in re.sub(r"\x1b\[[?>=<]?[\d;]*[a-zA-Z]", "", after).split("\r\n") if line]
    assert said[0] == "itick-tui: a fault in the program (Fault): it had to stop"
    assert said[1:] == [f"a report without your key is in {report}"]
    assert KEY.encode() not in terminal.raw and KEY not in report.read_text()


def test_a_fault_in_the_stream_ends_it_with_a_report_and_is_in_the_log(state: Path, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tests.support.crashing", "stream", "stream", "--demo", "--log", str(tmp_path / "log")],
        env=environment() | {"XDG_STATE_HOME": str(state.parent)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert result.returncode == EXIT_CRASH
    [report] = reports(state)
    assert result.stderr.splitlines()[-2:] == [
        "itick-tui: a fault in the program (Fault): it had to stop",
        f"a report without your key is in {report}",
    ]
    assert "in to_record" in report.read_text() and "in to_record" in (tmp_path / "log").read_text()


def test_a_report_is_for_its_owner_and_holds_what_is_needed_and_no_more(state: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\\key")
    key = read_file(tmp_path / "key").reveal()

    def fail(local: str) -> None:
        raise ValueError(f"{key!r} or {key}, \x1b[31mred")

    try:
        fail("a local that nobody is to read")
    except ValueError as error:
        path = crash.write_report(error)
    assert re.fullmatch(rf"crash-\d{{8}}T\d{{6}}Z-{os.getpid()}\.txt", path.name)
    assert path.parent == state
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    text = path.read_text()
    assert text.startswith(f"itick-tui {__version__}, 20")
    assert f"\nPython {sys.version.split()[0]}, " in text and "\nterminal " in text
    assert text.endswith("ValueError: '[key]' or [key], �[31mred\n")
    assert "in fail\n" in text and "a local" not in text.split("in fail\n")[1]


def test_where_no_report_can_be_written_that_is_said(state: Path) -> None:
    state.write_text("a file where the folder should be")
    assert crash.words(ValueError("x")).splitlines() == [
        "a fault in the program (ValueError): it had to stop",
        "no report could be written: not a directory",
    ]


async def test_a_fault_in_a_callback_of_the_loop_is_not_only_logged() -> None:
    loop = asyncio.get_running_loop()
    caught: list[Exception] = []
    crash.catch_callbacks(loop, caught.append)
    error = ValueError("x")

    def fail() -> None:
        raise error

    loop.call_soon(fail)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert caught == [error]


async def test_a_fault_in_a_callback_of_a_connection_is_that_connections_affair(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = asyncio.get_running_loop()
    caught: list[Exception] = []
    crash.catch_callbacks(loop, caught.append)
    lost = asyncio.Event()

    class Failing(asyncio.Protocol):
        def connection_lost(self, exc: Exception | None) -> None:
            lost.set()
            raise ValueError("x")

    server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
    async with server:
        transport, _ = await loop.create_connection(Failing, *server.sockets[0].getsockname()[:2])
        transport.close()
        await lost.wait()
        await asyncio.sleep(0)
    assert caught == []
    assert "in connection_lost" in caplog.text
