"""What changes in the program goes into the config file at once, without keeping the screen waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from tui.config.file import ConfigFile
from tui.config.merge import merge
from tui.config.settings import Settings, is_same_settings
from tui.errors import UsageError
from tui.threads import run_in_thread

_RETRY = 5.0  # s


class SettingsSaver:
    """Writes settings to a file, one write at a time, the newest last.

    `started` are the settings the program began with: only what differs from them is written, so that options of the
    command line do not get into the file. `on_found` hears where the file holds other lists or alerts than were sent,
    since others wrote too, of what was sent and of that with theirs; `on_trouble` hears of each new reason why nothing
    can be written, `on_saved` when it could be after all. It is tried again every few seconds, with the next change,
    and by `finish`, which waits so long and no longer.
    """

    def __init__(
        self,
        file: ConfigFile,
        started: Settings,
        on_found: Callable[[Settings, Settings], None],
        on_trouble: Callable[[str], None],
        on_saved: Callable[[], None] = lambda: None,
    ) -> None:
        self.file = file
        self.trouble = ""
        """Why the newest settings are not in the file; "" where they are."""
        self._saved = self._newest = started
        self._on_found = on_found
        self._on_trouble = on_trouble
        self._on_saved = on_saved
        self._again: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    def save(self, settings: Settings) -> None:
        """Have these written."""
        self._newest = settings
        self._wait_no_longer()
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), name="config")

    async def finish(self, within: float) -> None:
        """Wait until everything is written, trying once more where it could not be, for `within` s at most. `trouble`
        says what came of it."""
        try:
            async with asyncio.timeout(within):
                if self._writing is not None:
                    await self._writing
                await self._write()
        except TimeoutError:
            self.trouble = self.trouble or f"cannot write {self.file.path}: the disk does not answer"
        self._wait_no_longer()

    def _wait_no_longer(self) -> None:
        if self._again is not None:
            self._again.cancel()
            self._again = None

    async def _write(self) -> None:
        while not is_same_settings(self._newest, self._saved):
            sent = self._newest
            try:
                theirs = await run_in_thread(self.file.save, self._saved, sent)
            except (UsageError, OSError) as error:
                if self.trouble != str(error):
                    self.trouble = str(error)
                    self._on_trouble(self.trouble)
                self._again = asyncio.get_running_loop().call_later(_RETRY, self.save, self._newest)
                return
            if self.trouble:
                self.trouble = ""
                self._on_saved()
            # Of what others wrote lists and alerts are taken over: nobody wants the colours to change by themselves.
            self._saved = found = replace(sent, lists=theirs.lists, alerts=theirs.alerts)
            if not is_same_settings(sent, found):
                self._newest = merge(sent, self._newest, found)
                self._on_found(sent, found)
