"""A menu: letters, moving keys, mouse; and the theme menu, which is one."""

from __future__ import annotations

import pytest

from tests.support.modal_host import NONE, Over, Snapshot, highlighted_row, menu_rows, open_modal
from tui.config.themes import all_themes, find_theme
from tui.screens.menu import Menu, MenuItem
from tui.screens.theme_menu import ThemeMenu
from tui.widgets.choice_list import ChoiceList

ITEMS = [
    MenuItem("change%", "CHG%", "c", "▼"),
    MenuItem("last", "LAST", "l"),
    MenuItem("volume", "VOLUME", "V"),
    MenuItem("iopv", "IOPV [b]x[/b]\x1b[31m", "j"),
    MenuItem("own", "沪深300ETF, an order by hand that needs very many words", "q"),
]


def menu(current: str | None = None) -> Menu[str]:
    return Menu("Sort by", ITEMS, current=current)


@pytest.mark.parametrize("size", [(80, 24), (40, 8)])
def test_a_menu(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert snap_compare(Over(lambda: menu("last")), terminal_size=size)


def test_a_menu_in_light(snap_compare: Snapshot) -> None:
    assert snap_compare(Over(lambda: menu("last"), "daylight"), terminal_size=(80, 24))


def test_a_menu_without_colour(snap_compare: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(Over(lambda: menu("last")), terminal_size=(80, 24))


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        ("enter", "last"),
        ("down enter", "volume"),
        ("k enter", "change%"),
        ("up up enter", "own"),
        ("G down enter", "change%"),
        ("g enter", "change%"),
        ("end enter", "own"),
        ("home enter", "change%"),
        ("pagedown enter", "own"),
        ("c", "change%"),
        ("V", "volume"),
        ("j", "iopv"),  # its own letter, not the moving key
        ("q", "own"),
        ("escape", None),
        ("v", NONE),  # letters have a case
        ("L", NONE),
        ("z", NONE),
    ],
)
async def test_keys(keys: str, answer: object) -> None:
    async with open_modal(lambda: menu("last")) as (app, pilot):
        assert highlighted_row(app) == "l  LAST"
        await pilot.press(*keys.split())
        await pilot.pause()
        assert app.answer == answer


async def test_a_letter_that_chose_is_not_also_a_key_of_what_lies_below() -> None:
    async with open_modal(menu) as (app, pilot):
        await pilot.press("l")
        await pilot.pause()
        assert app.answer == "last" and not app.own_key_pressed
        await pilot.press("l")
        await pilot.pause()
        assert app.own_key_pressed


async def test_where_no_item_has_the_letter_q_leaves() -> None:
    async with open_modal(lambda: Menu("Sort by", ITEMS[:2])) as (app, pilot):
        await pilot.press("q")
        await pilot.pause()
        assert app.answer is None


async def test_it_opens_at_the_top_where_nothing_is_current_and_shows_text_as_it_is() -> None:
    async with open_modal(menu) as (app, _):
        assert [" ".join(row.split()) for row in menu_rows(app)] == [
            "c CHG% ▼",
            "l LAST",
            "V VOLUME",
            "j IOPV [b]x[/b]�[31m",
            "q 沪深300ETF, an order by hand that needs very many words",
        ]


async def test_the_highlight_stays_in_sight_in_a_small_terminal() -> None:
    async with open_modal(lambda: Menu("Sort by", ITEMS + ITEMS), (40, 8)) as (app, pilot):
        choices = app.screen.query_one(ChoiceList)
        assert choices.size.height == 4
        await pilot.press("G")
        await pilot.pause()
        assert highlighted_row(app).startswith("q  沪深300ETF")
        assert choices.region.right <= 40 and choices.region.bottom <= 6
        await pilot.press("down")
        await pilot.pause()
        assert highlighted_row(app).startswith("c  CHG%")


async def test_a_click_chooses_and_one_outside_chooses_nothing() -> None:
    async with open_modal(menu) as (app, pilot):
        await pilot.click(ChoiceList, offset=(5, 3))
        await pilot.pause()
        assert app.answer == "volume"
    async with open_modal(menu) as (app, pilot):
        await pilot.click(offset=(70, 2))
        await pilot.pause()
        assert app.answer is None


async def test_ctrl_c_ends_the_program_from_a_menu_too() -> None:
    async with open_modal(menu) as (app, pilot):
        await pilot.press("ctrl+c")
        assert app.return_code == 130


@pytest.mark.parametrize(
    ("keys", "worn"), [("j enter", "amber"), ("end enter", "daylight"), ("j j escape", "midnight"), ("j t", "midnight")]
)
async def test_a_theme_is_worn_while_highlighted(keys: str, worn: str) -> None:
    history = ["midnight"]
    themes = [find_theme(name) for name in ("midnight", "amber", "daylight")]
    assert {theme.name for theme in themes} <= set(all_themes())
    async with open_modal(lambda: ThemeMenu(themes, themes[0], lambda theme: history.append(theme.name))) as (
        app,
        pilot,
    ):
        for key in keys.split():
            await pilot.press(key)
            await pilot.pause()
        assert history[-1] == worn
        assert len(history) > 1
        assert app.answer is not NONE
