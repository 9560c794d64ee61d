"""Lenient reading of one message that does not match its Struct exactly.

Numbers may be strings, nulls are absent fields, times may be in another unit, undocumented fields may hold anything.
What is left is counted as malformed, by kind.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import msgspec
from msgspec import Raw, Struct

from tui.errors import MalformedMessage
from tui.protocol.json_repair import REPLACEMENT, UNREADABLE, decode_repaired, unreadable_kind
from tui.protocol.messages import MAX_LEVELS, TYPES, Depth, Kline, PercentChange, Price, PriceChange, Push, Quote, Tick

_MAX_ROW = 64 * 1024  # bytes: fifty times a book's, and decoded quickly whatever is in it
_UNDOCUMENTED = {
    "p": Price,
    "ch": PriceChange,
    "chp": PercentChange,
    "ts": int,
    "d": int,
    "iopv": Price,
    "nav": Price,
}


class _Typed(Struct, gc=False):
    type: str


_decode_type = msgspec.json.Decoder(_Typed).decode
_decode_row = msgspec.json.Decoder(float_hook=float).decode  # 1e999 becomes infinite: a matter of its own field


def parse_row(raw: Raw) -> Any:
    """Returns one row of a list or map as plain values; a float out of range becomes infinite. Raises
    MalformedMessage."""
    if len(memoryview(raw)) > _MAX_ROW:
        raise MalformedMessage("too large")
    try:
        return decode_repaired(_decode_row, raw)
    except UNREADABLE:
        raise MalformedMessage(_row_kind(raw)) from None


def parse_push(item: Any, units: Counter[str] | None = None) -> Push:
    """Returns one data message from the plain values of its `data`; `units` as in `decode`. Raises MalformedMessage."""
    kind = item.get("type") if isinstance(item, dict) else None
    if not isinstance(kind, str):
        raise MalformedMessage("no type")
    cleaned = without_nulls(item)
    if any(REPLACEMENT in text for text in (cleaned.get("s"), cleaned.get("r")) if isinstance(text, str)):
        raise MalformedMessage("not UTF-8")
    if kind.startswith("kline@") and kind[6:].isdecimal():
        cleaned |= {"type": "kline@1", "@interval": int(kind[6 : 6 + 4])}
        kind = "kline"
    elif kind not in TYPES:
        raise MalformedMessage("unknown type")
    unit = "ms"
    if "t" in cleaned:
        cleaned["t"], unit = _milliseconds(cleaned["t"], kind)
    for key in _UNDOCUMENTED.keys() & cleaned.keys():
        # The page promises nothing about these: an invalid one is dropped, and the rest of the message stands.
        if not _fits(cleaned[key], _UNDOCUMENTED[key]):
            del cleaned[key]
    if kind == "depth":
        for side in ("a", "b"):
            levels = cleaned.setdefault(side, [])
            if isinstance(levels, list) and len(levels) <= MAX_LEVELS:
                cleaned[side] = [_parse_level(level) for level in levels]
    message: Push = convert(cleaned, Tick | Quote | Depth | Kline, kind)
    if not _finite(message):
        raise MalformedMessage(kind, "a number that is not finite")
    if units is not None and unit != "ms":
        units[unit] += 1
    return message


def _parse_level(level: Any) -> Any:
    """Returns a level of a book without its null fields; one whose position cannot be read has none, and stands."""
    level = without_nulls(level)
    if isinstance(level, dict) and "po" in level and not _fits(level["po"], int):
        del level["po"]
    return level


def _row_kind(raw: Raw) -> str:
    """Returns the kind to count an undecodable row by: why it is no JSON, else its type as for any other bad field."""
    kind = unreadable_kind(memoryview(raw), "")
    if kind:
        return kind
    try:
        type_ = _decode_type(raw).type
    except UNREADABLE:
        return "no type"
    if type_.startswith("kline@"):
        return "kline"
    return type_ if type_ in TYPES else "unknown type"


def convert(raw: dict[str, Any], types: Any, kind: str) -> Any:
    """Returns plain values converted to one of the types; numbers may be strings. Raises MalformedMessage of `kind`."""
    try:
        return msgspec.convert(raw, types, strict=False)
    except UNREADABLE:
        raise MalformedMessage(kind, "fields are missing or of the wrong kind") from None


def _milliseconds(value: Any, kind: str) -> tuple[int, str]:
    """Returns a time in ms and the unit it came in, inferred from its magnitude: seconds stay below 10^11 until the
    year 5138, and ms exceed it since March 1973, so that between 2000 and 2100 no number has two readings."""
    try:
        time = int(float(value)) if not isinstance(value, bool) else 0
    except (TypeError, ValueError, OverflowError):
        raise MalformedMessage(kind, "time") from None
    if time < 10**11:
        return time * 1000, "s"
    if time < 10**14:
        return time, "ms"
    return (time // 10**3, "µs") if time < 10**17 else (time // 10**6, "ns")


def without_nulls(value: Any) -> Any:
    """Returns an object without its null fields, any other value unchanged."""
    if not isinstance(value, dict):
        return value
    return {key: each for key, each in value.items() if each is not None}


def _fits(value: Any, kind: Any) -> bool:
    try:
        return not isinstance(value, bool) and math.isfinite(msgspec.convert(value, kind, strict=False))
    except UNREADABLE:
        return False


def _finite(message: Push) -> bool:
    values = list(msgspec.structs.astuple(message))
    if isinstance(message, Depth):
        values = [value for level in message.asks + message.bids for value in msgspec.structs.astuple(level)]
    return all(math.isfinite(value) for value in values if isinstance(value, float))
