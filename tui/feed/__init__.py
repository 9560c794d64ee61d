"""One authenticated connection to a feed, kept alive, and what is subscribed on it. Knows nothing of the screen."""

from tui.feed.link import Link
from tui.feed.state import LinkState, Phase, Timings

__all__ = ["Link", "LinkState", "Phase", "Timings"]
