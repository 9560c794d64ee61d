"""The prompt: one line, checked before it is taken."""

from __future__ import annotations

import pytest
from textual.widgets import Input, Static

from tests.support.modal_host import NONE, Over, Snapshot, open_modal, widget_text
from tui.screens.prompt import Prompt


def check(text: str) -> str:
    return "there is a list [b]'Core'[/b] already" if text == "Core" else "" if text else "a list needs a name"


@pytest.mark.parametrize("size", [(80, 24), (40, 8)])
def test_the_prompt_says_what_is_wrong(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert snap_compare(Over(lambda: Prompt("Rename '[b]x[/b]'", "Core", check)), press=["enter"], terminal_size=size)


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        ("enter", NONE),
        ("2 enter", "Core2"),
        ("space 2 space enter", "Core 2"),
        ("q j k enter", "Coreqjk"),
        ("escape", None),
        ("backspace backspace backspace backspace enter", NONE),
        ("ctrl+u x enter", "x"),
    ],
)
async def test_keys(keys: str, answer: object) -> None:
    async with open_modal(lambda: Prompt("New list", "Core", check)) as (app, pilot):
        await pilot.press(*keys.split())
        await pilot.pause()
        assert app.answer == answer


async def test_the_words_go_as_soon_as_something_is_typed() -> None:
    async with open_modal(lambda: Prompt("New list", check=check)) as (app, pilot):
        problem = app.screen.query_one(Static)
        await pilot.press("enter")
        await pilot.pause()
        assert "a list needs a name" in widget_text(problem)
        await pilot.press("a")
        await pilot.pause()
        assert "a list needs a name" not in widget_text(problem)
        assert app.screen.query_one(Input).value == "a"


async def test_ctrl_c_ends_the_program_from_the_field_too() -> None:
    async with open_modal(lambda: Prompt("New list")) as (app, pilot):
        await pilot.press("ctrl+c")
        assert app.return_code == 130
