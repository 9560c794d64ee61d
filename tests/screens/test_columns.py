"""The column chooser: what is in, and in what order, applied at once."""

from __future__ import annotations

import pytest

from tests.support.modal_host import NONE, Over, Snapshot, highlighted_row, menu_rows, open_modal
from tui.screens.columns import ColumnChoice, ColumnChooser
from tui.widgets.choice_list import ChoiceList

COLUMNS = [
    ColumnChoice("symbol", "SYMBOL", "code and region"),
    ColumnChoice("last", "LAST", "the last price"),
    ColumnChoice("change%", "CHG%", "change since the previous close, in percent"),
    ColumnChoice("range", "DAY RANGE", "where the last price lies between the lowest and the highest one of the day"),
    ColumnChoice("age", "AGE", "time since the newest quote or trade"),
]


class Chosen:
    """A chooser, and the columns that it applied."""

    def __init__(self, *chosen: str) -> None:
        self.applied: list[tuple[str, ...]] = []
        self._chosen = chosen

    def screen(self) -> ColumnChooser:
        return ColumnChooser(COLUMNS, self._chosen, self.applied.append, ["symbol", "last", "age"], self.notes)

    def notes(self) -> dict[str, str]:
        """There is room for three."""
        return dict.fromkeys(self.applied[-1][3:], "no room") if self.applied else {}


@pytest.mark.parametrize("size", [(120, 36), (40, 8)])
def test_the_chooser(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert snap_compare(Over(Chosen("symbol", "age", "last").screen), press=["down"], terminal_size=size)


@pytest.mark.parametrize(
    ("keys", "applied"),
    [
        ("down space", "symbol last"),
        ("down enter", "symbol last"),
        ("down space space", "symbol age last"),  # back to its place
        ("j j j space", "symbol age last change%"),
        ("G space", "symbol age last range"),
        ("down J", "symbol last age"),
        ("down down K", "symbol last age"),
        ("down shift+down", "symbol last age"),
        ("down down shift+up", "symbol last age"),
        ("J", "age symbol last"),
        ("down J J J J J", "symbol last age"),
        ("G K K K space", "symbol range age last"),
        ("r", "symbol last age"),
        ("down space r", "symbol last age"),
        ("space", None),
        ("K", None),
        ("G J", None),
    ],
)
async def test_keys(keys: str, applied: str | None) -> None:
    chosen = Chosen("symbol", "age", "last")
    async with open_modal(chosen.screen) as (_, pilot):
        await pilot.press(*keys.split())
        await pilot.pause()
        assert (" ".join(chosen.applied[-1]) if chosen.applied else None) == applied


async def test_the_chosen_ones_come_first_in_their_order_with_a_sign_and_the_cursor_follows_what_it_moves() -> None:
    async with open_modal(Chosen("symbol", "age", "last").screen, (120, 36)) as (app, pilot):
        assert [" ".join(row.split()[:2]) for row in menu_rows(app)] == [
            "✓ SYMBOL", "✓ AGE", "✓ LAST", "CHG% change", "DAY RANGE",
        ]  # fmt: skip
        await pilot.press("down", "J")
        await pilot.pause()
        assert highlighted_row(app).startswith("✓  AGE ")


async def test_the_symbol_stays_and_says_so() -> None:
    chosen = Chosen("symbol", "last")
    async with open_modal(chosen.screen) as (app, pilot):
        await pilot.press("space")
        await pilot.pause()
        assert chosen.applied == []
        assert [str(notice.message) for notice in app._notifications] == ["SYMBOL always stays"]


async def test_what_has_no_room_says_so() -> None:
    async with open_modal(Chosen("symbol", "age", "last").screen) as (app, pilot):
        assert "no room" not in "".join(menu_rows(app))
        await pilot.press("G", "space")
        assert highlighted_row(app).startswith("✓  DAY RANGE") and highlighted_row(app).endswith("  no room")
        await pilot.press("space")
        assert "no room" not in "".join(menu_rows(app))


@pytest.mark.parametrize("key", ["escape", "o", "q"])
async def test_it_closes_and_what_was_applied_stays(key: str) -> None:
    chosen = Chosen("symbol", "last")
    async with open_modal(chosen.screen) as (app, pilot):
        await pilot.press("down", "space", key)
        await pilot.pause()
        assert app.answer is None
        assert chosen.applied == [("symbol",)]


async def test_a_click_takes_a_column_in_or_out() -> None:
    chosen = Chosen("symbol", "last")
    async with open_modal(chosen.screen) as (app, pilot):
        await pilot.click(ChoiceList, offset=(5, 5))
        await pilot.pause()
        assert chosen.applied == [("symbol", "last", "age")]
        assert app.answer is NONE
