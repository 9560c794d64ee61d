"""A real terminal for tests: the installed command under a pseudo-terminal, with its screen rendered."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import termios
import unittest.mock
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pexpect
import pyte

from tests.support.cursor_queries import CursorReplies, LateReplies, cells

_OURS = ("NO_COLOR", "ITICK_TOKEN", "COLUMNS", "LINES", "PYTHONUNBUFFERED")  # variables a user's shell need not have
COMMAND = str(Path(sys.executable).with_name("itick-tui"))


class _Screen(pyte.Screen):
    """A screen that draws ambiguous characters in one cell or two."""

    ambiguous = 1

    def draw(self, data: str) -> None:
        if self.ambiguous == 1 or data.isascii():
            super().draw(data)
        else:
            with unittest.mock.patch("pyte.screens.wcwidth", lambda character: cells(character, self.ambiguous)):
                super().draw(data)

    @property
    def display(self) -> list[str]:
        """The lines; pyte's own fails if the left half of a wide character was overwritten."""
        return ["".join(self._characters(y)) for y in range(self.lines)]

    def _characters(self, y: int) -> Iterator[str]:
        before = ""
        for x in range(self.columns):
            character = self.buffer[y][x].data
            yield character or ("" if cells(before, self.ambiguous) == 2 else " ")
            before = character


class Terminal:
    """Runs a command in a terminal of `columns` × `rows`; `screen()` returns its present content. While `answers` it
    replies to cursor queries, as real terminals do."""

    def __init__(
        self,
        arguments: Sequence[str],
        columns: int = 160,
        rows: int = 45,
        *,
        program: str = COMMAND,
        answers: bool = False,
        **environment: str,
    ) -> None:
        env = {k: v for k, v in os.environ.items() if k not in _OURS}
        env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", **environment}
        self._screen = _Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        self.answers = answers
        self.answers_after = 0.0
        """s that a reply takes."""
        self._late = LateReplies()
        self.set_ambiguous(1)
        self._child: Any = pexpect.spawn(program, list(arguments), env=env, dimensions=(rows, columns), timeout=None)
        self.before = termios.tcgetattr(self._child.child_fd)

    def set_ambiguous(self, ambiguous: int) -> None:
        """Draw ambiguous characters in so many cells from now on, as another terminal does that is attached."""
        self._screen.ambiguous = ambiguous
        self._replies = CursorReplies(ambiguous)

    @property
    def pid(self) -> int:
        return int(self._child.pid)

    @property
    def fileno(self) -> int:
        """The descriptor of the terminal's master side."""
        return int(self._child.child_fd)

    def screen(self) -> list[str]:
        self._drain()
        return [str(line) for line in self._screen.display]

    def text(self) -> str:
        return "\n".join(self.screen())

    def coloured(self) -> list[list[pyte.screens.Char]]:
        """Returns the cells of the screen with their colours."""
        self._drain()
        screen = self._screen
        return [[screen.buffer[y][x] for x in range(screen.columns)] for y in range(screen.lines)]

    def _drain(self, reads: int = 50) -> None:
        """Read the output available, in a limited number of reads: on a busy machine the program may write faster."""
        for _ in range(reads):
            try:
                data = self._child.read_nonblocking(1 << 16, timeout=0)
            except (pexpect.TIMEOUT, pexpect.EOF):
                break
            self.raw += data
            self._stream.feed(data)
            replies = self._replies.to(data)
            if self.answers and replies:
                self._late.add(replies, self.answers_after)
        self._late.write_due(self.fileno)

    def press(self, keys: str | bytes) -> None:
        self._child.send(keys)

    def resize(self, columns: int, rows: int) -> None:
        self._screen.resize(rows, columns)
        self._child.setwinsize(rows, columns)

    async def until(self, condition: Callable[[], Any], within: float = 15.0) -> None:
        """Wait until a condition is met; fails with the screen's content."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        while True:
            self._drain()
            if condition():
                return
            if loop.time() > end:
                raise AssertionError("the screen never got there:\n" + self.text())
            await asyncio.sleep(0.03)

    async def exit_code(self, within: float = 10.0) -> int:
        """Wait for the command to end; returns its exit code, 128 + n for signal n."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        while self._child.isalive():
            self._drain()
            assert loop.time() < end, "it does not end:\n" + self.text()
            await asyncio.sleep(0.03)
        self._drain(sys.maxsize)
        return int(self._child.exitstatus) if self._child.exitstatus is not None else 128 + self._child.signalstatus

    @property
    def restored(self) -> bool:
        """True if the terminal is as before: its modes, the main screen, a visible cursor, no mouse reports."""
        on_off = {b"\x1b[?1049h": b"\x1b[?1049l", b"\x1b[?25l": b"\x1b[?25h", b"\x1b[?1000h": b"\x1b[?1000l"}
        return termios.tcgetattr(self._child.child_fd) == self.before and all(
            self.raw.rfind(on) < self.raw.rfind(off) for on, off in on_off.items()
        )

    def hang_up(self) -> None:
        """Close the terminal while the program runs."""
        self._child.ptyproc.fileobj.close()

    async def gone(self, within: float = 10.0) -> int:
        """Wait until the program has ended after its terminal was closed; returns the exit code."""
        async with asyncio.timeout(within):
            while self._child.isalive():
                await asyncio.sleep(0.05)
        return int(self._child.exitstatus)

    def kill(self) -> None:
        if self._child.isalive():
            self._child.kill(signal.SIGKILL)
            self._child.wait()
        self._child.ptyproc.fileobj.close()
