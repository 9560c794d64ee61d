"""The base of the small panels over the dashboard: menus, choosers and the prompt."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen
from textual.widget import Widget

from tui.screens.dismiss_once import DismissOnce
from tui.widgets.choice_list import ChoiceList

Answer = TypeVar("Answer")


class Panel(DismissOnce, ModalScreen[Answer | None], Generic[Answer]):
    """A panel in the lower left, where the top of the watchlist stays visible. It is dismissed with an answer, or with
    None on Esc or a click outside."""

    DEFAULT_CSS = """
    Panel { align: left bottom; background: transparent; }
    Panel .panel { max-width: 94%; max-height: 80%; margin: 0 0 3 2; }
    Panel.-low .panel { max-height: 100%; margin: 0 0 2 1; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (16, "-high")]
    BINDINGS = [Binding("escape", "leave", "Back")]

    def __init__(self, box: Widget) -> None:
        super().__init__()
        self._box = box
        box.add_class("panel")

    def compose(self) -> ComposeResult:
        yield self._box

    def action_leave(self) -> None:
        self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.action_leave()


class Chooser(Panel[Answer], Generic[Answer]):
    """A panel of rows of which one is highlighted."""

    # The screen's bindings, not the list's: they work at once, before any widget has the focus.
    BINDINGS = [
        Binding("q", "leave", "Back"),
        Binding("j,down", "move('down')", show=False),
        Binding("k,up", "move('up')", show=False),
        Binding("g,home", "move('first')", show=False),
        Binding("G,end", "move('last')", show=False),
        Binding("pagedown", "move('page_down')", show=False),
        Binding("pageup", "move('page_up')", show=False),
    ]

    def __init__(self, title: str, keys: str) -> None:
        self.choices = ChoiceList(title=title, keys=keys)
        super().__init__(self.choices)

    def action_move(self, where: str) -> None:
        self.choices.move(where)
