"""The palette: what it finds, how it looks, what it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from textual.command import CommandList
from textual.css.query import NoMatches
from textual.widgets import Input

from tests.support.modal_host import NONE, Over, Snapshot
from tui.screens.palette import Palette, PaletteCommand


class Commanded(Over):
    """Has commands, and keeps which of them were run."""

    def __init__(self) -> None:
        super().__init__(Palette)
        self.run_: list[str] = []

    def commands(self) -> Iterable[PaletteCommand]:
        yield PaletteCommand("Add symbols", "a pasted list too", self._noted("add"), "a")
        yield PaletteCommand("Reconnect", "drop the connection", self._noted("reconnect"), "r")
        yield PaletteCommand("Show list [b]x[/b] [/]\x1b[31m", "Lists [/]", self._noted("show"), "2")
        for n in range(30):
            yield PaletteCommand(f"Sort by {n}", "Order", self._noted(f"sort {n}"))

    def _noted(self, name: str) -> Callable[[], None]:
        return lambda: self.run_.append(name)


async def listed(app: Commanded) -> list[str]:
    return [" ".join(str(option.prompt).split()) for option in app.screen.query_one(CommandList).options]


@pytest.mark.parametrize("size", [(160, 45), (80, 24), (40, 8)])
def test_the_palette(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert snap_compare(Commanded(), terminal_size=size)


def test_finding(snap_compare: Snapshot) -> None:
    assert snap_compare(Commanded(), press=[*"list", "down"], terminal_size=(80, 24))


async def test_keys_names_and_words_stand_in_columns_of_their_own() -> None:
    class Mixed(Commanded):
        def commands(self) -> Iterable[PaletteCommand]:
            yield PaletteCommand("Add symbols", "a pasted list too", self._noted("add"), "a")
            yield PaletteCommand("Previous pane", "the one before", self._noted("pane"), "Shift+Tab")
            yield PaletteCommand("Show list of a long name, and of no words", "", self._noted("show"), "2")

    app = Mixed()
    async with app.run_test() as pilot:
        await pilot.pause(0.1)
        assert [str(option.prompt).rstrip() for option in app.screen.query_one(CommandList).options] == [
            "a          Add symbols    a pasted list too",
            "Shift+Tab  Previous pane  the one before",
            "2          Show list of a long name, and of no words",
        ]


async def test_names_come_before_help_and_nothing_is_markup() -> None:
    app = Commanded()
    async with app.run_test() as pilot:
        await pilot.pause(0.1)
        assert len(await listed(app)) == 33
        await pilot.press(*"list")
        await pilot.pause(0.3)
        assert await listed(app) == ["2 Show list [b]x[/b] [/]�[31m Lists [/]", "a Add symbols a pasted list too"]
        await pilot.press("down", "enter")
        await pilot.pause(0.1)
        assert app.run_ == ["add"]
        assert app.answer is None


async def test_letters_in_a_row_come_before_letters_scattered_over_a_name() -> None:
    class Scattered(Commanded):
        def commands(self) -> Iterable[PaletteCommand]:
            yield PaletteCommand("Set Open Rows Tall", "", self._noted("scattered"))
            yield PaletteCommand("Resort now", "", self._noted("in a row"))

    app = Scattered()
    async with app.run_test() as pilot:
        await pilot.pause(0.1)
        await pilot.press(*"sort")
        await pilot.pause(0.3)
        assert await listed(app) == ["Resort now", "Set Open Rows Tall"]


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_it_is_left_without_running_anything(key: str) -> None:
    app = Commanded()
    async with app.run_test() as pilot:
        await pilot.pause(0.1)
        await pilot.press(key)
        await pilot.pause(0.1)
        assert app.run_ == []
        assert app.return_code == 130 if key == "ctrl+c" else app.answer is not NONE


async def test_a_search_that_outlives_the_palette_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []

    def find_no_list(self: Palette, *_: object) -> None:
        searched.append(self.query_one(Input).value)
        raise NoMatches("the list is gone")

    app = Commanded()
    async with app.run_test() as pilot:
        await pilot.pause(0.1)
        monkeypatch.setattr(Palette, "_refresh_command_list", find_no_list)
        await pilot.press("l")
        await pilot.pause(0.3)
        assert searched == ["l"]
        await pilot.press("escape")
        await pilot.pause(0.1)
        assert app.answer is None and app.is_running
