"""The program with a fault: `python -m tests.support.crashing WHERE`, followed by arguments of itick-tui.

WHERE is the part of the dashboard that fails when `u` is pressed, or `start`: before the first frame. The stream fails
with its first update, whatever WHERE is.
"""

from __future__ import annotations

import sys
from typing import Any, NoReturn

from textual.strip import Strip

import tui.app.app
import tui.cli
import tui.headless.stream
from tui.app.app import ItickApp
from tui.protocol.messages import Push
from tui.screens.dashboard import Dashboard
from tui.symbol import Symbol


class Fault(Exception):
    """An exception raised on purpose, with the key in its text."""


class CrashingApp(ItickApp):
    """An app that fails at `where`, with the key in a local variable."""

    where = "handler"

    def fail(self) -> NoReturn:
        token = self.feed.source.token
        key = token.reveal() if token is not None else ""
        raise Fault(f"the key is {key}")

    def get_default_screen(self) -> Dashboard:
        if self.where == "start":
            self.fail()
        return super().get_default_screen()

    def action_do(self, name: str, *arguments: str | int) -> None:
        if name == "undo":
            self.fail_somewhere()

    def fail_somewhere(self) -> None:
        match self.where:
            case "handler":
                self.fail()
            case "widget":
                self.dashboard.header.render_line = self.draw  # type: ignore[method-assign]
                self.dashboard.header.refresh()
            case "worker":
                self.run_worker(self.work())
            case "frame":
                self.dashboard.sync = lambda *_: self.fail()  # type: ignore[method-assign]
                self.painting.wake()
            case "timer":
                self.set_timer(0.01, self.fail)
            case "keyboard":
                self.panic("a traceback with locals")

    def draw(self, y: int) -> Strip:
        self.fail()

    async def work(self) -> None:
        self.fail()


def to_record(message: Push, symbol: Symbol, suspects_split: bool = False) -> dict[str, Any]:
    raise Fault("an update that cannot be described")


def main() -> None:
    tui.headless.stream.to_record = to_record
    CrashingApp.where = sys.argv.pop(1)
    tui.app.app.ItickApp = CrashingApp  # type: ignore[misc]
    tui.cli.main()


if __name__ == "__main__":
    main()
