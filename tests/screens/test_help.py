"""The help: everything in it, found, scrolled, closed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from tests.support.modal_host import NONE, Over, Snapshot, open_modal, widget_text
from tui.config.key_table import KEYS, apply_overrides
from tui.config.themes import find_theme
from tui.screens.help import Help, find_keys, two_columns
from tui.widgets.styles import Styles


def help_() -> Help:
    return Help(Styles(find_theme("midnight")))


def shown(help_: Help) -> str:
    """All of its text, also what is scrolled away."""
    return "\n".join(widget_text(part) for part in help_.query(Static))


@pytest.mark.parametrize("size", [(160, 45), (80, 24), (40, 8)])
def test_the_help(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert snap_compare(Over(help_), terminal_size=size)


def test_finding(snap_compare: Snapshot) -> None:
    assert snap_compare(Over(help_), press=["slash", *"list"], terminal_size=(80, 24))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ctrl+c", ["Ctrl+C"]),
        ("REMOVE", ["d Del", "Space", "D"]),
        ("delete lists", ["L"]),
        ("suspend", ["Ctrl+Z"]),  # an id
        ("replay", ["p", "P", "N", "<", ">", "● ◌ ■", "▸ ‖", "REPLAY ×10"]),  # a group
        ("look t", ["t"]),
        ("stale", ["⊘ stale"]),
        ("tale", []),  # words are found by their beginning
        ("?", ["? F1"]),
        ("[b]", []),
        (r"\d", []),
    ],
)
def test_what_is_found(text: str, found: list[str]) -> None:
    assert [caps for lines in find_keys(KEYS, text).values() for caps, _ in lines] == found


def test_without_a_text_everything_is_there_in_two_columns_of_about_one_length() -> None:
    everything = find_keys(KEYS, "")
    assert [key.help for key in KEYS] == [words for group, lines in everything.items() for _, words in lines][
        : len(KEYS)
    ]
    left, right = two_columns(everything)
    assert {**left, **right} == everything and next(iter(left)) == KEYS[0].group
    lengths = [sum(2 + len(lines) for lines in column.values()) for column in (left, right)]
    assert max(lengths) < 0.65 * sum(lengths)
    assert two_columns({}) == ({}, {})


def test_what_belongs_to_the_pane_comes_first_and_all_else_follows_in_its_order() -> None:
    usual = list(find_keys(KEYS, ""))
    for pane, first in (
        ("ladder", ["Ladder", "Signs in the ladder"]),
        ("chart", ["Chart", "Signs in the chart"]),
        ("tape", ["Trades", "Signs in the trades"]),
        ("watchlist", ["Watchlist", "Order", "Signs in the watchlist"]),
    ):
        groups = list(find_keys(KEYS, "", pane))
        assert groups == [*first, *(group for group in usual if group not in first)]


async def test_what_is_found_stands_in_one_column_as_wide_as_the_help() -> None:
    async with open_modal(help_, (160, 45)) as (app, pilot):
        left, right = app.screen.query_one("#left"), app.screen.query_one("#right")
        assert right.display
        await pilot.press("slash", *"symbol")
        await pilot.pause()
        found = find_keys(KEYS, "symbol")
        assert len(found) > 2 and not right.display and left.size.width > 140
        assert all(labels in widget_text(left) for lines in found.values() for labels, _ in lines)


async def test_no_sign_is_cut() -> None:
    for size in ((160, 45), (80, 24), (60, 20)):
        async with open_modal(help_, size) as (app, _):
            assert isinstance(app.screen, Help)
            assert "…" not in re.sub(r"(10:31|  )…", "", shown(app.screen))


async def test_on_a_large_terminal_everything_is_seen_at_once() -> None:
    async with open_modal(help_, (160, 260)) as (app, _):
        box = app.screen.query_one(VerticalScroll)
        assert box.max_scroll_y == 0


async def test_esc_ends_the_finding_first_then_the_help() -> None:
    async with open_modal(help_) as (app, pilot):
        assert isinstance(app.screen, Help)
        box = app.screen.query_one(VerticalScroll)
        height = box.size.height
        await pilot.press("slash", *"q?zz")
        await pilot.pause()
        assert "No key or sign for 'q?zz'" in shown(app.screen)
        assert box.size.height == height
        await pilot.press("escape")
        await pilot.pause()
        assert "No key or sign" not in shown(app.screen) and KEYS[0].help in shown(app.screen)
        assert not app.screen.query_one(Input).display
        await pilot.press("escape")
        await pilot.pause()
        assert app.answer is None


async def test_any_of_its_keys_closes_it() -> None:
    async with open_modal(help_) as (app, pilot):
        for key in ("escape", "q", "question_mark", "f1"):
            if app.answer is not NONE:
                app.open()
                await pilot.pause()
            assert isinstance(app.screen, Help), key
            await pilot.press(key)
            await pilot.pause()
            assert app.answer is None, key


async def test_enter_keeps_what_was_found_and_gives_the_keys_back() -> None:
    async with open_modal(help_) as (app, pilot):
        await pilot.press("slash", *"feed", "enter", "q")
        await pilot.pause()
        assert app.answer is None


async def test_keys_that_were_remapped_are_shown_and_close_it() -> None:
    def other() -> Help:
        return Help(Styles(find_theme("midnight")), apply_overrides({"help": ["Ctrl+K"], "quit": ["X"]}))

    async with open_modal(other) as (app, pilot):
        assert isinstance(app.screen, Help)
        assert "Ctrl+K" in shown(app.screen)
        await pilot.press("q", "f1")
        await pilot.pause()
        assert app.answer is NONE
        await pilot.press("ctrl+k")
        await pilot.pause()
        assert app.answer is None


async def test_it_scrolls_by_the_moving_keys() -> None:
    async with open_modal(help_) as (app, pilot):
        box = app.screen.query_one(VerticalScroll)
        there: Callable[[], float] = lambda: box.scroll_y  # noqa: E731
        await pilot.press("j", "down")
        await pilot.pause()
        assert there() == 2
        await pilot.press("k", "up")
        await pilot.pause()
        assert there() == 0
        await pilot.press("pagedown")
        await pilot.pause()
        assert there() > 10
        await pilot.press("pageup")
        await pilot.pause()
        assert there() == 0
        await pilot.press("G")
        await pilot.pause()
        assert there() == box.max_scroll_y > 0
        await pilot.press("g")
        await pilot.pause()
        assert there() == 0


async def test_a_click_outside_closes_it_one_inside_does_not() -> None:
    async with open_modal(help_) as (app, pilot):
        await pilot.click("#left", offset=(20, 5))
        await pilot.pause()
        assert app.answer is NONE
        await pilot.click(offset=(0, 0))
        await pilot.pause()
        assert app.answer is None
