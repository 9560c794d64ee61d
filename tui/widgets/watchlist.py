"""The grid of followed symbols.

Rows are built when they are painted, and painted when their symbol changed, their flash ended or their age reads
differently. Column widths only ever grow while a list stands, so that nothing jumps and no number is cut.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui import format as fmt
from tui.market import Instrument, Market
from tui.market.money import currency
from tui.market.row import RowState, row_state
from tui.market.spark import span
from tui.widgets.columns import (
    BY_ID,
    DEFAULT,
    FLASH,
    SPARKS,
    WORD_STATES,
    Cell,
    Column,
    Moment,
    Row,
    age_cell,
    choose,
    hour,
    make_row,
)
from tui.widgets.look import Look
from tui.widgets.pane import Line, Pane, fill, width_of

_MARGIN = 3  # the cursor's bar, ▲ or ▼, and a blank


class Watchlist(Pane, can_focus=True):
    """The grid. `show` gives it the symbols, `sync` a frame's changes, `selected` tells the row of the cursor."""

    cursor: reactive[int] = reactive(0, repaint=False, init=False)
    """Index of the selected row."""

    columns: reactive[tuple[str, ...]] = reactive(DEFAULT, repaint=False, init=False)
    """The ids of the columns to show, from left to right, as far as there is room for them."""

    class Selected(Message):
        """The cursor went to another symbol, or to none."""

        def __init__(self, instrument: Instrument | None) -> None:
            super().__init__()
            self.instrument = instrument

    def __init__(self, look: Look, market: Market, name: str) -> None:
        super().__init__(look, id="watchlist")
        self._market = market
        self._list_name = name
        self._rows: list[Instrument] = []
        self._index: dict[Instrument, int] = {}
        self._top = 0
        self._widths: dict[str, int] = {}
        self._points: dict[str, int] = {}  # by column: characters behind the point that its numbers are aligned on
        self._columns: list[Column] = []
        self._flashing: set[Instrument] = set()
        self._ages: dict[Instrument, str] = {}
        self._span = 1.0
        self._spark = SPARKS[-1]
        self._gap = 1  # blanks between two columns
        self._slack = 0  # cells left over, put before the last column
        self._mixed = False
        self._now = 0.0
        self._proven = False

    @property
    def rows(self) -> list[Instrument]:
        """The symbols shown, in order."""
        return self._rows

    @property
    def selected(self) -> Instrument | None:
        return self._rows[self.cursor] if 0 <= self.cursor < len(self._rows) else None

    @property
    def flash_ends(self) -> float | None:
        """When the first flash on the screen is over, s monotonic; None without one."""
        return min((i.last_changed_at + FLASH for i in self._flashing), default=None)

    def show(self, rows: Sequence[Instrument], select: Instrument | None = None) -> None:
        """Show these rows; the cursor goes to `select`, else stays with its symbol, else near where it was."""
        keep = select or self.selected
        self._rows = list(rows)
        self._index = {instrument: n for n, instrument in enumerate(self._rows)}
        self._mixed = len({currency(instrument.symbol.region).code for instrument in self._rows}) > 1
        self._widths.clear()
        self._points.clear()
        self._flashing.clear()
        self._ages.clear()
        position = self._index.get(keep, self.cursor) if keep else self.cursor
        self.cursor = max(0, min(position, len(self._rows) - 1))
        self._scroll_to_cursor()
        self.update_lines()
        self.post_message(self.Selected(self.selected))

    # --- frames ---

    def sync(self, changed: set[Instrument], now: float, proven: bool) -> None:
        """A frame: repaint the visible rows among `changed`, and those whose flash is over."""
        self._now = now
        if proven != self._proven:
            self._proven = proven
            self.update_lines()
            return
        over = {i for i in self._flashing if now - i.last_changed_at >= FLASH}
        self._flashing -= over
        self._repaint(changed | over)

    def tick(self, now: float) -> None:
        """Once a second: repaint rows whose age or state reads differently now, and rescale the sparklines."""
        self._now = now
        scale = span(hour(row.bars, row.bars.version, self._spark) for row in self._rows)
        if scale != self._span:
            self._span = scale
            self.update_lines()
            return
        self._repaint({i for i in self._visible() if age_cell(self._row(i)).text != self._ages.get(i)})

    def _visible(self) -> list[Instrument]:
        return self._rows[self._top : self._top + self._page]

    @property
    def _page(self) -> int:
        return max(0, self.inner_height - 1)

    def _repaint(self, instruments: set[Instrument]) -> None:
        if len(self._drawn) != self.size.height:
            return
        dirty: list[Region] = []
        width, grew = self.size.width, False
        top, bottom = self._top, self._top + self._page
        for instrument in instruments:
            n = self._index.get(instrument)
            if n is None or not top <= n < bottom:
                continue
            before = dict(self._widths), dict(self._points)
            line = self._row_line(n, width - 2)
            grew = grew or before != (self._widths, self._points)
            y = n - top + 2
            framed = [self._drawn[y][0], *line, self._drawn[y][-1]]
            if framed != self._drawn[y]:
                self._drawn[y] = framed
                self._strips[y] = Strip(framed, width)
                dirty.append(Region(0, y, width, 1))
        if dirty:
            self.refresh(*dirty)
        if grew:
            self.update_lines()

    # --- drawing ---

    def title(self) -> tuple[Line, Line]:
        look = self.style
        count = f"{len(self._rows)} symbol{'' if len(self._rows) == 1 else 's'}"
        name = look.segment(self._list_name, "text", bold=True)
        return [name, look.segment(f" · {count}", "muted")], []

    def thumb(self) -> range:
        rows, page = len(self._rows), self._page
        if rows <= page or not page:
            return range(0)
        length = max(1, page * page // rows)
        start = 1 + (page - length) * self._top // (rows - page)
        return range(start, start + length)

    def body(self, width: int, height: int) -> list[Line]:
        look = self.style
        if not self._rows:
            hint = "press a to add symbols"
            blank = [[look.segment("", "text")]] * (height // 2)
            return [*blank, [look.segment(hint.center(width), "muted")]] if width > len(hint) else []
        for _ in range(3):
            # Building rows may widen a column, which may push another one out: settle before the header is drawn.
            known = dict(self._widths), dict(self._points)
            self._columns = choose([BY_ID[id] for id in self.columns], self._widths, width - _MARGIN - 1)
            self._spread_out(width - _MARGIN - 1)
            rows = [self._row_line(n, width) for n in range(self._top, min(len(self._rows), self._top + self._page))]
            if (self._widths, self._points) == known:
                break
        return [self._header(), *rows]

    def _spread_out(self, room: int) -> None:
        """What room is left goes to wider gaps, then to the columns that can use it: the sparklines as far as the hour
        divides evenly."""
        between = max(0, len(self._columns) - 1)
        self._slack = room - between - sum(self._least(column) for column in self._columns)
        self._gap = 2 if self._slack >= between else 1
        self._slack -= between * (self._gap - 1)
        for column in self._columns:
            if column.most:
                width = min(column.most, column.width + self._slack)
                if column.id == "hour":
                    width = self._spark = next((cells for cells in SPARKS if cells <= width), SPARKS[-1])
                self._widths[column.id] = width
                self._slack -= width - column.width

    def _least(self, column: Column) -> int:
        return column.width if column.most else self._width(column)

    def _pad(self, column: Column) -> int:
        """Blanks before a column."""
        if column is self._columns[0]:
            return 0
        return self._gap + (self._slack if column is self._columns[-1] else 0)

    def _width(self, column: Column) -> int:
        return max(column.width, self._widths.get(column.id, 0))

    def _header(self) -> Line:
        text = " " * _MARGIN
        for column in self._columns:
            width = self._width(column)
            text += " " * self._pad(column) + (column.title.ljust(width) if column.left else column.title.rjust(width))
        return [self.style.segment(text, "muted")]

    def _row(self, instrument: Instrument) -> Row:
        age = self._market.age(instrument, self._now)
        moment = Moment(self._now, self._market.exchange_time(self._now), self._span, self._spark, self._mixed)
        return make_row(instrument, row_state(instrument, age, self._proven), age, moment)

    def _row_line(self, n: int, width: int) -> Line:
        look, instrument = self.style, self._rows[n]
        instrument.learn_precision()
        row = self._row(instrument)
        selected = n == self.cursor
        ground = "cursor" if selected else "background"
        if self._now - instrument.last_changed_at < FLASH:
            self._flashing.add(instrument)
        line: Line = [look.segment("▌" if selected else " ", "accent" if self.has_focus else "muted", ground)]
        line += [*self._glyph(row, ground), look.segment(" ", "text", ground)]
        for column in self._columns:
            cell = column.cell(row)
            if column.id == "age":
                self._ages[instrument] = cell.text
                if row.state in WORD_STATES:
                    # A word with or instead of the age: it may cover what stands left of it, so that nothing moves.
                    room = self._width(column) + self._pad(column)
                    line = fill(line, max(_MARGIN, width_of(line) + room - len(cell.text)), look("text", ground))
                    line.append(look.segment(cell.text, cell.role, ground))
                    continue
            line += self._cell(column, cell, ground)
        return fill(line, width, look("text", ground))

    def _glyph(self, row: Row, ground: str) -> Line:
        """The direction of the last move: bright where the latest trade moved the price, dim where it did not."""
        i, look = row.instrument, self.style
        if row.state is RowState.STALE:
            return [look.segment("⊘", "warning", ground)]
        if not i.direction:
            return [look.segment(" ", "text", ground)]
        role = ("up" if i.direction > 0 else "down") if i.moved else "faint"
        return [look.segment("▲" if i.direction > 0 else "▼", role, ground)]

    def _cell(self, column: Column, cell: Cell, ground: str) -> Line:
        look, text = self.style, cell.text
        if column.most:
            cell = cell._replace(text=(text := fmt.clip(text, self._width(column))))
        elif column.point and "." in text:
            behind = len(text) - text.index(".") - 1
            most = self._points[column.id] = max(self._points.get(column.id, 0), behind)
            text += " " * (most - behind)
        if not column.most:
            self._widths[column.id] = max(self._widths.get(column.id, 0), len(text))
        width = self._width(column)
        before = " " * (self._pad(column) + (0 if column.left else width - len(text)))
        after = text[len(cell.text) :] + " " * (width - len(text) if column.left else 0)
        # Blanks look the same in every colour, so they join the text beside them: fewer pieces to draw and to send.
        if not cell.lit:
            return [look.segment(before + cell.text + after, cell.role, ground, bold=cell.bold)]
        head, tail = before + cell.text[: -cell.lit], cell.text[-cell.lit :]
        line = [look.segment(head, cell.role, ground, bold=cell.bold)]
        if cell.glow:
            line.append(look.segment(tail, cell.role, cell.glow, bold=cell.bold))
            return [*line, look.segment(after, "text", ground)] if after else line
        return [*line, look.segment(tail + after, "faint", ground)]

    def watch_columns(self) -> None:
        self.update_lines()

    # --- moving ---

    def watch_cursor(self) -> None:
        self._scroll_to_cursor()
        self.update_lines()
        self.post_message(self.Selected(self.selected))

    def move(self, by: int) -> None:
        """Move the cursor by rows, stopping at either end."""
        self.cursor = max(0, min(len(self._rows) - 1, self.cursor + by))

    def action_move(self, where: str) -> None:
        page = max(1, self._page - 1)
        everything = len(self._rows)
        steps = {"down": 1, "up": -1, "page_down": page, "page_up": -page, "first": -everything, "last": everything}
        self.move(steps[where])

    def _scroll_to_cursor(self) -> None:
        page = self._page
        if page:
            self._top = max(self.cursor - page + 1, min(self._top, self.cursor))
            self._top = max(0, min(self._top, len(self._rows) - page))

    def on_resize(self) -> None:
        self._scroll_to_cursor()
        super().on_resize()

    def on_focus(self) -> None:
        self.update_lines()

    def on_blur(self) -> None:
        self.update_lines()

    def on_click(self, event: events.Click) -> None:
        n = self._top + event.y - 2
        if event.y >= 2 and self._top <= n < min(len(self._rows), self._top + self._page):
            self.cursor = n

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._scroll(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._scroll(-1)

    def _scroll(self, by: int) -> None:
        """The wheel moves the view and not the cursor, whose symbol the other panes show."""
        self._top = max(0, min(self._top + by, len(self._rows) - self._page))
        self.update_lines()
