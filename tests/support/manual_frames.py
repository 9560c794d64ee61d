"""The whole app with its frames turned by hand, drawing all that it would for a terminal."""

from __future__ import annotations

from typing import Any

from textual.drivers.headless_driver import HeadlessDriver

from tui.app.app import ItickApp


class WholeDriver(HeadlessDriver):
    """Nothing is left out for being headless: what is written is made, and goes nowhere."""

    @property
    def is_headless(self) -> bool:
        return False


class Turned(ItickApp):
    """No feed, seconds do not pass by themselves, and there is no terminal to ask. Its
    driver is a WholeDriver, to be run with `headless=False`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.feed.run = no_feed  # type: ignore[method-assign]
        self.painting.query_cursor = lambda: None  # type: ignore[method-assign]

    def tick(self) -> None:
        pass


async def no_feed() -> None:
    """In the place of a feed's `run`."""
