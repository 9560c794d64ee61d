"""The whole app with its frames turned by hand, drawing all that it would for a terminal."""

from __future__ import annotations

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

    async def _feed(self) -> None:
        pass

    def _second(self) -> None:
        pass

    def _ask(self) -> None:
        pass
