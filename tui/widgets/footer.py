"""The bottom line: the keys that matter most, from the key table."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui.config.key_table import KeyBinding
from tui.widgets.line_widget import LineWidget
from tui.widgets.pane import StyledLine, fill
from tui.widgets.styles import Styles

_LAST_TO_GO = {"help", "quit"}


def _length(key: KeyBinding) -> int:
    return len(key.labels[0]) + 1 + len(key.label)


class Footer(LineWidget):
    """One line of keys; a click presses one. Those that do not fit are left out whole."""

    DEFAULT_CSS = "Footer { height: 1; width: 1fr; }"

    look: reactive[Styles | None] = reactive(None, init=False)

    class Pressed(Message):
        """A key of the footer was clicked; `action` is its id."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, look: Styles, keys: Sequence[KeyBinding]) -> None:
        super().__init__(id="footer")
        self._keys = keys
        self.set_reactive(Footer.look, look)
        self._spans: list[tuple[int, int, str]] = []

    def render_line(self, y: int) -> Strip:
        look, width = self.look, self.size.width
        assert look is not None
        line: StyledLine = [look.segment(" ", "text")]
        x = 1
        self._spans = []
        kept = sum(_length(key) + 3 for key in self._keys if key.id in _LAST_TO_GO)
        for key in self._keys:
            length = _length(key)
            if key.id in _LAST_TO_GO:
                kept -= length + 3
            if not key.label or x + length + kept > width:
                continue
            line += [look.segment(f"{key.labels[0]} ", "accent", bold=True), look.segment(f"{key.label}   ", "muted")]
            self._spans.append((x, x + length, key.id))
            x += length + 3
        return Strip(fill(line, width, look("text")), width)

    def on_click(self, event: events.Click) -> None:
        for start, end, action in self._spans:
            if start <= event.x < end:
                self.post_message(self.Pressed(action))
