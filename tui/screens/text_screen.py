"""The base of the screens of text over the dashboard: help and feed health."""

from __future__ import annotations

from textual import events
from textual.screen import ModalScreen

from tui.screens.dismiss_once import DismissOnce


class TextScreen(DismissOnce, ModalScreen[None]):
    """Two texts in a frame that scrolls, next to each other on a wide terminal. A click outside closes it."""

    DEFAULT_CSS = """
    TextScreen { align: center middle; background: $veil; }
    TextScreen VerticalScroll {
        width: 80; height: auto; max-height: 100%; margin: 1 0 2 0;
        background: $surface; border: round $accent; border-title-color: $foreground; padding: 0 2;
        scrollbar-size-vertical: 1; scrollbar-background: $surface; scrollbar-color: $secondary;
        scrollbar-background-hover: $surface; scrollbar-background-active: $surface;
    }
    TextScreen Container { width: 1fr; height: auto; layout: vertical; }
    TextScreen Static { width: 1fr; height: auto; }
    TextScreen.-wide Container { layout: horizontal; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (140, "-wide")]

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss()
