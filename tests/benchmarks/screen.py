"""The content of a terminal over time: its output is recorded with timestamps and rendered afterwards.

Rendering costs more than the measured program, so it waits until the measurement is over. It is a real screen: digits
count from the moment they could be read, however they were split, coloured or partly overwritten.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping

import pyte

_STYLE = re.compile(rb"\x1b\[[\d;]*m")
_INCOMPLETE_SEQUENCE = re.compile(rb"\x1b(?:\[[\d;]*)?$")


class RecordedScreen:
    """Records chunks of output (`record` is an `on_output` of Pty) and renders them later (`replay`)."""

    def __init__(self, columns: int = 160, rows: int = 50) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._chunks: deque[tuple[bytes, float]] = deque()
        self._rest = b""

    def record(self, chunk: bytes, at: float) -> None:
        self._chunks.append((chunk, at))

    def replay(self) -> Iterator[tuple[float, Mapping[int, str]]]:
        """Yields the time of each chunk, and the lines it wrote to by their number."""
        while self._chunks:
            chunk, at = self._chunks.popleft()
            chunk = self._rest + chunk
            incomplete = _INCOMPLETE_SEQUENCE.search(chunk)
            self._rest = incomplete.group() if incomplete is not None else b""
            # Colours are most of the output and irrelevant here.
            self._stream.feed(_STYLE.sub(b"", chunk[: len(chunk) - len(self._rest)]))
            lines = {y: self._line(y) for y in sorted(self._screen.dirty)}
            self._screen.dirty.clear()
            yield at, lines

    def _line(self, y: int) -> str:
        cells = self._screen.buffer[y]
        return "".join([cells[x].data for x in range(self._screen.columns)])
