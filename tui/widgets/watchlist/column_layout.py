"""The layout of the watchlist's columns: which of them fit, how wide each is, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from tui.watchlist.columns import BY_ID, SPARKS, Column
from tui.watchlist.sorting import arrow
from tui.widgets.pane import StyledLine
from tui.widgets.styles import Styles

MARGIN = 3  # cells before the first column: the cursor's bar, ▲ or ▼, and a mark


class PlacedColumn(NamedTuple):
    """A column with the blank cells before it and its width in cells."""

    column: Column
    gap: int
    width: int


class ColumnLayout:
    """The widths and places of the columns. Widths only grow while a list is shown, so that nothing jumps and no number
    is cut."""

    def __init__(self) -> None:
        self.placed: list[PlacedColumn] = []
        """The columns on the screen, from left to right."""
        self.grew = False
        """True if a drawn cell needed more room than its column had: then all rows have to be drawn again."""
        self._widths: dict[str, int] = {}
        self._fractions: dict[str, int] = {}  # digits after the decimal point by column, the most seen
        self._spark_cells = SPARKS[-1]

    @property
    def spark_cells(self) -> int:
        """Cells of a sparkline."""
        return self._spark_cells

    @property
    def name_cells(self) -> int:
        """Cells of a fund's name; 0 before the column was laid out."""
        return self._widths.get("name", 0)

    def reset(self) -> None:
        """Forget the widths of the last list."""
        self._widths.clear()
        self._fractions.clear()

    def fitting(self, columns: Sequence[str], width: int) -> list[Column]:
        """Returns which of the columns, given by id, fit into rows of `width` cells."""
        return fitting_columns([BY_ID[id] for id in columns], self._widths, width - MARGIN - 1)

    def width_for(self, columns: Sequence[str]) -> int:
        """Returns the cells of a row in which all of the columns, given by id, fit."""
        return MARGIN + sum(1 + _least_width(BY_ID[id], self._widths) for id in columns)

    def arrange(self, columns: Sequence[str], width: int) -> bool:
        """Place the columns that fit into rows of `width` cells; returns True if any place changed.

        Spare room goes to wider gaps, then to columns that can use it, the sparkline in steps that divide the hour; the
        rest stays free right of the last column.
        """
        fitting = self.fitting(columns, width)
        between = max(0, len(fitting) - 1)
        spare = width - MARGIN - 1 - between - sum(_least_width(column, self._widths) for column in fitting)
        gap = 2 if spare >= between else 1
        spare -= between * (gap - 1)
        for column in fitting:
            if column.max_width:
                cells = min(column.max_width, column.width + spare)
                if column.id == "hour":
                    cells = self._spark_cells = next((spark for spark in SPARKS if spark <= cells), SPARKS[-1])
                self._widths[column.id] = cells
                spare -= cells - column.width
        before = self.placed
        self.placed = [PlacedColumn(column, gap if n else 0, self._width(column)) for n, column in enumerate(fitting)]
        return self.placed != before

    def _width(self, column: Column) -> int:
        return self._widths.get(column.id, column.width)

    def widen(self, column: Column, cells: int) -> None:
        """Let the column have at least so many cells when it is next arranged."""
        self._widths[column.id] = max(cells, self._width(column))
        self.grew = True

    def fraction_digits(self, column: Column, digits: int) -> int:
        """Returns how many digits after the point the column's numbers are aligned for, at least `digits`."""
        most = self._fractions.get(column.id, 0)
        if digits > most:
            self._fractions[column.id] = most = digits
            self.grew = True
        return most

    def header(self, styles: Styles, sort: str) -> StyledLine:
        """Returns the line of titles, with an arrow at the column sorted by."""
        line: StyledLine = [styles.segment(" " * MARGIN, "muted")]
        for column, gap, width in self.placed:
            title, role = column.title, "muted"
            if column.id == sort.removeprefix("-"):
                role = "accent"
                sign = arrow(sort)
                # The arrow takes a cell that the title leaves free, if need be of the gap before it.
                title = f"{title}{sign}" if column.left_aligned and len(title) < width else title
                title = f"{sign}{title}" if not column.left_aligned else title
            text = title.ljust(width) if column.left_aligned else title.rjust(width)
            line.append(styles.segment(" " * (gap + width - len(text)) + text, role))
        return line

    def column_at(self, x: int) -> str | None:
        """Returns the id of the column at a cell of a row."""
        start = MARGIN
        for column, gap, width in self.placed:
            start += gap
            if start <= x < start + width:
                return column.id
            start += width
        return None


def fitting_columns(columns: Sequence[Column], widths: Mapping[str, int], room: int) -> list[Column]:
    """Returns the columns that fit into `room` cells with a blank between them, in the order given. Room is given by
    priority, and what a column is too wide for goes to the next that fits; columns of one priority (bid, ask and
    spread) come and go together. What says which row is which comes first: the symbol, or the name without it."""
    chosen: list[Column] = []
    room += 1  # the first has no blank before it
    ids = [column.id for column in columns]
    first = "name" if "symbol" not in ids else "symbol"

    def rank(column: Column) -> tuple[bool, int]:
        return column.id != first, -column.priority

    for _, group in groupby(sorted(columns, key=rank), key=rank):
        together = list(group)
        needed = sum(1 + _least_width(column, widths) for column in together)
        if needed <= room:
            room -= needed
            chosen += together
    return [column for column in columns if column in chosen]


def _least_width(column: Column, widths: Mapping[str, int]) -> int:
    return column.width if column.max_width else max(column.width, widths.get(column.id, 0))
