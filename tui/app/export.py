"""Exports into a folder: new files, written on another thread. No file is ever overwritten."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from itertools import count
from pathlib import Path

from tui.errors import UsageError, reason
from tui.files import make_empty, make_folder, part_of, replace
from tui.threads import run_in_thread

_WITHIN = 3.0  # s after which a file counts as not written yet
_DISCARD_WITHIN = 0.3  # s


class Export:
    """One new file in a folder, named after what it holds and when. Its methods wait for the disk."""

    def __init__(self, folder: Path, what: str, suffix: str, text: str, now: datetime) -> None:
        self._folder = folder
        self._stem = f"itick-{re.sub(r'[^A-Za-z0-9_]+', '-', what).strip('-').lower()}-{now:%Y%m%d-%H%M%S}"
        self._suffix = suffix
        self._text = text
        self._path: Path | None = None  # once the file exists

    def write(self) -> Path:
        """Write the whole file or nothing; returns its path. Raises UsageError if it cannot be written."""
        try:
            make_folder(self._folder)
            self._path = path = self._create()
            try:
                replace(path, self._text)
            except BaseException:
                self.discard()
                raise
            return path
        except OSError as error:
            raise UsageError(f"cannot write into {self._folder}: {reason(error)}") from None

    def _create(self) -> Path:
        for n in count(1):
            path = self._folder / (f"{self._stem}.{self._suffix}" if n == 1 else f"{self._stem}-{n}.{self._suffix}")
            with suppress(FileExistsError):
                make_empty(path)
                return path
        raise AssertionError

    def discard(self) -> None:
        """Remove what there is of the file."""
        if self._path is not None:
            for path in (part_of(self._path), self._path):
                with suppress(OSError):
                    path.unlink()


class Exporter:
    """Writes exports into a folder, one at a time, on another thread: a disk that hangs keeps nothing else waiting.

    `say` is called with the result of each, and with True if that is bad news."""

    def __init__(self, folder: Path, say: Callable[[str, bool], None]) -> None:
        self._folder = folder
        self._say = say
        self._lock = asyncio.Lock()
        self._export: Export | None = None
        self._hangs = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.trouble = ""
        """Why the last export was not written by the end; "" if it was."""

    def write(self, what: str, suffix: str, text: str, now: datetime) -> None:
        """Write a new file, in the background."""
        if self._hangs:
            self._say(f"still not written: {self._no_answer}", True)
            return
        task = asyncio.create_task(self._write(Export(self._folder, what, suffix, text, now)), name="export")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def _no_answer(self) -> str:
        return f"the disk of {self._folder} does not answer"

    async def _write(self, export: Export) -> None:
        async with self._lock:
            self._export = export
            writing = asyncio.ensure_future(run_in_thread(export.write))
            await asyncio.wait([writing], timeout=_WITHIN)
            if not writing.done():
                self._hangs = True
                self._say(f"not written yet: {self._no_answer}", True)
            try:
                path = await writing
            except (UsageError, OSError) as error:
                self.trouble = str(error)
                self._say(self.trouble, True)
            else:
                self.trouble = ""
                self._say(f"written: {path}", False)
            self._hangs = False

    async def finish(self, within: float) -> None:
        """Wait for what is being written, for `within` s at most; what is not complete by then is removed, and
        `trouble` says why."""
        self.trouble = ""  # what failed before was said
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=within)
        if late and self._export is not None:
            self.trouble = self._no_answer
            await asyncio.wait([asyncio.ensure_future(run_in_thread(self._export.discard))], timeout=_DISCARD_WITHIN)
