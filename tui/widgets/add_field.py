"""The field in which symbols are typed or pasted."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label


class _SymbolInput(Input):
    BINDINGS = [Binding("escape", "leave", show=False)]

    def on_paste(self, event: events.Paste) -> None:
        # A pasted column is a list like any other; the plain field would keep its first line only.
        event.prevent_default()
        event.stop()
        self.insert_text_at_cursor(",".join(event.text.split()))

    def action_leave(self) -> None:
        self.post_message(AddField.Left())


class AddField(Horizontal):
    """One line in the place of the footer while open."""

    DEFAULT_CSS = """
    AddField { height: 1; display: none; background: $surface; }
    AddField Label { padding: 0 1; color: $accent; text-style: bold; }
    AddField Input { width: 1fr; background: $surface; }
    AddField Input:focus { background: $surface; background-tint: transparent; }
    """

    class Submitted(Message):
        """Enter was pressed on this text."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """Esc was pressed."""

    def __init__(self) -> None:
        super().__init__(id="add")
        self._input = _SymbolInput(
            placeholder="GLD$US, TLT …  Enter adds, Esc leaves", select_on_focus=False, compact=True
        )

    def compose(self) -> ComposeResult:
        yield Label("add", markup=False)
        yield self._input

    def open(self, text: str = "") -> None:
        """Show the field and put the cursor into it."""
        self.display = True
        self._input.value = text
        self._input.cursor_position = len(text)
        self._input.focus()

    def close(self) -> None:
        self._input.value = ""
        self.display = False

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted(event.value))
