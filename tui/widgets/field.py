"""The base of the fields that replace the footer while one types: for symbols and for finding."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.widgets import Input, Label


class PastingInput(Input):
    """An input field that accepts a pasted column as a list; Textual's own keeps the first line only."""

    def on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        # Spreadsheets copy a table with tabs between its columns: the first column is taken.
        lines = (line.split("\t")[0] for line in event.text.splitlines())
        self.insert_text_at_cursor(",".join(" ".join(lines).split()))


class Field(Horizontal):
    """One line, hidden until it is opened. Subclasses define what Enter and Esc do."""

    DEFAULT_CSS = """
    Field { height: 1; background: $surface; }
    Field Label { padding: 0 1; color: $accent; text-style: $marked; }
    Field Input { width: 1fr; background: $surface; }
    Field Input:focus { background: $surface; background-tint: transparent; }
    """
    BINDINGS = [Binding("escape", "leave", show=False)]

    def __init__(self, label: str, placeholder: str) -> None:
        super().__init__(id=label)
        self.display = False
        self._label = label
        self.input = PastingInput(placeholder=placeholder, select_on_focus=False, compact=True)

    def compose(self) -> ComposeResult:
        yield Label(self._label, markup=False)
        yield self.input

    def on_mount(self) -> None:
        if self.display:
            self.input.focus()  # `open` was called before the field was mounted

    def open(self, text: str = "") -> None:
        """Show the field with this text and the cursor after it."""
        self.display = True
        self.input.value = text
        self.input.cursor_position = len(text)
        if self.input.is_mounted:
            self.screen.set_focus(self.input)  # at once: `focus()` would lose the keys that came in the same read

    def close(self) -> None:
        """Hide the field and clear it."""
        with self.input.prevent(Input.Changed):  # what was found by the text stays
            self.input.value = ""
        self.display = False

    def action_leave(self) -> None:
        raise NotImplementedError
