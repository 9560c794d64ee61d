"""A pseudo-terminal for benchmarks: it reads the output at full or limited speed, replies to cursor queries as
terminals do, at once or late, and records when each chunk arrived.

`tests/support/terminal.py` renders a screen, which costs more than the programs measured here.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from tests.support.cursor_queries import CursorReplies, LateReplies

_READ_SIZE = 1 << 16
_POLL_INTERVAL = 0.2  # s, between two looks at whether the program has ended
_READ_INTERVAL = 0.02  # s, between two reads of a slow terminal


class Pty:
    """Runs a command in a terminal of `columns` × `rows`. `on_output` is called on the reading thread with every chunk
    and the time it was read. `bytes_a_second` makes the terminal a slow one, `reply_after` (s) one far away."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        columns: int = 160,
        rows: int = 50,
        bytes_a_second: int | None = None,
        reply_after: float = 0.0,
        on_output: Callable[[bytes, float], None] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._rate = bytes_a_second
        self._on_output = on_output
        self._replies = CursorReplies()
        self._reply_after = reply_after
        self._late = LateReplies()
        self.last_chunk = b""
        """The latest chunk read: the error message if the program failed."""
        self.written = 0
        """Bytes the program has written and the terminal has read."""
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            start_new_session=True,
            pass_fds=pass_fds,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Pty:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(3)
        self.process.kill()
        self.process.wait()
        self._reader.join(5)
        os.close(self._master)

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def _read(self) -> None:
        while self.process.poll() is None:
            self._late.write_due(self._master)
            if not select.select([self._master], [], [], self._late.wait(_POLL_INTERVAL))[0]:
                continue
            try:
                chunk = os.read(self._master, _READ_SIZE if self._rate is None else int(self._rate * _READ_INTERVAL))
            except OSError:
                return
            self.written += len(chunk)
            self.last_chunk = chunk
            if replies := self._replies.to(chunk):
                self._late.add(replies, self._reply_after)
                self._late.write_due(self._master)
            if self._on_output is not None:
                self._on_output(chunk, time.monotonic())
            if self._rate is not None:
                time.sleep(_READ_INTERVAL)
