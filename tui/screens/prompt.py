"""A question that one line answers: the name of a list."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.secrets import clean


class Prompt(ModalScreen[str | None]):
    """Dismissed with the text, without blanks around it, once `check` has no words against it; with None on Esc."""

    DEFAULT_CSS = """
    Prompt { align: left bottom; background: transparent; }
    Prompt Vertical {
        width: 44; max-width: 94%; height: auto; margin: 0 0 3 2;
        background: $surface; border: round $accent; border-title-color: $foreground; padding: 0 1;
    }
    Prompt Input, Prompt Input:focus { background: $surface; background-tint: transparent; }
    Prompt Static { height: auto; color: $warning; }
    """
    BINDINGS = [Binding("escape", "dismiss", "Back")]

    def __init__(self, title: str, value: str = "", check: Callable[[str], str] = lambda _: "") -> None:
        super().__init__()
        self._title = Content(clean(title))
        self._input = Input(value, compact=True, select_on_focus=False)
        self._problem = Static(markup=False)
        self._check = check

    def compose(self) -> ComposeResult:
        box = Vertical(self._input, self._problem)
        box.border_title = self._title
        box.border_subtitle = "Enter keeps · Esc back"
        yield box

    def on_input_changed(self) -> None:
        self._problem.update()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if words := self._check(text):
            self._problem.update(clean(words))
        else:
            self.dismiss(text)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss()
