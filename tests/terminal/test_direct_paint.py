"""Lines are written past Textual's compositor only while nothing covers them and nothing else is to be painted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from rich.segment import Segment
from textual.app import ComposeResult
from textual.notifications import Notification
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.widgets import Static

from tests.support.manual_frames import DiscardingDriver
from tui.config.plain_mode import PLAIN
from tui.terminal.ansi import Piece
from tui.terminal.direct_paint import DirectPaint
from tui.terminal.line_update import LineUpdate
from tui.terminal.textual_private import (
    BaseApp,
    BaseScreen,
    CompositorUpdate,
    add_notification,
    dirty_widgets,
    remove_notification,
)

LINE: Piece = (0, 0, 3, Strip([Segment("new")]))


class Lines(BaseScreen):
    """Two lines, which are not painted unless told to."""

    def __init__(self) -> None:
        super().__init__()
        self.above, self.below = Static("above"), Static("below")

    def compose(self) -> ComposeResult:
        yield self.above
        yield self.below


class Host(BaseApp):
    """Keeps its updates."""

    def __init__(self) -> None:
        super().__init__(driver_class=DiscardingDriver)
        self.lines = Lines()
        self.updates: list[CompositorUpdate] = []

    def get_default_screen(self) -> Screen[None]:
        return self.lines

    def display_update(self, screen: Screen[object], update: CompositorUpdate) -> None:
        self.updates.append(update)
        super().display_update(screen, update)


@asynccontextmanager
async def hosted() -> AsyncIterator[tuple[Host, DirectPaint]]:
    app = Host()
    async with app.run_test(headless=False, size=(20, 4)) as pilot:
        await pilot.pause(0.1)
        app.updates.clear()
        yield app, DirectPaint(app.lines)


async def test_it_is_possible_unless_something_covers_the_lines_or_moves_them() -> None:
    async with hosted() as (app, direct):
        assert direct.is_possible
        toast = Notification("over the lines")
        add_notification(app, toast)
        assert not direct.is_possible
        remove_notification(app, toast)
        assert direct.is_possible
        with app.batch_update():
            assert not direct.is_possible
        assert direct.is_possible
        app.lines.refresh(layout=True)
        assert not direct.is_possible
    async with hosted() as (app, direct):
        await app.push_screen(ModalScreen())
        assert not direct.is_possible


async def test_it_is_never_possible_where_textual_alone_is_to_paint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PLAIN, "1")
    async with hosted() as (_, direct):
        assert not direct.is_possible


async def test_dirty_widgets_are_painted_if_there_are_no_others() -> None:
    async with hosted() as (app, direct):
        lines, dirty = app.lines, dirty_widgets(app.lines)
        assert direct.only_dirty([lines.above]) == []
        dirty.update((lines.above, lines.below))
        assert direct.only_dirty([lines.above]) == []
        assert direct.only_dirty([lines.above, lines.below]) == [lines.above, lines.below]
        dirty.remove(lines.below)
        assert direct.only_dirty([lines.below, lines.above]) == [lines.above]
        lines._repaint_required = True
        assert direct.only_dirty([lines.above]) == []
        lines._repaint_required = False


async def test_what_is_written_directly_the_screen_does_not_paint_again() -> None:
    async with hosted() as (app, direct):
        dirty_widgets(app.lines).add(app.lines.above)
        direct.write_dirty([LINE])
        assert not dirty_widgets(app.lines)
        [update] = app.updates
        assert isinstance(update, LineUpdate) and update.lines == [LINE]
        direct.write([])
        direct.write([LINE])
        assert len(app.updates) == 2
