"""What the feed tells the app, and asks of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from tui.errors import NotShared
from tui.feed.state import LinkState
from tui.symbol import Symbol

if TYPE_CHECKING:
    from textual.worker import Worker


class FeedCallbacks(Struct, frozen=True):
    """What a feed worker calls: news for the screen, and what it needs of the app."""

    state_changed: Callable[[LinkState, bool], None]
    """The link has this state; whether it is a link to a demo exchange."""
    names_loaded: Callable[[], None]
    """More funds have a name."""
    calendar_loaded: Callable[[], None]
    """The holidays are known."""
    followed: Callable[[list[Symbol], list[Symbol]], None]
    """In the recording these symbols were added, and those removed."""
    replay_changed: Callable[[], None]
    """The replay goes on in another way, or ends."""
    recording_stopped: Callable[[], None]
    """The recorder can write no more."""
    say: Callable[[str], None]
    """Tell of what was expected."""
    warn: Callable[[str, float | None], None]
    """Tell of what went wrong, for so many s."""
    start_worker: Callable[[Callable[[], Awaitable[None]], str], Worker[None]]
    """Run a task of the app under a name."""
    ask_take_over: Callable[[NotShared], Awaitable[bool | None]]
    """Ask whether to take the key over from a process that cannot be joined; None if that is over by itself."""
    leave: Callable[[int], None]
    """End the program with this exit code."""
