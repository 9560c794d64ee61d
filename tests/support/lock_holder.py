"""A process that holds a lock during a test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FLOCK = """
import fcntl, os, sys
fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)
"""
_SQLITE = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
"""
_WAIT = """
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def holding(path: Path, *, sqlite: bool = False, stopped: bool = False) -> Iterator[None]:
    """Hold the lock of a file or folder, or of an SQLite file, in another process until the end of the block; with
    `stopped` that process is stopped by SIGSTOP."""
    with subprocess.Popen(
        [sys.executable, "-c", (_SQLITE if sqlite else _FLOCK) + _WAIT, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == b"held\n"
            if stopped:
                process.send_signal(signal.SIGSTOP)
                os.waitid(os.P_PID, process.pid, os.WSTOPPED)
            yield
        finally:
            process.kill()
