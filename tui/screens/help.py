"""The help: every key by group, from the key table, and the meaning of the signs on the screen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingsMap
from textual.containers import Container, VerticalScroll
from textual.widgets import Input, Static

from tui.config.key_table import KEYS, KeyBinding, groups
from tui.screens.text_screen import TextScreen
from tui.terminal.textual_private import add_bindings
from tui.widgets.styles import Styles

_SIGNS = (
    ("▲ ▼", "the last price move; dim: the latest trade had the same price"),
    ("—", "not known: nothing is invented"),
    ("⊘ stale", "the link is not proven: the number may be wrong by now, and -- hides its change"),
    ("Fri 16:00", "no price has come yet: the last one known from before, with its time at the exchange"),
    ("✓", "the symbol is marked"),
    ("1 Watch*", "a list of --watch: forgotten at the end, unless w keeps it"),
    ("!", "an alert of the symbol has fired; it goes when the cursor has been there"),
    ("0.63%o", "measured from the open, since no previous close is known"),
    ("0.41 n", "IOPV column: a NAV of an earlier close"),
    ("▃▅▆█▆▄", "the last hour, one scale in percent for all rows; green up, red down over that hour"),
    ("AGE", "since the newest quote or trade was made, by its own time"),
    ("◂ ▸", "ladder: the price of the last trade; B or S is its side"),
    ("CUM", "ladder: the size up to that level"),
    ("indicative", "ladder: the price of a call auction, on both sides of the book; no figure comes from it"),
    ("mid", "the middle of the spread"),
    ("µ 512.3454", "the microprice: between bid and ask, nearer to the side with less on it"),
    ("imb5 +39 %", "of the size on the five nearest levels of either side, how much more is bid than asked"),
    ("PRICE↓", "ladder: the spread went out of sight below"),
    ("4,400+", "cost to trade: the book shown ends before the distance; 4,400 of 5,000: it is too short"),
    ("split?", "the price stands at a multiple or part of the close before; alerts sleep until the unit is known"),
    ("10:31…", "chart: the bar in progress"),
    ("10:31 incomplete", "chart: the link was away in that minute, and the rest of it was not told yet; faint"),
    ("from 20:01", "chart: what is known of the day begins there, and so does its VWAP"),
    ("B S", "trades: bought, sold; · nothing tells which"),
    ("~B ~S", "a trade whose side is inferred from the book or the move; without ~ it was told"),
    ("×5", "trades: five at one price and on one side, each within a second of the one before"),
    ("◆", "trades: at least ten times the usual size"),
    ("♥ 38 ms", "the last answered heartbeat, and how long the answer took"),
    ("● ◌", "the link is live; it is not"),
    ("lag 31 ±18", "how late data arrives, and by how much that may be wrong; p99: 99 of 100 come sooner"),
    ("lag +14 ms", "how late data arrives, over the least seen in ten minutes: the clocks' difference is not known"),
    ("DELAYED 15m", "all data is that much behind"),
    ("no book for 2m", "books stopped while other data of the symbol goes on: figures that rest on them are dimmed"),
    ("terminal behind", "this terminal has not drawn all that was written: what it shows may be that old"),
    ("auction", "header: one price for all orders is being found"),
    ("at close", "header: trades at the closing price only"),
    ("overnight", "header: the night session; it belongs to the trade date that follows"),
    ("trading · hours not known", "header: trades come, although the table of hours says closed"),
    ("days off not announced", "header: the exchange has yet to say when it opens this year; the date is a guess"),
    ("REC", "all that comes in is recorded"),
    ("DEMO", "made-up prices: the exchange that comes with this program"),
)

_CLOSED = "/ finds · Esc closes"

Sections = dict[str, list[tuple[str, str]]]
"""By group: key labels and what the keys do."""


def find_keys(keys: Sequence[KeyBinding], text: str) -> Sections:
    """Returns the lines in whose labels, words, group or id some word begins with each word of the text."""
    patterns = [re.compile(rf"(?<!\w){re.escape(word)}") for word in text.casefold().split()]
    lines = [
        (key.group, " ".join(key.labels), key.help, key.id.replace("_", " "))
        for keys in groups(keys).values()
        for key in keys
    ]
    lines += [("Signs", sign, words, "") for sign, words in _SIGNS]
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
    return sum(2 + len(lines) for lines in sections.values())


class Help(TextScreen):
    """The screen of keys and signs. `/` filters the lines. Esc ends that first, then closes, as do q, ? and a click
    outside."""

    DEFAULT_CSS = """
    Help VerticalScroll { max-width: 97%; scrollbar-gutter: stable; }
    Help #right { padding-bottom: 1; }
    Help Input, Help Input:focus {
        display: none; dock: top; width: 1fr; padding: 0 1; background: $panel; background-tint: transparent;
    }
    Help.-wide VerticalScroll { width: 154; }
    Help.-wide #left { padding-right: 2; }
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

    def __init__(self, styles: Styles, keys: Sequence[KeyBinding] = KEYS) -> None:
        super().__init__()
        self._styles = styles
        self._keys = keys
        closing = [Binding(name, "dismiss") for key in keys if key.id in ("help", "quit") for name in key.keys]
        add_bindings(self, BindingsMap(closing))
        self._field = Input(placeholder="a key, or what it does", compact=True)
        self._left, self._right = Static(id="left"), Static(id="right")
        self._box = VerticalScroll(self._field, Container(self._left, self._right), can_focus=False)

    def compose(self) -> ComposeResult:
        self._box.border_title = "Keys"
        self._box.border_subtitle = _CLOSED
        yield self._box

    def on_mount(self) -> None:
        self._show("")

    def _show(self, text: str) -> None:
        found = find_keys(self._keys, text)
        left, right = two_columns(found)
        self._left.update(
            self._table(left) if found else Text(f"\nNo key for '{text}'", self._styles("muted", "surface"))
        )
        self._right.update(self._table(right))

    def _table(self, sections: Mapping[str, Sequence[tuple[str, str]]]) -> Table:
        styles = self._styles
        table = Table.grid(padding=(0, 1, 0, 0), expand=True)
        table.add_column(width=12)
        table.add_column(ratio=1)
        for group, lines in sections.items():
            table.add_row()
            table.add_row(Text(group, styles("muted", "surface")))
            for labels, words in lines:
                left = Text(labels, styles("accent", "surface", bold=True))
                table.add_row(Padding(left, (0, 0, 0, 2)), Text(words, styles("text", "surface")))
        return table

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
