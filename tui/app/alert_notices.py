"""Every way in which the person learns of alerts that fired: a sound, a notice, the terminal, a command, the log."""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from platformdirs import user_state_path
from rich.cells import cell_len
from textual.notifications import Notification

from tui.app.notices import Notices
from tui.app.preferences import Preferences
from tui.market.alert_engine import AlertEvent
from tui.notify import command as alert_command
from tui.notify import told_once
from tui.notify.batching import AlertBatcher, alert_lines
from tui.notify.desktop import notification_sequence
from tui.terminal.input_driver import TerminalDriver
from tui.terminal.textual_private import BaseApp, current_driver, notifications
from tui.threads import run_in_thread

_MOST_LINES = 8  # of the notice, and no more than a third of the screen as they are folded there
_NOTICE_WIDTH, _NOTICE_FRAME = 60, 6  # cells: of a notice at most, and of what is left and right of its text
_log = logging.getLogger(__name__)


class AlertNotices:
    """Collects alerts that fire and tells of them together. `ring` makes a sound; `start_worker` runs a task of the app
    under a name. While `is_shared`, other windows may have the same alerts: all show them, and one makes a sound, tells
    the terminal and runs the command."""

    def __init__(
        self,
        app: BaseApp,
        notices: Notices,
        preferences: Preferences,
        ring: Callable[[], None],
        start_worker: Callable[[Callable[[], Awaitable[None]], str], object],
        is_shared: Callable[[], bool],
    ) -> None:
        self._app = app
        self._notices = notices
        self._preferences = preferences
        self._ring = ring
        self._start_worker = start_worker
        self._is_shared = is_shared
        self._batcher = AlertBatcher(self.tell)
        self._notice: Notification | None = None
        self._lines: list[str] = []  # of the notice
        self._command_failure = ""  # as it was last said

    def add(self, event: AlertEvent) -> None:
        """Tell of an alert that fired, soon, together with others."""
        self._batcher.add(event)

    def stop(self) -> None:
        """Tell of nothing more; what fired is marked as done all the same."""
        self._preferences.mark_done(self._batcher.stop())

    def tell(self, fired: list[AlertEvent]) -> None:
        """Tell of alerts that fired, all together."""
        self._preferences.mark_done(fired)
        for event in fired:
            _log.info("alert: %s", event.words)
        self._show(alert_lines(fired))
        if self._is_shared():
            self._start_worker(partial(self._tell_unless_another_does, fired), "alert claim")
        else:
            self._tell_beyond_the_screen(fired)

    async def _tell_unless_another_does(self, fired: list[AlertEvent]) -> None:
        """Tell of alerts that no other window has told of: it may have the same."""
        if ours := await run_in_thread(told_once.claim, fired, user_state_path("itick-tui") / "alerts.json"):
            self._tell_beyond_the_screen(ours)

    def _tell_beyond_the_screen(self, fired: list[AlertEvent]) -> None:
        text = " · ".join(alert_lines(fired))
        self._ring()
        driver = current_driver(self._app)
        version = driver.version if isinstance(driver, TerminalDriver) else ""
        if driver is not None and (sequence := notification_sequence(text, os.environ, version)):
            driver.write(sequence)
        if self._preferences.settings.alert_command:
            self._start_worker(partial(self.run_command, fired[0], text), "alert command")

    def _show(self, lines: Sequence[str]) -> None:
        """Add lines to the one notice of alerts: a stack of notices would cover the screen."""
        if self._notice is None or self._notice not in notifications(self._app):
            self._lines = []
        shown = [*(line for line in self._lines if line not in lines), *lines]
        width = max(1, min(_NOTICE_WIDTH, self._app.size.width) - _NOTICE_FRAME)
        height = min(_MOST_LINES, self._app.size.height // 3)
        while len(shown) > 1 and sum(-(-cell_len(line) // width) for line in shown) > height:
            del shown[0]
        self._lines = shown
        self._notices.withdraw(self._notice)
        self._notice = self._notices.show("\n".join(shown), "warning", 4 * self._app.NOTIFICATION_TIMEOUT)

    async def run_command(self, first: AlertEvent, text: str) -> None:
        """Run the person's command for alerts that fired. The same failure is told once."""
        values = {"symbol": str(first.alert.symbol), "price": first.price, "words": text}
        failure = await alert_command.run_alert_command(self._preferences.settings.alert_command, values)
        if failure and failure != self._command_failure:
            _log.warning("%s", failure)
            self._notices.show(failure, "error", 20)
        self._command_failure = failure
