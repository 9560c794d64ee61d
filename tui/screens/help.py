"""The help: every key by group, from the key table."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.keys import groups
from tui.widgets.look import Look

_SIGNS = (
    ("▲ ▼", "the last price move; dim: the latest trade had the same price"),
    ("—", "not known: nothing is invented"),
    ("⊘ stale", "the link is not proven: the number may be wrong by now, and -- hides its change"),
    ("0.63%o", "measured from the open, since no previous close is known"),
    ("▃▅▆█▆▄", "the last hour, one scale in percent for all rows; green up, red down over that hour"),
    ("imb5 +39%", "of the size on the five nearest levels of either side, how much more is bid than asked"),
    ("lag +14 ms", "how late data arrives, over the least seen in ten minutes: the clocks' difference is not known"),
    ("DEMO", "made-up prices: the exchange that comes with this program"),
)


class Help(ModalScreen[None]):
    """Closes on Esc, q, ? or a click outside."""

    DEFAULT_CSS = """
    Help { align: center middle; background: $background 60%; }
    Help VerticalScroll {
        width: 80; max-width: 96%; height: auto; max-height: 94%;
        background: $surface; border: round $accent; border-title-color: $foreground; padding: 0 2;
        scrollbar-size-vertical: 1; scrollbar-background: $surface; scrollbar-color: $secondary;
        scrollbar-background-hover: $surface; scrollbar-background-active: $surface;
    }
    Help Static { width: 1fr; height: auto; }
    """
    BINDINGS = [Binding("escape,q,question_mark,f1", "dismiss", "Close")]

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look

    def compose(self) -> ComposeResult:
        box = VerticalScroll(Static(self._table()))
        box.border_title = "Keys"
        box.border_subtitle = "Esc closes"
        yield box

    def _table(self) -> Table:
        look = self._look
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True, min_width=9)
        table.add_column()
        rows = [(group, [(" ".join(key.caps), key.help) for key in keys]) for group, keys in groups().items()]
        for group, lines in [*rows, ("Signs", list(_SIGNS))]:
            table.add_row()
            table.add_row(Text(group, look("muted", "surface")))
            for cap, words in lines:
                left = Text(f"  {cap}", look("accent", "surface", bold=True))
                table.add_row(left, Text(words, look("text", "surface")))
        return table

    def on_click(self, event: object) -> None:
        if getattr(event, "widget", None) is self:
            self.dismiss()
