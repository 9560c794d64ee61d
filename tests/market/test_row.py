from __future__ import annotations

import pytest

from tests.market.messages import QQQ, depth, quote
from tui.market import Instrument
from tui.market.row import LIVE_FOR, RowState, row_state
from tui.protocol import OVER_LIMIT


def instrument(status: int | None = None, last: float | None = 512.34) -> Instrument:
    made = Instrument(QQQ)
    made.last = last
    made.quote = quote(512.34, status=status)
    return made


@pytest.mark.parametrize(
    ("age", "proven", "state"),
    [
        (0.0, True, RowState.LIVE),
        (LIVE_FOR, True, RowState.LIVE),
        (LIVE_FOR + 0.1, True, RowState.QUIET),
        (None, True, RowState.QUIET),
        (0.0, False, RowState.STALE),
        (LIVE_FOR + 0.1, False, RowState.STALE),
    ],
)
def test_a_row_with_data_goes_by_its_age_and_by_the_link(age: float | None, proven: bool, state: RowState) -> None:
    assert row_state(instrument(), age, proven) is state


@pytest.mark.parametrize(
    ("status", "state"),
    [(0, RowState.LIVE), (1, RowState.HALTED), (2, RowState.LIVE), (3, RowState.HALTED), (None, RowState.LIVE)],
)
def test_a_suspended_symbol_is_halted(status: int | None, state: RowState) -> None:
    assert row_state(instrument(status), 1.0, link_proven=True) is state


def test_on_an_unproven_link_every_row_with_data_is_stale() -> None:
    assert row_state(instrument(status=1), 1.0, link_proven=False) is RowState.STALE


@pytest.mark.parametrize("proven", [True, False])
@pytest.mark.parametrize(
    ("refused", "state"),
    [
        ({}, RowState.WAITING),
        ({"depth": "no answer", "kline@1": OVER_LIMIT}, RowState.WAITING),
        ({"quote": "cannot be resolved action"}, RowState.REFUSED),
        ({"tick": "no answer"}, RowState.REFUSED),
        ({"quote": OVER_LIMIT}, RowState.OVER_PLAN),
    ],
)
def test_a_row_without_data_says_why(refused: dict[str, str], state: RowState, proven: bool) -> None:
    row = Instrument(QQQ)
    row.refused = refused
    assert row_state(row, None, proven) is state


def test_a_refused_type_does_not_hide_the_data_of_another() -> None:
    row = Instrument(QQQ)
    row.refused["quote"] = OVER_LIMIT
    row.depth = depth([(512.35, 1)], [(512.34, 1)])
    assert row_state(row, None, link_proven=True) is RowState.QUIET
