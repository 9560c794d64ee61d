"""How many cells the terminal gives to ambiguous characters. It is asked as vim does: some of them are printed, and a
cursor position query says how far the cursor has moved. tmux, screen and mosh reply for themselves, whatever the
terminal outside of them does."""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tui.terminal.flow_control import QUERY_COLUMNS

CHARACTERS = "─▲·"
"""Ambiguous characters of the blocks that are drawn most: a terminal may give two cells to some of them only."""

PATIENCE = 0.3
"""s for which drawing waits for a reply."""

_REPLY = re.compile(rb"\x1b\[[0-9]+;([0-9]+)R")
_MOST_REPEATS = 3  # of a query whose reply is lost, or cannot be recognized
_ROW = 0
_COLUMN = QUERY_COLUMNS - len(CHARACTERS)


def is_wide(cells: int) -> bool | None:
    """Returns True if `CHARACTERS` that moved the cursor by so many cells are wide in part or in whole, None if it was
    not they that moved it."""
    if not len(CHARACTERS) <= cells <= 2 * len(CHARACTERS):
        return None
    return cells > len(CHARACTERS)


class AmbiguousWidth:
    """Asks the terminal of the dashboard, and recognizes its reply among those to flow control's queries. Times are in
    s, monotonic."""

    def __init__(self) -> None:
        self._due = 0.0  # when the reply is no longer waited for
        self._waits = True  # whether the last query was replied to, or none was sent
        self._repeats = 0

    def query(self, now: float) -> str:
        """Returns the query, asked at `now`: control sequences that leave the cursor where it is, and blanks in the
        upper right corner."""
        if self._waits:
            self._due = now + PATIENCE
        self._waits = False
        cell = f"\x1b[{_ROW + 1};{_COLUMN + 1}H"
        return f"\x1b7{cell}{CHARACTERS}\x1b[6n{cell}\x1b[K\x1b8"

    def record_reply(self, row: int, column: int) -> bool | None:
        """Returns True if a cursor position (from 0) says that they are wide, None if it is the reply to another
        query."""
        wide = is_wide(column - _COLUMN) if row == _ROW else None
        if wide is not None:
            self._due, self._waits, self._repeats = 0.0, True, 0
        return wide

    def should_repeat(self) -> bool:
        """Returns True if the query is to be sent again, now that a later one was replied to: terminals reply in order,
        so its reply is lost."""
        if self._waits or self._repeats >= _MOST_REPEATS:
            return False
        self._repeats += 1
        return True

    def is_awaited(self, now: float) -> bool:
        """Returns True if nothing should be drawn before the reply is there."""
        return now < self._due


def ask(file: int, within: float = 2.0) -> bool | None:
    """Ask a terminal that no dashboard has, by a descriptor of it; the line of its cursor is blank afterwards. Returns
    True if they are wide, None if no reply comes within so many s. What is typed meanwhile is dropped."""
    try:
        terminal = os.open(os.ttyname(file), os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return None
    try:
        if os.tcgetpgrp(terminal) != os.getpgrp():
            return None  # in the background, where whoever sets the terminal's modes is stopped
        with _unbuffered(terminal):
            os.write(terminal, f"\r{CHARACTERS}\x1b[6n\r\x1b[K".encode())
            return _read_reply(terminal, time.monotonic() + within)
    except OSError:
        return None
    finally:
        os.close(terminal)


def _read_reply(terminal: int, until: float) -> bool | None:
    data = b""
    while (remaining := until - time.monotonic()) > 0 and select.select([terminal], [], [], remaining)[0]:
        data += os.read(terminal, 1024)
        if reply := _REPLY.search(data):
            return is_wide(int(reply[1]) - 1)
    return None


@contextmanager
def _unbuffered(terminal: int) -> Iterator[None]:
    """Have what is typed read at once and not shown, in the block."""
    import termios
    import tty

    modes = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, modes)
