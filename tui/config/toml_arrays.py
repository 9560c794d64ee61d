"""Edits of TOML arrays of strings. Each entry's comments stay with it: when it is moved, and when it is removed and
brought back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tomlkit.items import Array

_TOKEN = re.compile(
    r"\s+|,|(?P<comment>#[^\n]*)"
    r"|(?P<entry>\"\"\"(?:\\.|[^\\])*?\"\"\"(?!\")|'''.*?'''(?!')|\"(?:\\.|[^\"\\])*\"|'[^']*')",
    re.DOTALL,
)
_INDENT = re.compile(r"\n([ \t]+)\S")


class _Entry(NamedTuple):
    """An entry and its comments: those on lines of their own above it, and the one beside it, "" if there is none."""

    value: str
    above: tuple[str, ...] = ()
    beside: str = ""


class ArrayEditor:
    """Edits the arrays of one file, and remembers the comments of entries that it has removed."""

    def __init__(self) -> None:
        self._removed: dict[tuple[str, str], _Entry] = {}
        self._removed_arrays: dict[str, str] = {}

    def edit(self, name: str, array: Array, before: Sequence[str], after: Sequence[str]) -> None:
        """Give the array called `name` the entries `after`; `before` are its present ones as the program reads them, in
        part twice. If the others keep their order, single entries are removed and inserted; else the lines are written
        anew."""
        entries, below = _parse(array.as_string())
        if len(entries) == len(before):
            entries = [entry._replace(value=value) for entry, value in zip(entries, before, strict=True)]
        known: dict[str, _Entry] = {}
        for entry in entries:
            known[entry.value] = _joined(known[entry.value], entry) if entry.value in known else entry
        restored = {value: self._removed.pop((name, value)) for value in after if (name, value) in self._removed}
        commented = [entry for entry in known.values() if entry.above or entry.beside]
        self._removed |= {(name, entry.value): entry for entry in commented if entry.value not in after}
        is_multiline = "\n" in array.as_string()
        keeps_order = [value for value in after if value in known] == [value for value in before if value in after]
        leaves_comments = any(entry.above and entry.value not in after for entry in entries)
        if is_multiline and keeps_order and not (restored or leaves_comments) and len(array) == len(before):
            _insert_and_remove(array, before, after)
        elif restored or below or commented:
            _write(array, [known.get(value) or restored.get(value) or _Entry(value) for value in after], below)
        else:
            array.clear()
            array.extend(after)

    def remember_array(self, name: str, array: Array) -> None:
        """Remember an array that is about to be removed, with its comments."""
        self._removed_arrays[name] = array.as_string()

    def create(self, name: str, values: Sequence[str]) -> Array:
        """Returns a new array called `name`: the one that was removed under this name, edited, or a plain one."""
        import tomlkit

        if (text := self._removed_arrays.pop(name, None)) is None:
            return tomlkit.item(list(values))
        document = tomlkit.parse(f"array = {text}")
        array: Array = document["array"]
        self.edit(name, array, [str(value) for value in array], values)
        return array


def _insert_and_remove(array: Array, before: Sequence[str], after: Sequence[str]) -> None:
    for n in reversed(range(len(before))):
        if before[n] not in after:
            array.pop(n)
    for n, value in enumerate(after):
        if value not in before:
            array.insert(n, value)


def _write(array: Array, entries: Sequence[_Entry], below: Sequence[str]) -> None:
    """Write an entry on each line, with its comments; `below` are the comments after the last."""
    found = _INDENT.search(array.as_string())
    indent = found[1] if found is not None else "    "
    array.clear()
    for entry in entries:
        for comment in entry.above:
            array.add_line(indent=indent, comment=comment, add_comma=False)
        array.add_line(entry.value, indent=indent, comment=entry.beside or None)
    for comment in below:
        array.add_line(indent=indent, comment=comment, add_comma=False)
    array.add_line(indent="")


def _joined(first: _Entry, second: _Entry) -> _Entry:
    """Returns an entry that was there twice, with the comments of both."""
    beside = [second.beside] if second.beside else []
    return first._replace(above=(*first.above, *second.above, *beside))


def _parse(text: str) -> tuple[list[_Entry], list[str]]:
    """Returns the entries of an array's text, and the comments after the last."""
    entries: list[_Entry] = []
    above: list[str] = []
    has_ended_line = True
    for token in _TOKEN.finditer(text[1:-1]):
        if entry := token["entry"]:
            entries.append(_Entry(entry, tuple(above)))
            above, has_ended_line = [], False
        elif comment := token["comment"]:
            words = comment.removeprefix("#").strip()
            if has_ended_line or not entries:
                above.append(words)
            else:
                entries[-1] = entries[-1]._replace(beside=words)
        elif "\n" in token[0]:
            has_ended_line = True
    return entries, above
