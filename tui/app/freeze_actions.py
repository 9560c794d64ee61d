"""The key that freezes the screen while data goes on."""

from __future__ import annotations

from collections.abc import Callable

from tui.app.feed_worker import FeedWorker
from tui.app.notices import Notices
from tui.market.frozen import frozen_copy
from tui.screens.dashboard import Dashboard


class FreezeActions:
    """The key that freezes the screen. `pause_replay` does what it does in a recording; `redraw` draws the dashboard
    after a change; `clock` is in s, monotonic."""

    def __init__(
        self,
        dashboard: Dashboard,
        feed: FeedWorker,
        notices: Notices,
        pause_replay: Callable[[], None],
        redraw: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._dashboard = dashboard
        self._feed = feed
        self._notices = notices
        self._pause_replay = pause_replay
        self._redraw = redraw
        self._clock = clock

    def freeze(self) -> None:
        """Freeze the picture, or show the present again. The frozen one is of a copy of the market, in which all keys
        act; data, alerts and dialogs about the feed go on."""
        if self._feed.replay is not None:
            self._pause_replay()
        elif (state := self._feed.state) is None:
            self._notices.say("there is nothing to freeze yet")
        else:
            dashboard = self._dashboard
            frozen = frozen_copy(dashboard.market) if dashboard.frozen_at is None else None
            dashboard.show_market(frozen, self._clock())
            dashboard.link_changed(state, self._feed.is_demo)
            self._redraw()
