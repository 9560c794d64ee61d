"""What the palette offers: every key of the table, and what menus lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from tui.app.alert_actions import AlertActions
from tui.app.list_actions import ListActions
from tui.app.preferences import Preferences
from tui.app.watchlist_actions import WatchlistActions
from tui.market import Instrument
from tui.watchlist.columns import COLUMNS
from tui.widgets.bindings import call_of

if TYPE_CHECKING:
    from tui.screens.palette import PaletteCommand


class Commands:
    """Makes the commands of the palette. `do` runs an action of the key table."""

    def __init__(
        self,
        preferences: Preferences,
        do: Callable[..., object],
        watchlist_actions: WatchlistActions,
        list_actions: ListActions,
        alert_actions: AlertActions,
    ) -> None:
        self._preferences = preferences
        self._do = do
        self._watchlist_actions = watchlist_actions
        self._list_actions = list_actions
        self._alert_actions = alert_actions

    def all(self, selected: Instrument | None) -> Iterator[PaletteCommand]:
        """Yields the commands as they are now, with this symbol selected."""
        from tui.screens.palette import PaletteCommand

        yield from self._of_keys()
        yield from self._of_lists()
        if selected is not None:
            yield PaletteCommand(f"New alert for {selected.symbol}", "", self._alert_actions.new_alert)
        for column in COLUMNS:
            if column.letter:
                sort = partial(self._watchlist_actions.sort_by, column.id)
                yield PaletteCommand(f"Sort by {column.title}", column.description, sort)

    def _of_keys(self) -> Iterator[PaletteCommand]:
        from tui.screens.palette import PaletteCommand

        for key in self._preferences.keys:
            if key.name:
                run = partial(self._do, *call_of(key.id))
                yield PaletteCommand(key.name, key.detail, run, key.labels[0])

    def _of_lists(self) -> Iterator[PaletteCommand]:
        from tui.screens.lists import ListAction
        from tui.screens.palette import PaletteCommand

        lists = self._preferences.lists
        for n, name in enumerate(lists.lists, 1):
            label = str(n) if n < 10 else ""
            yield PaletteCommand(f"Show list {name}", "", partial(self._list_actions.show, name), label)
        for text, action in (
            ("New list", ListAction("new")),
            (f"Rename list {lists.shown}", ListAction("rename")),
            (f"Delete list {lists.shown}", ListAction("delete")),
            *((f"Move to list {name}", ListAction("move", name)) for name in lists.lists if name != lists.shown),
        ):
            yield PaletteCommand(text, "", partial(self._list_actions.run, action))
