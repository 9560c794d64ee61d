"""Notices over the dashboard: answers to keys, and news of the link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from textual.notifications import Notification

from tui import format as fmt
from tui.feed.state import LinkState
from tui.notify.outage import OutageNotifier
from tui.secrets import safe_text
from tui.terminal.textual_private import BaseApp, add_notification, remove_notification

Severity = Literal["information", "warning", "error"]


class Notices:
    """Shows notices and takes them away. Their texts are never read as markup."""

    def __init__(self, app: BaseApp) -> None:
        self._app = app
        self._answer: Notification | None = None

    def say(self, text: str, *, warn: bool = False) -> None:
        """Answer what was done, in place of the answer before. Other notices stay."""
        self.withdraw(self._answer)
        self._answer = self.show(text, "warning" if warn else "information", 8 if warn else 4)

    def show(self, text: str, severity: Severity, timeout: float | None = None) -> Notification:
        """Show a notice for `timeout` s, or Textual's own; returns it, to be withdrawn when it is no longer true."""
        timeout = self._app.NOTIFICATION_TIMEOUT if timeout is None else timeout
        notice = Notification(text, severity=severity, timeout=timeout, markup=False)
        add_notification(self._app, notice)
        return notice

    def withdraw(self, notice: Notification | None) -> None:
        """Take a notice away, if there is one and it is still shown."""
        if notice is not None:
            remove_notification(self._app, notice)


class LinkNotices:
    """Tells that the link is lost or back, with a sound, in one notice that never outlives what it says.

    `ring` makes the sound."""

    def __init__(self, notices: Notices, ring: Callable[[], None]) -> None:
        self._notices = notices
        self._ring = ring
        self._notice: Notification | None = None
        self.outage = OutageNotifier(self.lost, self.back)

    def link_changed(self, state: LinkState) -> None:
        """Follow the link's state; brief interruptions are not told."""
        self.outage.on_state(state)
        if not state.is_live and self._notice is not None and self._notice.severity == "information":
            self._withdraw()

    def lost(self, reason: str) -> None:
        """Tell that the link is lost."""
        self._tell(f"link lost: {safe_text(reason)}" if reason else "link lost", "warning")

    def back(self, away: float) -> None:
        """Tell that the link is back after `away` s."""
        self._tell(f"the link is back after {fmt.seconds(away)}", "information")

    def _tell(self, text: str, severity: Severity) -> None:
        self._ring()
        self._withdraw()
        self._notice = self._notices.show(text, severity)

    def _withdraw(self) -> None:
        self._notices.withdraw(self._notice)
        self._notice = None
