"""The config file on disk: read whole, changed in place with its comments and layout, replaced in one step."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from platformdirs import user_config_path

from tui.config.merge import merge
from tui.config.settings import Settings, parse, same, same_lists
from tui.errors import UsageError, reason
from tui.market.alerts import Alert

if TYPE_CHECKING:
    from tomlkit.items import Array


def default_path(*, demo: bool = False) -> Path:
    """Where the file is when nobody says otherwise. The demo keeps its own, apart from a person's."""
    return user_config_path("itick-tui") / ("demo.toml" if demo else "config.toml")


class ConfigFile:
    """One file. A file that is not there holds the defaults and comes into being with the first change."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Settings:
        """Raises UsageError where it cannot be read, or holds something that is no setting."""
        return parse(self._text(), str(self.path))

    def save(self, base: Settings, ours: Settings) -> Settings:
        """Write what differs between `base` (as last read or saved) and `ours` into what the file holds now; the
        settings it holds then. Readers see the old file or the new one, never a part of one.

        Raises UsageError where it cannot be written, or holds something by now that cannot be read.
        """
        try:
            self._real.parent.mkdir(parents=True, exist_ok=True)
            with _locked(self._real.parent):
                text = self._text()
                theirs = parse(text, str(self.path))
                # A file that was taken away meanwhile is no wish to lose every list and alert.
                gone = not self.path.exists()
                known = replace(theirs, lists=base.lists, alerts=base.alerts) if gone else theirs
                merged = merge(base, ours, known)
                if not same(merged, theirs):
                    edited = _edited(text, theirs, merged)
                    if parse(edited, str(self.path)) != merged:
                        raise UsageError(f"{self.path} is laid out in a way that cannot be edited here")
                    self._replace(edited)
                return merged
        except OSError as error:
            raise UsageError(f"cannot write {self.path}: {reason(error)}") from None

    @property
    def _real(self) -> Path:
        """Where a link leads: people keep their dotfiles elsewhere, and the link must stay one."""
        return self.path.resolve()

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise UsageError(f"cannot read {self.path}: {reason(error)}") from None
        except UnicodeDecodeError:
            raise UsageError(f"cannot read {self.path}: it is not a text file") from None

    def _replace(self, text: str) -> None:
        real = self._real
        new = real.with_name(f".{real.name}.new")
        mode = real.stat().st_mode & 0o777 if real.exists() else 0o600
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
            with open(descriptor, "w", encoding="utf-8") as file:
                os.fchmod(descriptor, mode)
                file.write(text)
                file.flush()
                os.fsync(descriptor)
            new.replace(real)
        except OSError:
            with suppress(OSError):
                new.unlink()
            raise
        with suppress(OSError):  # the file is whole either way; this only makes the new name last through a power cut
            _sync(real.parent)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Copies of this program write one after the other. The folder itself is the lock: no file is left behind."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _edited(text: str, before: Settings, after: Settings) -> str:
    """The text with every setting changed that differs; comments and layout stay."""
    import tomlkit  # slow to load, and most runs change nothing
    from tomlkit.items import InlineTable, Table

    document = tomlkit.parse(text)
    for field in Settings.__struct_fields__:
        was, is_ = getattr(before, field), getattr(after, field)
        if same_lists(was, is_) if field == "lists" else was == is_:
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
