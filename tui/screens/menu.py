"""A menu over the dashboard: one thing is chosen, or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from tui.widgets.choices import Choices, Row

Id = TypeVar("Id")


class Item(NamedTuple, Generic[Id]):
    """`letter` chooses the item at once; `note` stands at the right. An item without an id stands for choosing none."""

    id: Id | None
    words: str
    letter: str = ""
    note: str = ""


class Menu(ModalScreen[Id | None], Generic[Id]):
    """Dismissed with the id of the chosen item, or with None on Esc, q or a click outside."""

    DEFAULT_CSS = """
    Menu { align: left bottom; background: transparent; }
    Menu Choices { min-width: 36; max-width: 94%; max-height: 80%; margin: 0 0 3 2; }
    """
    # The screen's own keys, not the list's: they work from the first moment, before anything has focus.
    BINDINGS = [
        Binding("escape,q", "leave", "Back"),
        Binding("enter", "choose", "Choose"),
        Binding("j,down", "move('down')", show=False),
        Binding("k,up", "move('up')", show=False),
        Binding("g,home", "move('first')", show=False),
        Binding("G,end", "move('last')", show=False),
        Binding("pagedown", "move('page_down')", show=False),
        Binding("pageup", "move('page_up')", show=False),
    ]

    def __init__(
        self,
        title: str,
        items: Sequence[Item[Id]],
        *,
        current: Id | None = None,
        keeps: str = "Enter chooses",
        on_highlight: Callable[[Id], None] | None = None,
    ) -> None:
        super().__init__()
        self._items = items
        self._current = current
        self._on_highlight = on_highlight
        self._choices = Choices(title=title, keys=f"{keeps} · Esc back")

    def compose(self) -> ComposeResult:
        yield self._choices

    def on_mount(self) -> None:
        at = next((n for n, item in enumerate(self._items) if item.id == self._current), 0)
        self._choices.show([Row(item.words, item.letter, note=item.note) for item in self._items], at)

    def choose(self, item: Item[Id]) -> None:
        """What choosing does."""
        self.dismiss(item.id)

    @on(Choices.Chosen)
    def action_choose(self) -> None:
        if self._choices.highlighted is not None:
            self.choose(self._items[self._choices.highlighted])

    @on(Choices.Highlighted)
    def highlight(self, event: Choices.Highlighted) -> None:
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

    def action_move(self, where: str) -> None:
        self._choices.move(where)

    def action_leave(self) -> None:
        self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.action_leave()
