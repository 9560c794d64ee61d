"""The keys of the lists: showing, making, renaming, deleting and filling them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.app.notices import Notices
from tui.app.preferences import Preferences
from tui.app.push_screen import PushScreen
from tui.config.watchlists import describe_symbols, name_problem
from tui.market import Market
from tui.screens.dashboard import Dashboard
from tui.symbol import Symbol, expand_pairs

if TYPE_CHECKING:
    from tui.screens.lists import ListAction


class ListActions:
    """Keys that act on whole lists."""

    def __init__(
        self,
        dashboard: Dashboard,
        market: Market,
        preferences: Preferences,
        notices: Notices,
        push_screen: PushScreen,
    ) -> None:
        self._dashboard = dashboard
        self._market = market
        self._preferences = preferences
        self._lists = preferences.lists
        self._notices = notices
        self._push_screen = push_screen

    def display(self, select: Symbol | None = None) -> None:
        """Put the lists on the dashboard as they are, with this symbol selected."""
        market = self._dashboard.market
        if market is not self._market:
            # Of what was added since, a frozen picture knows nothing.
            market.follow(expand_pairs(self._lists.symbols))
            market.set_pairs(self._preferences.pairs)
        rows = [row for symbol in self._lists.symbols if (row := market.row(symbol)) is not None]
        selected = market.row(select) if select is not None else None
        self._dashboard.show(self._lists.shown, rows, selected)
        self._dashboard.header.lists = tuple(self._lists.lists)
        self._dashboard.header.shown = self._lists.shown
        self._dashboard.header.unsaved = self._lists.unsaved or ""

    def show_list(self, number: int) -> None:
        """Show a list by its number, from 1."""
        names = list(self._lists.lists)
        if number > len(names):
            self._notices.say(f"there is no list {number}: {self._preferences.key_label('lists')} makes one")
        elif (name := names[number - 1]) == self._lists.shown and not self._dashboard.watchlist.find:
            self._notices.say(f"{name} is shown already")
        else:
            self.show(name)

    def show(self, name: str) -> None:
        """Show a list by its name."""
        self._lists.show(name)
        self._dashboard.watchlist.find = ""
        self._preferences.lists_changed()

    def lists(self) -> None:
        """Open the menu of lists."""
        from tui.screens.lists import ListInfo, ListMenu

        lists = [ListInfo(name, len(symbols)) for name, symbols in self._lists.lists.items()]
        unsaved = self._lists.unsaved if self._lists.unsaved == self._lists.shown else None
        moving = len(self._dashboard.watchlist.marked)
        self._push_screen(ListMenu(lists, self._lists.shown, moving, unsaved), self._chosen)

    def _chosen(self, action: ListAction | None) -> None:
        if action is not None:
            self.run(action)

    def run(self, action: ListAction) -> None:
        """Do what was chosen in the menu of lists."""
        from tui.screens.lists import ListAction

        match action:
            case ListAction("show", name):
                self.show(name)
            case ListAction("new"):
                self._prompt("New list", self._create)
            case ListAction("rename"):
                shown = self._lists.shown
                check = lambda name: "" if name == shown else self._name_problem(name)  # noqa: E731
                self._prompt(f"Rename '{shown}'", self._rename, shown, check)
            case ListAction("delete"):
                name = self._lists.shown
                self._lists.delete(name)
                self._preferences.lists_changed()
                self._notices.say(f"deleted the list {name}: {self._preferences.key_label('undo')} brings it back")
            case ListAction("move", ""):
                self._prompt("Move to a new list", self._move_to)
            case ListAction("move", name):
                self._move_to(name)
            case ListAction("save"):
                self.save_list()

    def _prompt(
        self,
        title: str,
        then: Callable[[str | None], None],
        value: str = "",
        check: Callable[[str], str] | None = None,
    ) -> None:
        """Ask for the name of a list."""
        from tui.screens.prompt import Prompt

        self._push_screen(Prompt(title, value, check or self._name_problem), then)

    def save_list(self) -> None:
        """Save the list of `--watch` among the others."""
        name = self._lists.unsaved
        if name is None:
            self._notices.say("every list is kept already")
            return
        self._lists.save()
        self._preferences.lists_changed()
        self._notices.say(f"{name} is one of your lists now")

    def _name_problem(self, name: str) -> str:
        """Returns why a list cannot be called so; "" if it can."""
        if name in self._lists.lists:
            return f"there is a list '{name}' already"
        return name_problem(name, "a list")

    def _create(self, name: str | None) -> None:
        if name is not None:
            self._lists.create(name)
            self._preferences.lists_changed()

    def _rename(self, name: str | None) -> None:
        if name is not None and name != self._lists.shown:
            self._lists.rename(self._lists.shown, name)
            self._preferences.lists_changed()

    def _move_to(self, name: str | None) -> None:
        moved = [instrument.symbol for instrument in self._dashboard.watchlist.marked]
        if name is not None and moved:
            self._lists.move(moved, name)
            self._preferences.lists_changed()
            self._notices.say(f"moved {describe_symbols(moved)} to {name}")
