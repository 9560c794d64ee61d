"""Rows of the watchlist, made from messages."""

from __future__ import annotations

from tests.support.messages import BOOK_B, QQQ, T, bar
from tui.market import Market
from tui.market.data_status import data_status
from tui.protocol.messages import Push, Quote, Tick
from tui.reference.fund_names import FundNames
from tui.symbol import Symbol
from tui.watchlist.cells import Cell
from tui.watchlist.columns import BY_ID
from tui.watchlist.row_figures import RenderContext, RowFigures, SortKey, make_row

SH = Symbol("510300", "SH")


def row(
    *messages: Push,
    symbol: Symbol = QQQ,
    later: float = 0,
    proven: bool = True,
    mixed: bool = False,
    demo: bool = True,
    began: float = 0.0,
) -> RowFigures:
    """The row of a symbol that got these at the time `began` (ms UTC), `later` ms after T."""
    market = Market()
    market.wall_base = began
    market.set_hours(demo)
    market.follow([symbol])
    for message in messages:
        market.apply(message, 0.0)
    instrument = market.instruments[symbol]
    instrument.infer_precision()
    age = later / 1000 if instrument.newest_time else None
    return make_row(
        instrument,
        data_status(instrument, age, proven),
        age,
        RenderContext(0.0, T + later, 1.0, 12, mixed, FundNames()),
    )


def quote(last: float = 512.34, *, t: int = 0, s: str = "QQQ$US", **fields: float) -> Quote:
    return Quote(symbol=s, last=last, time=T + t, **fields)  # type: ignore[arg-type]


def cell(id: str, row: RowFigures) -> Cell:
    return BY_ID[id].cell(row)


def text(id: str, row: RowFigures) -> str:
    return cell(id, row).text


def key(id: str, row: RowFigures) -> SortKey:
    return BY_ID[id].sort_key(row)


FULL = row(
    quote(
        change=3.21,
        open=509.5,
        high=513.0,
        low=509.0,
        volume=15_800_000,
        turnover=511.0 * 15_800_000,
        iopv=510.0,
    ),
    Tick(symbol="QQQ$US", last=512.34, time=T + 1_000),
    BOOK_B,
    bar(-55, 510.0),
    bar(0, 512.34),
    later=1_000,
)
EMPTY = row()
