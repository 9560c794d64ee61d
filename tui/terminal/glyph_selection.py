"""Which set of glyphs the dashboard is drawn with: the one that is set, or the one that fits the terminal."""

from __future__ import annotations

import sys
import time
from typing import Any

from textual.app import App

from tui.config.glyphs import GlyphSet, GlyphSetting, glyphs_for
from tui.terminal.ambiguous_width import AmbiguousWidth
from tui.terminal.input_driver import TerminalDriver
from tui.terminal.textual_private import current_driver


class GlyphSelection:
    """Sets the glyphs of an app's driver. An app without a terminal has all of them."""

    def __init__(self, app: App[Any], setting: GlyphSetting) -> None:
        self._app = app
        self._setting = setting
        self._ambiguous_width = AmbiguousWidth()

    def query(self) -> bool:
        """Select what needs no reply, else ask the terminal; returns True if it is asked."""
        driver = current_driver(self._app)
        if not isinstance(driver, TerminalDriver):
            return False
        if_narrow, if_wide = self._glyphs(wide=False), self._glyphs(wide=True)
        if if_narrow == if_wide:
            driver.glyphs = if_narrow
            return False
        driver.write_unchanged(self._ambiguous_width.query(time.monotonic()))
        return True

    def repeat_if_lost(self) -> bool:
        """Ask again, now that a later query was replied to, if the reply to this one is lost; returns True if so."""
        return self._ambiguous_width.should_repeat() and self.query()

    @property
    def is_pending(self) -> bool:
        """Whether nothing should be drawn yet, because the terminal's reply may change the set."""
        return self._ambiguous_width.is_awaited(time.monotonic())

    def record_reply(self, row: int, column: int) -> bool | None:
        """Select by a cursor position, from 0; returns True if the set has changed, None if it is the reply to another
        query."""
        wide = self._ambiguous_width.record_reply(row, column)
        driver = current_driver(self._app)
        if wide is None or not isinstance(driver, TerminalDriver):
            return None
        before, driver.glyphs = driver.glyphs, self._glyphs(wide=wide)
        return driver.glyphs != before

    def _glyphs(self, *, wide: bool) -> GlyphSet:
        encoding = sys.__stderr__.encoding if sys.__stderr__ is not None else "utf-8"
        return glyphs_for(self._setting, encoding, wide=wide)
