"""A menu over the dashboard: one thing is chosen, or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from textual import events, on
from textual.binding import Binding

from tui.screens.panel import Chooser
from tui.widgets.choice_list import ChoiceList, ChoiceRow

Id = TypeVar("Id")


class MenuItem(NamedTuple, Generic[Id]):
    """`letter` chooses the item at once; `note` stands at the right. An item without an id stands for choosing none."""

    id: Id | None
    words: str
    letter: str = ""
    note: str = ""


class Menu(Chooser[Id], Generic[Id]):
    """Dismissed with the id of the chosen item, or with None."""

    DEFAULT_CSS = "Menu ChoiceList { min-width: 36; }"
    BINDINGS = [Binding("enter", "choose", "Choose")]

    def __init__(
        self,
        title: str,
        items: Sequence[MenuItem[Id]],
        *,
        current: Id | None = None,
        keeps: str = "Enter chooses",
        on_highlight: Callable[[Id], None] | None = None,
    ) -> None:
        super().__init__(title, f"{keeps} · Esc back")
        self._items = items
        self._current = current
        self._on_highlight = on_highlight

    def on_mount(self) -> None:
        at = next((n for n, item in enumerate(self._items) if item.id == self._current), 0)
        self.choices.set_rows([ChoiceRow(item.words, item.letter, note=item.note) for item in self._items], at)

    def choose(self, item: MenuItem[Id]) -> None:
        """What choosing does."""
        self.dismiss(item.id)

    @on(ChoiceList.Chosen)
    def action_choose(self) -> None:
        if self.choices.highlighted is not None:
            self.choose(self._items[self.choices.highlighted])

    @on(ChoiceList.Highlighted)
    def highlight(self, event: ChoiceList.Highlighted) -> None:
        id = self._items[event.index].id
        if self._on_highlight is not None and id is not None:
            self._on_highlight(id)

    def on_key(self, event: events.Key) -> None:
        # Before the moving keys: where an item has the letter j, j is that item.
        for item in self._items:
            if item.letter and item.letter == event.character:
                event.stop()
                self.choose(item)
                return
