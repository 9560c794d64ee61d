"""Keys of one's own, and the palette."""

from __future__ import annotations

from tests.app.test_view_actions import shown
from tests.support.feedless_app import (
    QQQ,
    feedless_app,
)
from tui.watchlist.columns import COLUMNS


async def test_other_keys_of_the_config_do_what_the_table_says() -> None:
    async with feedless_app(keys={"remove": ("x", "Ctrl+D"), "help": ("F6",)}) as (app, pilot):
        await pilot.press("d", "delete")
        assert len(app.rows) == 3
        await pilot.press("x", "ctrl+d")
        assert app.rows == ["TLT"]
        await pilot.press("f6")
        await pilot.pause()
        assert app.screen.id != "dashboard"
        await pilot.press("escape")


async def test_the_palette_offers_every_key_list_and_column_and_runs_them() -> None:
    async with feedless_app() as (app, pilot):
        names = [command.name for command in app.commands()]
        assert "Show list Metals" in names
        assert all(f"Sort by {column.title}" in names for column in COLUMNS if column.letter)
        await pilot.press("ctrl+p")
        await pilot.pause()
        for letter in "list metals":
            await pilot.press("space" if letter == " " else letter)
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert app.preferences.lists.shown == "Metals"


async def test_the_palette_runs_what_the_keys_run() -> None:
    async with feedless_app() as (app, _):
        names = {command.name: command.run for command in app.commands()}
        names["Show or hide chart"]()
        assert "chart" not in shown(app)


async def test_in_the_palette_every_name_is_there_once_and_is_not_told_again_behind_it() -> None:
    async with feedless_app() as (app, _):
        commands = list(app.commands())
        names = [command.name.casefold() for command in commands]
        assert len(set(names)) == len(names)
        assert [command for command in commands if command.help.casefold().startswith(command.name.casefold())] == []
        wanted = {"Show or hide trades", "Shorter bars", "Longer bars", "Move row down", "Move row up", "Next symbol"}
        assert wanted <= {command.name for command in commands}


async def test_what_is_said_names_the_keys_as_they_are() -> None:
    async with feedless_app(keys={"undo": ("Ctrl+U",), "remove": ("x",), "add": ("n",)}, lists={"Core": (QQQ,)}) as (
        app,
        pilot,
    ):
        await pilot.press("x")
        assert app.said == "removed QQQ$US: Ctrl+U brings it back"
        assert any("press n to add" in "".join(part.text for part in line) for line in app.dashboard.watchlist._drawn)
