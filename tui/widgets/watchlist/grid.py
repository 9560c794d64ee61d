"""The grid of followed symbols.

Rows are built when they are painted, and painted when their symbol changed, their flash ended or their age reads
differently. They are sorted anew once a second at most, and not while the link is unproven. Column widths only ever
grow while a list stands, so that nothing jumps and no number is cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.reactive import reactive

from tui import format as fmt
from tui.config.key_table import KEYS, KeyBinding, label_of
from tui.config.watchlists import LONGEST_NAME
from tui.market import PORTION, Instrument, Market
from tui.market.data_status import DataStatus, data_status
from tui.market.money import currency_of
from tui.market.sparkline import common_span, extent
from tui.protocol.messages import Depth, Quote
from tui.reference.fund_names import FundNames
from tui.symbol import Symbol
from tui.widgets.pane import Pane, StyledLine, fill
from tui.widgets.styles import Styles
from tui.widgets.watchlist.columns import (
    BY_ID,
    DEFAULT,
    FLASH,
    SPARKS,
    WORD_STATES,
    Cell,
    Column,
    RenderContext,
    RowFigures,
    age_cell,
    choose,
    dimmed,
    hour,
    make_row,
)
from tui.widgets.watchlist.sorting import HOLD, arrow, matching_instruments, sort_rows

_MARGIN = 3  # the cursor's bar, ▲ or ▼, and a blank


class _Kept(NamedTuple):
    """Of a row as it was last drawn: the cells by column, and what they were made of."""

    depth: Depth | None
    quote: Quote | None
    manner: tuple[int, bool, bool, str, bool]  # decimals, stale, closed, on which ground, an alert to be seen
    cells: dict[str, StyledLine]


class Watchlist(Pane, can_focus=True):
    """The grid. `show` gives it the symbols, `sync` a frame's changes, `selected` tells the row of the cursor."""

    cursor: reactive[int] = reactive(0, repaint=False, init=False)
    """Index of the selected row."""

    columns: reactive[tuple[str, ...]] = reactive(DEFAULT, repaint=False, init=False)
    """The ids of the columns to show, from left to right, as far as there is room for them."""

    sort: reactive[str] = reactive("", repaint=False, init=False)
    """The column to sort by, `-` in front for the largest first; "" for the order in which the rows were given."""

    find: reactive[str] = reactive("", repaint=False, init=False)
    """Only rows with these words in code or name are shown."""

    class Selected(Message):
        """The cursor went to another symbol, or to none."""

        def __init__(self, instrument: Instrument | None) -> None:
            super().__init__()
            self.instrument = instrument

    class Opened(Message):
        """A row was clicked twice."""

    class HeaderPressed(Message):
        """A column's title was clicked; `column` is its id."""

        def __init__(self, column: str) -> None:
            super().__init__()
            self.column = column

    def __init__(self, look: Styles, market: Market, names: FundNames, keys: Sequence[KeyBinding] = KEYS) -> None:
        super().__init__(look, id="watchlist")
        self._add = label_of(keys, "add")
        self._market = market
        self._names = names
        self.flash = True
        """Whether the digits that changed light up for a moment."""
        self._list_name = ""
        self._given: list[Instrument] = []
        self._rows: list[Instrument] = []
        self._marked: set[Instrument] = set()
        self._left: dict[str, Symbol | None] = {}  # by list, where the cursor was when another one was shown
        self._moved_at = -HOLD
        self._index: dict[Instrument, int] = {}
        self._top = 0
        self._widths: dict[str, int] = {}
        self._kept: dict[Instrument, _Kept] = {}
        self._bar = (0, "muted")  # the cursor's row and the colour of its bar, read once for many rows
        self._grew = False  # whether a number came that needs a wider column
        self._points: dict[str, int] = {}  # by column: characters behind the point that its numbers are aligned on
        self._columns: list[Column] = []
        self._flashing: set[Instrument] = set()
        self._ages: dict[Instrument, str] = {}
        self._span = 1.0
        self._wide: dict[Instrument, float] = {}  # how far each sparkline goes, in %
        self._measured = 0  # how many rows had their turn
        self._minute = 0
        self._spark = SPARKS[-1]
        self._places: list[tuple[Column, int, int]] = []  # each column, the blanks before it, and its width
        self._titles: list[tuple[int, int, str]] = []  # where each title begins and ends, and its column
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
    def marked(self) -> list[Instrument]:
        """The marked symbols, in the order given; the selected one where none is."""
        marked = [instrument for instrument in self._given if instrument in self._marked]
        return marked or ([self.selected] if self.selected is not None else [])

    @property
    def has_marks(self) -> bool:
        return bool(self._marked)

    @property
    def flash_ends(self) -> float | None:
        """When the first flash on the screen is over, s monotonic; None without one."""
        return min((i.last_changed_at + FLASH for i in self._flashing), default=None)

    def show(self, name: str, rows: Sequence[Instrument], select: Instrument | None = None) -> None:
        """Show these rows as the list of that name; the cursor goes to `select`, else stays with its symbol, else near
        where it was."""
        if name != self._list_name:
            # Not the instrument: a symbol followed anew, after a reconnect, has another one.
            self._left[self._list_name] = self.selected.symbol if self.selected is not None else None
            left = self._left.get(name)
            select = select or next((row for row in rows if row.symbol == left), None)
            self._marked.clear()
            self._top = 0
            if select is None:
                self._put([])
                self.set_reactive(Watchlist.cursor, 0)
        self._list_name = name
        self._given = list(rows)
        self._marked.intersection_update(rows)
        self._mixed = len({currency_of(instrument.symbol.region).code for instrument in rows}) > 1
        self._widths.clear()
        self._points.clear()
        self._kept.clear()
        self._flashing.clear()
        self._ages.clear()
        self._wide.clear()
        self._measured = 0
        self._span = self._scale(self._given)
        self._arrange(select)

    def _scale(self, rows: Iterable[Instrument]) -> float:
        """The vertical scale of the sparklines, the same for all; these rows are measured anew."""
        for row in rows:
            if len(row.bars):
                self._wide[row] = extent(hour(row.bars, row.bars.version, self._spark))
        return common_span(self._wide.values())

    def _arrange(self, select: Instrument | None = None) -> None:
        """Put the rows in order anew; the cursor goes with its symbol."""
        before = self.selected
        keep = select or before
        self._put(self._ordered())
        at = self._index.get(keep, self.cursor) if keep is not None else self.cursor
        self.set_reactive(Watchlist.cursor, max(0, min(at, len(self._rows) - 1)))
        self._scroll_to_cursor()
        self.update_lines()
        if self.selected is not before or before is None:
            self.post_message(self.Selected(self.selected))

    def _ordered(self) -> list[Instrument]:
        rows = matching_instruments(self._given, self.find, self._names) if self.find else list(self._given)
        return sort_rows(self._figured(rows), self.sort) if self.sort else rows

    def _put(self, rows: list[Instrument]) -> None:
        self._rows = rows
        self._index = {instrument: n for n, instrument in enumerate(rows)}

    def watch_sort(self) -> None:
        self._arrange()

    def watch_find(self) -> None:
        self._arrange()

    def figures(self) -> tuple[list[RowFigures], list[Column]]:
        """The rows as they stand, and the columns of the list."""
        return self._figured(self._rows), [BY_ID[id] for id in self.columns]

    def _figured(self, instruments: Iterable[Instrument]) -> list[RowFigures]:
        moment = self._at_this_moment()
        return [self._row(instrument, moment) for instrument in instruments]

    def mark(self) -> None:
        """Mark the selected row, or no longer, and go on to the next."""
        if self.selected is not None:
            self._marked ^= {self.selected}
            self.move(1)
            self.update_lines()

    def clear_marks(self) -> None:
        self._marked.clear()
        self.update_lines()

    # --- frames ---

    def sync(self, changed: set[Instrument], now: float, proven: bool) -> None:
        """A frame: repaint the visible rows among `changed`, and those whose flash is over."""
        self._now = now
        if proven != self._proven:
            self._proven = proven
            self.update_lines()
            return
        first = [i for i in changed if i in self._index and i not in self._wide and len(i.bars)]
        if first and (scale := self._scale(first)) != self._span:
            # The first bars of a symbol: until now nothing told how far its line would go.
            self._span = scale
            self.update_lines()
            return
        over = {i for i in self._flashing if now - i.last_changed_at >= FLASH}
        self._flashing -= over
        self._repaint(changed | over)

    def tick(self, now: float) -> set[Instrument]:
        """Once a second: rescale the sparklines, and tell the rows whose age or state reads differently now. Once a
        minute draw all rows, for what ends by the clock alone: after hours, a date."""
        self._now = now
        if self.sort and self._proven and now - self._moved_at >= HOLD and self._ordered() != self._rows:
            self._arrange()
            return set()
        # Of a long list some have their turn: what is not on the screen must not keep a frame waiting.
        some = self._given[self._measured : self._measured + PORTION]
        self._measured = self._measured + PORTION if len(some) == PORTION else 0
        scale = self._scale([*some, *self._visible()])
        minute = int(now // 60)
        if scale != self._span or minute != self._minute:
            self._span, self._minute = scale, minute
            self.update_lines()
            return set()
        rows = self._figured(self._visible())
        return {row.instrument for row in rows if age_cell(row).text != self._ages.get(row.instrument)}

    def on_screen(self, instruments: set[Instrument]) -> set[Instrument]:
        """Those of them that stand on the screen now."""
        return instruments.intersection(self._visible()) if self.display else set()

    def _visible(self) -> list[Instrument]:
        return self._rows[self._top : self._top + self._page]

    @property
    def _page(self) -> int:
        return max(0, self.inner_height - 1)

    def _repaint(self, instruments: set[Instrument]) -> None:
        if len(self._drawn) != self.size.height:
            return
        width, top = self.size.width, self._top
        moment = self._begin_rows()
        changed: dict[int, StyledLine] = {}
        for instrument in self.on_screen(instruments):
            n = self._index[instrument]
            y = n - top + 2
            before = self._drawn[y]
            changed[y] = [before[0], *self._row_line(n, width - 2, moment), before[-1]]
        if self._grew:
            self.update_lines()
        else:
            self.put_lines(changed)

    # --- drawing ---

    def title(self) -> tuple[StyledLine, StyledLine]:
        look, given = self.style, len(self._given)
        words = f" · {given} symbol{'' if given == 1 else 's'}"
        if self.find:
            words = f" · {len(self._rows)} of {given}"
        if self._marked:
            words += f" · {len(self._marked)} marked"
        line = [look.segment(fmt.clip(self._list_name, LONGEST_NAME), "text", bold=True), look.segment(words, "muted")]
        if self.find:
            line.append(look.segment(f" · /{self.find}", "accent"))
        right: StyledLine = []
        if self.sort:
            column = BY_ID[self.sort.removeprefix("-")]
            right = [look.segment(f"{column.title} {arrow(self.sort)}", "muted")]
        return line, right

    def thumb(self) -> range:
        rows, page = len(self._rows), self._page
        if rows <= page or not page:
            return range(0)
        length = max(1, page * page // rows)
        start = 1 + (page - length) * self._top // (rows - page)
        return range(start, start + length)

    def body(self, width: int, height: int) -> list[StyledLine]:
        look = self.style
        if not self._rows:
            hint = f"nothing here has '{self.find}' in it" if self._given else f"press {self._add} to add symbols"
            blank = [[look.segment("", "text")]] * (height // 2)
            return [*blank, [look.segment(hint.center(width), "muted")]] if width > len(hint) else []
        for _ in range(3):
            # Building rows may widen a column, which may push another one out: settle before the header is drawn.
            self._columns = self._fitting(width)
            self._spread_out(width - _MARGIN - 1)
            moment = self._begin_rows()
            shown = range(self._top, min(len(self._rows), self._top + self._page))
            rows = [self._row_line(n, width, moment) for n in shown]
            if not self._grew:
                break
        return [self._header(), *rows]

    def _fitting(self, width: int) -> list[Column]:
        return choose([BY_ID[id] for id in self.columns], self._widths, width - _MARGIN - 1)

    def left_out(self) -> set[str]:
        """The chosen columns that have no room where the list stands now; none where it does not stand."""
        return set(self.columns) - {column.id for column in self._fitting(self.inner_width)} if self.display else set()

    def _spread_out(self, room: int) -> None:
        """What room is left goes to wider gaps, then to the columns that can use it: the sparklines as far as the hour
        divides evenly."""
        between = max(0, len(self._columns) - 1)
        slack = room - between - sum(self._least(column) for column in self._columns)
        gap = 2 if slack >= between else 1
        slack -= between * (gap - 1)
        for column in self._columns:
            if column.most:
                width = min(column.most, column.width + slack)
                if column.id == "hour":
                    width = self._spark = next((cells for cells in SPARKS if cells <= width), SPARKS[-1])
                self._widths[column.id] = width
                slack -= width - column.width
        before, self._places = self._places, []
        for column in self._columns:
            pad = 0 if not self._places else gap
            pad += slack if pad and column is self._columns[-1] else 0
            self._places.append((column, pad, self._width(column)))
        if self._places != before:
            self._kept.clear()

    def _least(self, column: Column) -> int:
        return column.width if column.most else self._width(column)

    def _width(self, column: Column) -> int:
        return self._widths.get(column.id, column.width)

    def _header(self) -> StyledLine:
        look, x = self.style, _MARGIN
        line: StyledLine = [look.segment(" " * _MARGIN, "muted")]
        self._titles = []
        for column, pad, width in self._places:
            title, role = column.title, "muted"
            if column.id == self.sort.removeprefix("-"):
                role = "accent"
                sign = arrow(self.sort)
                # Its arrow stands where the title leaves room, if need be in the blanks before it.
                title = f"{title}{sign}" if column.left and len(title) < width else title
                title = f"{sign}{title}" if not column.left else title
            text = title.ljust(width) if column.left else title.rjust(width)
            line.append(look.segment(" " * (pad + width - len(text)) + text, role))
            self._titles.append((x + pad, x + pad + width, column.id))
            x += pad + width
        return line

    def _begin_rows(self) -> RenderContext:
        self._grew = False
        self._bar = (self.cursor, "accent" if self.has_focus else "muted")
        return self._at_this_moment()

    def _at_this_moment(self) -> RenderContext:
        time = self._market.exchange_time(self._now)
        name = self._widths.get("name", 0)
        return RenderContext(self._now, time, self._span, self._spark, self._mixed, self._names, self.flash, name)

    def _row(self, instrument: Instrument, moment: RenderContext) -> RowFigures:
        age = instrument.age(moment.time)
        return make_row(instrument, data_status(instrument, age, self._proven), age, moment)

    def _row_line(self, n: int, width: int, moment: RenderContext) -> StyledLine:
        look, instrument = self.style, self._rows[n]
        instrument.infer_precision()
        row = self._row(instrument, moment)
        selected = n == self._bar[0]
        ground = "cursor" if selected else "background"
        if self.flash and moment.now - instrument.last_changed_at < FLASH:
            self._flashing.add(instrument)
        line: StyledLine = [look.segment("▌" if selected else " ", self._bar[1], ground), self._glyph(row, ground)]
        fired = instrument.symbol in self._market.alert_engine.unseen
        if fired:
            line.append(look.segment("!", "background", "warning", bold=True))
        else:
            line.append(look.segment("✓" if instrument in self._marked else " ", "accent", ground))
        used, closed = _MARGIN, row.state is DataStatus.CLOSED
        kept, same = self._keep(row, ground, fired, closed)
        for column, pad, room in self._places:
            if column.of in same:
                line += kept[column.id]
                used += pad + room
                continue
            cell = column.cell(row)
            if column.id == "age":
                self._ages[instrument] = cell.text
                if row.state in WORD_STATES:
                    # A word with or instead of the age: it may cover what stands left of it, so that nothing moves.
                    start = max(_MARGIN, used + pad + room - len(cell.text))
                    line = fill(line, start, look("text", ground))
                    line.append(look.segment(cell.text, cell.role, ground))
                    used = start + len(cell.text)
                    continue
            used += pad + room
            begin = len(line)
            if closed:
                cell = dimmed(cell)
            if fired and column.id == "symbol":
                cell = cell._replace(role="warning")
            self._put_cell(line, column, cell, pad, room, ground)
            if column.of:
                kept[column.id] = line[begin:]
        if self._grew or used > width:
            return fill(line, width, look("text", ground))
        line.append(look.segment(" " * (width - used), "text", ground))
        return line

    def _keep(
        self, row: RowFigures, ground: str, fired: bool, closed: bool
    ) -> tuple[dict[str, StyledLine], set[str | None]]:
        """The cells that the row was last drawn with, and which of them are the same now."""
        i = row.instrument
        manner = (i.decimals, row.stale, closed, ground, fired)
        before = self._kept.get(i)
        if before is None or before.manner != manner:
            self._kept[i] = _Kept(i.depth, i.quote, manner, {})
            return self._kept[i].cells, set()
        same: set[str | None] = {"symbol"}
        if before.depth is i.depth:
            same.add("depth")
        if before.quote is i.quote:
            same.add("quote")
        self._kept[i] = _Kept(i.depth, i.quote, manner, before.cells)
        return before.cells, same

    def _glyph(self, row: RowFigures, ground: str) -> Segment:
        """The direction of the last move: bright where the latest trade moved the price, dim where it did not."""
        i, look = row.instrument, self.style
        if row.past is not None:
            return look.segment(" ", "text", ground)
        if row.stale:
            return look.segment("⊘", "warning", ground)
        if not i.direction:
            return look.segment(" ", "text", ground)
        bright = i.last_trade_moved and row.state is not DataStatus.CLOSED
        role = ("up" if i.direction > 0 else "down") if bright else "faint"
        return look.segment("▲" if i.direction > 0 else "▼", role, ground)

    def _put_cell(self, line: StyledLine, column: Column, cell: Cell, pad: int, room: int, ground: str) -> None:
        """Add a cell and the blanks before it; where it needs more room than its column has, remember that."""
        look, text = self.style, cell.text
        if column.most:
            line.append(look.segment(" " * pad + text, cell.role, ground))
            return
        after = ""
        if column.point and (point := text.find(".")) >= 0:
            behind, most = len(text) - point - 1, self._points.get(column.id, 0)
            if behind > most:
                self._points[column.id] = most = behind
                self._kept.clear()
                self._grew = True
            after = " " * (most - behind)
        needed = len(text) + len(after)
        if needed > room:
            # It stands further right for this once: all rows are drawn again with a wider column.
            self._widths[column.id] = max(needed, self._width(column))
            self._grew = True
        before = " " * (pad + room - needed)
        if column.left:
            before, after = " " * pad, " " * (room - needed)
        # Blanks look the same in every colour, so they join the text beside them: fewer pieces to draw and to send.
        if not cell.lit:
            line.append(look.segment(f"{before}{text}{after}", cell.role, ground, bold=cell.bold))
            return
        line.append(look.segment(before + text[: -cell.lit], cell.role, ground, bold=cell.bold))
        if not cell.glow:
            line.append(look.segment(text[-cell.lit :] + after, "faint", ground))
            return
        line.append(look.segment(text[-cell.lit :], cell.role, cell.glow, bold=cell.bold))
        if after:
            line.append(look.segment(after, "text", ground))

    def names_learned(self) -> None:
        """Draw the rows with them, and find and sort by them."""
        self._kept.clear()
        if self.find or self.sort.removeprefix("-") == "name":
            self._arrange()
        else:
            self.update_lines()

    def watch_look(self, look: Styles) -> None:
        self._kept.clear()
        super().watch_look(look)

    def watch_columns(self) -> None:
        self.update_lines()

    # --- moving ---

    def watch_cursor(self, before: int, now: int) -> None:
        top = self._top
        self._scroll_to_cursor()
        if self._top != top:
            self.update_lines()
        else:
            self._repaint({self._rows[n] for n in (before, now) if 0 <= n < len(self._rows)})
        self.post_message(self.Selected(self.selected))

    def move(self, by: int) -> None:
        """Move the cursor by rows, stopping at either end."""
        self._moved_at = self._now
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

    def on_click(self, event: events.Click) -> None:
        if event.y == 1:
            for start, end, column in self._titles:
                if start <= event.x - 1 < end:
                    self.post_message(self.HeaderPressed(column))
        n = self._top + event.y - 2
        if event.y >= 2 and self._top <= n < min(len(self._rows), self._top + self._page):
            self._moved_at = self._now
            self.cursor = n
            if event.chain == 2:
                self.post_message(self.Opened())

    def _scroll(self, by: int) -> None:
        """The wheel moves the view and not the cursor, whose symbol the other panes show."""
        self._top = max(0, min(self._top + by, len(self._rows) - self._page))
        self.update_lines()
