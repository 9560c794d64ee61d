"""What the dashboard shows of the feed beside its data: how a replay goes, who shares the connection, and the question
whether to take it over."""

from __future__ import annotations

from tui.app.feed_worker import FeedWorker
from tui.errors import NotShared
from tui.screens.dashboard import Dashboard
from tui.terminal.textual_private import BaseApp


class FeedDisplay:
    """Shows the state of `feed`, once a second."""

    def __init__(self, app: BaseApp, dashboard: Dashboard, feed: FeedWorker) -> None:
        self._app = app
        self._dashboard = dashboard
        self._feed = feed

    def tick(self) -> None:
        """Show how it stands now."""
        header, status = self._dashboard.header, self._dashboard.status
        if self._feed.replay is not None:
            header.replay_details = self._feed.replay.details
        status.shared = shared = self._feed.follow_sharing()
        header.windows = len(shared.windows) if shared is not None else 0

    async def ask_take_over(self, error: NotShared) -> bool | None:
        """Ask whether to take the key over; returns None if the question goes away by itself."""
        from tui.screens.take_over import TakeOver

        return await self._app.push_screen_wait(TakeOver(error, lambda: self._feed.is_connected))
