"""Which columns stay when the width shrinks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.watchlist.column_layout import fitting_columns
from tui.widgets.watchlist.columns import BY_ID, DEFAULT

ids = st.lists(st.sampled_from(sorted(BY_ID)), min_size=1, max_size=22, unique=True)
grown = st.dictionaries(st.sampled_from(sorted(BY_ID)), st.integers(1, 20))


def chosen(room: int, shown: tuple[str, ...] = DEFAULT) -> list[str]:
    return [column.id for column in fitting_columns([BY_ID[id] for id in shown], {}, room)]


@pytest.mark.parametrize(
    ("room", "shown"),
    [
        (92, "symbol last change change% bid ask spread volume turnover hour age"),  # 160 columns
        (72, "symbol last change change% bid ask spread hour age"),  # 120
        (54, "symbol last change change% hour age"),  # 100 and 60
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


@given(ids, grown, st.integers(0, 300))
def test_what_is_chosen_fits_and_keeps_its_order(shown: list[str], widths: dict[str, int], room: int) -> None:
    columns = [BY_ID[id] for id in shown]
    kept = fitting_columns(columns, widths, room)
    assert [column for column in columns if column in kept] == kept
    cells = [column.width if column.max_width else max(column.width, widths.get(column.id, 0)) for column in kept]
    assert sum(cells) + len(cells) - 1 <= max(room, 0) or not kept
    left = [column for column in columns if column not in kept]
    assert not left or not kept or max(column.priority for column in left) < min(column.priority for column in kept)


@given(ids, grown, st.integers(0, 300))
def test_more_room_takes_no_column_away(shown: list[str], widths: dict[str, int], room: int) -> None:
    columns = [BY_ID[id] for id in shown]
    assert set(fitting_columns(columns, widths, room)) <= set(fitting_columns(columns, widths, room + 1))
