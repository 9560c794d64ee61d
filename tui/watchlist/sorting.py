"""The filter and the order of the watchlist's rows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from tui.market import Instrument
from tui.reference.fund_names import FundNames
from tui.symbol import Symbol
from tui.watchlist.columns import BY_ID
from tui.watchlist.row_figures import RowFigures

HOLD = 3.0
"""Seconds without sorting after the cursor moved, so that no row moves away from under it."""

_T = TypeVar("_T", bound=Instrument)


def matching_instruments(instruments: Sequence[_T], text: str, names: FundNames) -> list[_T]:
    """Returns those whose code, region or name contains every word of the text, ignoring case."""
    words = text.casefold().split()
    return [
        instrument for instrument in instruments if all(word in _found_by(instrument.symbol, names) for word in words)
    ]


def _found_by(symbol: Symbol, names: FundNames) -> str:
    """Returns what a row is found by: also a pair's code, typed with a hyphen."""
    return f"{symbol} {symbol.code.replace('−', '-')} {names.name_of(symbol)}".casefold()


def sort_rows(rows: Sequence[RowFigures], sort: str) -> list[Instrument]:
    """Returns the instruments in the order of a column: `change%` the smallest first, `-change%` the largest. Equal
    rows keep their order; rows with an unknown key come last in either direction."""
    column = BY_ID[sort.removeprefix("-")]
    keyed: list[tuple[Any, Instrument]] = [(column.sort_key(row), row.instrument) for row in rows]
    known = [pair for pair in keyed if pair[0] is not None]
    known.sort(key=lambda pair: pair[0], reverse=sort.startswith("-"))
    return [instrument for _, instrument in known] + [instrument for key, instrument in keyed if key is None]


def first_press(column: str) -> str:
    """Returns the order in which a column is sorted at first: numbers from the largest, names from A."""
    return f"-{column}" if BY_ID[column].descending else column


def arrow(sort: str) -> str:
    """Returns the sign of an order's direction."""
    return "▾" if sort.startswith("-") else "▴"


def reversed_order(sort: str) -> str:
    """Returns the same column's order in the other direction."""
    return sort.removeprefix("-") if sort.startswith("-") else f"-{sort}"
