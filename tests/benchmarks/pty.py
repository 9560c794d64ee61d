"""A terminal of the benchmarks' own: it reads what a program writes as fast, or as slowly, as it is told to, answers as
terminals do, and notes when what came.

`tests/support/terminal.py` draws a screen, which costs more than the programs measured here.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence

CURSOR_ASKED = b"\x1b[6n"
CURSOR_ANSWER = b"\x1b[1;1R"
_PORTION = 1 << 16
_TURN = 0.02  # s, between two portions of a slow terminal


class Pty:
    """Run a command in a terminal of `columns` × `rows`. `on_output` is called with every portion and the time it was
    read, on the reading thread. `bytes_a_second` makes the terminal a slow one."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        columns: int = 160,
        rows: int = 50,
        bytes_a_second: int | None = None,
        on_output: Callable[[bytes, float], None] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._rate = bytes_a_second
        self._on_output = on_output
        self._seen = b""
        self.last = b""
        """The latest portion read: where a program ends by a fault, its words."""
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
            if not select.select([self._master], [], [], 0.2)[0]:
                continue
            try:
                portion = os.read(self._master, _PORTION if self._rate is None else int(self._rate * _TURN))
            except OSError:
                return
            self.written += len(portion)
            self.last = portion
            self._answer(portion)
            if self._on_output is not None:
                self._on_output(portion, time.monotonic())
            if self._rate is not None:
                time.sleep(_TURN)

    def _answer(self, portion: bytes) -> None:
        """A question may be cut in two by a portion's end."""
        text = self._seen + portion
        for _ in re.findall(re.escape(CURSOR_ASKED), text):
            os.write(self._master, CURSOR_ANSWER)
        self._seen = text[-len(CURSOR_ASKED) + 1 :] if not text.endswith(CURSOR_ASKED) else b""
