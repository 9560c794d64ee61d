"""Small charts of several symbols of the list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from textual import events
from textual.message import Message
from textual.reactive import reactive

from tui.market import Instrument
from tui.watchlist.row_figures import RowFigures
from tui.widgets.chart.chart import MinuteChart
from tui.widgets.chart.small_chart import SmallChart
from tui.widgets.pane import Pane, StyledLine
from tui.widgets.styles import Styles

_LEAST_WIDTH, _LEAST_HEIGHT = 30, 8  # cells and lines of a chart that the room is divided by
_LEAST_INTERVAL = 5  # minutes of a slot: the last hour stands in the list already
_MOST = 3  # charts side by side, and above each other


class SmallCharts(Pane):
    """As many charts as fit, of the part of the list around the cursor; at most nine, each with one cached picture.
    A frame redraws the figures in the borders of what changed, the second's tick the pictures. `figures` returns rows
    as the list has them; the interval is the large chart's, if that is not too short."""

    per_side: reactive[int] = reactive(0, repaint=False, init=False)
    """Charts side by side and above each other; 0: as many as fit."""

    class Pressed(Message):
        """The chart of a symbol was clicked."""

        def __init__(self, instrument: Instrument) -> None:
            super().__init__()
            self.instrument = instrument

    def __init__(
        self, styles: Styles, chart: MinuteChart, figures: Callable[[Iterable[Instrument]], list[RowFigures]]
    ) -> None:
        super().__init__(styles, "charts")
        self._chart = chart
        self._figures = figures
        self._list: Sequence[Instrument] = ()
        self._cursor = 0
        self._shown: list[Instrument] = []
        self._charts: list[SmallChart] = []
        self._lines: list[list[StyledLine]] = []  # of each chart, as last drawn
        self._changed: set[Instrument] = set()  # since they were drawn
        self._is_link_live = False

    def on_mount(self) -> None:
        self.watch(self._chart, "interval", self.update_lines, init=False)

    def watch_per_side(self) -> None:
        self.update_lines()

    def show(self, rows: Sequence[Instrument], cursor: int) -> None:
        """Show the part of these rows that has the row `cursor`."""
        if rows is not self._list or cursor != self._cursor:
            before = self._selected
            self._list, self._cursor = rows, cursor
            if self._visible() != self._shown:
                self.update_lines()
            else:
                self._redraw({each for each in (before, self._selected) if each is not None})

    def add_changed(self, changed: set[Instrument]) -> bool:
        """Remember which of the charts changed; returns True if any is to be drawn."""
        if not self.display:
            return False
        self._changed.update(changed.intersection(self._shown))
        return bool(self._changed)

    def sync(self, due: bool, is_link_live: bool) -> None:
        """Redraw for a frame: if `due`, the figures of the charts that changed."""
        if is_link_live != self._is_link_live:
            self._is_link_live = is_link_live
            self.update_lines()
        elif due:
            changed, self._changed = self._changed, set()
            self._redraw(changed, only_borders=True)

    def tick(self) -> None:
        """Redraw once a second the pictures, and ages."""
        self._redraw(self._shown)

    # --- geometry ---

    @property
    def _selected(self) -> Instrument | None:
        return self._list[self._cursor] if self._cursor < len(self._list) else None

    def _grid(self) -> tuple[int, int]:
        """Returns the charts side by side and above each other."""
        columns = self.per_side or max(1, min(_MOST, self.size.width // _LEAST_WIDTH))
        rows = self.per_side or max(1, min(_MOST, self.size.height // _LEAST_HEIGHT))
        return columns, min(rows, -(-len(self._list) // columns))

    def _visible(self) -> list[Instrument]:
        columns, rows = self._grid()
        page = columns * rows
        first = min(self._cursor // page * page, max(0, len(self._list) - page)) if page else 0
        return list(self._list[first : first + page])

    def _row_of(self, n: int) -> range:
        """Returns the charts of a row; those of the last one share its width, few as they are."""
        columns, _ = self._grid()
        return range(n * columns, min((n + 1) * columns, len(self._shown)))

    # --- drawing ---

    def _framed(self, width: int, height: int) -> list[StyledLine]:
        """Returns all lines: each chart has a border of its own, the pane has none."""
        shown = self._visible()
        if shown != self._shown:
            by_symbol = dict(zip(self._shown, self._charts, strict=True))
            self._shown = shown
            self._charts = [by_symbol.get(i) or SmallChart() for i in shown]
        self._changed.clear()
        self._lines = [[]] * len(shown)
        for at, row in enumerate(self._figures(shown)):
            self._draw(at, row)
        columns, rows = self._grid()
        return [self._joined(n, y) for n in range(rows) for y in range(len(self._lines[n * columns]))]

    def _redraw(self, instruments: Iterable[Instrument], *, only_borders: bool = False) -> None:
        """Redraw the charts of these symbols."""
        if not self.display or not self._drawn or len(self._drawn) != self.size.height:
            return  # it has no size yet, or not been drawn at this one
        at = {instrument: n for n, instrument in enumerate(self._shown)}
        for row in self._figures([instrument for instrument in instruments if instrument in at]):
            self._draw(at[row.instrument], row, only_borders=only_borders)
        (columns, rows), height = self._grid(), self.size.height
        for n in sorted({at[instrument] // columns for instrument in instruments if instrument in at}):
            top, bottom = height * n // rows, height * (n + 1) // rows - 1
            numbers = (top, bottom) if only_borders else range(top, bottom + 1)
            self.put_lines({y: self._joined(n, y - top) for y in numbers})

    def _draw(self, at: int, row: RowFigures, *, only_borders: bool = False) -> None:
        (width, height), (columns, rows) = self.size, self._grid()
        n, beside = at // columns, self._row_of(at // columns)
        x = at - beside.start
        cells = width * (x + 1) // len(beside) - width * x // len(beside)
        chart, interval = self._charts[at], max(_LEAST_INTERVAL, self._chart.interval)
        role = "muted" if row.instrument is self._selected else "border"
        if only_borders:
            lines = self._lines[at]
            lines[0], lines[-1] = chart.borders(self.theme_styles, row, interval, cells, role)
            return
        self._lines[at] = chart.draw(
            self.theme_styles,
            row,
            interval,
            cells,
            height * (n + 1) // rows - height * n // rows,
            is_link_live=self._is_link_live and not self.standing,
            trouble=self.trouble,
            edge_role=role,
        )

    def _joined(self, n: int, y: int) -> StyledLine:
        """Returns line `y` of a row of charts."""
        return [piece for at in self._row_of(n) for piece in self._lines[at][y]]

    def on_click(self, event: events.Click) -> None:
        _, rows = self._grid()
        if rows and (charts := self._row_of(min(rows - 1, event.y * rows // self.size.height))):
            self.post_message(self.Pressed(self._shown[charts[event.x * len(charts) // self.size.width]]))
