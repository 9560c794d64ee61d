"""The theme menu: each theme is worn as soon as it is highlighted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.themes import Theme


class ThemeMenu(ModalScreen[None]):
    """Enter keeps what is worn; Esc goes back to what was."""

    CSS = """
    ThemeMenu { align: left bottom; background: transparent; }
    ThemeMenu OptionList {
        width: 36; height: auto; max-height: 80%; margin: 0 0 3 2;
        background: $surface; border: round $accent; border-title-color: $foreground;
    }
    ThemeMenu OptionList > .option-list--option-highlighted {
        background: $accent; color: $background; text-style: bold;
    }
    """
    # The screen's own keys, not the list's: they work from the first moment, before anything has focus.
    BINDINGS = [
        Binding("escape,q,t", "leave", "Back"),
        Binding("enter", "dismiss", "Keep"),
        Binding("j,down", "move('cursor_down')", show=False),
        Binding("k,up", "move('cursor_up')", show=False),
        Binding("g,home", "move('first')", show=False),
        Binding("G,end", "move('last')", show=False),
    ]

    def __init__(self, themes: Sequence[Theme], current: Theme, wear: Callable[[Theme], None]) -> None:
        super().__init__()
        self._themes = {theme.name: theme for theme in themes}
        self._before = current
        self._wear = wear

    def compose(self) -> ComposeResult:
        menu = OptionList(*(Option(theme.title, id=name) for name, theme in self._themes.items()), markup=False)
        menu.border_title = "Theme"
        menu.border_subtitle = "Enter keeps · Esc back"
        yield menu

    def on_mount(self) -> None:
        menu = self.query_one(OptionList)
        menu.can_focus = False
        menu.highlighted = list(self._themes).index(self._before.name)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option.id is not None:
            self._wear(self._themes[event.option.id])

    def on_option_list_option_selected(self) -> None:
        self.dismiss()

    async def action_move(self, where: str) -> None:
        await self.query_one(OptionList).run_action(where)

    def action_leave(self) -> None:
        self._wear(self._before)
        self.dismiss()
