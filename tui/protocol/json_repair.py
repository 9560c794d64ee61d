"""JSON that the strict decoder refuses: why it does, and its text repaired as far as that loses nothing else.

A name that was cut off within a character, or came in another encoding, is no reason to lose the message it is in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeVar

import msgspec
from msgspec import Raw

UNREADABLE = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)
"""The exceptions of a decoder for bytes that it cannot decode. Which of them it raises differs between releases of
msgspec (0.23 raises another one for invalid UTF-8 than 0.22), so `unreadable_kind` finds the reason itself."""
REPLACEMENT = "\ufffd"
"""U+FFFD, in place of a character that was no valid UTF-8."""

_MAX_DEPTH = 100  # objects and lists within each other; the page has 4. msgspec stops at the interpreter's own limit
_MAX_TOKENS = 128 * 1024  # takes 30 ms; an honest REST answer of 3 MB has a quarter of it
# An object or list without others in it is one token. A string without an end is one too, or it would be scanned again
# from each quotation mark in it.
_DEPTH_TOKEN = re.compile(
    rb'"(?:[^"\\]++|\\.)*+"?|[\[{](?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+[\]}]|[\[{]|[\]}]', re.DOTALL
)
# The escape of one half of a surrogate pair, behind an even number of backslashes. The match itself excludes all other
# escapes, of which a frame may have a million: no Python code runs for those.
_HALF_PAIR = re.compile(
    rb"(?<!\\)((?:\\\\)*+)\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB]..\\u[dD])[c-fC-F][0-9a-fA-F]{2})"
)
_MAX_HALF_PAIRS = 10_000
_MAX_REPLACEMENTS = 1_000_000  # ten times the characters in all fund names of a region

_Decoded = TypeVar("_Decoded")
_decode_raw = msgspec.json.Decoder(Raw).decode


def unreadable_kind(data: bytes | bytearray | memoryview, otherwise: str = "not JSON") -> str:
    """Returns why a decoder refused bytes, as a kind to count by; `otherwise` if they are well-formed JSON."""
    if not data:
        return "empty"
    try:
        str(data, "utf-8")
    except UnicodeDecodeError:
        return "not UTF-8"
    if any(True for _ in _too_deep(data)):
        return "nested too deep"
    try:
        _decode_raw(data)
    except UNREADABLE:
        return "not JSON"
    return otherwise


def _too_deep(data: bytes | bytearray | memoryview) -> Iterator[tuple[int, int]]:
    """Yields the begin and end of each value nested deeper than _MAX_DEPTH; one that is cut off ends with the data."""
    depth = begin = 0
    for token in islice(_DEPTH_TOKEN.finditer(data), _MAX_TOKENS):
        begins, ends = token.span()
        if ends - begins > 1:
            continue
        bracket = data[begins]
        if bracket in b"[{":
            depth += 1
            if depth == _MAX_DEPTH + 1:
                begin = begins
        elif bracket in b"]}":
            if depth == _MAX_DEPTH + 1:
                yield begin, ends
            depth -= 1
    if depth > _MAX_DEPTH:
        yield begin, len(data)


def decode_repaired(decode: Callable[[bytes | bytearray | Raw], _Decoded], data: bytes | Raw) -> _Decoded:
    """Returns the decoded data, with its text repaired if it cannot be decoded as it is. Raises one of UNREADABLE."""
    try:
        return decode(data)
    except UNREADABLE:
        text = bytes(data)
        if (repaired := repair_text(text)) == text:
            raise
        return decode(repaired)


def repair_text(data: bytes | bytearray) -> bytes | bytearray:
    """Returns the data with U+FFFD in place of what is not UTF-8 and of escapes of half a surrogate pair (which JSON
    allows and msgspec refuses), and an empty list in place of each value nested too deep to decode. Data with very
    many such characters is no text, and is returned unchanged but for the nesting."""
    text = data.decode(errors="replace")
    repaired, halves = bytes(data), 0
    if text.count(REPLACEMENT) <= _MAX_REPLACEMENTS:
        repaired, halves = _HALF_PAIR.subn(rb"\1\\ufffd", text.encode(), count=_MAX_HALF_PAIRS)
    if halves == _MAX_HALF_PAIRS:
        repaired = bytes(data)
    parts: list[bytes] = []
    copied = 0
    for begin, end in _too_deep(repaired):
        parts += repaired[copied:begin], b"[]"
        copied = end
    return b"".join([*parts, repaired[copied:]])
