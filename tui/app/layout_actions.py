"""The keys of the layout: what stands below the list, and layouts by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from tui.app.notices import Notices
from tui.app.preferences import Preferences
from tui.app.push_screen import PushScreen
from tui.config.settings import Below
from tui.config.watchlists import name_problem
from tui.screens.dashboard import Dashboard
from tui.screens.layout import PANES

_BELOW: dict[Below, tuple[str, str]] = {
    "auto": ("what the room allows", "a"),
    "wide-chart": ("the chart, over the width of the list", "c"),
    "2x2": ("small charts, 2×2", "2"),
    "3x3": ("small charts, 3×3", "3"),
    "nothing": ("nothing: the list has the room", "n"),
}


class LayoutActions:
    """Keys that arrange the dashboard. A layout is the panes that are shown and what stands below the list."""

    def __init__(
        self, dashboard: Dashboard, preferences: Preferences, notices: Notices, push_screen: PushScreen
    ) -> None:
        self._dashboard = dashboard
        self._preferences = preferences
        self._notices = notices
        self._push_screen = push_screen

    def below(self) -> None:
        """Choose what stands below the list."""
        from tui.screens.menu import Menu, MenuItem

        items: list[MenuItem[Below]] = [MenuItem(below, words, letter) for below, (words, letter) in _BELOW.items()]
        now = self._preferences.settings.below
        self._push_screen(Menu("Below the list", items, current=now), self._set_below)

    def _set_below(self, below: Below | None) -> None:
        if below is not None:
            self._apply(self._preferences.settings.hidden, below)
            self._explain(below)

    def save_layout(self) -> None:
        """Ask for a name to save the layout by."""
        from tui.screens.prompt import Prompt

        help = ("a name that is taken already is replaced",)
        self._push_screen(Prompt("Save the layout as", check=_check, help=help, enter="saves it"), self._save)

    def _save(self, name: str | None) -> None:
        if name is not None:
            settings = self._preferences.settings
            shown = (pane for pane in PANES if pane not in settings.hidden)
            layouts = {**settings.layouts, name: (*shown, settings.below)}
            self._preferences.set(layouts=layouts)
            key, at = self._preferences.key_label("layouts"), list(layouts).index(name) + 1
            self._notices.say(f"{key} {at} calls {name}" if at < 10 else f"{key} has {name}")

    def layouts(self) -> None:
        """Choose a saved layout, or one to delete."""
        if not (names := list(self._preferences.settings.layouts)):
            self._notices.say(f"no layout is saved: {self._preferences.key_label('save_layout')} saves this one")
            return
        self._choose("Layouts", names, deletes=False)

    def _choose(self, title: str, names: Sequence[str], *, deletes: bool) -> None:
        from tui.screens.menu import Menu, MenuItem

        items = [MenuItem(name, name, str(n) if n < 10 else "") for n, name in enumerate(names, 1)]
        if not deletes:
            items.append(MenuItem("", "delete one", "d"))  # no layout has an empty name
        self._push_screen(Menu(title, items), self._delete if deletes else self._call)

    def _call(self, name: str | None) -> None:
        if name == "":
            self._choose("Delete a layout", list(self._preferences.settings.layouts), deletes=True)
        elif name is not None:
            parts = self._preferences.settings.layouts[name]
            below: Below = next((part for part in parts if part in get_args(Below)), "auto")  # type: ignore[misc]
            self._apply(tuple(pane for pane in PANES if pane not in parts), below)

    def _delete(self, name: str | None) -> None:
        if name is not None:
            layouts = self._preferences.settings.layouts
            self._preferences.set(layouts={other: parts for other, parts in layouts.items() if other != name})
            self._notices.say(f"deleted the layout {name}")

    def _apply(self, hidden: Sequence[str], below: Below) -> None:
        self._dashboard.arrange_panes(hidden, below)
        self._preferences.set(hidden=tuple(pane for pane in PANES if pane in self._dashboard.hidden), below=below)

    def _explain(self, below: Below) -> None:
        """Say why what was chosen is not to be seen."""
        dashboard = self._dashboard
        needed = {"wide-chart": ("watchlist", "chart"), "2x2": ("watchlist",), "3x3": ("watchlist",)}.get(below, ())
        if missing := next((pane for pane in needed if pane in dashboard.hidden), ""):
            way = self._preferences.key_label(f"toggle_{missing}")
            self._notices.say(f"the {missing} is not on the screen: {way} shows it")
        elif needed and not dashboard.watchlist.rows:
            self._notices.say("the list is empty: it needs no room below")
        elif needed and not dashboard.has_pane_below:
            self._notices.say("no room for it here: a larger terminal shows it")


def _check(name: str) -> str:
    return name_problem(name, "a layout")
