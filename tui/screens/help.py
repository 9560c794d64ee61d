"""The help: every key by group, from the key table, and the meaning of the signs on the screen."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingsMap
from textual.containers import Container, VerticalScroll
from textual.widgets import Input, Static

from tui import format as fmt
from tui.config.key_table import KEYS, KeyBinding, groups
from tui.screens.signs import SIGNS
from tui.screens.text_screen import TextScreen
from tui.terminal.textual_private import add_bindings
from tui.widgets.styles import Styles

_GROUPS_OF_PANE = {
    "watchlist": ("Watchlist", "Order"),
    "ladder": ("Ladder",),
    "depth_over_time": ("Depth over time",),
    "chart": ("Chart",),
    "tape": ("Trades",),
}
_SIGN_GROUPS = {
    "watchlist": "Signs in the watchlist",
    "ladder": "Signs in the ladder",
    "depth_over_time": "Signs in the depth over time",
    "chart": "Signs in the chart",
    "tape": "Signs in the trades",
    "quote_header": "Signs in the detail",
    "program": "Signs around the panes",
}

_WORDS = 52  # cells of a line's words in one of two columns
_CLOSED = "/ finds · Esc closes"

Sections = dict[str, list[tuple[str, str]]]
"""By group: key labels and what the keys do."""


def find_keys(keys: Sequence[KeyBinding], text: str, pane: str = "") -> Sections:
    """Returns the lines in whose labels, words, group or id some word begins with each word of the text; those of a
    pane come first."""
    patterns = [re.compile(rf"(?<!\w){re.escape(word)}") for word in text.casefold().split()]
    lines = [
        (key.group, " ".join(key.labels), key.help, key.id.replace("_", " "))
        for keys in groups(keys).values()
        for key in keys
    ]
    lines += [(_SIGN_GROUPS[place], sign, words, "") for place, signs in SIGNS.items() for sign, words in signs]
    first = (*_GROUPS_OF_PANE.get(pane, ()), _SIGN_GROUPS.get(pane, ""))
    lines.sort(key=lambda line: first.index(line[0]) if line[0] in first else len(first))
    found: Sections = {}
    for line in lines:
        group, labels, words, _ = line
        if all(pattern.search(" ".join(line).casefold()) for pattern in patterns):
            found.setdefault(group, []).append((labels, words))
    return found


def two_columns(sections: Sections) -> tuple[Sections, Sections]:
    """Returns the sections, in their order, in two columns of about equal length."""
    items = list(sections.items())
    splits = [(dict(items[:n]), dict(items[n:])) for n in range(len(items) + 1)]
    return min(splits, key=lambda split: max(map(_length, split)))


def _length(sections: Sections) -> int:
    """Returns about how many lines the sections take in one of two columns, in which words are folded."""
    return sum(2 + sum(1 + len(words) // _WORDS for _, words in lines) for lines in sections.values())


class Help(TextScreen):
    """The screen of keys and signs, those of a pane first. `/` filters the lines into one column. Esc ends that
    first, then closes, as do q, ? and a click outside."""

    DEFAULT_CSS = """
    Help VerticalScroll { max-width: 97%; scrollbar-gutter: stable; }
    Help #right { padding-bottom: 1; }
    Help Input, Help Input:focus {
        display: none; dock: top; width: 1fr; padding: 0 1; background: $panel; background-tint: transparent;
    }
    Help.-wide VerticalScroll { width: 154; }
    Help.-wide #left { padding-right: 2; }
    Help.-wide #left.-half { width: 73; }
    Help.-wide #right { width: 74; }
    """
    AUTO_FOCUS = ""
    BINDINGS = [
        Binding("escape", "back", "Back"),
        Binding("slash", "find", "Find"),
        Binding("j,down", "scroll('down')", show=False),
        Binding("k,up", "scroll('up')", show=False),
        Binding("g,home", "scroll('home')", show=False),
        Binding("G,end", "scroll('end')", show=False),
        Binding("pagedown,space", "scroll('page_down')", show=False),
        Binding("pageup", "scroll('page_up')", show=False),
    ]

    def __init__(self, styles: Styles, keys: Sequence[KeyBinding] = KEYS, pane: str = "") -> None:
        super().__init__()
        self._pane = pane
        self._styles = styles
        self._keys = keys
        closing = [Binding(name, "dismiss") for key in keys if key.id in ("help", "quit") for name in key.keys]
        add_bindings(self, BindingsMap(closing))
        self._field = Input(placeholder="a key, or what it does", compact=True)
        self._left, self._right = Static(id="left"), Static(id="right")
        self._box = VerticalScroll(self._field, Container(self._left, self._right), can_focus=False)

    def compose(self) -> ComposeResult:
        self._box.border_title = "Keys and signs"
        self._box.border_subtitle = _CLOSED
        yield self._box

    def on_mount(self) -> None:
        self._show("")

    def _show(self, text: str) -> None:
        found = find_keys(self._keys, text, self._pane)
        left, right = (found, {}) if text else two_columns(found)
        self._right.display = bool(right)
        self._left.set_class(bool(right), "-half")
        self._left.update(
            self._tables(left) if found else Text(f"\nNo key or sign for '{text}'", self._styles("muted", "surface"))
        )
        self._right.update(self._tables(right))

    def _tables(self, sections: Sections) -> Group:
        styles = self._styles
        widest = max((fmt.cells(labels) for lines in sections.values() for labels, _ in lines), default=0)
        parts: list[RenderableType] = []
        for group, lines in sections.items():
            table = Table.grid(padding=(0, 1, 0, 0), expand=True)
            table.add_column(no_wrap=True, width=widest + 2)
            table.add_column(ratio=1)
            for labels, words in lines:
                left = Text(f"  {labels}", styles("accent", "surface", bold=True))
                table.add_row(left, Text(words, styles("text", "surface")))
            parts += [Text(), Text(group, styles("muted", "surface")), table]
        return Group(*parts)

    # --- finding ---

    def action_find(self) -> None:
        self._box.styles.min_height = self._box.outer_size.height  # fewer lines found do not shrink the frame
        self._box.border_subtitle = "Esc shows all"
        self._field.display = True
        self._field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._show(event.value.strip())
        self._box.scroll_home(animate=False)

    def on_input_submitted(self) -> None:
        self.set_focus(None)

    def action_back(self) -> None:
        if self._field.display:
            self._field.value = ""
            self._field.display = False
            self._box.border_subtitle = _CLOSED
            self._box.styles.min_height = None
        else:
            self.dismiss()

    # --- scrolling ---

    def action_scroll(self, where: str) -> None:
        getattr(self._box, f"scroll_{where}")(animate=False)
