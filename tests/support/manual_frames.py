"""The app with frames painted on demand, with all the work of painting a real terminal."""

from __future__ import annotations

from typing import Any

from textual.drivers.headless_driver import HeadlessDriver

from tui.app.app import ItickApp


class DiscardingDriver(HeadlessDriver):
    """A headless driver for which nothing is skipped: the output is generated and discarded."""

    @property
    def is_headless(self) -> bool:
        return False


class ManualFramesApp(ItickApp):
    """An app without feed, clock and terminal queries. Its driver is a WholeDriver, to be run with `headless=False`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.feed.run = no_feed  # type: ignore[method-assign]
        self.painting.query_cursor = lambda *_: None  # type: ignore[method-assign]

    def tick(self) -> None:
        pass


async def no_feed() -> None:
    """In the place of a feed's `run`."""
