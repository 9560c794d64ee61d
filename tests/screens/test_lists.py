"""The menu of the lists, and the menus it leads to."""

from __future__ import annotations

import pytest

from tests.support.modal_host import NONE, Over, Snapshot, menu_rows, open_modal
from tui.screens.lists import ListAction, ListInfo, ListMenu
from tui.widgets.choice_list import ChoiceList

LISTS = [ListInfo("Core", 8), ListInfo("Bonds [b]", 0), ListInfo("沪深300", 1)]
MANY = [ListInfo(f"List {n}", n) for n in range(12)]


def menu(shown: str = "Core", moving: int = 2, unsaved: str | None = None) -> ListMenu:
    return ListMenu(LISTS, shown, moving, unsaved)


@pytest.mark.parametrize("size", [(80, 24), (40, 8)])
def test_the_menu_of_the_lists(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert snap_compare(Over(menu), terminal_size=size)


@pytest.mark.parametrize(
    ("keys", "action"),
    [
        ("1", ListAction("show", "Core")),
        ("3", ListAction("show", "沪深300")),
        ("down enter", ListAction("show", "Bonds [b]")),
        ("n", ListAction("new")),
        ("r", ListAction("rename")),
        ("d y", ListAction("delete")),
        ("d enter", NONE),
        ("m 2", ListAction("move", "Bonds [b]")),
        ("m 3", ListAction("move", "沪深300")),
        ("m 1", NONE),
        ("m n", ListAction("move")),
        ("d", NONE),
        ("d n", NONE),
        ("d k enter", ListAction("delete")),
        ("d escape", NONE),
        ("m escape", NONE),
        ("d n escape", None),
        ("m q q", None),
        ("4", NONE),
        ("w", NONE),
    ],
)
async def test_keys(keys: str, action: object) -> None:
    async with open_modal(menu) as (app, pilot):
        for key in keys.split():
            await pilot.press(key)
            await pilot.pause()
        assert app.answer == action


async def test_an_empty_list_is_deleted_without_a_question() -> None:
    async with open_modal(lambda: menu("Bonds [b]", moving=0)) as (app, pilot):
        assert "m" not in [row[0] for row in menu_rows(app)]
        await pilot.press("d")
        await pilot.pause()
        assert app.answer == ListAction("delete")


async def test_the_question_says_what_goes_and_that_it_can_come_back() -> None:
    async with open_modal(menu) as (app, pilot):
        await pilot.press("d")
        await pilot.pause()
        assert str(app.screen.query_one(ChoiceList).border_title) == "Delete 'Core'?"
        assert menu_rows(app) == ["y  yes, with its 8 symbols; undo brings it back", "n  no"]


async def test_a_list_of_watch_is_kept_not_renamed_or_deleted() -> None:
    async with open_modal(lambda: menu("Watch", 1, unsaved="Watch")) as (app, pilot):
        assert [" ".join(row.split()) for row in menu_rows(app)] == [
            "1 Core 8 symbols",
            "2 Bonds [b] 0 symbols",
            "3 沪深300 1 symbol",
            "n new list",
            "m move 1 symbol to another list",
            "w keep 'Watch' among your lists",
        ]
        await pilot.press("w")
        await pilot.pause()
        assert app.answer == ListAction("save")


async def test_from_the_tenth_on_lists_have_no_digit_but_can_be_chosen() -> None:
    async with open_modal(lambda: ListMenu(MANY, "List 9", 0, None), (80, 40)) as (app, pilot):
        assert [row[0] for row in menu_rows(app)][8:11] == ["9", "L", "L"]
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.answer == ListAction("show", "List 10")
