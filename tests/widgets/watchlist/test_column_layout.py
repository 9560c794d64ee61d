"""Which columns stay when the width shrinks."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.watchlist.columns import BY_ID, DEFAULT, Column
from tui.widgets.watchlist.column_layout import ColumnLayout, fitting_columns

ids = st.lists(st.sampled_from(sorted(BY_ID)), min_size=1, max_size=22, unique=True)
grown = st.dictionaries(st.sampled_from(sorted(BY_ID)), st.integers(1, 20))


def chosen(room: int, shown: tuple[str, ...] = DEFAULT) -> list[str]:
    return [column.id for column in fitting_columns([BY_ID[id] for id in shown], {}, room)]


@pytest.mark.parametrize(
    ("room", "shown"),
    [
        (92, "symbol last change change% bid ask spread volume turnover hour age"),  # 160 columns
        (72, "symbol last change change% bid ask spread hour age"),  # 120
        (69, "symbol last change change% volume turnover hour age"),  # bid, ask and spread together are too wide
        (54, "symbol last change change% volume hour age"),  # 60
        (52, "symbol last change change% hour age"),  # 100
        (34, "symbol last change% age"),  # 40
    ],
)
def test_columns_leave_by_their_worth(room: int, shown: str) -> None:
    assert chosen(room) == shown.split()


def test_a_column_that_has_grown_with_the_room_pushes_nothing_out() -> None:
    columns = [BY_ID[id] for id in DEFAULT]
    assert fitting_columns(columns, {"hour": 30}, 72) == fitting_columns(columns, {}, 72)


def test_a_name_never_pushes_a_number_out() -> None:
    for room in range(20, 160):
        with_name = chosen(room, ("symbol", "name", *DEFAULT[1:]))
        assert [id for id in with_name if id != "name"] == chosen(room)


def test_without_the_symbol_the_name_stays_or_nobody_knew_which_row_is_which() -> None:
    assert chosen(46, ("name", *DEFAULT[1:])) == ["name", "last", "change", "change%", "age"]


@given(ids, grown, st.integers(0, 300))
def test_what_is_chosen_fits_and_keeps_its_order(shown: list[str], widths: dict[str, int], room: int) -> None:
    columns = [BY_ID[id] for id in shown]
    kept = fitting_columns(columns, widths, room)

    def worth(column: Column) -> float:
        return math.inf if column.id == "name" and "symbol" not in shown else column.priority

    assert [column for column in columns if column in kept] == kept
    assert cells(kept, widths) <= room or not kept
    for column in set(columns) - set(kept):
        equals = [each for each in columns if worth(each) == worth(column)]
        assert not set(equals) & set(kept)
        better = [each for each in kept if worth(each) > worth(column)]
        assert cells([*better, *equals], widths) > room


def cells(columns: list[Column], widths: dict[str, int]) -> int:
    each = [column.width if column.max_width else max(column.width, widths.get(column.id, 0)) for column in columns]
    return sum(each) + len(each) - 1


@given(ids, grown)
def test_a_row_of_the_width_for_all_columns_has_them_all(shown: list[str], widths: dict[str, int]) -> None:
    layout = ColumnLayout()
    for id, width in widths.items():
        layout.widen(BY_ID[id], width)
    width = layout.width_for(shown)
    assert [column.id for column in layout.fitting(shown, width)] == shown
    assert len(layout.fitting(shown, width - 1)) < len(shown)
