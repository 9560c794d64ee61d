"""A terminal that goes without the signal that tells of it, and a program that is ended while it is suspended."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

import pexpect
import pytest

from tests.support.terminal import COMMAND
from tui.errors import EXIT_HANGUP, EXIT_TERMINATED


@pytest.mark.parametrize("blocked", [False, True], ids=["read to the end", "not read any more"])
def test_a_terminal_gone_without_a_signal_ends_the_program_and_the_log_says_so(tmp_path: Path, blocked: bool) -> None:
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 45, 160, 0, 0))
    log = tmp_path / "log.jsonl"
    # In a session of its own nobody is told that its terminal is gone.
    process = subprocess.Popen(
        [COMMAND, "--demo", "--log", str(log)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm-256color", "PYTHONUNBUFFERED": ""},
    )
    os.close(slave)
    seen, end = b"", time.monotonic() + 20
    while b"LIVE" not in seen and time.monotonic() < end:
        if select.select([master], [], [], 0.1)[0]:
            seen += os.read(master, 1 << 16)
    assert b"LIVE" in seen
    if blocked:
        time.sleep(2)
    os.close(master)
    try:
        assert process.wait(10) == EXIT_HANGUP
    finally:
        process.kill()
    assert "starts" in log.read_text()


@pytest.mark.parametrize(("how", "code"), [("q", 0), (signal.SIGTERM, EXIT_TERMINATED)], ids=["q", "signal"])
def test_a_terminal_that_stands_still_does_not_keep_the_program(how: str | signal.Signals, code: int) -> None:
    """Nobody reads what is written, and nobody has ever answered: more is not written than the loop can leave to the
    thread that waits."""
    child, master = pty.fork()
    if not child:
        os.environ |= {"TERM": "xterm-256color", "PYTHONUNBUFFERED": ""}
        os.execv(COMMAND, [COMMAND, "--demo"])
    try:
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 45, 160, 0, 0))
        seen = b""
        while b"LIVE" not in seen:
            seen += os.read(master, 1 << 16)
        time.sleep(4)
        if isinstance(how, str):
            os.write(master, how.encode())
        else:
            os.kill(child, how)
        end = time.monotonic() + 8
        while not (ended := os.waitpid(child, os.WNOHANG))[0] and time.monotonic() < end:
            time.sleep(0.05)
        assert ended[0] == child and os.waitstatus_to_exitcode(ended[1]) == code
        child = 0
    finally:
        if child:
            os.kill(child, signal.SIGKILL)
        os.close(master)


def test_a_suspended_program_can_be_ended() -> None:
    shell = pexpect.spawn("bash", ["--norc", "--noprofile", "-i"], dimensions=(45, 160), encoding="utf-8", timeout=20)
    try:
        shell.sendline(f"{COMMAND} --demo")
        shell.expect("LIVE")
        shell.send("\x1a")
        shell.expect("Stopped")
        shell.sendline("kill %1; while kill -0 %1; do sleep 0.1; done")  # in which the shell tells how it ended
        shell.expect(rf"Exit {EXIT_TERMINATED}\D")
    finally:
        shell.close(force=True)
