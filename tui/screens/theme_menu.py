"""The theme menu: each theme is applied as soon as it is highlighted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.binding import Binding

from tui.config.themes import Theme
from tui.screens.menu import Menu, MenuItem


class ThemeMenu(Menu[str]):
    """The menu. Enter keeps the applied theme; Esc restores the theme of before."""

    BINDINGS = [Binding("t", "leave", "Back")]

    def __init__(self, themes: Sequence[Theme], current: Theme, apply: Callable[[Theme], None]) -> None:
        known = {theme.name: theme for theme in themes}
        super().__init__(
            "Theme",
            [MenuItem(theme.name, theme.title) for theme in themes],
            current=current.name,
            hint="Enter keeps",
            on_highlight=lambda name: apply(known[name]),
        )
        self._before = current
        self._apply = apply

    def action_leave(self) -> None:
        self._apply(self._before)
        super().action_leave()
