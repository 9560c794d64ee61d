"""When a person is told that the link is lost, and that it is back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tui.feed.key_lock import AnotherClient
from tui.feed.state import LinkPhase, LinkState

BRIEF = 1.0  # s: a renewal within this is nobody's concern


class OutageNotifier:
    """Told of every state of the link; calls `lost` with the reason, and later `back` with the seconds it was away,
    once each.

    Silent at the first connect, for a renewal that takes less than `brief` s, and for one asked for (`renewing`) as
    long as nothing fails in it. What waits for the person is told at once, also where the loss was told before.
    """

    def __init__(self, lost: Callable[[str], object], back: Callable[[float], object], *, brief: float = BRIEF) -> None:
        self._lost = lost
        self._back = back
        self._brief = brief
        self._proven = False  # has ever been, and is not known to be lost
        self._asked = False
        self._reason = ""
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._told = False

    def expect_reconnect(self) -> None:
        """The person asked for a fresh connection."""
        self._asked = True

    def on_state(self, state: LinkState) -> None:
        loop = asyncio.get_running_loop()
        if state.is_live:
            self.stop()
            if self._told:
                self._told = False
                self._back(loop.time() - self._since)
            self._proven, self._asked, self._reason, self._since = True, False, "", 0.0
            return
        if not self._proven:
            return
        self._since = self._since or loop.time()
        elsewhere = state.phase is LinkPhase.RECONNECTING and isinstance(state.error, AnotherClient)
        if elsewhere or state.phase is LinkPhase.STOPPED:
            self._reason = str(state.error)
            self._tell()
            return
        if self._told:
            return
        if state.error is not None:
            self._asked = False
            self._reason = self._reason or str(state.error)
        if not self._asked and self._timer is None:
            self._timer = loop.call_later(self._brief, self._tell)

    def _tell(self) -> None:
        self.stop()
        self._told = True
        self._lost(self._reason)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
