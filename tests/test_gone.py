"""A terminal that goes without the signal that tells of it, and a program that is ended while it is suspended."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import termios
import time
from pathlib import Path

import pexpect
import pytest

from tests.terminal import COMMAND
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
        env={**os.environ, "TERM": "xterm-256color"},
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
