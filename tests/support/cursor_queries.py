"""Queries of the cursor and of the terminal's status, and the replies that terminals give to them."""

from __future__ import annotations

import re

CURSOR_QUERY = b"\x1b[6n"
_QUERY = re.compile(rb"\x1b\[[56]n")
_LAST_MOVE = re.compile(rb"\x1b\[(\d+);(\d+)H")
_LONGEST_QUERY = 32  # bytes, with the move before it


class CursorReplies:
    """Replies to the queries in what is written to a terminal, whose cursor stands where it was moved last."""

    def __init__(self) -> None:
        self._tail = b""

    def to(self, data: bytes) -> bytes:
        """Returns the replies to the queries that are complete with `data`."""
        text, replies, at = self._tail + data, b"", 0
        for query in _QUERY.finditer(text):
            row, column = (_LAST_MOVE.findall(text, at, query.start()) or [(b"1", b"1")])[-1]
            replies += b"\x1b[%s;%sR" % (row, column) if query[0] == CURSOR_QUERY else b"\x1b[0n"
            at = query.end()
        self._tail = text[at:][-_LONGEST_QUERY:]
        return replies
