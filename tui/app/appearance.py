"""The theme and the colours of rising and falling prices."""

from __future__ import annotations

import os

from textual.app import App

from tui.app.preferences import Preferences
from tui.colour_depth import colour_depth, terminal_depth
from tui.config.themes import Theme, find_theme
from tui.terminal.textual_private import BaseApp, set_color_system
from tui.widgets.styles import Styles, textual_theme


class Appearance:
    """The theme that an app is drawn in."""

    def __init__(self, app: BaseApp, preferences: Preferences) -> None:
        self._app = app
        self._preferences = preferences
        self.theme = find_theme(preferences.settings.theme)
        self._depth = terminal_depth(os.environ)
        if self._depth.is_ansi:  # of more colours Textual makes greys by itself
            self._depth = colour_depth(os.environ)
        set_color_system(app, self._depth)
        app.register_theme(textual_theme(self.theme, self._depth))
        # Not by `app.theme`: its watcher would read every style a second time.
        app.set_reactive(App.theme, self.theme.name)
        app.stylesheet.set_variables(app.get_css_variables())

    @property
    def styles(self) -> Styles:
        """The styles of the theme, as the terminal and the settings have them."""
        return Styles(self.theme, self._depth, red_up=self._preferences.settings.red_up)

    def set_theme(self, theme: Theme) -> None:
        """Draw Textual's own widgets in a theme."""
        self.theme = theme
        self._app.register_theme(textual_theme(theme, self._depth))
        self._app.theme = theme.name
