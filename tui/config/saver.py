"""Saves changed settings to the config file at once, on a thread, so that the screen does not wait for the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from tui.config.file import ConfigFile
from tui.config.merge import merge
from tui.config.settings import Settings, is_same_settings
from tui.errors import UsageError
from tui.threads import run_in_thread

_RETRY_INTERVAL = 5.0  # s


class SettingsSaver:
    """Writes settings to a file, one write at a time, the newest last.

    `initial` are the settings the program started with: only differences from them are written, so command-line options
    do not get into the file. `on_merged(sent, merged)` is called when the file held other lists, alerts, levels or
    layouts than were sent, because another copy wrote too. `on_trouble` is called with each new reason why a write
    failed, `on_saved` when a later one succeeded. A failed write is retried every few seconds, with the next change,
    and by `finish`.
    """

    def __init__(
        self,
        file: ConfigFile,
        initial: Settings,
        on_merged: Callable[[Settings, Settings], None],
        on_trouble: Callable[[str], None],
        on_saved: Callable[[], None] = lambda: None,
    ) -> None:
        self.file = file
        self.trouble = ""
        """Why the newest settings are not in the file; "" if they are."""
        self._saved = self._newest = initial
        self._on_merged = on_merged
        self._on_trouble = on_trouble
        self._on_saved = on_saved
        self._retry_timer: asyncio.TimerHandle | None = None
        self._write_task: asyncio.Task[None] | None = None

    def save(self, settings: Settings) -> None:
        """Schedule a write of the settings."""
        self._newest = settings
        self._cancel_retry()
        if self._write_task is None or self._write_task.done():
            self._write_task = asyncio.create_task(self._write(), name="config")

    async def finish(self, within: float) -> None:
        """Wait for the last write, retried once if it failed, for `within` s at most; `trouble` says whether it
        failed."""
        try:
            async with asyncio.timeout(within):
                if self._write_task is not None:
                    await self._write_task
                await self._write()
        except TimeoutError:
            self.trouble = self.trouble or f"cannot write {self.file.path}: the disk does not answer"
        self._cancel_retry()

    def _cancel_retry(self) -> None:
        if self._retry_timer is not None:
            self._retry_timer.cancel()
            self._retry_timer = None

    async def _write(self) -> None:
        while not is_same_settings(self._newest, self._saved):
            sent = self._newest
            try:
                theirs = await run_in_thread(self.file.save, self._saved, sent)
            except (UsageError, OSError) as error:
                if self.trouble != str(error):
                    self.trouble = str(error)
                    self._on_trouble(self.trouble)
                self._retry_timer = asyncio.get_running_loop().call_later(_RETRY_INTERVAL, self.save, self._newest)
                return
            if self.trouble:
                self.trouble = ""
                self._on_saved()
            # Only lists, alerts, levels and layouts of other copies are adopted: a theme must not change by itself.
            self._saved = merged = replace(
                sent, lists=theirs.lists, alerts=theirs.alerts, levels=theirs.levels, layouts=theirs.layouts
            )
            if not is_same_settings(sent, merged):
                self._newest = merge(sent, self._newest, merged)
                self._on_merged(sent, merged)
