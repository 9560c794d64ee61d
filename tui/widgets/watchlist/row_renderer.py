"""The rows of the watchlist as styled lines."""

from __future__ import annotations

from msgspec import Struct
from rich.segment import Segment

from tui.market import Instrument
from tui.market.data_status import DataStatus
from tui.protocol.messages import Depth, Quote
from tui.watchlist.cells import WORD_STATES, Cell, dimmed, direction_sign
from tui.watchlist.columns import Column
from tui.watchlist.row_figures import FigureSource, RowFigures
from tui.widgets.pane import StyledLine, fill
from tui.widgets.styles import Styles
from tui.widgets.watchlist.column_layout import MARGIN, ColumnLayout


class RowMarks(Struct, frozen=True):
    """What is drawn in front of a row's figures. `bar_role` is the role of the cursor's bar."""

    selected: bool
    bar_role: str
    marked: bool
    fired: bool  # an alert of the symbol fired and has not been seen


class _Manner(Struct, frozen=True):
    """What decides the look of a row's cells beside their source."""

    decimals: int
    stale: bool
    closed: bool
    background: str
    fired: bool
    old: frozenset[FigureSource]


class _CachedCells(Struct, frozen=True):
    """The cells of a row as last drawn, by column, and what they were made of."""

    depth: Depth | None
    quote: Quote | None  # of the day
    manner: _Manner
    cells: dict[str, StyledLine]


class RowRenderer:
    """Draws rows in the places of a layout. Cells made of the symbol, the book or the quote alone are cached until that
    is replaced."""

    def __init__(self, styles: Styles, layout: ColumnLayout) -> None:
        self._styles = styles
        self._layout = layout
        self._cache: dict[Instrument, _CachedCells] = {}
        self._ages: dict[Instrument, str] = {}

    def apply_styles(self, styles: Styles) -> None:
        """Draw in the colours of another theme from now on."""
        self._styles = styles
        self._cache.clear()

    def clear_cache(self) -> None:
        """Draw every cell again."""
        self._cache.clear()

    def reset(self) -> None:
        """Begin with another list."""
        self._cache.clear()
        self._ages.clear()

    def drawn_age(self, instrument: Instrument) -> str | None:
        """Returns the text of the age cell as last drawn."""
        return self._ages.get(instrument)

    def draw(self, row: RowFigures, marks: RowMarks, width: int) -> StyledLine:
        """Returns the row in exactly `width` cells."""
        styles, instrument = self._styles, row.instrument
        background = "cursor" if marks.selected else "background"
        bar = styles.segment("▌" if marks.selected else " ", marks.bar_role, background)
        line: StyledLine = [bar, self._direction(row, background)]
        if marks.fired:
            line.append(styles.segment("!", "background", "warning", bold=True))
        else:
            line.append(styles.segment("✓" if marks.marked else " ", "accent", background))
        used, calm = MARGIN, _is_calm(row)
        cached, same = self._cached(
            row, _Manner(instrument.precision.decimals, row.stale, calm, background, marks.fired, row.old)
        )
        for column, gap, room in self._layout.placed:
            if column.source in same:
                line += cached[column.id]
                used += gap + room
                continue
            cell = column.cell(row)
            if column.id == "age":
                self._ages[instrument] = cell.text
                if row.status in WORD_STATES:
                    # A word in place of the age goes on into the free cells right of it. What has no room there covers
                    # the cells left of it, so that no column has to move.
                    end = used + gap + room
                    most = width - 1 if column is self._layout.placed[-1].column else end
                    start = max(MARGIN, end - len(cell.text), min(used + gap - 1, most - len(cell.text)))
                    line = fill(line, start, styles("text", background))
                    line.append(styles.segment(cell.text, cell.role, background))
                    used = start + len(cell.text)
                    continue
            used += gap + room
            begin = len(line)
            if calm:
                cell = dimmed(cell)
            if marks.fired and column.id == "symbol":
                cell = cell._replace(role="warning")
            self._add_cell(line, column, cell, gap, room, background)
            if column.source:
                cached[column.id] = line[begin:]
        if self._layout.grew or used > width:
            return fill(line, width, styles("text", background))
        line.append(styles.segment(" " * (width - used), "text", background))
        return line

    def _cached(self, row: RowFigures, manner: _Manner) -> tuple[dict[str, StyledLine], set[str | None]]:
        """Returns the cached cells of a row, and the sources that are unchanged since they were drawn."""
        i = row.instrument
        before, quote = self._cache.get(i), i.day_quote
        if before is None or before.manner != manner:
            self._cache[i] = _CachedCells(i.depth, quote, manner, {})
            return self._cache[i].cells, set()
        same: set[str | None] = {"symbol"}
        if before.depth is i.depth:
            same.add("depth")
        if before.quote is quote:
            same.add("quote")
        self._cache[i] = _CachedCells(i.depth, quote, manner, before.cells)
        return before.cells, same

    def _direction(self, row: RowFigures, background: str) -> Segment:
        """Returns the sign of the last price move: bright if the latest trade moved the price, else dim."""
        i, sign = row.instrument, direction_sign(row)
        role = "text"
        if sign == "⊘":
            role = "warning"
        elif sign != " ":
            bright = i.last_trade_moved and not _is_calm(row) and "last" not in row.old
            role = ("up" if i.direction > 0 else "down") if bright else "faint"
        return self._styles.segment(sign, role, background)

    def _add_cell(self, line: StyledLine, column: Column, cell: Cell, gap: int, room: int, background: str) -> None:
        """Add a cell and the blanks before it to the line; a cell with too little room widens its column."""
        styles, text = self._styles, cell.text
        if column.max_width:
            line.append(styles.segment(" " * gap + text, cell.role, background))
            return
        after = ""
        if column.point_aligned and (point := text.find(".")) >= 0:
            digits = len(text) - point - 1
            after = " " * (self._layout.fraction_digits(column, digits) - digits)
        needed = len(text) + len(after)
        if needed > room:
            # It pushes the cells right of it for this once: all rows are drawn again with a wider column.
            self._layout.widen(column, needed)
        before = " " * (gap + room - needed)
        if column.left_aligned:
            before, after = " " * gap, " " * (room - needed)
        # A blank shows no text colour, so it joins the text next to it: fewer pieces to draw and to write.
        if not cell.lit:
            line.append(styles.segment(f"{before}{text}{after}", cell.role, background, bold=cell.bold))
            return
        line.append(styles.segment(before + text[: -cell.lit], cell.role, background, bold=cell.bold))
        if not cell.glow:
            line.append(styles.segment(text[-cell.lit :] + after, "faint", background))
            return
        line.append(styles.segment(text[-cell.lit :], cell.role, cell.glow, bold=cell.bold))
        if after:
            line.append(styles.segment(after, "text", background))


def _is_calm(row: RowFigures) -> bool:
    """Returns True if the figures hold and need no attention: the exchange is closed, or a replay stands."""
    return row.status is DataStatus.CLOSED or row.context.standing
