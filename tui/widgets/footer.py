"""The footer: the most important keys, from the key table."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message
from textual.strip import Strip

from tui.config.key_table import KeyBinding
from tui.widgets.line_widget import LineWidget
from tui.widgets.pane import StyledLine, fill
from tui.widgets.styles import Styles

_KEPT_LONGEST = {"help", "quit"}


def _length(key: KeyBinding) -> int:
    return len(key.labels[0]) + 1 + len(key.label)


class Footer(LineWidget):
    """One line of keys; a click presses one. Keys that do not fit are left out whole."""

    DEFAULT_CSS = "Footer { height: 1; width: 1fr; }"

    class Pressed(Message):
        """A key of the footer was clicked; `action` is its id."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, styles: Styles, keys: Sequence[KeyBinding]) -> None:
        super().__init__(styles, "footer")
        self._keys = keys
        self._spans: list[tuple[int, int, str]] = []  # first cell, cell after the last, id of the key

    def render_line(self, y: int) -> Strip:
        styles, width = self.theme_styles, self.size.width
        line: StyledLine = [styles.segment(" ", "text")]
        x = 1
        self._spans = []
        reserved = sum(_length(key) + 3 for key in self._keys if key.id in _KEPT_LONGEST)
        for key in self._keys:
            length = _length(key)
            if key.id in _KEPT_LONGEST:
                reserved -= length + 3
            if not key.label or x + length + reserved > width:
                continue
            line += [
                styles.segment(f"{key.labels[0]} ", "accent", bold=True),
                styles.segment(f"{key.label}   ", "muted"),
            ]
            self._spans.append((x, x + length, key.id))
            x += length + 3
        return Strip(fill(line, width, styles("text")), width)

    def on_click(self, event: events.Click) -> None:
        for start, end, action in self._spans:
            if start <= event.x < end:
                self.post_message(self.Pressed(action))
