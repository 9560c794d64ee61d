"""The column chooser: which columns the watchlist has, and in what order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from textual import on
from textual.binding import Binding

from tui.screens.panel import Chooser
from tui.widgets.choice_list import ChoiceList, ChoiceRow

_ALWAYS = "symbol"


class ColumnChoice(NamedTuple):
    """A column: its id, its title in the watchlist, and its description."""

    id: str
    title: str
    description: str


class ColumnChooser(Chooser[None]):
    """The chooser. Each change is applied at once. A column that is switched off keeps its place until the chooser
    closes, so that the same key restores it there; a new one comes to its place in `columns`, the catalogue.
    `room_notes` returns what is noted at chosen columns that do not fit, by id."""

    BINDINGS = [
        Binding("o", "leave", "Close"),
        Binding("space,enter", "switch", "In or out"),
        Binding("J,shift+down", "reorder(1)", show=False),
        Binding("K,shift+up", "reorder(-1)", show=False),
        Binding("r", "reset", show=False),
    ]

    def __init__(
        self,
        columns: Sequence[ColumnChoice],
        chosen: Sequence[str],
        apply: Callable[[tuple[str, ...]], None],
        default: Sequence[str],
        room_notes: Callable[[], Mapping[str, str]],
    ) -> None:
        super().__init__("Columns", "Space in or out · J K move · r default · Esc closes")
        self._columns = {column.id: column for column in columns}
        self._apply = apply
        self._default = default
        self._room_notes = room_notes
        self._set_order(chosen)

    def on_mount(self) -> None:
        self._show(0)

    def _set_order(self, chosen: Sequence[str]) -> None:
        """Set the order of the rows: the chosen columns in theirs, each of the others behind the one that it follows in
        the catalogue."""
        self._chosen = set(chosen)
        self._order = list(chosen)
        for before, id in pairwise(["", *self._columns]):
            if id not in self._order:
                self._order.insert(self._order.index(before) + 1 if before else 0, id)

    def _show(self, at: int) -> None:
        notes = self._room_notes()
        rows: list[ChoiceRow] = []
        for id in self._order:
            _, title, description = self._columns[id]
            mark = "✓" if id in self._chosen else ""
            rows.append(ChoiceRow(title, mark, detail=description, note=notes.get(id, "")))
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

    def action_reorder(self, by: int) -> None:
        at, to = self._at, self._at + by
        if 0 <= to < len(self._order):
            self._order[at], self._order[to] = self._order[to], self._order[at]
            self._changed(to)

    def action_reset(self) -> None:
        at = self._order[self._at]
        self._set_order(self._default)
        self._changed(self._order.index(at))
