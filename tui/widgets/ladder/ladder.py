"""The order book of the selected symbol: asks above, from the highest down, the spread between, bids below.

On a floating ladder the spread stays in the middle and prices pass by it. On a static ladder each price keeps its row,
missing levels are empty rows, and the best bid and ask move.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from textual.message import Message
from textual.reactive import reactive

from tui import format as fmt
from tui.config.key_table import KEYS, KeyBinding
from tui.market import Instrument
from tui.market.entitlements import describe_refusal
from tui.market.money import currency_of
from tui.market.price_axis import PriceAxis
from tui.terminal.textual_private import set_bindings
from tui.widgets.bindings import bindings
from tui.widgets.empty_body import empty_body, none_of_pair
from tui.widgets.ladder.cost_table import cost_table
from tui.widgets.ladder.level_cursor import LevelCursor
from tui.widgets.ladder.rows import (
    LadderGeometry,
    LadderRow,
    LevelCell,
    RowDrawer,
    ladder_geometry,
    ladder_header,
    level_cells,
)
from tui.widgets.ladder.scroll import LadderScroll
from tui.widgets.ladder.spread_line import SIDE_ROLES, in_ticks, spread_line
from tui.widgets.ladder.tracked_book import TrackedBook, book_age
from tui.widgets.ladder.traded_column import TradedCell, TradedColumn
from tui.widgets.pane import StyledLine, SymbolPane, width_of
from tui.widgets.styles import Styles
from tui.widgets.volume_words import volume_words


class DepthLadder(SymbolPane, can_focus=True):
    """The ladder. Its bars share one origin, the price, and one scale; it has as many levels as arrived and fit."""

    static: reactive[bool] = reactive(False, repaint=False, init=False)
    """True if each price keeps its row."""

    square_root: reactive[bool] = reactive(False, repaint=False, init=False)
    """True if bars are as long as the square root of the size."""

    amount: reactive[float | None] = reactive(None, repaint=False, init=False)
    """What to trade, in units of the fund or in money, for the cost table; None hides the table."""

    money: reactive[bool] = reactive(False, repaint=False, init=False)
    """True if `amount` is in the symbol's trade currency."""

    volume_at_price: reactive[bool] = reactive(False, repaint=False, init=False)
    """True if what was traded at each price is shown in place of the cumulative sizes."""

    class Changed(Message):
        """A key changed `static` or `square_root`."""

    class SizeRequested(Message):
        """The key for the size to trade was pressed."""

    def __init__(self, styles: Styles, keys: Sequence[KeyBinding] = KEYS) -> None:
        super().__init__(styles, "ladder")
        set_bindings(self, bindings(keys, "ladder"))
        self.flash = True
        """True if levels whose size changed are tinted for TINT seconds."""
        self._now = 0.0
        self._is_link_live = False
        self._drawn_age = ""  # of an old book
        self._book = TrackedBook(0.0)
        self._scrolling = LadderScroll()
        self._cursor = LevelCursor()
        self._cursor_row: int | None = None  # in the rows of prices as last drawn; negative above them
        self._row_count = 0
        self._traded: TradedColumn | None = None  # as last drawn
        self._rows = RowDrawer()

    # --- frames ---

    def watch_instrument(self) -> None:
        self._book = TrackedBook(self._now)
        self._scrolling = LadderScroll()
        self._cursor = LevelCursor()
        self.update_lines()

    def watch_static(self) -> None:
        self._scrolling.restart()
        self.update_lines()

    def watch_square_root(self) -> None:
        self.update_lines()

    def watch_volume_at_price(self) -> None:
        self.update_lines()

    def watch_amount(self) -> None:
        self.update_lines()

    def watch_money(self) -> None:
        self.update_lines()

    @property
    def tint_ends(self) -> float | None:
        """The time at which the first tint on the screen ends, s monotonic; None without one."""
        return self._book.tint_ends

    def sync(self, changed: set[Instrument], now: float, is_link_live: bool) -> None:
        """Redraw for a frame if the shown symbol changed or a tint ended. `now` in s monotonic."""
        self._now = now
        ends = self.tint_ends
        if self.instrument in changed or is_link_live != self._is_link_live or (ends is not None and ends <= now):
            self._is_link_live = is_link_live
            self.update_lines()

    def tick(self, now: float) -> None:
        """Redraw once a second if the age of an old book has another text."""
        self._now = now
        if book_age(self.instrument, now) != self._drawn_age:
            self.update_lines()

    def update_lines(self) -> None:
        if self.instrument is not None:
            self._book.update(self.instrument, self._now, tint=self.flash)
        super().update_lines()

    @property
    def _is_live(self) -> bool:
        return self._is_link_live and not self._drawn_age and not self.standing

    # --- keys ---

    def action_ladder_up(self) -> None:
        self._act(lambda: self._scroll(-1), "the book has no higher prices")

    def action_ladder_down(self) -> None:
        self._act(lambda: self._scroll(1), "the book has no lower prices")

    def action_ladder_centre(self) -> None:
        self._act(self._centre, "the spread is in the middle already")

    def _centre(self) -> None:
        self._scrolling.centre()
        self.update_lines()

    def action_ladder_cursor_up(self) -> None:
        self._move_cursor(-1, "the book shown has no higher level")

    def action_ladder_cursor_down(self) -> None:
        self._move_cursor(1, "the book shown has no lower level")

    def _move_cursor(self, by: int, otherwise: str) -> None:
        """Move the cursor to the next level, and scroll it into view; or say why that is not possible."""
        if not self._cursor.move(self._book, by):
            self.post_message(self.CannotAct("there is no order book yet" if self._book.is_empty else otherwise))
            return
        self.update_lines()
        if (row := self._cursor_row) is not None and not 0 <= row < self._row_count:
            self._scroll(row if row < 0 else row + 1 - self._row_count)

    @property
    def escape_layer(self) -> tuple[str, Callable[[], None]] | None:
        return ("Hide cursor", self._hide_cursor) if self._cursor.price is not None else None

    def _hide_cursor(self) -> None:
        self._cursor.price = None
        self.update_lines()

    def _act(self, scroll: Callable[[], None], otherwise: str) -> None:
        """Scroll, or say why that shows nothing else."""
        before = self._scrolling.position
        scroll()
        if self._book.is_empty:
            self.post_message(self.CannotAct("there is no order book yet"))
        elif self._scrolling.position == before:
            self.post_message(self.CannotAct(otherwise))

    def action_ladder_static(self) -> None:
        self.static = not self.static
        self.post_message(self.Changed())

    def action_ladder_root(self) -> None:
        self.square_root = not self.square_root
        self.post_message(self.Changed())

    def action_ladder_size(self) -> None:
        self.post_message(self.SizeRequested())

    def _scroll(self, by: int) -> None:
        self._scrolling.scroll(by, self._now)
        self.update_lines()

    # --- drawing ---

    def title(self) -> tuple[StyledLine, StyledLine]:
        styles, instrument = self.theme_styles, self.instrument
        self._drawn_age = book_age(instrument, self._now)
        if instrument is None:
            return [styles.segment("depth", "muted")], []
        short = styles.symbol(instrument.symbol)
        full = [*short, styles.segment(" depth · static" if self.static else " depth", "muted")]
        if self.static:  # also in the short form: a static ladder must not be read as a floating one
            short.append(styles.segment(" static", "muted"))
        room = self.size.width - 9
        for words, role in self._status_words(instrument):
            right = [styles.segment(words, role)] if words else []
            for left in (full, short):
                if width_of([*left, *right]) <= room:
                    return left, right
        return short, right

    def _status_words(self, instrument: Instrument) -> Iterator[tuple[str, str]]:
        """Yields the state of the book or its spread, with the role, from the longest form to the shortest."""
        book, bbo = self._book, self._book.bbo
        if book.is_empty:
            yield "", "muted"
        elif not self._is_link_live:
            yield "" if self.starting else "stale", "warning"
        elif self._drawn_age:
            yield f"no book for {self._drawn_age}", "warning"
        elif bbo is None:
            yield book.fault, "muted" if book.is_indicative else "warning"
        else:
            money, ticks = fmt.price(bbo.spread, book.decimals), in_ticks(instrument, *bbo)
            bp = f"{bbo.bp:.1f} bp"
            yield f"spread {money}{ticks} · {bp}", "muted"
            yield f"{money}{ticks} · {bp}", "muted"
            yield f"{money} · {bp}", "muted"
            yield bp, "muted"

    def note(self) -> StyledLine:
        """Returns what stands in the book up to the cursor, else what all the trades come to."""
        if self.instrument is None or self._book.is_empty:
            return []
        forms = self._cursor.words(self._book, currency_of(self.instrument.symbol.region))
        if not forms and self._traded is not None:
            forms = volume_words(self.instrument, delta_first=True)
        return self.fitting_note(forms, "text" if self._is_live else "muted")

    def body(self, width: int, height: int) -> list[StyledLine]:
        instrument, book = self.instrument, self._book
        if instrument is None:
            return []
        if book.is_empty:
            refusal = instrument.refused.get("depth")
            missing = "no book" if instrument.depth else "no book yet"
            reason = describe_refusal("order book", refusal) if refusal else none_of_pair(instrument, "book") or missing
            return empty_body(self.theme_styles, instrument, self.trouble, reason, width, height)
        foot = self._cost_table(instrument, width, height)
        head = height - len(foot) >= 6
        rows = height - len(foot) - head
        # Room for more levels than the book has ever had stands around the ladder, which keeps its place meanwhile.
        spare = 0 if self.static else max(0, rows - 2 * book.most_levels - 1)
        rows -= spare
        above = spare // 2
        if spare and foot:
            above, foot = (spare - 1) // 2, [[], *foot]
        prices = [level.price for level in (*book.asks, *book.bids)]
        if instrument.last is not None:
            prices.append(instrument.last)
        axis = None
        if self.static:
            axis = self._axis(instrument, rows - 1)
            prices += [price for price in map(axis.price, range(axis.rows)) if price > 0]
            book.widen(instrument, prices)
        geometry = ladder_geometry(width, max(len(fmt.price(price, book.decimals)) for price in prices))
        self._cursor_row = None
        self._traded = TradedColumn(instrument, book.decimals) if self.volume_at_price else None
        asks = level_cells(book.asks, geometry, book.scale, book.tinted_asks, square_root=self.square_root)
        bids = level_cells(book.bids, geometry, book.scale, book.tinted_bids, square_root=self.square_root)
        spread = spread_line(self.theme_styles, book, instrument, geometry, width, live=self._is_live)
        if axis is None:
            lines, out_of_sight = self._floating_lines(instrument, geometry, rows, asks, bids, spread)
        else:
            lines, out_of_sight = self._static_lines(instrument, geometry, axis, asks, bids, spread)
        mark = "~" if self._traded is not None and self._traded.is_inferred else ""
        titles = ("CUM", "CUM") if self._traded is None else (f"{mark}BOUGHT", f"{mark}SOLD")
        header = ladder_header(self.theme_styles, geometry, out_of_sight, titles, square_root=self.square_root)
        return [*([[]] * above), *([header] if head else []), *lines, *foot]

    def _cost_table(self, instrument: Instrument, width: int, height: int) -> list[StyledLine]:
        """Returns the cost of `amount`. With less room its headings are left out first, its figures after the ladder's
        header."""
        if not self.amount or height < 6:
            return []
        book = self._book
        return cost_table(
            self.theme_styles,
            width,
            book.asks,
            book.bids,
            book.bbo,
            self.amount,
            self.money,
            currency_of(instrument.symbol.region),
            book.decimals,
            self._is_live,
            headings=height >= 13,
        )

    def _floating_lines(
        self,
        i: Instrument,
        geometry: LadderGeometry,
        rows: int,
        asks: list[LevelCell],
        bids: list[LevelCell],
        spread: StyledLine,
    ) -> tuple[list[StyledLine], int]:
        """Returns consecutive levels around the spread, and where the spread is: 1 above the rows, -1 below, 0 in
        sight."""
        book, middle = self._book, self._scrolling.spread_row(rows, len(asks), len(bids))
        self._row_count, cursor = rows, self._cursor
        for sign, side in ((-1, book.asks), (1, book.bids)):
            at = next((n for n, level in enumerate(side) if cursor.is_at(level.price)), None)
            if at is not None:
                self._cursor_row = middle + sign * (at + 1)
        lines: list[StyledLine] = []
        for y in range(rows):
            n = abs(y - middle) - 1
            is_ask = y < middle
            levels, cells = (book.asks, asks) if is_ask else (book.bids, bids)
            if n < 0:
                lines.append(spread)
            elif n >= len(levels):
                lines.append([])
            else:
                price = levels[n].price
                text, role = fmt.price(price, book.decimals), self._price_role(price, is_ask)
                ask, bid = (cells[n], None) if is_ask else (None, cells[n])
                marks = self._mark(i, price), ask, bid, cursor.is_at(price), self._traded_cell(price)
                lines.append(self._line(LadderRow(text, role, n == 0, *marks), geometry))
        return lines, (middle < 0) - (middle >= rows)

    def _axis(self, i: Instrument, rows: int) -> PriceAxis:
        book = self._book
        return self._scrolling.axis(
            [level.price for level in book.asks],
            [level.price for level in book.bids],
            rows,
            grid=i.precision.grid,
            decimals=book.decimals,
            tick=i.precision.tick_size or 0.0,
            now=self._now,
        )

    def _static_lines(
        self,
        i: Instrument,
        geometry: LadderGeometry,
        axis: PriceAxis,
        asks: list[LevelCell],
        bids: list[LevelCell],
        spread: StyledLine,
    ) -> tuple[list[StyledLine], int]:
        """Returns a row for each price with the spread's line below, and where the best bid and ask are: 1 above the
        rows, -1 below, 0 in sight."""
        book = self._book
        self._row_count = axis.rows
        if self._cursor.price is not None:
            self._cursor_row = axis.row(self._cursor.price)
        at_ask = {axis.row(level.price): n for n, level in enumerate(book.asks)}
        at_bid = {axis.row(level.price): n for n, level in enumerate(book.bids)}
        lines: list[StyledLine] = []
        for y in range(axis.rows):
            n, m = at_ask.get(y, -1), at_bid.get(y, -1)
            price = axis.price(y)
            row = LadderRow(
                fmt.price(price, book.decimals) if price > 0 else "",
                self._price_role(price, n >= 0) if n >= 0 or m >= 0 else "faint",
                n == 0 or m == 0,
                self._mark(i, price),
                asks[n] if n >= 0 else None,
                bids[m] if m >= 0 else None,
                self._cursor.is_at(price),
                self._traded_cell(price),
            )
            lines.append(self._line(row, geometry))
        nearest = [next(iter(side)) for side in (at_ask, at_bid) if side]
        return [*lines, spread], (max(nearest) < 0) - (min(nearest) >= axis.rows)

    def _traded_cell(self, price: float) -> TradedCell | None:
        return self._traded.cell(price) if self._traded is not None else None

    def _line(self, row: LadderRow, geometry: LadderGeometry) -> StyledLine:
        return self._rows.line(row, geometry, self.theme_styles, live=self._is_live)

    def _price_role(self, price: float, is_ask: bool) -> str:
        if not self._is_live:
            return "muted"
        book = self._book
        if book.is_locked_or_crossed and book.asks[0].price <= price <= book.bids[0].price:
            return "warning"
        return "down" if is_ask else "up"

    def _mark(self, i: Instrument, price: float) -> str:
        """Returns the role of the last trade's mark; "" if that trade had another price."""
        if i.last is None or abs(price - i.last) > 1e-6:
            return ""
        return SIDE_ROLES[self._book.last_side[-1:]] if self._is_live else "muted"
