"""The footer: the keys that matter now, from the key table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui.config.key_table import HINTS, KeyBinding, KeyHint, hint_labels
from tui.widgets.line_widget import LineWidget
from tui.widgets.pane import StyledLine, fill
from tui.widgets.styles import Styles

_KEPT = 2  # hints at the end, which are left out last: help and quit
_WIDE = 100  # cells from which on hints stand further apart


class KeyContext(NamedTuple):
    """What the keys act on: the pane that has them, what Esc leads back from or to ("" for nothing), the keys of HINTS
    for a replay as it goes now ("" without one), and whether the detail is open, which they do not open again."""

    pane: str = ""
    back: str = ""
    replay: str = ""
    detail: bool = False


class _Shown(NamedTuple):
    hint: KeyHint
    labels: tuple[str, ...]

    @property
    def cells(self) -> int:
        return sum(len(label) + 1 for label in self.labels) + len(self.hint.label)


class Footer(LineWidget):
    """One line of keys; a click presses one. What acts on the present `context` comes first; what comes last is left
    out first."""

    DEFAULT_CSS = "Footer { height: 1; width: 1fr; }"

    context: reactive[KeyContext] = reactive(KeyContext(), init=False)
    """What the keys act on now."""

    class Pressed(Message):
        """A key of the footer was clicked; `action` is its id."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, styles: Styles, keys: Sequence[KeyBinding]) -> None:
        super().__init__(styles, "footer")
        self._keys = keys
        self._spans: list[tuple[int, int, str]] = []  # first cell, cell after the last, id of the key

    def _hints(self) -> list[_Shown]:
        pane, back, replay, detail = self.context
        hints = [KeyHint(back, ("back",))] if back else []
        hints += [*(HINTS[replay] if replay else ()), *(HINTS.get(pane, ()) if pane else ()), *HINTS[""]]
        shown = [hint for hint in hints if not (detail and hint.ids == ("detail",))]
        return [_Shown(hint, hint_labels(self._keys, hint)) for hint in shown]

    def render_line(self, y: int) -> Strip:
        styles, width = self.theme_styles, self.size.width
        gap = 3 if width >= _WIDE else 2
        line: StyledLine = [styles.segment(" ", "text")]
        x = 1
        self._spans = []
        for hint, labels in _fitting(self._hints(), width, gap):
            for label, id in zip(labels, hint.ids, strict=True):
                line.append(styles.segment(f"{label} ", "accent", bold=True))
                self._spans.append((x, x + len(label) + 1, id))
                x += len(label) + 1
            line.append(styles.segment(hint.label + " " * gap, "muted"))
            if len(labels) == 1:  # of two keys a click on their common word would be neither
                self._spans.append((x, x + len(hint.label), hint.ids[0]))
            x += len(hint.label) + gap
        return Strip(fill(line, width, styles("text")), width)

    def on_click(self, event: events.Click) -> None:
        for start, end, id in self._spans:
            if start <= event.x < end:
                self.post_message(self.Pressed(id))


def _fitting(hints: Sequence[_Shown], width: int, gap: int) -> list[_Shown]:
    """Returns the first hints, as many as fit into `width` cells with `gap` between them, and the last ones of all. A
    blank stays at either end."""
    first, last = list(hints[:-_KEPT]), list(hints[-_KEPT:])
    while first and 2 + sum(each.cells + gap for each in (*first, *last)) - gap > width:
        first.pop()
    while last and 2 + sum(each.cells + gap for each in last) - gap > width:
        last.pop()
    return [*first, *last]
