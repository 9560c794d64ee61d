"""The end of a recording, found without reading what is before it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

from tui.recording.format import GZIP_WBITS, MEMBER_START, parse_line

_TAIL = 1024 * 1024  # bytes of the file that are looked at; the input of a second is a member of its own
_MOST_TEXT = 16 * 1024 * 1024  # bytes of a member


def last_time(path: Path) -> float | None:
    """Returns when the last entry of a recording arrived, s monotonic, None if that is not found near its end."""
    try:
        with path.open("rb") as file:
            is_plain = file.read(1) == b"{"
            file.seek(max(0, path.stat().st_size - _TAIL))
            tail = file.read(_TAIL)
    except OSError:
        return None
    for text in [tail] if is_plain else _texts(tail):
        for line in reversed(text.splitlines()):
            if (entry := parse_line(line)) is not None:
                return entry.t
    return None


def _texts(tail: bytes) -> Iterator[bytes]:
    """Yields the texts of the gzip members that begin in the tail of a file, the last first."""
    at = len(tail)
    while (at := tail.rfind(MEMBER_START, 0, at)) >= 0:
        decompressor = zlib.decompressobj(GZIP_WBITS)
        try:
            text = decompressor.decompress(tail[at:], _MOST_TEXT)
        except zlib.error:  # the bytes of a beginning within other ones
            continue
        if not decompressor.unconsumed_tail:
            yield text
