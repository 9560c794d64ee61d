"""The field that says which rows of the watchlist are shown."""

from __future__ import annotations

from textual.binding import Binding
from textual.message import Message
from textual.widgets import Input

from tui.widgets.field import Field


class FindField(Field):
    """The grid follows while one types; its cursor moves by the arrow keys that come from here."""

    BINDINGS = [
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
    ]

    class Changed(Message):
        """Other letters to look for; "" for all rows."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Submitted(Message):
        """Enter was pressed: what was found stays."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """Esc was pressed."""

    class Move(Message):
        """The cursor of the grid is to go down by so many rows, or up."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def __init__(self) -> None:
        super().__init__("find", "letters of code or name  Enter keeps, Esc shows all")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted(event.value))

    def action_move(self, by: int) -> None:
        self.post_message(self.Move(by))

    def action_leave(self) -> None:
        self.post_message(self.Left())
