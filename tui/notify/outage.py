"""Debounced notifications of outages: the link is lost, and it is back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tui.errors import NotShared
from tui.feed.state import LinkPhase, LinkState
from tui.feed.tap import AnotherClient

GRACE_PERIOD = 1.0  # s: a shorter outage is not notified


class OutageNotifier:
    """Turns link states into notifications: calls `lost` with the reason, and later `back` with the duration in s, once
    each.

    Silent at the first connect, for a reconnect within `grace_period` s, and for one the user asked for
    (`expect_reconnect`) unless it fails. A state that waits for the user (another client with the key, a stopped link)
    notifies at once, even if the outage was notified before.
    """

    def __init__(
        self, lost: Callable[[str], object], back: Callable[[float], object], *, grace_period: float = GRACE_PERIOD
    ) -> None:
        self._lost = lost
        self._back = back
        self._grace_period = grace_period
        self._was_live = False  # at least once
        self._is_reconnect_expected = False
        self._reason = ""
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._is_reported = False

    def expect_reconnect(self) -> None:
        """Expect a reconnect that the user asked for."""
        self._is_reconnect_expected = True

    def on_state(self, state: LinkState) -> None:
        """Process a state of the link."""
        loop = asyncio.get_running_loop()
        if state.is_live:
            self.stop()
            if self._is_reported:
                self._is_reported = False
                self._back(loop.time() - self._since)
            self._was_live, self._is_reconnect_expected, self._reason, self._since = True, False, "", 0.0
            return
        if not self._was_live:
            return
        self._since = self._since or loop.time()
        in_use = state.phase is LinkPhase.RECONNECTING and isinstance(state.error, AnotherClient | NotShared)
        if in_use or state.phase is LinkPhase.STOPPED:
            self._reason = str(state.error)
            self._report()
            return
        if self._is_reported:
            return
        if state.error is not None:
            self._is_reconnect_expected = False
            self._reason = self._reason or str(state.error)
        if not self._is_reconnect_expected and self._timer is None:
            self._timer = loop.call_later(self._grace_period, self._report)

    def _report(self) -> None:
        self.stop()
        self._is_reported = True
        self._lost(self._reason)

    def stop(self) -> None:
        """Stop the timer of a pending notification."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
