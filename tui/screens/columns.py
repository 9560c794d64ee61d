"""The column chooser: which columns the watchlist has, and in what order, seen at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from tui.widgets.choices import Choices, Row

_ALWAYS = "symbol"


class Choice(NamedTuple):
    """A column: its title in the watchlist, and what it says in words."""

    id: str
    title: str
    words: str


class ColumnChooser(ModalScreen[None]):
    """Each change is applied at once. What is taken out keeps its place until this closes, so that the same key brings
    it back to where it was."""

    DEFAULT_CSS = """
    ColumnChooser { align: left bottom; background: transparent; }
    ColumnChooser Choices { max-width: 94%; max-height: 80%; margin: 0 0 3 2; }
    """
    BINDINGS = [
        Binding("escape,q,o", "dismiss", "Close"),
        Binding("space,enter", "switch", "In or out"),
        Binding("J,shift+down", "carry(1)", show=False),
        Binding("K,shift+up", "carry(-1)", show=False),
        Binding("r", "usual", show=False),
        Binding("j,down", "move('down')", show=False),
        Binding("k,up", "move('up')", show=False),
        Binding("g,home", "move('first')", show=False),
        Binding("G,end", "move('last')", show=False),
        Binding("pagedown", "move('page_down')", show=False),
        Binding("pageup", "move('page_up')", show=False),
    ]

    def __init__(
        self,
        columns: Sequence[Choice],
        chosen: Sequence[str],
        apply: Callable[[tuple[str, ...]], None],
        usual: Sequence[str],
    ) -> None:
        super().__init__()
        self._columns = {column.id: column for column in columns}
        self._apply = apply
        self._usual = usual
        self._take(chosen)
        self._choices = Choices(title="Columns", keys="Space in or out · J K move · r usual · Esc closes")

    def compose(self) -> ComposeResult:
        yield self._choices

    def on_mount(self) -> None:
        self._show(0)

    def _take(self, chosen: Sequence[str]) -> None:
        """The chosen ones first, in their order."""
        self._chosen = set(chosen)
        self._order = [*chosen, *(column for column in self._columns if column not in self._chosen)]

    def _show(self, at: int) -> None:
        columns = [self._columns[id] for id in self._order]
        rows = [Row(title, "✓" if id in self._chosen else "", more=words) for id, title, words in columns]
        self._choices.show(rows, at)

    def _changed(self, at: int) -> None:
        self._show(at)
        self._apply(tuple(id for id in self._order if id in self._chosen))

    @property
    def _at(self) -> int:
        return self._choices.highlighted or 0

    @on(Choices.Chosen)
    def action_switch(self) -> None:
        id = self._order[self._at]
        if id == _ALWAYS:
            self.notify(f"{self._columns[id].title} always stays", markup=False, timeout=3)
            return
        self._chosen ^= {id}
        self._changed(self._at)

    def action_carry(self, by: int) -> None:
        at, to = self._at, self._at + by
        if 0 <= to < len(self._order):
            self._order[at], self._order[to] = self._order[to], self._order[at]
            self._changed(to)

    def action_usual(self) -> None:
        at = self._order[self._at]
        self._take(self._usual)
        self._changed(self._order.index(at))

    def action_move(self, where: str) -> None:
        self._choices.move(where)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss()
