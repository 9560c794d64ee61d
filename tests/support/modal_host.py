"""An empty app that opens one modal screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.app import App
from textual.binding import Binding
from textual.geometry import Region
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

from tui.config.themes import DEFAULT_THEME, find_theme
from tui.widgets.choice_list import ChoiceList
from tui.widgets.styles import textual_theme

Snapshot = Callable[..., bool]
NONE = object()


class Over(App[None]):
    """Opens the screen, and keeps its result in `answer`."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [Binding("ctrl+c", "leave_at_once", priority=True), Binding("l", "own_key")]

    def __init__(self, make_screen: Callable[[], Screen[Any]], theme: str = DEFAULT_THEME) -> None:
        super().__init__()
        self.register_theme(textual_theme(find_theme(theme)))
        self.theme = theme
        self._make_screen = make_screen
        self.answer: object = NONE
        self.own_key_pressed = False

    def on_mount(self) -> None:
        self.open()

    def open(self) -> None:
        self.answer = NONE
        self.push_screen(self._make_screen(), self._answered)

    def _answered(self, answer: object) -> None:
        self.answer = answer

    def action_own_key(self) -> None:
        self.own_key_pressed = True

    def action_leave_at_once(self) -> None:
        self.exit(return_code=130)


@asynccontextmanager
async def open_modal(
    screen: Callable[[], Screen[Any]], size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[Over, Pilot[None]]]:
    app = Over(screen)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


def widget_text(widget: Widget) -> str:
    """Returns the text of a widget, its border included."""
    return "\n".join(strip.text.rstrip() for strip in widget.render_lines(Region(0, 0, *widget.outer_size)))


def menu_rows(app: App[Any]) -> list[str]:
    """Returns the visible rows of the open menu, stripped."""
    choices = app.screen.query_one(ChoiceList)
    return [choices.render_line(y).text.strip() for y in range(choices.size.height)]


def highlighted_row(app: App[Any]) -> str:
    choices = app.screen.query_one(ChoiceList)
    assert choices.highlighted is not None
    y = choices.highlighted - choices.scroll_offset.y
    assert 0 <= y < choices.size.height, "out of sight"
    return choices.render_line(y).text.strip()
