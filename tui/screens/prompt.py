"""A prompt for one line of text, such as the name of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region, Size
from textual.widgets import Input, Static

from tui.screens.panel import Panel
from tui.secrets import safe_text

_EXPLAINED_WIDTH, _EXPLAINED_HEIGHT = 54, 9  # cells and lines of a prompt with help


class Prompt(Panel[str]):
    """The prompt; it is dismissed with the stripped text once `check` returns no objection to it, with None on Esc."""

    DEFAULT_CSS = """
    Prompt Vertical {
        width: 44; height: auto;
        background: $surface; border: round $accent; border-title-color: $foreground; padding: 0 1;
    }
    Prompt Input, Prompt Input:focus { background: $surface; background-tint: transparent; }
    Prompt Input > .input--selection { background: $accent; color: $background; }
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
        beside: Callable[[], Region] | None = None,
        selected: bool = False,
    ) -> None:
        """`check` returns what is wrong with a text, "" if nothing is; `help` are lines below, if there is room.
        With `selected` what is typed takes the place of `value`.
        `enter` is what Enter does; `beside` returns the part of the screen that is not to be covered."""
        self._input = Input(value, compact=True, select_on_focus=selected)
        self._problem = Static(markup=False)
        self._check = check
        self._beside = beside
        below = [Static(Content("\n".join(map(safe_text, help))), classes="help")] if help else []
        box = Vertical(self._input, self._problem, *below, classes="explained" if help else "")
        box.border_title = Content(safe_text(title))
        box.border_subtitle = f"Enter {enter} · Esc back"
        super().__init__(box)

    def on_resize(self) -> None:
        if self._beside is not None:
            self._box.styles.margin = margin_beside(self._beside(), self.app.size)

    def on_input_changed(self) -> None:
        self._problem.update()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if words := self._check(text):
            self._problem.update(safe_text(words))
        else:
            self.dismiss(text)


def margin_beside(part: Region, screen: Size) -> tuple[int, int, int, int]:
    """Returns the margin of an explained prompt in the lower left of the screen that puts it to the left of a part,
    else to its right, else above it; if there is no room, at the left edge."""
    below = max(0, screen.height - part.bottom)
    if part.x >= _EXPLAINED_WIDTH:
        return 0, 0, below, part.x - _EXPLAINED_WIDTH
    if screen.width - part.right >= _EXPLAINED_WIDTH:
        return 0, 0, below, part.right
    left = max(0, min(part.x, screen.width - _EXPLAINED_WIDTH))
    return 0, 0, screen.height - part.y if part.y >= _EXPLAINED_HEIGHT else below, left
