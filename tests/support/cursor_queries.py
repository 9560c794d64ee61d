"""Cursor-position queries and the replies that terminals give to them."""

from __future__ import annotations

import re

CURSOR_QUERY = b"\x1b[6n"
_LAST_MOVE = re.compile(rb"\x1b\[(\d+);(\d+)H")


class CursorReplies:
    """Replies to the queries in what is written to a terminal, whose cursor stands where it was moved last."""

    def __init__(self) -> None:
        self._tail = b""

    def to(self, data: bytes) -> bytes:
        """Returns the replies to the queries that are complete with `data`."""
        *before, self._tail = (self._tail + data).split(CURSOR_QUERY)
        replies = b""
        for text in before:
            row, column = moves[-1] if (moves := _LAST_MOVE.findall(text)) else (b"1", b"1")
            replies += b"\x1b[%s;%sR" % (row, column)
        self._tail = self._tail[-32:]
        return replies
