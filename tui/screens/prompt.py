"""A prompt for one line of text, such as the name of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tui.screens.panel import Panel
from tui.secrets import safe_text


class Prompt(Panel[str]):
    """The prompt; it is dismissed with the stripped text once `check` returns no objection to it, with None on Esc."""

    DEFAULT_CSS = """
    Prompt Vertical {
        width: 44; height: auto;
        background: $surface; border: round $accent; border-title-color: $foreground; padding: 0 1;
    }
    Prompt Input, Prompt Input:focus { background: $surface; background-tint: transparent; }
    Prompt Static { height: auto; color: $warning; }
    Prompt .explained { width: 54; }
    Prompt .help { color: $secondary; }
    Prompt.-low .help { display: none; }
    """

    def __init__(
        self,
        title: str,
        value: str = "",
        check: Callable[[str], str] = lambda _: "",
        help: Sequence[str] = (),
        enter: str = "keeps",
    ) -> None:
        """`check` returns what is wrong with a text, "" if nothing is; `help` are lines below, if there is room.
        `enter` is what Enter does."""
        self._input = Input(value, compact=True, select_on_focus=False)
        self._problem = Static(markup=False)
        self._check = check
        below = [Static(Content("\n".join(map(safe_text, help))), classes="help")] if help else []
        box = Vertical(self._input, self._problem, *below, classes="explained" if help else "")
        box.border_title = Content(safe_text(title))
        box.border_subtitle = f"Enter {enter} · Esc back"
        super().__init__(box)

    def on_input_changed(self) -> None:
        self._problem.update()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if words := self._check(text):
            self._problem.update(safe_text(words))
        else:
            self.dismiss(text)
