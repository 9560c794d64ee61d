"""The keys of the feed: a new connection, its figures, and how a recording is played."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.app.feed_worker import FeedWorker
from tui.app.notices import Notices
from tui.app.push_screen import PushScreen

if TYPE_CHECKING:
    from tui.recording.replay import Replay
    from tui.screens.health import FeedHealth


class FeedActions:
    """Keys that act on the feed or the replay. `health_screen` makes the screen of the feed's figures;
    `expect_reconnect` is called before a reconnect that was asked for."""

    def __init__(
        self,
        feed: FeedWorker,
        notices: Notices,
        key_label: Callable[[str], str],
        push_screen: PushScreen,
        health_screen: Callable[[], FeedHealth],
        expect_reconnect: Callable[[], None],
    ) -> None:
        self._feed = feed
        self._notices = notices
        self._key_label = key_label
        self._push_screen = push_screen
        self._health_screen = health_screen
        self._expect_reconnect = expect_reconnect

    def health(self) -> None:
        """Open the figures of the feed."""
        self._push_screen(self._health_screen())

    def reconnect(self) -> None:
        """Drop the connection and make a new one now."""
        if self._feed.replay is not None:
            self._notices.say("this is a recording: there is no link to renew")
        elif self._feed.link is not None:
            self._expect_reconnect()
            self._feed.link.reconnect()
        else:
            self._notices.say("there is no link yet")

    def replay_pause(self) -> None:
        """Pause the replay, or go on."""
        if (replay := self._playing()) is not None:
            replay.pause()

    def replay_step(self) -> None:
        """Play the next message of a replay that is paused."""
        if (replay := self._playing()) is not None:
            if replay.paused:
                replay.step()
            else:
                self._notices.say(f"{self._key_label('replay_pause')} first: then it goes message by message")

    def replay_slower(self) -> None:
        """Play at half the speed."""
        if (replay := self._playing()) is not None:
            self._change_speed(replay, up=False)

    def replay_faster(self) -> None:
        """Play at twice the speed."""
        if (replay := self._playing()) is not None:
            self._change_speed(replay, up=True)

    def _change_speed(self, replay: Replay, *, up: bool) -> None:
        before = replay.speed
        replay.change_speed(up)
        if replay.speed == before:
            self._notices.say(f"no speed is {'higher' if up else 'lower'}")

    def _playing(self) -> Replay | None:
        """Returns the recording that is played; answers that there is none, or no more of it."""
        replay = self._feed.replay
        if replay is None:
            self._notices.say("this is no recording: itick-tui --replay FILE plays one")
        elif replay.ended:
            self._notices.say(replay.summary)
        else:
            return replay
        return None
