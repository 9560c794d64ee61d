"""A menu over the dashboard, of items of which one is chosen or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from textual import events, on
from textual.binding import Binding

from tui.screens.panel import Chooser
from tui.widgets.choice_list import ChoiceList, ChoiceRow

Id = TypeVar("Id")


class MenuItem(NamedTuple, Generic[Id]):
    """An item. `letter` chooses it at once; `note` is flush right. An item without an id chooses none."""

    id: Id | None
    words: str
    letter: str = ""
    note: str = ""


class Menu(Chooser[Id], Generic[Id]):
    """The menu; it is dismissed with the id of the chosen item, or with None."""

    DEFAULT_CSS = "Menu ChoiceList { min-width: 36; }"
    BINDINGS = [Binding("enter", "choose", "Choose")]

    def __init__(
        self,
        title: str,
        items: Sequence[MenuItem[Id]],
        *,
        current: Id | None = None,
        hint: str = "Enter chooses",
        on_highlight: Callable[[Id], None] | None = None,
    ) -> None:
        """`current` is the id highlighted at first, `hint` what Enter does; `on_highlight` is called with each
        highlighted id."""
        super().__init__(title, f"{hint} · Esc back")
        self._items = items
        self._current = current
        self._on_highlight = on_highlight

    def on_mount(self) -> None:
        at = next((n for n, item in enumerate(self._items) if item.id == self._current), 0)
        self.choices.set_rows([ChoiceRow(item.words, item.letter, note=item.note) for item in self._items], at)

    def choose(self, item: MenuItem[Id]) -> None:
        """Choose an item: dismiss the menu with its id."""
        self.dismiss(item.id)

    @on(ChoiceList.Chosen)
    def action_choose(self) -> None:
        if self.choices.highlighted is not None:
            self.choose(self._items[self.choices.highlighted])

    @on(ChoiceList.Highlighted)
    def report_highlight(self, event: ChoiceList.Highlighted) -> None:
        """Call `on_highlight` with the id of the highlighted item."""
        id = self._items[event.index].id
        if self._on_highlight is not None and id is not None:
            self._on_highlight(id)

    def on_key(self, event: events.Key) -> None:
        # Before the bindings that move the highlight: j chooses an item whose letter is j.
        for item in self._items:
            if item.letter and item.letter == event.character:
                event.stop()
                self.choose(item)
                return
