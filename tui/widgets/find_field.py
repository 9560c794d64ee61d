"""The find field: it filters the rows of the watchlist."""

from __future__ import annotations

from textual.binding import Binding
from textual.message import Message
from textual.widgets import Input

from tui.widgets.field import Field


class FindField(Field):
    """The field for the filter. Each change is posted while one types; the arrow keys move the watchlist's cursor."""

    BINDINGS = [
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
    ]

    class Changed(Message):
        """The filter text changed; "" shows all rows."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Submitted(Message):
        """Enter was pressed: the filter stays."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Cancelled(Message):
        """Esc was pressed: all rows are to be shown again."""

    class Move(Message):
        """The cursor of the watchlist is to move down by so many rows, up if negative."""

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
        self.post_message(self.Cancelled())
