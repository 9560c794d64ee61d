"""The figures of the feed as they are now, and the screen of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.app.appearance import Appearance
from tui.app.feed_worker import FeedWorker
from tui.app.painting import Painting
from tui.app.preferences import Preferences
from tui.market import Market
from tui.symbol import expand_pairs

if TYPE_CHECKING:
    from tui.screens.health import FeedHealth, HealthSnapshot


class HealthFigures:
    """Takes snapshots of the feed's figures. `clock` is in s, monotonic, `wall` in s UTC."""

    def __init__(
        self,
        market: Market,
        preferences: Preferences,
        appearance: Appearance,
        feed: FeedWorker,
        painting: Painting,
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self._market = market
        self._preferences = preferences
        self._appearance = appearance
        self._feed = feed
        self._painting = painting
        self._clock = clock
        self._wall = wall

    def screen(self) -> FeedHealth:
        """Returns the screen of the feed's figures."""
        from tui.screens.health import FeedHealth

        return FeedHealth(self._appearance.styles, self._market, self.snapshot)

    def snapshot(self) -> HealthSnapshot:
        """Returns the figures of the feed as they are now."""
        from tui.screens.health import HealthSnapshot

        feed, frames = self._feed, self._painting.frame_clock
        assert frames is not None
        return HealthSnapshot(
            self._clock(),
            1000 * self._wall(),
            feed.state,
            feed.host,
            feed.is_demo,
            [self._market.instruments[symbol] for symbol in expand_pairs(self._preferences.lists.symbols)],
            self._painting.flow_control,
            frames.cost,
            frames.rate,
            feed.history,
            feed.fund_list,
            feed.shared,
            feed.unread,
        )
