"""The columns of the watchlist: titles, widths, cells and sort keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from msgspec import Struct

from tui.watchlist.cells import (
    RANGE_CELLS,
    CellMaker,
    age_cell,
    change_cell,
    extended_cell,
    hour_cell,
    iopv_cell,
    last_cell,
    name_cell,
    percent_cell,
    price_cell,
    range_cell,
    relative_volume_cell,
    signed_cell,
    spread_cell,
    symbol_cell,
    time_cell,
    turnover_cell,
    volume_cell,
)
from tui.watchlist.row_figures import (
    Figure,
    RowFigures,
    SortKey,
    basis_percent,
    best_ask,
    best_bid,
    change_amount,
    change_percent,
    day_turnover,
    day_volume,
    extended_percent,
    hour_percent,
    indicative_value,
    last_price,
    last_trade_time,
    positive_spread,
    premium_percent,
    previous_close,
    quoted_price,
    speed_percent,
    usual_volume_multiple,
    vwap,
)

SPARKS = (30, 20, 15, 12, 10)
"""The widths of a sparkline in cells, the widest first; each divides the hour."""


class Column(Struct, frozen=True):
    """A column. The width goes to the columns with the largest `priority` first; equals come and go together.

    `letter` picks it in the sort menu, None if it cannot be sorted by; `descending`: sorted from the largest at first.
    `width` is the least in cells; it grows with the widest number, or up to `max_width`, if given, with the room: then
    each cell fills it. `point_aligned` numbers without a unit are aligned on the decimal point. A cell made of its
    `source` alone is drawn again only when that was replaced."""

    id: str
    title: str
    description: str
    letter: str | None
    width: int
    priority: int
    cell: CellMaker
    sort_key: Callable[[RowFigures], SortKey]
    descending: bool = True
    left_aligned: bool = False
    point_aligned: bool = False
    max_width: int = 0
    source: Literal["symbol", "depth", "quote"] | None = None


def _price_column(
    id: str,
    title: str,
    description: str,
    letter: str,
    priority: int,
    figure: Figure,
    role: str = "muted",
    source: Literal["depth", "quote"] | None = "quote",
) -> Column:
    cell = price_cell(figure, source, role)
    return Column(id, title, description, letter, 7, priority, cell, figure, point_aligned=True, source=source)


def _speed_column(minutes: int, letter: str, priority: int) -> Column:
    figure = speed_percent(minutes)
    within = "the last minute" if minutes == 1 else f"the last {minutes} minutes"
    title, description = f"SPEED {minutes}m", f"move of the price over {within}, in %"
    return Column(
        f"speed{minutes}", title, description, letter, 8, priority, signed_cell(figure), figure, point_aligned=True
    )


COLUMNS: tuple[Column, ...] = (
    Column(
        "symbol",
        "SYMBOL",
        "code and region",
        "s",
        8,
        100,
        symbol_cell,
        lambda row: str(row.instrument.symbol),
        descending=False,
        left_aligned=True,
        source="symbol",
    ),
    Column(
        "name",
        "NAME",
        "the fund's name, where it is known",
        "n",
        12,
        1,
        name_cell,
        lambda row: row.context.names.name_of(row.instrument.symbol) or None,
        descending=False,
        left_aligned=True,
        max_width=28,
        source="symbol",
    ),
    Column(
        "last",
        "LAST",
        "price of the last trade",
        "l",
        7,
        99,
        last_cell,
        last_price,
        point_aligned=True,
    ),
    Column(
        "change",
        "CHG",
        "change since the previous close, in money",
        "c",
        6,
        60,
        change_cell,
        change_amount,
        point_aligned=True,
    ),
    Column(
        "change%",
        "CHG%",
        "change since the previous close, in %",
        "p",
        7,
        98,
        percent_cell,
        change_percent,
        point_aligned=True,
    ),
    Column(
        "ext%",
        "EXT%",
        "outside regular hours: move since the last close, in %",
        "x",
        6,
        92,
        extended_cell,
        extended_percent,
        point_aligned=True,
    ),
    _speed_column(1, "j", 20),
    _speed_column(5, "y", 21),
    _price_column("bid", "BID", "best price somebody would buy at", "b", 40, best_bid, "text", "depth"),
    _price_column("ask", "ASK", "best price somebody would sell at", "a", 40, best_ask, "text", "depth"),
    Column(
        "spread", "SPREAD", "ask less bid", "d", 6, 40, spread_cell, positive_spread, point_aligned=True, source="depth"
    ),
    _price_column(
        "previous", "PREV", "previous close, which change is measured from", "r", 10, previous_close, source=None
    ),
    _price_column("open", "OPEN", "first price of the day", "o", 9, quoted_price(lambda quote: quote.open)),
    _price_column("high", "HIGH", "highest price of the day", "h", 8, quoted_price(lambda quote: quote.high)),
    _price_column("low", "LOW", "lowest price of the day", "w", 7, quoted_price(lambda quote: quote.low)),
    Column(
        "range",
        "RANGE",
        "where the last price stands between the day's low and high",
        None,
        RANGE_CELLS,
        12,
        range_cell,
        lambda row: None,
    ),
    Column("volume", "VOLUME", "units traded today", "v", 6, 35, volume_cell, day_volume, source="quote"),
    Column(
        "relvol",
        "REL VOL",
        "volume of this session against the usual by this minute",
        "k",
        7,
        18,
        relative_volume_cell,
        usual_volume_multiple,
    ),
    Column(
        "turnover",
        "TURNOVER",
        "money traded today, in the fund's currency",
        "t",
        8,
        30,
        turnover_cell,
        day_turnover,
        source="quote",
    ),
    _price_column("vwap", "VWAP", "average price of the day, weighted by volume", "f", 11, vwap),
    Column(
        "iopv",
        "IOPV",
        "worth of a unit of the fund; n: a NAV, not of this moment",
        "i",
        7,
        14,
        iopv_cell,
        indicative_value,
        point_aligned=True,
    ),
    Column(
        "premium",
        "PREM%",
        "last price over IOPV, in %",
        "m",
        6,
        16,
        signed_cell(premium_percent),
        premium_percent,
        point_aligned=True,
    ),
    Column(
        "basis",
        "BASIS%",
        "last price over that of another symbol × factor, in %",
        "z",
        6,
        16,
        signed_cell(basis_percent),
        basis_percent,
        point_aligned=True,
    ),
    Column(
        "hour",
        "LAST HOUR",
        "last hour, one scale for all rows; sorted by its move",
        "u",
        SPARKS[-1],
        50,
        hour_cell,
        hour_percent,
        left_aligned=True,
        max_width=SPARKS[0],
    ),
    Column("time", "TIME", "time of the last trade, on the exchange's clock", "e", 8, 6, time_cell, last_trade_time),
    Column("age", "AGE", "time since the newest data, or what is wrong", "g", 4, 90, age_cell, lambda row: row.age),
)
"""Every column, in the order of the screen."""

BY_ID: Mapping[str, Column] = {column.id: column for column in COLUMNS}
"""The columns by their ids."""

DEFAULT: tuple[str, ...] = (
    "symbol",
    "last",
    "change",
    "change%",
    "bid",
    "ask",
    "spread",
    "volume",
    "turnover",
    "hour",
    "age",
)
"""The ids of the columns shown unless others are chosen."""


def shown_columns(columns: tuple[str, ...], has_extended: bool) -> tuple[str, ...]:
    """Returns the ids of the columns to show of those chosen. To the default ones EXT% is added while any row has it:
    outside regular hours the day's change alone would hide how the price moves."""
    if not has_extended or columns != DEFAULT:
        return columns
    after = DEFAULT.index("change%") + 1
    return (*DEFAULT[:after], "ext%", *DEFAULT[after:])
