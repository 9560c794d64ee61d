"""The fields of the feed's data messages that this program does not know: what the vendor's page is silent about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from tui import format as fmt
from tui.doctor.checks import Finding
from tui.protocol.json_repair import UNREADABLE
from tui.protocol.messages import CLASSES, ServedLevel
from tui.secrets import safe_text

_MAX_FRAMES = 5_000  # that are looked into
_MAX_FIELDS = 40  # that are remembered
_MAX_TOLD = 8
_MAX_VALUE = 20  # characters of a value that is told

_KNOWN = {
    name: {field.encode_name for field in msgspec.structs.fields(kind)} | {"type"} for name, kind in CLASSES.items()
}
_LEVEL = {field.encode_name for field in msgspec.structs.fields(ServedLevel)}


class UnknownFields:
    """Collects unknown fields from frames, each with a value; at most _MAX_FIELDS of them."""

    def __init__(self) -> None:
        self._frames = 0
        self._found: dict[str, str] = {}
        self._has_iopv = False

    def look(self, frame: bytes | bytearray) -> None:
        """Look into one frame, which may be no JSON."""
        if self._frames >= _MAX_FRAMES:
            return
        self._frames += 1
        try:
            message = msgspec.json.decode(frame)
        except UNREADABLE:
            return
        data = message.get("data") if isinstance(message, dict) else None
        for row in data if isinstance(data, list) else [data]:
            if isinstance(row, dict) and isinstance(row.get("type"), str) and row["type"] in _KNOWN:
                self._has_iopv |= row["type"] == "quote" and bool(row.get("iopv"))
                for name, value in _unknown(row):
                    if len(self._found) < _MAX_FIELDS:
                        self._found.setdefault(name, fmt.clip(safe_text(str(value)), _MAX_VALUE))

    def finding(self) -> Finding:
        """Returns what was found, as a step of the diagnosis."""
        known = "; the quotes have an IOPV" if self._has_iopv else "; no IOPV among them"
        if not self._found:
            return Finding(f"all are known{known}")
        told = [f"{fmt.clip(safe_text(name), 40)} (as {value})" for name, value in self._found.items()]
        more = f" and {len(told) - _MAX_TOLD} more" if len(told) > _MAX_TOLD else ""
        return Finding(f"not known, and left out: {', '.join(told[:_MAX_TOLD])}{more}{known}")


def _unknown(row: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Yields name and value of each unknown field of a data message, of a book's levels too."""
    kind = row["type"]
    for name, value in row.items():
        if name not in _KNOWN[kind]:
            yield f"{kind}.{name}", value
    if kind == "depth":
        for side in ("a", "b"):
            levels = row.get(side)
            for level in levels if isinstance(levels, list) else ():
                if isinstance(level, dict):
                    yield from ((f"depth.{side}.{name}", value) for name, value in level.items() if name not in _LEVEL)
