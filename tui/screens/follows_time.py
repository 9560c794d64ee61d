"""A screen over the dashboard that follows time."""

from __future__ import annotations


class FollowsTime:
    """A mixin for screens whose figures change with time."""

    def tick(self) -> None:
        """Show the present figures. The app calls it once a second, and at once when the feed's state changes."""
        raise NotImplementedError
