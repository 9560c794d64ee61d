"""A terminal that goes without the signal that tells of it."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest

from tests.terminal import COMMAND
from tui.errors import EXIT_HANGUP


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
