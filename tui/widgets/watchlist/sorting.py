"""Which rows stand in the grid, and in what order. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from tui.market import Instrument
from tui.reference.fund_names import FundNames
from tui.widgets.watchlist.columns import BY_ID, RowFigures

HOLD = 3.0  # s: after the cursor moved the order stands still, so that nothing slips from under it

_T = TypeVar("_T", bound=Instrument)


def matching_instruments(instruments: Sequence[_T], text: str, names: FundNames) -> list[_T]:
    """Those whose code, region or name has every word of the text in it, upper or lower case."""
    words = text.casefold().split()
    return [
        instrument
        for instrument in instruments
        if all(word in f"{instrument.symbol} {names.name_of(instrument.symbol)}".casefold() for word in words)
    ]


def sort_rows(rows: Sequence[RowFigures], sort: str) -> list[Instrument]:
    """In the order of a column: `change%` the smallest first, `-change%` the largest. Equals keep their order, and rows
    that have nothing to be sorted by come last either way."""
    column = BY_ID[sort.removeprefix("-")]
    keyed: list[tuple[Any, Instrument]] = [(column.key(row), row.instrument) for row in rows]
    known = [pair for pair in keyed if pair[0] is not None]
    known.sort(key=lambda pair: pair[0], reverse=sort.startswith("-"))
    return [instrument for _, instrument in known] + [instrument for key, instrument in keyed if key is None]


def first_press(column: str) -> str:
    """The order that choosing a column makes: numbers the largest first, names from A."""
    return f"-{column}" if BY_ID[column].descending else column


def arrow(sort: str) -> str:
    return "▾" if sort.startswith("-") else "▴"


def reversed_order(sort: str) -> str:
    return sort.removeprefix("-") if sort.startswith("-") else f"-{sort}"
