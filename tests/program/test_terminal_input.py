"""Whatever comes from the terminal, a key after it acts: the installed command in a real terminal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.terminal import Terminal
from tests.support.terminal_replies import REPLIES
from tui.app.lifecycle import DEADLY_SIGNALS
from tui.terminal.input_filter import PASTE_TIMEOUT

HELP = "take back the last change of lists"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The folder of the config file, which is written at the first change."""
    return tmp_path / "config"


@pytest.fixture
def terminal(config: Path) -> Iterator[Terminal]:
    arguments = ["--demo", "--export-dir", str(config.parent)]
    terminal = Terminal(arguments, 120, 40, answers=True, XDG_CONFIG_HOME=str(config))
    yield terminal
    terminal.kill()


async def live(terminal: Terminal) -> None:
    await terminal.until(lambda: "● LIVE" in terminal.text() and f"{selected(terminal)} 1 min" in terminal.text())


def selected(terminal: Terminal) -> str:
    """The symbol whose order book is shown."""
    line = terminal.screen()[1]
    return next((word for word in line.split() if "$" in word), "")


def symbols(terminal: Terminal) -> list[str]:
    """The symbols of the list. The charts below it have theirs in their borders."""
    rows = [line for line in terminal.screen() if line[0] in "│|"]
    return [line[4:10] for line in rows if line[6:10] == "$US " or line[7:10] == "$US"]


def memory(terminal: Terminal) -> float:
    """MB that the program uses."""
    return int(Path(f"/proc/{terminal.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6


async def press(terminal: Terminal, key: str, expected: str) -> float:
    """Press a key that selects a symbol; how many s it took."""
    began = time.monotonic()
    terminal.press(key)
    await terminal.until(lambda: selected(terminal) == expected, within=5)
    return time.monotonic() - began


async def test_answers_that_nobody_asked_for_change_nothing(terminal: Terminal, config: Path) -> None:
    await live(terminal)
    before, took = symbols(terminal), []
    assert len(before) == 14
    for number, reply in enumerate(REPLIES):
        terminal.press(reply)
        took.append(await press(terminal, *(("k", "QQQ$US") if number % 2 else ("j", "SPY$US"))))
        assert symbols(terminal) == before, reply
        assert "● LIVE" in terminal.text(), reply
        assert "1 Core" in terminal.screen()[0], reply
    assert statistics.median(took) < 0.5
    assert "config" not in os.listdir(config.parent), "nothing was changed"
    terminal.press("q")
    assert await terminal.exit_code() == 0
    assert terminal.restored


async def test_bytes_that_are_no_characters_end_nothing(terminal: Terminal) -> None:
    await live(terminal)
    for data in (b"\xff", b"\xe9", "国".encode()[:2], "国".encode("gb18030"), b"\x1b[M\xff\xe9\xfa"):
        terminal.press(data)
        await asyncio.sleep(0.2)
        await press(terminal, "j", "SPY$US")
        await press(terminal, "\x1b[A", "QQQ$US")


async def test_what_is_never_finished_swallows_no_keys_for_long(terminal: Terminal) -> None:
    await live(terminal)
    before = memory(terminal)
    terminal.press(b"\x1b]11;" + b"d" * 100_000)
    await asyncio.sleep(1.5)
    await press(terminal, "j", "SPY$US")
    terminal.press("\x1b[200~GLD$US d")
    await asyncio.sleep(PASTE_TIMEOUT + 0.5)
    await press(terminal, "k", "QQQ$US")
    assert len(symbols(terminal)) == 14
    assert memory(terminal) - before < 40


async def test_escape_alt_and_long_pastes_are_what_they_were(terminal: Terminal) -> None:
    await live(terminal)
    terminal.press("a")
    await terminal.until(lambda: "Enter adds" in terminal.text())
    terminal.press("\x1b")
    await terminal.until(lambda: "Enter adds" not in terminal.text(), within=2)
    terminal.press("\x1b[200~" + "d q x\n" * 20_000 + "\x1b[201~")
    await press(terminal, "\x1b[1;1:1B", "SPY$US")
    await press(terminal, "\x1b[107:75;1:1;107u", "QQQ$US")
    assert len(symbols(terminal)) == 14
    terminal.press("\x1bj")  # Alt+J is not J
    terminal.press("\x1b[97;1:3u")  # and a key that is let go is none
    await asyncio.sleep(0.5)
    assert selected(terminal) == "QQQ$US" and "Enter adds" not in terminal.text()


async def test_a_flood_of_keys_waits_outside(terminal: Terminal) -> None:
    await live(terminal)
    before, end = memory(terminal), time.monotonic() + 3
    while time.monotonic() < end:
        _, writable, _ = select.select([], [terminal.fileno], [], 0.01)
        if writable:
            os.write(terminal.fileno, b"jk" * 100)
        terminal.screen()
    assert memory(terminal) - before < 40


async def test_the_environment_says_nothing_of_the_terminal(config: Path, tmp_path: Path) -> None:
    variables = {
        "COLUMNS": "20000",
        "LINES": "20000",
        "ESCDELAY": "99999999",
        "TEXTUAL_DRIVER": "os:nope",
        "TEXTUAL_PRESS": "d,d",
        "TEXTUAL_LOG": str(tmp_path / "log"),
        "TEXTUAL_DISABLE_KITTY_KEY": "1",
    }
    terminal = Terminal(["--demo"], 120, 40, answers=True, XDG_CONFIG_HOME=str(config), **variables)
    try:
        await live(terminal)
        assert len(symbols(terminal)) == 14
        assert memory(terminal) < 150
        assert not (tmp_path / "log").exists()
        terminal.press("?")
        await terminal.until(lambda: HELP in terminal.text())
        terminal.press("\x1b")
        await terminal.until(lambda: HELP not in terminal.text(), within=3)
    finally:
        terminal.kill()


async def test_a_terminal_that_says_it_is_huge_is_used_in_part(terminal: Terminal) -> None:
    await live(terminal)
    terminal._child.setwinsize(20_000, 20_000)
    await asyncio.sleep(3)
    assert memory(terminal) < 300
    terminal.resize(120, 40)
    await terminal.until(lambda: "● LIVE" in terminal.text())
    await press(terminal, "j", "SPY$US")


async def test_keys_typed_while_it_takes_the_terminal_again_are_kept(terminal: Terminal) -> None:
    await live(terminal)
    selects = "SPY$US", "QQQ$US"
    for number, delay in enumerate((0.0, 0.05, 0.1, 0.15, 0.2, 0.25)):
        os.kill(terminal.pid, signal.SIGSTOP)
        await asyncio.sleep(0.1)
        os.kill(terminal.pid, signal.SIGCONT)
        await asyncio.sleep(delay)
        await press(terminal, "jk"[number % 2], selects[number % 2])


_SLOW_READER = """
import time
from tui.__main__ import main
from tui.terminal.input_driver import TerminalDriver

read_until_exit = TerminalDriver._read_until_exit

def read_and_end_late(driver):
    read_until_exit(driver)
    time.sleep(0.6)

TerminalDriver._read_until_exit = read_and_end_late
main()
"""


async def test_a_key_typed_after_the_last_read_is_kept(config: Path) -> None:
    arguments = ["-c", _SLOW_READER, "--demo"]
    terminal = Terminal(arguments, 120, 40, program=sys.executable, answers=True, XDG_CONFIG_HOME=str(config))
    try:
        await live(terminal)
        os.kill(terminal.pid, signal.SIGSTOP)
        await asyncio.sleep(0.1)
        os.kill(terminal.pid, signal.SIGCONT)
        await asyncio.sleep(0.4)  # reading ends within 0.1 s
        await press(terminal, "j", "SPY$US")
    finally:
        terminal.kill()


def test_every_signal_that_ends_a_program_is_caught(tmp_path: Path) -> None:
    ending = set()
    for signum in signal.valid_signals():
        with subprocess.Popen(["sleep", "60"], cwd=tmp_path) as process:
            time.sleep(0.005)  # until it is `sleep`
            process.send_signal(signum)
            try:
                process.wait(0.2)
                ending.add(signum)
            except subprocess.TimeoutExpired:
                process.kill()
    faults = {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL}
    errors = {signal.SIGPIPE, signal.SIGXFSZ}  # of which Python makes exceptions
    assert ending - faults - errors - {signal.SIGKILL} == set(DEADLY_SIGNALS)


@pytest.mark.parametrize("signum", [signal.SIGUSR1, signal.SIGALRM, signal.SIGQUIT, signal.SIGRTMAX])
async def test_any_deadly_signal_leaves_the_terminal_as_it_was(terminal: Terminal, signum: signal.Signals) -> None:
    await live(terminal)
    os.kill(terminal.pid, signum)
    assert await terminal.exit_code() == 128 + signum
    assert terminal.restored


async def test_keys_typed_faster_than_a_dialog_closes_end_nothing(terminal: Terminal) -> None:
    await live(terminal)
    escape = "\x1b[27u"
    for opener, keys in (
        *(("L", "11"), ("L", "nn"), ("L", "mnn"), ("L", "dyy"), ("s", "\r\r\r"), ("t", "\r\r"), ("e", "ss")),
        *((opener, 2 * escape) for opener in "L?hsA\x10"),
    ):
        terminal.press(opener)
        await asyncio.sleep(0.1)
        terminal.press(keys)
        await asyncio.sleep(0.1)
        terminal.press(3 * escape)
        await asyncio.sleep(0.1)
        while HELP not in terminal.text():  # a dialog that is closing takes a key with it
            terminal.press("?")
            with contextlib.suppress(AssertionError):
                await terminal.until(lambda: HELP in terminal.text(), within=3)
        terminal.press(escape)
        await terminal.until(lambda: HELP not in terminal.text(), within=5)
