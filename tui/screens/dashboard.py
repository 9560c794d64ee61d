"""The dashboard: the watchlist, the selected symbol's panes, and the bars above and below."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.widgets import Static

from tui.config.key_table import KeyBinding
from tui.config.settings import Below
from tui.feed.state import LinkState
from tui.market import Instrument, Market
from tui.reference.fund_names import FundNames
from tui.screens.field_host import FieldHost
from tui.screens.layer import Layer
from tui.screens.layout import LEAST_HEIGHT, LEAST_WIDTH, PANES, Boxes, arrange
from tui.screens.paint_backlog import PaintBacklog
from tui.screens.sampling import sample_in_portions
from tui.secrets import safe_text
from tui.terminal.ansi import Piece
from tui.terminal.direct_paint import DirectPaint
from tui.widgets.chart.chart import MinuteChart
from tui.widgets.chart.small_charts import SmallCharts
from tui.widgets.depth_over_time.depth_over_time import DepthOverTime
from tui.widgets.footer import Footer, KeyContext
from tui.widgets.header import Header
from tui.widgets.ladder.ladder import DepthLadder
from tui.widgets.pane import Pane
from tui.widgets.quote_header import QuoteHeader
from tui.widgets.status_bar import StatusBar
from tui.widgets.styles import Styles
from tui.widgets.tape import TradeTape
from tui.widgets.watchlist.grid import Watchlist

if TYPE_CHECKING:
    from tui.widgets.add_field import Suggestions


class Dashboard(FieldHost, inherit_bindings=False):
    """The dashboard's composition and layout. The app calls `sync` with each frame and `tick` once a second."""

    DEFAULT_CSS = """
    Dashboard { background: $background; overflow: hidden; }
    Dashboard #main { width: 1fr; height: 1fr; }
    Dashboard #main > * { position: absolute; }
    Dashboard #too-small { display: none; width: 1fr; height: 1fr; content-align: center middle; }
    """

    class Ready(Message):
        """The dashboard was mounted."""

    def __init__(
        self, styles: Styles, market: Market, keys: Sequence[KeyBinding], suggestions: Suggestions, names: FundNames
    ) -> None:
        super().__init__(Footer(styles, keys), suggestions, "dashboard")
        self._market = market
        self.market = market
        """The market on the screen: the present one, or the copy of a frozen picture."""
        self.frozen_at: float | None = None
        """The time of the frozen picture, s monotonic; None while the present is shown."""
        self.header = Header(styles)
        self.watchlist = Watchlist(styles, market, names, keys)
        self.ladder = DepthLadder(styles, keys)
        self.chart = MinuteChart(styles, keys)
        self.charts = SmallCharts(styles, self.chart, self.watchlist.figures_of)
        self.tape = TradeTape(styles, market, keys)
        self.depth_over_time = DepthOverTime(styles, market, keys)
        self.quote_header = QuoteHeader(styles, market, names)
        self.status = StatusBar(styles, market, keys)
        self._too_small = Static(id="too-small", markup=False)
        self._of_symbol = (self.quote_header, self.ladder, self.chart, self.tape, self.depth_over_time)
        self._panes: tuple[Pane, ...] = (self.quote_header, self.watchlist, self.charts, *self._of_symbol[1:])
        self._main = Container(*self._panes, id="main")
        self.hidden: set[str] = set()
        """The ids of the panes that are switched off."""
        self.below: Below = "auto"
        """What stands below the list."""
        self.zoomed = ""
        """The id of the pane that has the whole screen."""
        self.detail = False
        """True if the screen is given to the selected symbol."""
        self._before_detail: Pane | None = None  # the pane that had the keys when the detail was opened
        for pane in self._panes:
            pane.on_changed = self._lines_changed
        self.can_paint: Callable[[], bool] = lambda: True
        """Returns True while the terminal keeps up."""
        self.on_painted: Callable[[float], None] = lambda seconds: None
        """Called after each painting outside a frame with the seconds it took."""
        self.paint_pending = False
        """True while changes made by a key wait to be painted, which they are before the next frame."""
        self._flushing = False
        self._direct = DirectPaint(self)
        self._backlog = PaintBacklog()
        self._is_link_live = False  # of what is shown
        self._is_feed_live = False

    def compose(self) -> ComposeResult:
        yield from (self.header, self._too_small, self._main, self.status, self.footer)

    def on_mount(self) -> None:
        self.apply_layout()
        self.watchlist.focus()
        self.post_message(self.Ready())

    def on_resize(self) -> None:
        self.apply_layout()

    def apply_layout(self) -> None:
        """Place and size the panes for the terminal's size."""
        width, height = self.app.size
        boxes = self._boxes(self.zoomed)
        self.charts.per_side = {"2x2": 2, "3x3": 3}.get(self.below, 0)
        self._too_small.display = not boxes
        self._too_small.update(f"needs {LEAST_WIDTH}×{LEAST_HEIGHT}, has {width}×{height}")
        for part in (self.header, self._main, self.status):
            part.display = bool(boxes)
        self.footer.display = bool(boxes) and not self.has_open_field
        for pane in self._panes:
            box = boxes.get(pane.id or "")
            pane.display = box is not None
            if box is not None:
                pane.styles.offset = (box.x, box.y)
                pane.styles.width, pane.styles.height = box.width, box.height
        if self.focused is None or not self.focused.display:
            self.focus_pane()
        self._update_footer()

    @property
    def top_layer(self) -> Layer | None:
        """What Esc takes away now; None if there is nothing."""
        grid = self.watchlist
        for pane in (self.chart, self.ladder, self.tape):
            if pane.display and (layer := pane.escape_layer) is not None:
                return Layer(*layer)
        if (depth := self.depth_over_time).display:
            return Layer("Live", depth.action_depth_live) if depth.is_held else Layer("Ladder", self.show_depth)
        if self.zoomed:
            return Layer("All panes", self.zoom)
        if grid.has_marks:
            return Layer("Unmark", grid.clear_marks)
        if grid.find:
            return Layer("All rows", partial(setattr, grid, "find", ""))
        if self.detail:
            return Layer("Watchlist", partial(self.show_detail, detail=False))
        if self.focused is not self._first_pane:
            return Layer("", self.focus_pane)
        return None

    def _update_footer(self) -> None:
        """Show the keys of what has them now."""
        label = layer.label if (layer := self.top_layer) is not None else ""
        id = "line" if self.chart.has_line else pane.id or "" if (pane := self.focused_pane) is not None else ""
        self.footer.context = KeyContext(id, label, self.status.replay_hints, self.detail)

    @property
    def shown_at(self) -> float:
        """The time of what is on the screen, s monotonic."""
        return self.status.now if self.frozen_at is None else self.frozen_at

    @property
    def focused_pane(self) -> Pane | None:
        """The pane that has the keys."""
        return next((pane for pane in self._panes if pane is self.focused), None)

    @property
    def _first_pane(self) -> Pane | None:
        return next((pane for pane in self._panes if pane.display and pane.can_focus), None)

    def _boxes(self, zoomed: str) -> Boxes:
        width, height = self.app.size
        needed, symbols = self.watchlist.width_needed, self.status.symbols
        return arrange(
            width, height, self.hidden, zoomed, self.below, detail=self.detail, watchlist_width=needed, symbols=symbols
        )

    @on(Watchlist.WidthNeeded)
    def make_room_for_columns(self) -> None:
        """Give the watchlist the width that its columns need now."""
        self.apply_layout()

    def columns_without_room(self, zoomed: bool = False) -> set[str]:
        """Returns the ids of the chosen columns that do not fit into the watchlist, or into the `zoomed` one; none
        while it is hidden."""
        box = self._boxes("watchlist" if zoomed else self.zoomed).get("watchlist")
        return self.watchlist.columns_without_room(box.width) if box is not None else set()

    @property
    def flash_ends(self) -> float | None:
        """The time at which the first flash or tint on the screen ends, s monotonic; None without one."""
        if self.frozen_at is not None:
            return None
        ends = [pane.flash_ends for pane in (self.quote_header, self.watchlist) if pane.display]
        ends += [self.ladder.tint_ends] * self.ladder.display
        return min((end for end in ends if end is not None), default=None)

    def shows(self, pane: str) -> bool:
        """Returns True if the pane has a place on the screen."""
        return any(each.id == pane and each.display for each in self._panes)

    @property
    def has_pane_below(self) -> bool:
        """True if a pane stands below the list."""
        boxes = self._boxes(self.zoomed)
        return "charts" in boxes or ("watchlist" in boxes and "chart" in boxes and not boxes["chart"].x)

    def arrange_panes(self, hidden: Iterable[str], below: Below) -> None:
        """Show all panes but the `hidden` ones, and this below the list."""
        self.hidden, self.below, self.detail, self.zoomed = set(hidden), below, False, ""
        self.apply_layout()

    def toggle(self, pane: str) -> None:
        """Switch a pane on or off; the last one stays."""
        self.zoomed = ""
        self.hidden ^= {pane}
        if self.hidden >= set(PANES):
            self.hidden.discard(pane)
        self.apply_layout()

    def zoom(self) -> None:
        """Give the focused pane the whole screen, or end that."""
        pane = self.focused_pane
        self.zoomed = "" if self.zoomed or pane is None else pane.id or ""
        self.apply_layout()

    def show_depth(self) -> None:
        """Give the whole screen to the depth over time, or back to all panes and the keys to the ladder."""
        self.zoomed = "" if self.depth_over_time.display else "depth_over_time"
        self.apply_layout()
        (self.depth_over_time if self.zoomed else self.ladder).focus()

    def show_detail(self, detail: bool) -> None:
        """Give the screen to the selected symbol, or back to the watchlist. The pane that has the keys keeps them, if
        it is there; back at the watchlist they are where they were before."""
        if detail:
            self._before_detail = self.focused_pane
        self.detail, self.zoomed = detail, ""
        self.apply_layout()
        if not detail and self._before_detail is not None and self._before_detail.display:
            self._before_detail.focus()

    def next_pane(self, by: int) -> bool:
        """Focus the next pane, the previous one if negative; a zoom moves along. Returns False if there is no other."""
        shown = [pane for pane in self._panes if pane.can_focus and (pane.display or self.zoomed)]
        shown = [pane for pane in shown if pane.id not in self.hidden and pane is not self.depth_over_time]
        if len(shown) < 2:
            return False
        at = shown.index(self.focused) if self.focused in shown else 0
        pane = shown[(at + by) % len(shown)]
        if self.zoomed:
            self.zoomed = pane.id or ""
            self.apply_layout()
        pane.focus()
        return True

    def focus_pane(self) -> None:
        """Focus the first visible pane, which is the watchlist if it is visible."""
        if (pane := self._first_pane) is not None:
            pane.focus()

    def apply_styles(self, styles: Styles) -> None:
        """Redraw in the colours of another theme."""
        for part in (*self._panes, self.header, self.status, self.footer):
            part.apply_styles(styles)

    def show(self, name: str, rows: Sequence[Instrument], select: Instrument | None = None) -> None:
        """Show these symbols in the watchlist as the list of that name, with the cursor at `select`."""
        self.watchlist.show(name, rows, select)
        if self.status.symbols != len(rows):
            self.status.symbols = len(rows)
            if self.is_mounted:
                self.apply_layout()  # the list leaves another room
        self._follow_list()
        self.chart.offer(rows)

    def refresh_names(self) -> None:
        """Redraw with the funds' names known now."""
        self.watchlist.refresh_names()
        self.quote_header.update_lines()

    def open_find_field(self) -> None:
        """Show the find field in place of the footer, with its present text, and focus it."""
        self.open_field(self.find_field, self.watchlist.find)

    def close_fields(self) -> None:
        """Hide the fields and focus a pane; the filter stays."""
        super().close_fields()
        if self.focused not in self._panes:
            self.focus_pane()

    @on(events.DescendantFocus)
    def leave_fields(self) -> None:
        """Close the fields when Tab or a click focused a pane: an open field without focus would get no keys."""
        if self.focused in self._panes:
            self.close_fields()
        self._update_footer()

    @on(Watchlist.Selected)
    def follow_selection(self, event: Watchlist.Selected) -> None:
        """Show the selected symbol in the other panes."""
        for pane in self._of_symbol:
            pane.instrument = event.instrument
        self._follow_list()
        self._update_clock()

    def _follow_list(self) -> None:
        """Show the small charts of the part of the list that has the cursor."""
        self.charts.show(self.watchlist.rows, self.watchlist.cursor)

    @on(SmallCharts.Pressed)
    def select_chart(self, event: SmallCharts.Pressed) -> None:
        """Move the cursor to the symbol of a small chart."""
        self.watchlist.move_to(event.instrument)

    def _update_clock(self) -> None:
        """Show the clock and the session of the selected symbol's exchange, by its calendar known now."""
        if (selected := self.chart.instrument) is not None:
            self.header.clock_region = selected.symbol.region
            self.header.trading = bool(selected.trading_until)
        self.header.calendar = self._market.calendar(self.header.clock_region)

    def show_market(self, frozen: Market | None, now: float) -> None:
        """Show a frozen picture of `now` (s, monotonic), from this copy of the market, or with None the present."""
        self.market, self.frozen_at = frozen or self._market, now if frozen is not None else None
        self.header.frozen = self.market.exchange_time(now) if frozen is not None else 0.0
        for pane in self._of_symbol:
            if (shown := pane.instrument) is not None:  # not as another symbol: its position stays
                pane.set_reactive(type(pane).instrument, self.market.row(shown.symbol))
        self.tape.market = self.quote_header.market = self.depth_over_time.market = self.market
        self.watchlist.show_market(self.market)
        self._follow_list()
        self.chart.show_market(self.market)
        self._backlog.clear()
        panes = [pane for pane in self._of_symbol if pane.display]
        self._backlog.add(self.watchlist.on_screen({*self.watchlist.rows}), panes)

    def link_changed(self, state: LinkState, demo: bool) -> None:
        """Show the link's new state; `demo` is True for our own exchange."""
        self._is_feed_live = state.is_live
        if self.frozen_at is not None:
            state = state._replace(standing="FROZEN")
        self.status.link = state
        trouble = "" if state.is_live or state.error is None else safe_text(f"{state.word}: {state.error}")
        for pane in self._panes:
            pane.starting = state.is_starting
            pane.standing, pane.trouble = bool(state.standing), trouble
        self.header.demo = demo
        self._update_clock()

    def sync(self, changed: set[Instrument], now: float, is_link_live: bool, lines: int | None = None) -> None:
        """Draw a frame: pass the changes to the visible panes. `now` in s monotonic. With a budget of `lines` it draws
        so many rows of the watchlist, or one other pane; the others follow in the next frames, as they are by then."""
        if self.frozen_at is not None:
            changed, now, is_link_live = set(), self.frozen_at, self._is_link_live
        self._is_link_live = is_link_live
        of_symbol = (pane for pane in self._of_symbol if pane.display and not changed.isdisjoint(pane.shown))
        due_panes: list[Pane] = [*of_symbol, *([self.charts] if self.charts.add_changed(changed) else [])]
        self._backlog.add(self.watchlist.on_screen(changed), due_panes)
        rows, due = self._backlog.take(lines)
        self._flushing = True  # painted below, for all panes together
        self.watchlist.sync(rows, now, is_link_live)
        self._follow_list()
        self.charts.sync(self.charts in due, is_link_live)
        for pane in self._of_symbol:  # the hidden ones too: what they are shown with is what is known now
            pane.sync(set(pane.shown) if pane in due else set(), now, is_link_live)
        self._paint()

    def _lines_changed(self) -> None:
        """Schedule the painting of changed lines for all panes together, after the present message was handled."""
        if not self._flushing:
            self._flushing = True
            self.call_next(self.flush)

    def flush(self) -> None:
        """Paint the changed lines, now or as soon as the terminal keeps up."""
        self.paint_pending = not self.can_paint()
        if not self.paint_pending:
            self._paint()
            self._update_footer()  # no frame changes what keys do

    def _paint(self) -> None:
        """Paint the lines of the panes that changed: directly, or by Textual if something may cover them."""
        self._flushing = self.paint_pending = False
        directly = self._can_paint_directly
        lines: list[Piece] = []
        for pane in self._panes:
            if not directly or not pane.display:
                pane.repaint()
            elif pane.changed:
                changed, pane.changed = sorted(pane.changed), set()
                lines += pane.pieces(changed)
        self._direct.write(lines)

    @property
    def _can_paint_directly(self) -> bool:
        return not (self.add_field.display or self.find_field.display) and self._direct.is_possible

    def _paint_bars(self) -> None:
        """Paint the bars around the panes, if nothing else is to be painted: for the clock and the status below Textual
        would draw every line between them."""
        bars = self._direct.only_dirty((self.header, self.status, self.footer))
        if bars and self._can_paint_directly and self.can_paint():
            self._direct.write_dirty([piece for bar in bars if bar.display for piece in bar.pieces([0])])

    def write_status(self) -> None:
        """Write the status bar at once, although the terminal has not caught up."""
        if self._can_paint_directly and self.status.display:
            self._direct.write(self.status.pieces([0]))

    @property
    def has_backlog(self) -> bool:
        """True if changes are left that the line budget of the last frame did not cover."""
        return bool(self._backlog)

    def paint(self) -> None:
        began = time.perf_counter()
        self._paint_bars()
        super().paint()
        # Each dialog keeps a picture of what lies below it. Textual renews only that of the topmost one, out of the old
        # picture of the dialog below it.
        for dialog in self.app.screen_stack[1:]:
            dialog.refresh()
        self.on_painted(time.perf_counter() - began)

    def tick(self, now: float, lines: int | None = None) -> None:
        """Update ages, the clock and the status bar once a second. `now` in s monotonic; `lines` as for `sync`."""
        self._market.health.sample(now)
        self.status.now = now
        self._update_clock()
        self._update_footer()
        self.header.time = self._market.exchange_time(now) if self._market.wall_base else 0.0
        self.header.delay = self._market.clock.delay() or 0.0
        if self._is_feed_live:
            sample_in_portions(self._market, now)
        now = self.shown_at
        self.chart.time = self.market.exchange_time(now) if self.market.wall_base else 0.0
        self._backlog.add(self.watchlist.tick(now))
        for pane in (self.quote_header, self.ladder, self.depth_over_time):
            pane.tick(now)
        self._follow_list()
        self.charts.tick()
        if self._backlog and self.can_paint():
            self.sync(set(), now, self._is_link_live, lines)
