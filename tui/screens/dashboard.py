"""The dashboard: the watchlist, the selected symbol's ladder and chart, and the bars above and below."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.widgets import Static

from tui.config.key_table import KeyBinding
from tui.feed.state import LinkState
from tui.market import PORTION, Instrument, Market
from tui.reference.fund_names import FundNames
from tui.screens.layout import LEAST_HEIGHT, LEAST_WIDTH, PANES, arrange
from tui.terminal.ansi import Piece
from tui.terminal.direct_paint import DirectPaint
from tui.terminal.textual_private import BaseScreen
from tui.widgets.add_field import AddField, Suggestions
from tui.widgets.chart.chart import MinuteChart
from tui.widgets.field import Field
from tui.widgets.find_field import FindField
from tui.widgets.footer import Footer
from tui.widgets.header import Header
from tui.widgets.ladder.ladder import DepthLadder
from tui.widgets.pane import Pane
from tui.widgets.quote_header import QuoteHeader
from tui.widgets.status_bar import StatusBar
from tui.widgets.styles import Styles
from tui.widgets.tape import TradeTape
from tui.widgets.watchlist.grid import Watchlist


class Dashboard(BaseScreen, inherit_bindings=False):
    """Composition and geometry. The app hands it frames by `sync` and seconds by `tick`."""

    DEFAULT_CSS = """
    Dashboard { background: $background; overflow: hidden; }
    Dashboard #main { width: 1fr; height: 1fr; }
    Dashboard #main > * { position: absolute; }
    Dashboard #too-small { display: none; width: 1fr; height: 1fr; content-align: center middle; }
    """

    class Ready(Message):
        """The dashboard is on the screen."""

    def __init__(
        self, look: Styles, market: Market, keys: Sequence[KeyBinding], suggestions: Suggestions, names: FundNames
    ) -> None:
        super().__init__(id="dashboard")
        self._market = market
        self.header = Header(look)
        self.watchlist = Watchlist(look, market, names, keys)
        self.ladder = DepthLadder(look, keys)
        self.chart = MinuteChart(look, keys)
        self.tape = TradeTape(look, keys)
        self.headline = QuoteHeader(look, market, names)
        self.status = StatusBar(look, market, keys)
        self.add_field = AddField(suggestions)
        self.find_field = FindField()
        self.footer = Footer(look, keys)
        self._too_small = Static(id="too-small", markup=False)
        self._panes: tuple[Pane, ...] = (self.headline, self.watchlist, self.ladder, self.chart, self.tape)
        self._main = Container(*self._panes, id="main")
        self.hidden: set[str] = set()
        """Panes the person does not want to see."""
        self.zoomed = ""
        """The pane that has the whole screen."""
        self.detail = False
        """Whether the screen is given to the selected symbol."""
        for pane in self._panes:
            pane.on_changed = self._lines_changed
        self.may_paint: Callable[[], bool] = lambda: True
        self.painted: Callable[[float], None] = lambda seconds: None
        """Told after each painting that no frame counts how long it took."""
        self.pressing = False
        """Whether what a key has changed waits to be painted: it goes before a frame."""
        self._flushing = False
        self._direct = DirectPaint(self)
        # What had no room in the frames before, the oldest first: rows of the grid, and whole panes beside it.
        self._owed_rows: dict[Instrument, None] = {}
        self._owed_panes: dict[Pane, None] = {}
        self._rows_were_last = False
        self._proven = False

    def compose(self) -> ComposeResult:
        yield self.header
        yield self._too_small
        yield self._main
        yield self.status
        yield self.footer

    def on_mount(self) -> None:
        self.apply_layout()
        self.watchlist.focus()
        self.post_message(self.Ready())

    def on_resize(self) -> None:
        self.apply_layout()

    def apply_layout(self) -> None:
        """Give every pane its place, as large as the terminal allows."""
        width, height = self.app.size
        boxes = arrange(width, height, self.hidden, self.zoomed, detail=self.detail)
        self._too_small.display = not boxes
        self._too_small.update(f"needs {LEAST_WIDTH}×{LEAST_HEIGHT}, has {width}×{height}")
        for part in (self.header, self._main, self.status):
            part.display = bool(boxes)
        self.footer.display = bool(boxes) and not (self.add_field.display or self.find_field.display)
        for pane in self._panes:
            box = boxes.get(pane.id or "")
            pane.display = box is not None
            if box is not None:
                pane.styles.offset = (box.x, box.y)
                pane.styles.width, pane.styles.height = box.width, box.height
        if self.focused is None or not self.focused.display:
            self.focus_pane()

    @property
    def flash_ends(self) -> float | None:
        """When the first of the lights on the screen is over, s monotonic; None without one."""
        ends = (
            self.headline.flash_ends if self.headline.display else None,
            self.watchlist.flash_ends if self.watchlist.display else None,
            self.ladder.tint_ends if self.ladder.display else None,
        )
        return min((end for end in ends if end is not None), default=None)

    def shows(self, pane: str) -> bool:
        """Whether a pane has found room on the screen."""
        return any(each.id == pane and each.display for each in self._panes)

    def toggle(self, pane: str) -> None:
        """Show or hide a pane; the last one stays."""
        self.zoomed = ""
        self.hidden ^= {pane}
        if self.hidden >= set(PANES):
            self.hidden.discard(pane)
        self.apply_layout()

    def zoom(self) -> None:
        """Give the focused pane the whole screen, or the others their places back."""
        focused = self.focused.id if self.focused in self._panes and self.focused is not None else None
        self.zoomed = "" if self.zoomed else focused or ""
        self.apply_layout()

    def show_detail(self, detail: bool) -> None:
        self.detail, self.zoomed = detail, ""
        self.apply_layout()
        self.focus_pane()

    def next_pane(self, by: int) -> None:
        """The next pane has the keys; where one is zoomed, it is the next."""
        shown = [pane for pane in self._panes if pane.can_focus and (pane.display or self.zoomed)]
        shown = [pane for pane in shown if pane.id not in self.hidden]
        if not shown:
            return
        at = shown.index(self.focused) if self.focused in shown else 0
        pane = shown[(at + by) % len(shown)]
        if self.zoomed:
            self.zoomed = pane.id or ""
            self.apply_layout()
        pane.focus()

    def focus_pane(self) -> None:
        """Give the keys to the watchlist, or to the first pane that is there."""
        for pane in self._panes:
            if pane.display and pane.can_focus:
                pane.focus()
                return

    @property
    def look(self) -> Styles | None:
        return self.watchlist.look

    def apply_styles(self, look: Styles) -> None:
        """Draw everything in another look."""
        for pane in self._panes:
            pane.look = look
        for bar in (self.header, self.status, self.footer):
            bar.look = look

    def show(self, name: str, rows: Sequence[Instrument], select: Instrument | None = None) -> None:
        """Show these symbols in the watchlist, as the list of that name."""
        self.status.symbols = len(rows)
        self.watchlist.show(name, rows, select)

    def names_learned(self) -> None:
        """More funds have a name now."""
        self.watchlist.names_learned()
        self.headline.update_lines()

    def open_add_field(self, text: str = "") -> None:
        """Show the field for symbols in the place of the footer, with the cursor in it."""
        self._open(self.add_field, text)

    def open_find_field(self) -> None:
        """Show the field that says which rows are shown, with what it says now."""
        self._open(self.find_field, self.watchlist.find)

    def _open(self, field: Field, text: str) -> None:
        self.footer.display = False
        if not field.is_attached:
            self.mount(field)
        field.open(text)

    def close_fields(self) -> None:
        """Back to the panes; the grid keeps showing what was found."""
        for field in (self.add_field, self.find_field):
            if field.display:
                field.close()
        self.footer.display = True
        if self.focused not in self._panes:
            self.focus_pane()

    @on(events.DescendantFocus)
    def leave_fields(self) -> None:
        """Tab or a click gave the keys to a pane: in a field left open neither letters nor Esc would arrive."""
        if self.focused in self._panes:
            self.close_fields()

    @on(Watchlist.Selected)
    def follow_selection(self, event: Watchlist.Selected) -> None:
        for pane in (self.headline, self.ladder, self.chart, self.tape):
            pane.instrument = event.instrument
        self._keep_hours()

    def _keep_hours(self) -> None:
        """Show the clock and the session of the selected symbol's exchange, by the hours that are known now."""
        if (selected := self.chart.instrument) is not None:
            self.header.place = selected.symbol.region
        self.header.hours = self._market.calendar(self.header.place)

    def _sample(self, now: float) -> None:
        """Measure all instruments in the course of the next second."""
        instruments = list(self._market.instruments.values())
        portions = [instruments[at : at + PORTION] for at in range(0, len(instruments), PORTION)]
        for n, some in enumerate(portions):
            if n:
                after = n / len(portions)
                asyncio.get_running_loop().call_later(after, self._market.sample, now + after, some)
            else:
                self._market.sample(now, some)

    def link_changed(self, state: LinkState, demo: bool) -> None:
        self.status.link = state
        self.header.demo = demo
        self._keep_hours()

    def sync(self, changed: set[Instrument], now: float, proven: bool, lines: int | None = None) -> None:
        """A frame: hand the changes to the panes that are on the screen. Where it may draw but few `lines`, it draws so
        many rows of the grid, or one other pane; the rest has its turn in the next frames, with what is known then."""
        self._proven = proven
        panes = [pane for pane in (self.headline, self.ladder, self.chart, self.tape) if pane.display]
        self._owed_rows.update(dict.fromkeys(self.watchlist.on_screen(changed)))
        self._owed_panes.update(dict.fromkeys(pane for pane in panes if pane.instrument in changed))
        rows, due = self._turn(lines)
        self._flushing = True  # at the end of this, for all panes together
        self.watchlist.sync(rows, now, proven)
        for pane in panes:
            news = {pane.instrument} if pane in due and pane.instrument is not None else set()
            pane.sync(news, now, proven)
        self._paint()

    def _lines_changed(self) -> None:
        """A pane has lines to paint: it is done for all of them together, when what is going on now is over."""
        if not self._flushing:
            self._flushing = True
            self.call_next(self.flush)

    def flush(self) -> None:
        """Paint what has changed, as soon as the terminal may take it."""
        self.pressing = not self.may_paint()
        if not self.pressing:
            self._paint()

    def _paint(self) -> None:
        """Paint the lines of the panes that changed: directly, or by Textual where something may cover them."""
        self._flushing = self.pressing = False
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
        if bars and self._can_paint_directly and self.may_paint():
            self._direct.write_dirty([piece for bar in bars if bar.display for piece in bar.pieces([0])])

    def _turn(self, lines: int | None) -> tuple[set[Instrument], set[Pane]]:
        """Which rows and which panes are drawn in this frame."""
        rows, panes = list(self._owed_rows), list(self._owed_panes)
        if lines is not None:
            beside = panes and (self._rows_were_last or not rows)
            rows, panes = ([], panes[:1]) if beside else (rows[:lines], [])
        self._rows_were_last = bool(rows)
        for row in rows:
            del self._owed_rows[row]
        for pane in panes:
            del self._owed_panes[pane]
        return set(rows), set(panes)

    @property
    def has_backlog(self) -> bool:
        """Whether changes are left to draw that had no room in the last frame."""
        return bool(self._owed_rows or self._owed_panes)

    def paint(self) -> None:
        began = time.perf_counter()
        self._paint_bars()
        super().paint()
        self.painted(time.perf_counter() - began)

    def tick(self, now: float, lines: int | None = None) -> None:
        """Once a second: ages, the clock, the figures of the status bar. `lines` as for a frame."""
        self._market.health.sample(now)
        self.status.now = now
        self._keep_hours()
        self.header.time = self._market.exchange_time(now) if self._market.wall_base else 0.0
        self.chart.time = self.header.time
        self.header.delay = self._market.clock.delay() or 0.0
        if self.status.link is not None and self.status.link.is_live:
            self._sample(now)
        self._owed_rows.update(dict.fromkeys(self.watchlist.tick(now)))
        for pane in (self.headline, self.ladder):
            if pane.display:
                pane.tick(now)
        if self._owed_rows and self.may_paint():
            self.sync(set(), now, self._proven, lines)
