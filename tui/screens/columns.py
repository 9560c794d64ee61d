"""The column chooser: which columns the watchlist has, and in what order, seen at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from textual import on
from textual.binding import Binding

from tui.screens.panel import Chooser
from tui.widgets.choice_list import ChoiceList, ChoiceRow

_ALWAYS = "symbol"


class Choice(NamedTuple):
    """A column: its title in the watchlist, and what it says in words."""

    id: str
    title: str
    words: str


class ColumnChooser(Chooser[None]):
    """Each change is applied at once. What is taken out keeps its place until this closes, so that the same key brings
    it back to where it was. `left_out` tells which of the chosen ones have no room; they say so."""

    BINDINGS = [
        Binding("o", "leave", "Close"),
        Binding("space,enter", "switch", "In or out"),
        Binding("J,shift+down", "carry(1)", show=False),
        Binding("K,shift+up", "carry(-1)", show=False),
        Binding("r", "usual", show=False),
    ]

    def __init__(
        self,
        columns: Sequence[Choice],
        chosen: Sequence[str],
        apply: Callable[[tuple[str, ...]], None],
        usual: Sequence[str],
        left_out: Callable[[], Collection[str]],
    ) -> None:
        super().__init__("Columns", "Space in or out · J K move · r usual · Esc closes")
        self._columns = {column.id: column for column in columns}
        self._apply = apply
        self._usual = usual
        self._left_out = left_out
        self._take(chosen)

    def on_mount(self) -> None:
        self._show(0)

    def _take(self, chosen: Sequence[str]) -> None:
        """The chosen ones first, in their order."""
        self._chosen = set(chosen)
        self._order = list(dict.fromkeys([*chosen, *self._columns]))

    def _show(self, at: int) -> None:
        columns, left_out = [self._columns[id] for id in self._order], self._left_out()
        rows = [
            ChoiceRow(title, "✓" if id in self._chosen else "", detail=words, note="no room" if id in left_out else "")
            for id, title, words in columns
        ]
        self.choices.set_rows(rows, at)

    def _changed(self, at: int) -> None:
        self._apply(tuple(id for id in self._order if id in self._chosen))
        self._show(at)

    @property
    def _at(self) -> int:
        return self.choices.highlighted or 0

    @on(ChoiceList.Chosen)
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
