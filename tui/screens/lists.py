"""The menu of the lists: shows one, and changes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from tui.screens.menu import Menu, MenuItem


class ListInfo(NamedTuple):
    """A list and its number of symbols."""

    name: str
    symbols: int


class ListAction(NamedTuple):
    """What was chosen. `name` is the list to show or to move symbols to, "" for a new list; the other actions are about
    the list that is shown."""

    do: Literal["show", "new", "rename", "delete", "move", "save"]
    name: str = ""


class ListMenu(Menu[ListAction]):
    """The menu; it is dismissed with a ListAction, or with None."""

    def __init__(self, lists: Sequence[ListInfo], shown: str, moving: int, unsaved: str | None) -> None:
        """`moving` is the number of symbols that `m` would move; `unsaved` the name of the list that is shown if it is
        not saved."""
        self._lists = lists
        self._shown = next((known for known in lists if known.name == shown), ListInfo(shown, 0))
        items = _numbered("show", lists)
        items.append(MenuItem(ListAction("new"), "new list", "n"))
        if unsaved is None:
            items.append(MenuItem(ListAction("rename"), f"rename '{shown}'", "r"))
            items.append(MenuItem(ListAction("delete"), f"delete '{shown}'", "d"))
        if moving:
            items.append(MenuItem(ListAction("move"), f"move {_symbols(moving)} to another list", "m"))
        if unsaved is not None:
            items.append(MenuItem(ListAction("save"), f"keep '{unsaved}' among your lists", "w"))
        super().__init__("Lists", items, current=ListAction("show", shown))

    def choose(self, item: MenuItem[ListAction]) -> None:
        match item.id:
            case ListAction("move"):
                self._ask("Move to", [*self._targets(), MenuItem(item.id, "new list …", "n")])
            case ListAction("delete") if self._shown.symbols:
                words = f"yes, with its {_symbols(self._shown.symbols)}; undo brings it back"
                # An item without an id is highlighted at first.
                self._ask(f"Delete '{self._shown.name}'?", [MenuItem(item.id, words, "y"), MenuItem(None, "no", "n")])
            case _:
                super().choose(item)

    def _targets(self) -> list[MenuItem[ListAction]]:
        """Returns the other lists with the numbers they have everywhere."""
        return [item for item in _numbered("move", self._lists) if item.id and item.id.name != self._shown.name]

    def _ask(self, title: str, items: Sequence[MenuItem[ListAction]]) -> None:
        """Open a second menu above this one. Choosing there closes both; Esc there returns to this one."""

        def answered(action: ListAction | None) -> None:
            if action is not None:
                self.dismiss(action)

        self.app.push_screen(Menu(title, items), answered)


def _numbered(do: Literal["show", "move"], lists: Sequence[ListInfo]) -> list[MenuItem[ListAction]]:
    return [
        MenuItem(ListAction(do, name), name, str(n) if n < 10 else "", _symbols(symbols))
        for n, (name, symbols) in enumerate(lists, 1)
    ]


def _symbols(count: int) -> str:
    return f"{count} symbol{'s' * (count != 1)}"
