"""The app with frames painted on demand, with all the work of painting a real terminal."""

from __future__ import annotations

from textual.drivers.headless_driver import HeadlessDriver

from tui.app.app import ItickApp


class WholeDriver(HeadlessDriver):
    """A headless driver for which nothing is skipped: the output is generated and discarded."""

    @property
    def is_headless(self) -> bool:
        return False


class Turned(ItickApp):
    """An app without feed, clock and terminal queries. Its driver is a WholeDriver, to be run with `headless=False`."""

    async def _feed(self) -> None:
        pass

    def _second(self) -> None:
        pass

    def _ask(self) -> None:
        pass
