"""What stood on a terminal, and when: its output is noted as it comes, and put on a screen afterwards.

Drawing a screen costs more than the program that is measured, so it waits until the measuring is over. It is a real
screen: digits count from when somebody could read them, however they were cut, coloured, or written over in parts.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping

import pyte

_STYLE = re.compile(rb"\x1b\[[\d;]*m")
_CUT = re.compile(rb"\x1b(?:\[[\d;]*)?$")


class Seen:
    """`note` is for the terminal's `on_output`; `lines` goes through what has been noted since."""

    def __init__(self, columns: int = 160, rows: int = 50) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._portions: deque[tuple[bytes, float]] = deque()
        self._rest = b""

    def note(self, portion: bytes, at: float) -> None:
        self._portions.append((portion, at))

    def lines(self) -> Iterator[tuple[float, Mapping[int, str]]]:
        """After each portion when it came, and the lines it wrote to as they stand, by their number."""
        while self._portions:
            portion, at = self._portions.popleft()
            portion = self._rest + portion
            cut = _CUT.search(portion)
            self._rest = cut.group() if cut is not None else b""
            # Colours are the greater part of it and nothing to look at here.
            self._stream.feed(_STYLE.sub(b"", portion[: len(portion) - len(self._rest)]))
            lines = {y: self._line(y) for y in sorted(self._screen.dirty)}
            self._screen.dirty.clear()
            yield at, lines

    def _line(self, y: int) -> str:
        cells = self._screen.buffer[y]
        return "".join([cells[x].data for x in range(self._screen.columns)])
