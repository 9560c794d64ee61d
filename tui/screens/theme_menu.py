"""The theme menu: each theme is worn as soon as it is highlighted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.binding import Binding

from tui.config.themes import Theme
from tui.screens.menu import Menu, MenuItem


class ThemeMenu(Menu[str]):
    """Enter keeps what is worn; Esc goes back to what was."""

    BINDINGS = [Binding("t", "leave", "Back")]

    def __init__(self, themes: Sequence[Theme], current: Theme, wear: Callable[[Theme], None]) -> None:
        known = {theme.name: theme for theme in themes}
        super().__init__(
            "Theme",
            [MenuItem(theme.name, theme.title) for theme in themes],
            current=current.name,
            keeps="Enter keeps",
            on_highlight=lambda name: wear(known[name]),
        )
        self._before = current
        self._wear = wear

    def action_leave(self) -> None:
        self._wear(self._before)
        super().action_leave()
