"""When the dashboard is drawn, and what of it is written: at a pace the terminal can follow, and only what differs from
what stands there."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.screen import Screen

from tui.config.glyphs import GlyphSetting
from tui.config.plain_mode import is_plain
from tui.market import Instrument, Market
from tui.screens.dashboard import Dashboard
from tui.terminal.ambiguous_width import PATIENCE
from tui.terminal.flow_control import TerminalFlowControl
from tui.terminal.frame_clock import FrameClock
from tui.terminal.glyph_selection import GlyphSelection
from tui.terminal.input_driver import TerminalDriver
from tui.terminal.line_update import LineUpdate
from tui.terminal.screen_diff import ScreenBuffer
from tui.terminal.textual_private import (
    BaseApp,
    CompositorUpdate,
    current_driver,
    has_open_batch,
    render_screen,
    write_queue_length,
)

_BEHIND = 1.0  # s
_QUIET_AFTER_ENTER = 1.5  # s: ssh knows its escape `~.` only right after Enter, and a reply would come between
MOST_QUEUED = 8
"""Texts for the thread that writes to the terminal, before painting waits: at 30 Textual blocks the event loop."""


class Painting:
    """The frame clock of the dashboard; flow control for the terminal, and its set of glyphs.

    `is_live` says whether the link is live, `is_paused` whether a replay stands still."""

    def __init__(
        self,
        app: BaseApp,
        dashboard: Dashboard,
        market: Market,
        clock: Callable[[], float],
        is_live: Callable[[], bool],
        is_paused: Callable[[], bool],
        glyphs: GlyphSetting,
    ) -> None:
        self._app = app
        self._dashboard = dashboard
        self._market = market
        self._clock = clock
        self._is_live = is_live
        self._is_paused = is_paused
        self._is_plain = is_plain()
        self.frame_clock: FrameClock | None = None
        self.flow_control = TerminalFlowControl()
        self._screen_buffer = ScreenBuffer()
        self._glyphs = GlyphSelection(app, glyphs)
        self._held_back = False  # whether something was not written, for the terminal to catch up

    # --- frames ---

    def start(self) -> None:
        """Draw a frame whenever the market changes."""
        self.frame_clock = FrameClock(self.frame, self._can_draw_frame)
        self._dashboard.can_paint, self._dashboard.on_painted = self._can_paint, self.frame_clock.add_cost
        self._market.on_change = self.frame_clock.wake

    def stop(self) -> None:
        """Draw no more frames."""
        self._market.on_change = None
        if self.frame_clock is not None:
            self.frame_clock.stop()

    def wake(self) -> None:
        """Ask for a frame, though the market has not changed."""
        if self.frame_clock is not None:
            self.frame_clock.wake()

    def frame(self) -> None:
        """Draw what has changed in the market; nothing before `start`, nor once the screens are gone."""
        if self.frame_clock is None or not self._app.screen_stack:
            return
        self._market.health.frames += 1
        self._market.health.frames_skipped = self.frame_clock.skipped
        self.frame_clock.is_covered = not self._dashboard.is_active
        now = self._clock()
        changed = self._market.drain_changed()
        if self._market.pairs.by_symbol:
            self._market.derive_pairs(now, self._shown_of(changed))
        self._dashboard.sync(changed, now, self._is_live(), self.flow_control.line_budget)
        ends = self._dashboard.flash_ends
        if self._dashboard.has_backlog:
            self.frame_clock.wake()
        elif ends is not None and not self._is_paused():
            self.frame_clock.wake(max(0.0, ends - now))

    def _shown_of(self, changed: set[Instrument]) -> set[Instrument]:
        """Returns which of these the list shows, and what the other panes show."""
        dashboard = self._dashboard
        return dashboard.watchlist.on_screen(changed).union(dashboard.chart.shown, dashboard.quote_header.shown)

    def tick(self) -> None:
        """Update once a second what changes with time."""
        self._write_held_back()
        self._show_delay()
        self._dashboard.tick(self._clock(), self.flow_control.line_budget)
        # What a key has changed is painted before a frame, and without data there would be none.
        if self._dashboard.has_backlog or self._dashboard.paint_pending:
            self.wake()

    def _show_delay(self) -> None:
        """Say that the terminal is behind, on a line that does not wait for it: nothing that is held back may stand
        under LIVE."""
        delay = self.flow_control.delay(time.monotonic())
        self._dashboard.status.terminal_delay = delay if delay >= _BEHIND else 0.0
        if delay >= _BEHIND:
            self._dashboard.write_status()

    def _can_draw_frame(self) -> bool:
        if self._dashboard.paint_pending:
            self._dashboard.flush()
        self._write_held_back()  # else frames would leave it no turn
        if self._can_paint():
            return True
        if not self._dashboard.status.terminal_delay:
            self._show_delay()  # before the second is over
        return False

    def _can_paint(self) -> bool:
        # A terminal that has never answered shows by nothing but the queue that it stands still.
        return not self._glyphs.is_pending and (
            self._is_plain
            or (
                write_queue_length(current_driver(self._app)) < MOST_QUEUED
                and self.flow_control.can_draw(time.monotonic())
            )
        )

    # --- what is written ---

    def display(self, screen: Screen[object], update: CompositorUpdate) -> None:
        """Write what of an update differs from what stands on the terminal. While the terminal is behind nothing is
        written; when it has caught up, it gets what the screen shows by then."""
        if self._glyphs.is_pending:
            self._held_back = True
        elif self._is_plain or self._app.is_headless or has_open_batch(self._app):
            self._app.write_update(screen, update)
        elif self._screen_buffer.has_content and not isinstance(update, LineUpdate) and not self._can_paint():
            self._held_back = True
        elif pieces := self._screen_buffer.reduce(update):
            keeps_up = self._can_paint()
            self._app.write_update(screen, LineUpdate(pieces))
            if keeps_up:  # the status line of a terminal that is behind is not waited for
                self.query_cursor(sum(width for _, _, width, _ in pieces))

    def _write_held_back(self) -> None:
        if self._held_back and self._can_paint():
            self._held_back = False
            if (update := render_screen(self._app.screen)) is not None:
                self.display(self._app.screen, update)

    def resized(self) -> None:
        """Write the whole screen again: a size that came and went changes no layout, but clears cells all the same, and
        another terminal may have been attached."""
        self.flow_control.reset()
        self._query_glyphs()
        self._screen_buffer.forget()
        self._held_back = True

    def resumed(self) -> None:
        """Write the whole screen again: the terminal belonged to the shell."""
        self.flow_control.reset()
        self._query_glyphs()
        self._screen_buffer.forget()
        self._app.screen.refresh(layout=True)

    # --- the terminal's replies ---

    def query_terminal(self) -> None:
        """Ask the terminal for what decides how it is drawn to, before there is anything to draw."""
        self._query_glyphs()
        self.query_cursor()

    def _query_glyphs(self) -> None:
        if self._glyphs.query():
            self._app.set_timer(PATIENCE, self._write_held_back)

    def query_cursor(self, *cells: int) -> None:
        """Ask the terminal for its cursor's position: the reply says that it has read all that was written before. If
        that were few cells, it may wait for more."""
        driver = current_driver(self._app)
        if not isinstance(driver, TerminalDriver) or self._is_plain or self._app.is_headless:
            return
        if time.monotonic() - driver.entered_at < _QUIET_AFTER_ENTER:
            return
        if query := self.flow_control.query(time.monotonic(), *cells):
            driver.write(query)

    def cursor_reported(self, row: int, column: int, at: float) -> None:
        """Go on with what waited for the terminal's reply, which came `at` (s, monotonic): the cursor is at `row` and
        `column`, from 0."""
        is_outdated = self._glyphs.record_reply(row, column)
        if is_outdated is None and self.flow_control.record_reply(row, column, at):
            is_outdated = self._glyphs.repeat_if_lost()  # the query clears cells
        if is_outdated:
            self._screen_buffer.forget()
            self._held_back = True
        if self._dashboard.paint_pending:
            self._dashboard.flush()
        self._write_held_back()
        if self.frame_clock is not None:
            self.frame_clock.resume()
