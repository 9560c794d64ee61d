"""The config file on disk: read whole, edited with its comments and layout preserved, and replaced atomically."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from platformdirs import user_config_path

from tui.config.merge import merge
from tui.config.settings import (
    COMMAND_SETTINGS,
    Layouts,
    Settings,
    is_same_lists,
    is_same_settings,
    parse_settings,
)
from tui.config.toml_arrays import ArrayEditor
from tui.errors import UsageError, reason
from tui.files import locked, make_folder, read_small, write_exposure
from tui.files import replace as replace_file
from tui.market.alerts import Alert, parse_alert
from tui.market.levels import PriceMark, parse_level
from tui.symbol import parse_symbol_or_pair

_LOCK_TIMEOUT = 0.7  # s to wait for a write of another copy, which takes some 10 ms


def default_config_path(*, demo: bool = False) -> Path:
    """Returns the path of the config file unless one is given. The demo has a file of its own."""
    return user_config_path("itick-tui") / ("demo.toml" if demo else "config.toml")


class ConfigFile:
    """A config file. A missing one holds the defaults and is created by the first change."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.command_warning = ""
        """Why the commands set in the file are not run, as of the last read; "" if they are."""
        self._arrays = ArrayEditor()

    def read(self) -> Settings:
        """Returns the settings, without commands if others could have written the file.

        Raises UsageError if the file cannot be read or holds an invalid setting.
        """
        settings = parse_settings(self._text(), str(self.path))
        commands = [name for name in COMMAND_SETTINGS if getattr(settings, name)]
        self.command_warning = ""
        if commands and (warning := self.permission_warning()):
            self.command_warning = f"{' and '.join(commands)} will not be run: {warning}"
            settings = replace(settings, **dict.fromkeys(COMMAND_SETTINGS, ()))
        return settings

    def permission_warning(self) -> str:
        """Returns who else can write the file and what to do about it, "" if nobody can."""
        try:
            return write_exposure(self.path)
        except FileNotFoundError:
            return ""
        except OSError as error:
            return f"cannot tell who may write {self.path}: {reason(error)}"

    def save(self, base: Settings, ours: Settings) -> Settings:
        """Write what differs between `base` (as last read or saved) and `ours` into the file's present content; returns
        the settings it then holds. The file is replaced atomically: readers see the old one or the new one.

        Raises UsageError if it cannot be written, or holds an invalid setting by now.
        """
        try:
            real = Path(os.path.realpath(self.path))  # a symbolic link, as of dotfiles kept elsewhere, must stay one
            make_folder(real.parent)
            # All copies of this program lock the folder itself, which leaves no lock file behind.
            with locked(real.parent, os.O_RDONLY, _LOCK_TIMEOUT):
                text = self._text()
                theirs = parse_settings(text, str(self.path))
                # A file that was deleted or truncated meanwhile (by an editor on a full disk, or just before it writes)
                # must not delete every list, alert, level and layout.
                is_missing = not text.strip()
                named = ("lists", "alerts", "levels", "layouts") if is_missing else ()
                merged = merge(base, ours, replace(theirs, **{field: getattr(base, field) for field in named}))
                if not is_same_settings(merged, theirs):
                    edited = _edit_document(text, theirs, merged, self._arrays)
                    if parse_settings(edited, str(self.path)) != merged:
                        raise UsageError(f"{self.path} is laid out in a way that cannot be edited here")
                    replace_file(real, edited)
                return merged
        except OSError as error:
            raise UsageError(f"cannot write {self.path}: {reason(error)}") from None

    def _text(self) -> str:
        try:
            return read_small(self.path).decode("utf-8-sig")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise UsageError(f"cannot read {self.path}: {reason(error)}") from None
        except UnicodeDecodeError:
            raise UsageError(f"cannot read {self.path}: it is not a text file") from None


def _edit_document(text: str, before: Settings, after: Settings, arrays: ArrayEditor) -> str:
    """Returns the text with each differing setting changed; comments, layout and line ends stay."""
    import tomlkit  # slow to import, and most runs change nothing
    from tomlkit.items import Array, InlineTable, Table

    document = tomlkit.parse(text)
    for field in Settings.__struct_fields__:
        old, new = getattr(before, field), getattr(after, field)
        if is_same_lists(old, new) if field == "lists" else old == new:
            continue
        if field == "lists":
            if not isinstance(document.get("lists"), Table | InlineTable):
                # Missing, or written as dotted keys (`lists.Core = […]`), which cannot be edited one by one.
                document.pop("lists", None)
                document["lists"], old = tomlkit.table(), {}
            _edit_lists(document["lists"], old, new, arrays)
        elif field in ("alerts", "levels"):
            if field not in document:
                document[field] = tomlkit.array().multiline(True)
            parse: Callable[[str], PriceMark] = parse_alert if field == "alerts" else parse_level
            _edit_marks(field, document[field], list(map(parse, document[field])), new, arrays)
        elif field == "layouts":
            if not isinstance(document.get("layouts"), Table | InlineTable):
                document.pop("layouts", None)
                document["layouts"], old = tomlkit.table(), {}
            _edit_layouts(document["layouts"], old, new)
        elif isinstance(new, tuple):
            if isinstance(document.get(field), Array):
                arrays.edit(field, document[field], list(map(str, old)), list(map(str, new)))
            else:
                document[field] = list(new)
        else:
            document[field] = new
    edited = tomlkit.dumps(document)
    has_crlf = 0 < text.count("\r\n") == text.count("\n")
    return re.sub(r"\r?\n", "\r\n", edited) if has_crlf else edited


def _edit_lists(
    table: Any, before: Mapping[str, Sequence[object]], after: Mapping[str, Sequence[object]], arrays: ArrayEditor
) -> None:
    removed = {name: table[name] for name in before if name not in after}
    for name, array in removed.items():
        arrays.remember_array(_list_key(name), array)
        del table[name]
    for name, symbols in after.items():
        if name in before and symbols != before[name]:
            present = [str(parse_symbol_or_pair(spelling).symbol) for spelling in table[name]]
            arrays.edit(_list_key(name), table[name], present, list(map(str, symbols)))
    moved = {}
    remaining = [name for name in before if name in after]
    if list(after)[: len(remaining)] != remaining:
        # A table keeps insertion order: reordering means removing and inserting all entries.
        moved = {name: table[name] for name in remaining}
        for name in remaining:
            del table[name]
    trailing = _pop_trailing_lines(table)
    for name, symbols in after.items():
        if name in moved:
            table[name] = moved[name]
        elif name not in table:
            renamed = (array for former, array in removed.items() if before[former] == symbols)
            array = next(renamed, None)
            table[name] = arrays.create(_list_key(name), list(map(str, symbols))) if array is None else array
    if trailing:
        table.value.body.extend(trailing)


def _edit_layouts(table: Any, before: Layouts, after: Layouts) -> None:
    """Remove, replace and add layouts, the comments between them untouched."""
    for name in before:
        if name not in after:
            del table[name]
    for name, parts in after.items():
        if parts != before.get(name):
            table[name] = list(parts)


def _list_key(name: str) -> str:
    return f"lists.{name}"


def _edit_marks(
    name: str, array: Any, written: Sequence[PriceMark], after: Sequence[PriceMark], arrays: ArrayEditor
) -> None:
    """Replace alerts or levels that changed in place, with their comments, then add and remove the others. One that
    stands in the place of another one of its symbol was moved. `written` are the entries of the array."""
    alerts = {mark.key: mark for mark in after if isinstance(mark, Alert)}
    present = [alerts.get(mark.key, mark) if isinstance(mark, Alert) else mark for mark in written]
    if len(present) == len(after):
        for n, (old, new) in enumerate(zip(list(present), after, strict=True)):
            if old.symbol == new.symbol and old not in after and new not in present:
                present[n] = new
    for n, (old, new) in enumerate(zip(written, present, strict=True)):
        if old != new:
            array[n] = str(new)
    arrays.edit(name, array, list(map(str, present)), list(map(str, after)))


def _pop_trailing_lines(table: Any) -> list[Any]:
    """Remove and return the blank lines and comments after the last entry: new entries go before them."""
    from tomlkit.items import Table

    trailing: list[Any] = []
    if isinstance(table, Table):
        body = table.value.body
        while body and body[-1][0] is None:
            trailing.insert(0, body.pop())
    return trailing
