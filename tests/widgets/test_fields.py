"""The fields for symbols and for finding: what they post, what they suggest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from textual.app import App, ComposeResult
from textual.events import Paste
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.support.modal_host import Snapshot, highlighted_row, menu_rows
from tui.config.themes import DEFAULT_THEME, find_theme
from tui.widgets.add_field import AddField
from tui.widgets.choice_list import ChoiceList
from tui.widgets.field import Field
from tui.widgets.find_field import FindField
from tui.widgets.styles import textual_theme

KNOWN = [
    ("SPY$US", "SPDR S&P 500 ETF Trust"),
    ("SMH$US", "VanEck Semiconductor ETF"),
    ("SHY$US", ""),
    ("588000$SH", "科创50ETF [b]x[/b]\x1b[31m"),
    *((f"S{n}$US", f"Fund {n}") for n in range(9)),
]


def suggest(part: str) -> Sequence[tuple[str, str]]:
    return [known for known in KNOWN if known[0].startswith(part.upper())]


class Host(App[None]):
    """A field below a line of text; keeps what the field posts."""

    ENABLE_COMMAND_PALETTE = False
    CSS = "#above { height: 1fr; }"

    def __init__(self, field: Field, text: str = "") -> None:
        super().__init__()
        self.register_theme(textual_theme(find_theme(DEFAULT_THEME)))
        self.theme = DEFAULT_THEME
        self.field = field
        self.posted: list[tuple[str, object]] = []
        self._text = text

    def compose(self) -> ComposeResult:
        yield Static("above", id="above")
        yield self.field

    def on_mount(self) -> None:
        self.field.open(self._text)

    def _note(self, message: Message) -> None:
        self.posted.append((type(message).__name__, getattr(message, "text", getattr(message, "by", None))))

    on_add_field_submitted = on_add_field_cancelled = _note
    on_find_field_changed = on_find_field_submitted = on_find_field_cancelled = on_find_field_move = _note


@asynccontextmanager
async def typing(field: Field, size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[Host, Pilot[None], Input]]:
    app = Host(field)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot, app.query_one(Input)


@pytest.mark.parametrize("size", [(80, 24), (40, 8)])
def test_suggestions(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert snap_compare(Host(AddField(suggest)), press=[*"qqq,s", "down"], terminal_size=size)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("s m tab", "SMH$US, "),
        ("s tab", "SPY$US, "),
        ("s down tab", "SPY$US, "),
        ("s down down tab", "SMH$US, "),
        ("s down down enter", "SMH$US, "),
        ("s up tab", "S2$US, "),  # the sixth and last
        ("x comma s m tab", "x,SMH$US, "),
        ("x space s m tab", "x SMH$US, "),
        ("s m tab s h tab", "SMH$US, SHY$US, "),
        ("z tab", "z"),
        ("tab", ""),
    ],
)
async def test_completing(keys: str, text: str) -> None:
    async with typing(AddField(suggest)) as (app, pilot, field):
        for key in keys.split():
            await pilot.press(key)
            await pilot.pause()
        assert field.value == text
        assert field.has_focus and app.posted == []


async def test_what_a_chinese_input_method_typed_is_completed_too() -> None:
    async with typing(AddField(suggest)) as (_, pilot, field):
        for typed in ("x，ｓｍ", "x、ｓｍ", "x；ｓｍ"):
            field.value = typed
            await pilot.pause()
            await pilot.press("tab")
            assert field.value == f"{typed[:2]}SMH$US, "


async def test_enter_with_nothing_chosen_takes_the_text_as_it_is_written() -> None:
    async with typing(AddField(suggest)) as (app, pilot, _):
        await pilot.press(*"sm", "enter")
        await pilot.pause()
        assert app.posted == [("Submitted", "sm")]


async def test_typing_on_forgets_what_was_chosen() -> None:
    async with typing(AddField(suggest)) as (app, pilot, _):
        await pilot.press("s", "down", "p", "enter")
        await pilot.pause()
        assert app.posted == [("Submitted", "sp")]


async def test_esc_leaves_the_field_at_once() -> None:
    async with typing(AddField(suggest)) as (app, pilot, _):
        await pilot.press("s", "down", "escape")
        await pilot.pause()
        assert app.posted == [("Cancelled", None)]


async def test_six_at_most_over_what_stands_there_none_for_a_symbol_written_in_full() -> None:
    async with typing(AddField(suggest)) as (app, pilot, field):
        above = app.query_one("#above").region
        choices = app.query_one(ChoiceList)
        await pilot.press("s")
        await pilot.pause()
        assert len(menu_rows(app)) == 6 and menu_rows(app)[0] == "SPY$US  SPDR S&P 500 ETF Trust"
        assert choices.region.bottom == app.field.region.y - 1, "the status bar stays"
        assert app.query_one("#above").region == above
        field.value = "5"
        await pilot.pause()
        assert menu_rows(app) == ["588000$SH  科创50ETF [b]x[/b]�[31m"]
        field.value = "588000$sh"
        await pilot.pause()
        assert not choices.display


async def test_in_a_low_terminal_they_end_below_its_top() -> None:
    async with typing(AddField(suggest), (40, 8)) as (app, pilot, _):
        await pilot.press("s", "up")
        await pilot.pause()
        assert app.query_one(ChoiceList).region == (0, 0, 40, 6)
        assert highlighted_row(app).startswith("S0$US")


async def test_a_click_completes() -> None:
    async with typing(AddField(suggest)) as (app, pilot, field):
        await pilot.press("s")
        await pilot.pause()
        await pilot.click(ChoiceList, offset=(5, 2))
        await pilot.pause()
        assert field.value == "SMH$US, " and field.has_focus and app.posted == []


async def test_a_pasted_column_is_a_list() -> None:
    async with typing(AddField(suggest)) as (_, pilot, field):
        field.post_message(Paste("QQQ\nSPY\r\n  GLD$US\n"))
        await pilot.pause()
        assert field.value == "QQQ,SPY,GLD$US"


async def test_a_closed_field_is_empty_and_gone() -> None:
    async with typing(AddField(suggest)) as (app, pilot, field):
        await pilot.press("s")
        app.field.close()
        await pilot.pause()
        assert field.value == "" and not app.field.display and not app.query_one(ChoiceList).display


async def test_finding_posts_what_is_typed_and_moves_the_cursor_of_the_grid() -> None:
    async with typing(FindField()) as (app, pilot, field):
        await pilot.press("q", "j", "down", "up", "enter", "escape")
        await pilot.pause()
        assert app.posted == [
            ("Changed", "q"),
            ("Changed", "qj"),
            ("Move", 1),
            ("Move", -1),
            ("Submitted", "qj"),
            ("Cancelled", None),
        ]
        assert field.value == "qj"
