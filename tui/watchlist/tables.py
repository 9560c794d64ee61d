"""The watchlist as a table in a text: aligned for reading, Markdown, CSV or JSON.

In texts to be read a figure that must not look current stands in parentheses; in CSV and JSON `old` names its column.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import StringIO
from typing import Any

from tui import format as fmt
from tui.market import Instrument
from tui.market.bars import MINUTE
from tui.market.pair_instrument import PairInstrument
from tui.watchlist.cells import Cell, direction_sign
from tui.watchlist.columns import Column
from tui.watchlist.row_figures import RowFigures

_NOT_FIGURES = ("time", "age", "hour")


def text_table(rows: Sequence[RowFigures], columns: Sequence[Column]) -> str:
    """Returns the cells of the grid as lines, after the sign of the last price move."""
    table = [[column.title for column in columns], *_texts(rows, columns)]
    digits = [_fraction_digits(column, [line[n] for line in table[1:]]) for n, column in enumerate(columns)]
    table = [
        [_with_fraction(text, most) if y else text for text, most in zip(line, digits, strict=True)]
        for y, line in enumerate(table)
    ]
    widths = [max(fmt.cells(line[n]) for line in table) for n in range(len(columns))]
    lines = [
        "  ".join(_padded(text, width, column) for text, width, column in zip(line, widths, columns, strict=True))
        for line in table
    ]
    signs = [" ", *map(direction_sign, rows)]
    return "".join(f"{sign} {line}".rstrip() + "\n" for sign, line in zip(signs, lines, strict=True))


def markdown_table(rows: Sequence[RowFigures], columns: Sequence[Column]) -> str:
    """Returns the cells of the grid as a table in Markdown."""
    rules = [":--" if column.left_aligned else "--:" for column in columns]
    lines = [[column.title for column in columns], rules, *_texts(rows, columns)]
    return "".join(f"| {' | '.join(text.strip().replace('|', chr(92) + '|') for text in line)} |\n" for line in lines)


def json_table(rows: Sequence[RowFigures], columns: Sequence[Column]) -> str:
    """Returns the figures of the grid as an array of objects in JSON, one a line, by the ids of the columns; times in
    ms UTC, null if unknown."""
    import msgspec

    objects = [
        {
            **{column.id: _rounded(_value(column, row)) for column in _figure_columns(columns)},
            "state": row.status.name.lower(),
            "old": _old(row, columns),
            "time": _newest_time(row) or None,
        }
        for row in rows
    ]
    return "[\n" + ",\n".join(msgspec.json.encode(each).decode() for each in objects) + "\n]\n"


def grid_csv(rows: Sequence[RowFigures], columns: Sequence[Column]) -> str:
    """Returns the figures of the watchlist as CSV, to ten digits, in the columns of the screen, with each row's state,
    the columns whose figures are old, and the time of its newest data. What is not known is empty."""
    table = StringIO()
    writer = _csv_writer(table)
    figures = _figure_columns(columns)
    writer.writerow([*(column.id for column in figures), "state", "old", "time"])
    for row in rows:
        newest = _newest_time(row)
        writer.writerow(
            [
                *(_figure(_value(column, row)) for column in figures),
                row.status.name.lower().replace("_", " "),
                " ".join(_old(row, columns)),
                _iso_time(newest) if newest else "",
            ]
        )
    return table.getvalue()


def bars_csv(instrument: Instrument, time: float) -> str:
    """Returns a symbol's minute bars as CSV, oldest first. The minute that `time` (ms UTC) is in is not complete, and
    none in which the link was away. Of a pair there are closes alone."""
    table = StringIO()
    writer = _csv_writer(table)
    writer.writerow(["time", "open", "high", "low", "close", "volume", "complete"])
    for bar in instrument.bars:
        figures: tuple[float | None, ...] = (bar.open, bar.high, bar.low, bar.close, bar.volume)
        if isinstance(instrument, PairInstrument):
            figures = (None, None, None, bar.close, None)
        is_whole = bar.time + MINUTE <= time and bar.time // MINUTE not in instrument.bars.incomplete
        complete = "yes" if is_whole else "no"
        writer.writerow([_iso_time(bar.time), *map(_figure, figures), complete])
    return table.getvalue()


def _csv_writer(table: StringIO) -> Any:
    import csv  # the first frame needs none

    return csv.writer(table, lineterminator="\n")


def _texts(rows: Iterable[RowFigures], columns: Sequence[Column]) -> list[list[str]]:
    return [[_cell_text(column.cell(row)) for column in columns] for row in rows]


def _cell_text(cell: Cell) -> str:
    return f"({cell.text.strip()})" if cell.old and cell.text.strip() not in ("", "--") else cell.text.rstrip()


def _fraction_digits(column: Column, texts: Iterable[str]) -> int:
    """Returns how many characters the longest fraction of a column has with its point, 0 if it is not aligned on it."""
    if not column.point_aligned:
        return 0
    return max((len(text) - text.index(".") for text in texts if "." in text), default=0)


def _with_fraction(text: str, most: int) -> str:
    return text + " " * (most - len(text) + text.index(".")) if most and "." in text else text


def _padded(text: str, width: int, column: Column) -> str:
    blanks = " " * (width - fmt.cells(text))
    return text + blanks if column.left_aligned else blanks + text


def _figure_columns(columns: Iterable[Column]) -> list[Column]:
    return [column for column in columns if column.letter and column.id not in _NOT_FIGURES]


def _value(column: Column, row: RowFigures) -> float | str | None:
    value = column.sort_key(row)
    return value[1] if isinstance(value, tuple) else value


def _old(row: RowFigures, columns: Iterable[Column]) -> list[str]:
    """Returns the ids of the columns whose figures must not look current."""
    return [
        column.id
        for column in _figure_columns(columns)
        if _value(column, row) is not None and (column.cell(row).old or (row.stale and column.source != "symbol"))
    ]


def _newest_time(row: RowFigures) -> int:
    """Returns the time of the row's newest data, ms UTC, 0 if unknown."""
    return row.last_known.time if row.last_known is not None else row.instrument.newest_time


def _rounded(value: float | str | None) -> float | str | None:
    return float(f"{value:.10g}") if isinstance(value, float | int) else value


def _figure(value: float | str | None) -> str:
    """Returns a figure without binary noise: 6.32 and not 6.319999999999936."""
    return "" if value is None else value if isinstance(value, str) else f"{value:.10g}"


def _iso_time(ms: float) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
