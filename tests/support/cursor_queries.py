"""Queries of the cursor and of the terminal's status, and the replies that terminals give to them."""

from __future__ import annotations

import os
import re
import time
from collections import deque
from unicodedata import east_asian_width

CURSOR_QUERY = b"\x1b[6n"
_QUERY = re.compile(rb"\x1b\[[56]n")
_LAST_MOVE = re.compile(rb"(?:\x1b\[(\d+);(\d+)H|\r)([^\x1b\r]*)")
_LONGEST_QUERY = 48  # bytes, with the move and what is printed before it


def cells(text: str, ambiguous: int = 1) -> int:
    """Returns the cells of a text where ambiguous characters have so many."""
    return sum({"A": ambiguous, "W": 2, "F": 2}.get(east_asian_width(character), 1) for character in text)


class CursorReplies:
    """Replies to the queries in what is written to a terminal, whose cursor stands behind what was printed after its
    last move; there ambiguous characters have so many cells."""

    def __init__(self, ambiguous: int = 1) -> None:
        self._tail = b""
        self._ambiguous = ambiguous

    def to(self, data: bytes) -> bytes:
        """Returns the replies to the queries that are complete with `data`."""
        text, replies, at = self._tail + data, b"", 0
        for query in _QUERY.finditer(text):
            row, column, printed = (_LAST_MOVE.findall(text, at, query.start()) or [(b"1", b"1", b"")])[-1]
            behind = int(column or 1) + cells(printed.decode(), self._ambiguous)
            replies += b"\x1b[%s;%dR" % (row or b"1", behind) if query[0] == CURSOR_QUERY else b"\x1b[0n"
            at = query.end()
        self._tail = text[at:][-_LONGEST_QUERY:]
        return replies


class LateReplies:
    """Replies on their way from a terminal that is far away, each with the time at which it is due (s, monotonic)."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, bytes]] = deque()

    def add(self, replies: bytes, after: float) -> None:
        """Send replies that arrive after so many s."""
        self._waiting.append((time.monotonic() + after, replies))

    def write_due(self, file: int) -> None:
        """Write those that are due to a descriptor, without pexpect's delay."""
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            os.write(file, self._waiting.popleft()[1])

    def wait(self, at_most: float) -> float:
        """Returns for how many s none is due."""
        return max(0.0, min(self._waiting[0][0] - time.monotonic(), at_most)) if self._waiting else at_most
