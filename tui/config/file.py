"""The config file on disk: read whole, changed in place with its comments and layout, replaced in one step."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from platformdirs import user_config_path

from tui.config.merge import merge
from tui.config.settings import Settings, is_same_lists, is_same_settings, parse_settings
from tui.errors import UsageError, reason
from tui.files import locked, make_folder, read_small, write_exposure
from tui.files import replace as replace_file
from tui.market.alerts import Alert

if TYPE_CHECKING:
    from tomlkit.items import Array

_LOCK_WITHIN = 0.7  # s to wait for another copy that writes, which takes a few hundredths


def default_config_path(*, demo: bool = False) -> Path:
    """Where the file is when nobody says otherwise. The demo keeps its own, apart from a person's."""
    return user_config_path("itick-tui") / ("demo.toml" if demo else "config.toml")


class ConfigFile:
    """One file. A file that is not there holds the defaults and comes into being with the first change."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.refused = ""
        """Why the commands that the file names are not run, as it was last read; "" where they are."""

    def read(self) -> Settings:
        """Returns the settings, without commands where others could have written them. Raises UsageError where the file
        cannot be read, or holds something that is no setting."""
        settings = parse_settings(self._text(), str(self.path))
        named = [name for name in ("token_command", "alert_command") if getattr(settings, name)]
        self.refused = ""
        if named and (exposure := self.exposure()):
            self.refused = f"{' and '.join(named)} will not be run: {exposure}"
            settings = replace(settings, token_command=(), alert_command=())
        return settings

    def exposure(self) -> str:
        """Who else could have written the file, with what to do about it; "" where nobody could."""
        try:
            return write_exposure(self.path)
        except FileNotFoundError:
            return ""
        except OSError as error:
            return f"cannot tell who may write {self.path}: {reason(error)}"

    def save(self, base: Settings, ours: Settings) -> Settings:
        """Write what differs between `base` (as last read or saved) and `ours` into what the file holds now; the
        settings it holds then. Readers see the old file or the new one, never a part of one.

        Raises UsageError where it cannot be written, or holds something by now that cannot be read.
        """
        try:
            real = Path(os.path.realpath(self.path))  # people keep their dotfiles elsewhere, and a link must stay one
            make_folder(real.parent)
            # The folder itself is the lock of all copies of this program: no file is left behind.
            with locked(real.parent, os.O_RDONLY, _LOCK_WITHIN):
                text = self._text()
                theirs = parse_settings(text, str(self.path))
                # A file that was taken away meanwhile, or emptied as by an editor on a full disk or just before it
                # writes, is no wish to lose every list and alert.
                gone = not text.strip()
                known = replace(theirs, lists=base.lists, alerts=base.alerts) if gone else theirs
                merged = merge(base, ours, known)
                if not is_same_settings(merged, theirs):
                    edited = _edited(text, theirs, merged)
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


def _edited(text: str, before: Settings, after: Settings) -> str:
    """The text with every setting changed that differs; comments and layout stay."""
    import tomlkit  # slow to load, and most runs change nothing
    from tomlkit.items import InlineTable, Table

    document = tomlkit.parse(text)
    for field in Settings.__struct_fields__:
        was, is_ = getattr(before, field), getattr(after, field)
        if is_same_lists(was, is_) if field == "lists" else was == is_:
            continue
        if field == "lists":
            if not isinstance(document.get("lists"), Table | InlineTable):
                # Not there yet, or written as `lists.Core = […]`, which cannot be edited piece by piece.
                document.pop("lists", None)
                document["lists"], was = tomlkit.table(), {}
            _edit_lists(document["lists"], was, is_)
        elif field == "alerts":
            if "alerts" not in document:
                document["alerts"], was = tomlkit.array().multiline(True), ()
            _edit_alerts(document["alerts"], was, is_)
        elif isinstance(is_, tuple):
            document[field] = list(is_)
        else:
            document[field] = is_
    return tomlkit.dumps(document)


def _edit_lists(table: Any, before: Mapping[str, Sequence[object]], after: Mapping[str, Sequence[object]]) -> None:
    for name in before:
        if name not in after:
            del table[name]
    for name, symbols in after.items():
        if name in before and symbols != before[name]:
            _edit_array(table[name], list(map(str, before[name])), list(map(str, symbols)))
    arrays = {}
    kept = [name for name in before if name in after]
    if list(after)[: len(kept)] != kept:
        # A table keeps the order in which it was made: all are taken out and put in again.
        arrays = {name: table[name] for name in kept}
        for name in kept:
            del table[name]
    after_it = _take_trail(table)
    for name, symbols in after.items():
        if name not in table:
            table[name] = arrays.get(name) or list(map(str, symbols))
    if after_it:
        table.value.body.extend(after_it)


def _edit_alerts(array: Any, before: Sequence[Alert], after: Sequence[Alert]) -> None:
    """An alert that is another one now, done or off, keeps its place and its comment."""
    now = {alert.key: alert for alert in after}
    if len(array) == len(before):
        for n, alert in enumerate(before):
            if now.get(alert.key, alert) != alert:
                array[n] = str(now[alert.key])
        before = [now.get(alert.key, alert) for alert in before]
    _edit_array(array, list(map(str, before)), list(map(str, after)))


def _take_trail(table: Any) -> list[Any]:
    """Blank lines and comments behind the last entry: they belong to what follows, and new entries go before them."""
    from tomlkit.items import Table

    trail: list[Any] = []
    if isinstance(table, Table):
        body = table.value.body
        while body and body[-1][0] is None:
            trail.insert(0, body.pop())
    return trail


def _edit_array(array: Array, before: list[str], after: list[str]) -> None:
    """Take out what went and put in what came, where the rest keeps its order; else write it anew."""
    kept = [spelling for spelling in before if spelling in after]
    if (
        "\n" not in array.as_string()
        or len(array) != len(before)
        or [spelling for spelling in after if spelling in before] != kept
    ):
        array.clear()
        array.extend(after)
        return
    for n in reversed(range(len(before))):
        if before[n] not in after:
            array.pop(n)
    for n, spelling in enumerate(after):
        if spelling not in before:
            array.insert(n, spelling)
