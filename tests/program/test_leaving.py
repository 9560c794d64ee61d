"""Leaving takes three seconds at most, whatever others hold, and says what could not be saved."""

from __future__ import annotations

import asyncio
import json
import resource
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.lock_holder import holding
from tests.support.resource_limits import lower_limit
from tests.support.terminal import COMMAND, Terminal
from tui.config.file import ConfigFile
from tui.history.store import Store

HELD = "another process holds its lock"


def shown(terminal: Terminal) -> str:
    """The screen in one line: a notice is broken where it is too long."""
    return " ".join(terminal.text().replace("▌", " ").replace("▐", " ").replace("▎", " ").split())


def told(terminal: Terminal) -> str:
    """What stands on the terminal after the dashboard has gone."""
    return terminal.raw.split(b"\x1b[?1049l")[-1].decode()


async def leave(terminal: Terminal) -> float:
    """Press q; how many s it took to end, well."""
    began = time.monotonic()
    terminal.press("q")
    assert await terminal.exit_code() == 0
    assert terminal.restored
    return time.monotonic() - began


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
async def test_a_change_that_cannot_be_saved_is_said_at_once_and_at_the_end(tmp_path: Path, stopped: bool) -> None:
    folder = tmp_path / "itick-tui"
    folder.mkdir(0o700)
    terminal = Terminal(["--demo"], XDG_CONFIG_HOME=str(tmp_path))
    try:
        await terminal.until(lambda: "● LIVE" in terminal.text())
        with holding(folder, stopped=stopped):
            terminal.press("C")
            await terminal.until(lambda: "not saved: cannot write" in shown(terminal))
            assert await leave(terminal) < 4
        words = f"itick-tui: your last changes are not saved: cannot write {folder / 'demo.toml'}: {HELD}"
        assert words in told(terminal)
    finally:
        terminal.kill()


async def test_a_change_made_just_before_leaving_is_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "itick-tui"
    folder.mkdir(0o700)
    terminal = Terminal(["--demo"], XDG_CONFIG_HOME=str(tmp_path))
    try:
        await terminal.until(lambda: "● LIVE" in terminal.text())
        with holding(folder):
            terminal.press("C")
            terminal.press("q")
            await asyncio.sleep(0.3)
        assert await terminal.exit_code() == 0
        assert "not saved" not in told(terminal)
        assert ConfigFile(folder / "demo.toml").read().red_up
    finally:
        terminal.kill()


@pytest.mark.parametrize("what", ["lock", "file"])
async def test_prices_that_cannot_be_kept_are_said_at_the_end(tmp_path: Path, what: str) -> None:
    file = tmp_path / "itick-tui" / "demo.sqlite"
    store = Store(file)
    store.fund_names("US")
    store.close()
    log = tmp_path / "log"
    with holding(file if what == "file" else file.with_name("demo.sqlite.lock"), sqlite=what == "file", stopped=True):
        terminal = Terminal(["--demo", "--log", str(log)], XDG_CACHE_HOME=str(tmp_path))
        try:
            await terminal.until(lambda: "● LIVE" in terminal.text())
            await asyncio.sleep(1)  # until it has looked into the file
            assert await leave(terminal) < 4
        finally:
            terminal.kill()
    words = f"itick-tui: the latest prices are not kept for the next time: cannot use {file}: "
    assert words + (HELD if what == "lock" else "database is locked") in told(terminal)
    assert json.loads(log.read_text().splitlines()[-1])["message"] == "ends"
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("PRAGMA quick_check").fetchone() == ("ok",)


async def test_a_log_that_cannot_be_written_any_more_is_said_at_once_and_at_the_end(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("x" * 100_000)
    with lower_limit(resource.RLIMIT_FSIZE, 100_150):  # the first line finds room, and the config and what is kept do
        terminal = Terminal(["--demo", "--log", str(log)])
    try:
        words = f"the log {log} is not whole: file too large"
        await terminal.until(lambda: "is not whole" in shown(terminal))
        assert await leave(terminal) < 4
        assert words in told(terminal)
    finally:
        terminal.kill()


async def test_an_export_that_a_disk_does_not_take_is_said_at_the_end_and_no_part_of_it_is_left(tmp_path: Path) -> None:
    terminal = Terminal(
        ["-m", "tests.support.hanging_disk", str(tmp_path / "out"), "--demo", "--export-dir", str(tmp_path / "out")],
        program=sys.executable,
    )
    try:
        await terminal.until(lambda: "● LIVE" in terminal.text())
        terminal.press("e")
        await terminal.until(lambda: "Export" in terminal.text())
        terminal.press("g")
        await terminal.until(lambda: any((tmp_path / "out").glob(".*.new")))
        terminal.press("?")  # keys are answered as ever
        await terminal.until(lambda: "─ Keys ─" in terminal.text())
        await terminal.until(lambda: "not written yet" in terminal.text())
        terminal.press("\x1b")
        await terminal.until(lambda: "─ Keys ─" not in terminal.text())
        assert await leave(terminal) < 3
    finally:
        terminal.kill()
    assert f"itick-tui: the last export is not written: the disk of {tmp_path / 'out'} does not answer" in told(
        terminal
    )
    assert list((tmp_path / "out").iterdir()) == []


SHELL = """
import os, select, subprocess, sys, termios, tty
code = subprocess.run(sys.argv[1:]).returncode
tty.setcbreak(0)
left = b""
while select.select([0], [], [], 1.6)[0]:
    left += os.read(0, 1000)
print(f"left {left!r} code {code}")
"""


@pytest.mark.parametrize("keys", ["q", "\x03", "jq"])
@pytest.mark.parametrize("seconds", [0.15, 0.4])
async def test_on_a_slow_line_no_reply_is_left_for_the_shell(tmp_path: Path, keys: str, seconds: float) -> None:
    command = ["-c", SHELL, COMMAND, "--demo"]
    terminal = Terminal(command, program=sys.executable, answers=True, XDG_CONFIG_HOME=str(tmp_path))
    try:
        terminal.answers_after = seconds
        await terminal.until(lambda: "● LIVE" in terminal.text())
        await asyncio.sleep(0.5)
        terminal.press(keys)
        await terminal.until(lambda: b"left " in terminal.raw)
        assert f"left b'' code {130 if keys == chr(3) else 0}" in told(terminal)
    finally:
        terminal.kill()


@pytest.mark.parametrize("after", [0.0, 0.6, 1.2])
async def test_no_reply_is_left_even_if_none_has_come_yet(tmp_path: Path, after: float) -> None:
    command = ["-c", SHELL, COMMAND, "--demo"]
    terminal = Terminal(command, program=sys.executable, answers=True, XDG_CONFIG_HOME=str(tmp_path))
    try:
        terminal.answers_after = 1.5
        await terminal.until(lambda: b"\x1b[6n" in terminal.raw)
        end = time.monotonic() + after
        await terminal.until(lambda: time.monotonic() > end)
        terminal.press("q")
        await terminal.until(lambda: b"left " in terminal.raw)
        assert "left b'' code 0" in told(terminal)
    finally:
        terminal.kill()


async def test_a_terminal_that_replies_no_more_is_waited_for_two_seconds_at_most(tmp_path: Path) -> None:
    terminal = Terminal(["--demo"], answers=True, XDG_CONFIG_HOME=str(tmp_path))
    try:
        await terminal.until(lambda: "● LIVE" in terminal.text())
        terminal.answers = False
        assert 1.5 < await leave(terminal) < 3
    finally:
        terminal.kill()
