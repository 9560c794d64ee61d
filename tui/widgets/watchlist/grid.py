"""The watchlist: the grid of followed symbols.

Rows are built when they are painted, and painted when their symbol changed, their flash ended or their age has another
text. They are sorted once a second at most, and not while the link is not live.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual import events
from textual.message import Message
from textual.reactive import reactive

from tui import format as fmt
from tui.config.key_table import KEYS, KeyBinding, label_of
from tui.config.watchlists import LONGEST_NAME
from tui.market import Instrument, Market
from tui.market.data_status import data_status
from tui.reference.fund_names import FundNames
from tui.symbol import Symbol
from tui.watchlist.cells import FLASH, age_cell
from tui.watchlist.columns import BY_ID, DEFAULT, Column, shown_columns
from tui.watchlist.row_figures import RenderContext, RowFigures, has_extended, has_mixed_currencies, make_row
from tui.watchlist.sorting import HOLD, arrow, matching_instruments, sort_rows
from tui.watchlist.sparkline_scale import SparklineScale
from tui.widgets.pane import Pane, StyledLine
from tui.widgets.styles import Styles
from tui.widgets.watchlist.column_layout import ColumnLayout
from tui.widgets.watchlist.row_renderer import RowMarks, RowRenderer

_NOT_FOUND = ("", "Enter looks for it among all funds")
_EMPTY = ("press {add} to add symbols", "", "QQQ$US, 2800$HK, 510300$SH, QQQ/SPY", "or part of a name: gold, nasdaq")


class Watchlist(Pane, can_focus=True):
    """The grid. `show` gives it the symbols, `sync` the changes of a frame; `selected` is the cursor's row."""

    cursor: reactive[int] = reactive(0, repaint=False, init=False)
    """The index of the selected row."""

    columns: reactive[tuple[str, ...]] = reactive(DEFAULT, repaint=False, init=False)
    """The ids of the columns to show, from left to right, as far as they fit."""

    sort: reactive[str] = reactive("", repaint=False, init=False)
    """The id of the column to sort by, after `-` for the largest first; "" for the order in which rows were given."""

    find: reactive[str] = reactive("", repaint=False, init=False)
    """The words that a row's code or name must have to be shown."""

    class Selected(Message):
        """The cursor moved to another symbol, or to none."""

        def __init__(self, instrument: Instrument | None) -> None:
            super().__init__()
            self.instrument = instrument

    class WidthNeeded(Message):
        """The columns need another width than before."""

    class Opened(Message):
        """A row was double-clicked."""

    class HeaderPressed(Message):
        """A column's title was clicked; `column` is its id."""

        def __init__(self, column: str) -> None:
            super().__init__()
            self.column = column

    def __init__(self, styles: Styles, market: Market, names: FundNames, keys: Sequence[KeyBinding] = KEYS) -> None:
        super().__init__(styles, "watchlist")
        self._add_key = label_of(keys, "add")
        self._market = market
        self._names = names
        self.flash = True
        """True if digits that changed are highlighted for FLASH seconds."""
        self._list_name = ""
        self._given: list[Instrument] = []  # the rows of the list, before find and sort
        self._rows: list[Instrument] = []
        self._index: dict[Instrument, int] = {}
        self._marked: set[Instrument] = set()
        self._last_cursor: dict[str, Symbol | None] = {}  # by list, the selected symbol when another list was shown
        self._moved_at = -HOLD
        self._top = 0
        self._layout = ColumnLayout()
        self._width_needed = 0  # cells, as last posted
        self._renderer = RowRenderer(styles, self._layout)
        self._scale = SparklineScale()
        self._bar = (0, "muted")  # the cursor's row and its bar's role: cached, since reactives are slow to read
        self._flashing: set[Instrument] = set()
        self._minute = 0
        self._mixed_currencies = False
        self._has_extended = False
        self._now = 0.0
        self._is_link_live = False

    @property
    def rows(self) -> list[Instrument]:
        """The symbols shown, in order."""
        return self._rows

    @property
    def selected(self) -> Instrument | None:
        """The symbol of the cursor's row."""
        return self._rows[self.cursor] if 0 <= self.cursor < len(self._rows) else None

    @property
    def marked(self) -> list[Instrument]:
        """The marked symbols in the order given; without marks the selected one."""
        marked = [instrument for instrument in self._given if instrument in self._marked]
        return marked or ([self.selected] if self.selected is not None else [])

    @property
    def has_marks(self) -> bool:
        """True if any row is marked."""
        return bool(self._marked)

    @property
    def flash_ends(self) -> float | None:
        """The time at which the first flash on the screen ends, s monotonic; None without one."""
        return min((i.last_changed_at + FLASH for i in self._flashing), default=None)

    def show(self, name: str, rows: Sequence[Instrument], select: Instrument | None = None) -> None:
        """Show these rows as the list of that name. The cursor moves to `select`, else stays with its symbol, else near
        its place."""
        if name != self._list_name:
            # The symbol, not the instrument: a symbol followed again after a reconnect has another instrument.
            self._last_cursor[self._list_name] = self.selected.symbol if self.selected is not None else None
            last = self._last_cursor.get(name)
            select = select or next((row for row in rows if row.symbol == last), None)
            self._marked.clear()
            self._top = 0
            if select is None:
                self._set_rows([])
                self.set_reactive(Watchlist.cursor, 0)
        self._list_name = name
        self._given = list(rows)
        self._marked.intersection_update(rows)
        self._mixed_currencies = has_mixed_currencies(rows)
        self._find_extended()
        self._layout.reset()
        self._renderer.reset()
        self._flashing.clear()
        self._scale.reset(self._given, self._layout.spark_cells)
        self._arrange(select)

    def show_market(self, market: Market) -> None:
        """Show the same rows of another market, with cursor and marks as they are."""
        self._market = market
        self._given, rows, marked = (
            [row for i in instruments if (row := market.row(i.symbol)) is not None]
            for instruments in (self._given, self._rows, self._marked)
        )
        self._set_rows(rows)
        self._marked = set(marked)
        self._renderer.reset()
        self._flashing.clear()
        self._scale.reset(self._given, self._layout.spark_cells)
        self.update_lines()

    # --- order ---

    def _arrange(self, select: Instrument | None = None) -> None:
        """Sort the rows and redraw them; the cursor moves with its symbol."""
        before = self.selected
        target = select or before
        self._set_rows(self._ordered())
        at = self._index.get(target, self.cursor) if target is not None else self.cursor
        self.set_reactive(Watchlist.cursor, max(0, min(at, len(self._rows) - 1)))
        self._scroll_to_cursor()
        self.update_lines()
        if self.selected is not before or before is None:
            self.post_message(self.Selected(self.selected))

    def _ordered(self) -> list[Instrument]:
        rows = matching_instruments(self._given, self.find, self._names) if self.find else list(self._given)
        return sort_rows(self.figures_of(rows), self.sort) if self.sort else rows

    def _set_rows(self, rows: list[Instrument]) -> None:
        self._rows = rows
        self._index = {instrument: n for n, instrument in enumerate(rows)}

    def watch_sort(self) -> None:
        self._arrange()

    def watch_find(self) -> None:
        self._arrange()

    def watch_columns(self) -> None:
        self.update_lines()

    def refresh_names(self) -> None:
        """Draw, find and sort by the names known now."""
        self._renderer.clear_cache()
        if self.find or self.sort.removeprefix("-") == "name":
            self._arrange()
        else:
            self.update_lines()

    def figures(self) -> tuple[list[RowFigures], list[Column]]:
        """Returns the rows in their order, and the columns of the list."""
        return self.figures_of(self._rows), [BY_ID[id] for id in self.shown_columns]

    @property
    def shown_columns(self) -> tuple[str, ...]:
        """The ids of the columns to show, from left to right, as far as they fit."""
        return shown_columns(self.columns, self._has_extended)

    def _find_extended(self) -> bool:
        """Find out whether any row has moved outside regular hours; returns True if that has changed."""
        before, self._has_extended = self._has_extended, has_extended(self._given)
        return self._has_extended != before

    @property
    def width_needed(self) -> int:
        """Cells in which all chosen columns fit, borders included."""
        return self._layout.width_for(self.shown_columns) + 2

    def columns_without_room(self, width: int) -> set[str]:
        """Returns the ids of the chosen columns that do not fit into a pane of `width` cells."""
        return set(self.columns) - {column.id for column in self._layout.fitting(self.shown_columns, width - 2)}

    def mark(self) -> None:
        """Mark or unmark the selected row, and move to the next one."""
        if self.selected is not None:
            self._marked ^= {self.selected}
            self.move(1)
            self.update_lines()

    def clear_marks(self) -> None:
        """Unmark all rows."""
        self._marked.clear()
        self.update_lines()

    # --- frames ---

    def sync(self, changed: set[Instrument], now: float, is_link_live: bool) -> None:
        """Repaint for a frame: the visible rows among `changed`, and those whose flash ended. `now` in s monotonic."""
        self._now = now
        if is_link_live != self._is_link_live:
            self._is_link_live = is_link_live
            self.update_lines()
            return
        new = [i for i in changed if i in self._index and self._scale.is_unmeasured(i)]
        if new and self._scale.measure(new, self._layout.spark_cells):
            self.update_lines()
            return
        over = {i for i in self._flashing if now - i.last_changed_at >= FLASH}
        self._flashing -= over
        self._repaint(changed | over)

    def tick(self, now: float) -> set[Instrument]:
        """Update once a second: sort and rescale the sparklines; returns the rows whose age or state has another text
        now. Once a minute all rows are redrawn, for what ends by the clock alone: after hours, a date."""
        self._now = now
        if self.sort and self._is_link_live and now - self._moved_at >= HOLD and self._ordered() != self._rows:
            self._arrange()
            return set()
        portion = self._scale.next_portion(self._given)
        rescaled = self._scale.measure([*portion, *self._visible()], self._layout.spark_cells)
        minute = int(now // 60)
        if self._find_extended() or rescaled or minute != self._minute:
            self._minute = minute
            self.update_lines()
            return set()
        rows = self.figures_of(self._visible())
        return {row.instrument for row in rows if age_cell(row).text != self._renderer.drawn_age(row.instrument)}

    def on_screen(self, instruments: set[Instrument]) -> set[Instrument]:
        """Returns those whose rows are visible."""
        if not instruments or not self.display:
            return set()
        rows = range(self._top, self._top + self._page)
        return {instrument for instrument in instruments if self._index.get(instrument, -1) in rows}

    def _visible(self) -> list[Instrument]:
        return self._rows[self._top : self._top + self._page]

    @property
    def _page(self) -> int:
        return max(0, self.inner_height - 1)

    def _repaint(self, instruments: set[Instrument]) -> None:
        width, height = self.size
        if not instruments or len(self._drawn) != height:
            return
        top = self._top
        context = self._begin_rows()
        changed: dict[int, StyledLine] = {}
        for instrument in self.on_screen(instruments):
            n = self._index[instrument]
            y = n - top + 2
            before = self._drawn[y]
            changed[y] = [before[0], *self._draw_row(n, width - 2, context), before[-1]]
        if self._layout.grew:
            self.update_lines()
        else:
            self.put_lines(changed)

    # --- drawing ---

    def title(self) -> tuple[StyledLine, StyledLine]:
        styles, given = self.theme_styles, len(self._given)
        words = f" · {given} symbol{'' if given == 1 else 's'}"
        if self.find:
            words = f" · {len(self._rows)} of {given}"
        if self._marked:
            words += f" · {len(self._marked)} marked"
        line = [
            styles.segment(fmt.clip(self._list_name, LONGEST_NAME), "text", bold=True),
            styles.segment(words, "muted"),
        ]
        if self.find:
            line.append(styles.segment(f" · /{self.find}", "accent"))
        right: StyledLine = []
        if self.sort:
            column = BY_ID[self.sort.removeprefix("-")]
            right = [styles.segment(f"{column.title} {arrow(self.sort)}", "muted")]
        return line, right

    def thumb(self) -> range:
        rows, page = len(self._rows), self._page
        if rows <= page or not page:
            return range(0)
        length = max(1, page * page // rows)
        start = 1 + (page - length) * self._top // (rows - page)
        return range(start, start + length)

    def body(self, width: int, height: int) -> list[StyledLine]:
        styles = self.theme_styles
        if not self._rows:
            hints = [f"nothing here has '{self.find}' in it", *_NOT_FOUND] if self._given else _EMPTY
            hints = [hint.replace("{add}", self._add_key) for hint in hints if width > len(hint)][:height]
            blank = [[styles.segment("", "text")]] * ((height - len(hints) + 1) // 2)
            return [*blank, *([styles.segment(hint.center(width), "muted")] for hint in hints)]
        for _ in range(3):
            # Drawing rows may widen a column, which may push another one out: repeated until the places are final.
            if self._layout.arrange(self.shown_columns, width):
                self._renderer.clear_cache()
            context = self._begin_rows()
            visible = range(self._top, min(len(self._rows), self._top + self._page))
            rows = [self._draw_row(n, width, context) for n in visible]
            if not self._layout.grew:
                break
        if self._width_needed != (needed := self.width_needed):
            self._width_needed = needed
            self.post_message(self.WidthNeeded())
        return [self._layout.header(styles, self.sort), *rows]

    def _begin_rows(self) -> RenderContext:
        if self._layout.grew:
            self._renderer.clear_cache()
            self._layout.grew = False
        self._bar = (self.cursor, "accent" if self.has_focus else "muted")
        return self._render_context()

    def _render_context(self) -> RenderContext:
        time, layout = self._market.exchange_time(self._now), self._layout
        return RenderContext(
            self._now,
            time,
            self._scale.span,
            layout.spark_cells,
            self._mixed_currencies,
            self._names,
            self.flash,
            layout.name_cells,
            self.standing,
        )

    def figures_of(self, instruments: Iterable[Instrument]) -> list[RowFigures]:
        """Returns the rows of some symbols as they are now."""
        context = self._render_context()
        return [self._row(instrument, context) for instrument in instruments]

    def _row(self, instrument: Instrument, context: RenderContext) -> RowFigures:
        age = instrument.age(context.time)
        status = data_status(instrument, age, self._is_link_live, is_starting=self.starting)
        return make_row(instrument, status, age, context)

    def _draw_row(self, n: int, width: int, context: RenderContext) -> StyledLine:
        instrument = self._rows[n]
        instrument.infer_precision()
        if self.flash and context.now - instrument.last_changed_at < FLASH:
            self._flashing.add(instrument)
        cursor, bar_role = self._bar
        fired = instrument.symbol in self._market.alert_engine.unseen
        marks = RowMarks(n == cursor, bar_role, instrument in self._marked, fired)
        return self._renderer.draw(self._row(instrument, context), marks, width)

    def apply_styles(self, styles: Styles) -> None:
        self._renderer.apply_styles(styles)
        super().apply_styles(styles)

    # --- cursor and scrolling ---

    def watch_cursor(self, before: int, now: int) -> None:
        top = self._top
        self._scroll_to_cursor()
        if self._top != top:
            self.update_lines()
        else:
            self._repaint({self._rows[n] for n in (before, now) if 0 <= n < len(self._rows)})
        self.post_message(self.Selected(self.selected))

    def move(self, by: int) -> None:
        """Move the cursor by rows, as far as the first or the last."""
        self._moved_at = self._now
        self.cursor = max(0, min(len(self._rows) - 1, self.cursor + by))

    def move_to(self, instrument: Instrument) -> None:
        """Move the cursor to a symbol that is shown."""
        if (at := self._index.get(instrument)) is not None:
            self.move(at - self.cursor)

    def action_move(self, where: str) -> None:
        page = max(1, self._page - 1)
        rows = len(self._rows)
        steps = {"down": 1, "up": -1, "page_down": page, "page_up": -page, "first": -rows, "last": rows}
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
        if event.y == 1 and (column := self._layout.column_at(event.x - 1)) is not None:
            self.post_message(self.HeaderPressed(column))
        n = self._top + event.y - 2
        if event.y >= 2 and self._top <= n < min(len(self._rows), self._top + self._page):
            self._moved_at = self._now
            self.cursor = n
            if event.chain == 2:
                self.post_message(self.Opened())

    def _scroll(self, by: int) -> None:
        """Scroll the view without the cursor, whose symbol the other panes show."""
        self._top = max(0, min(self._top + by, len(self._rows) - self._page))
        self.update_lines()
