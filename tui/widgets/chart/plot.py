"""The plot of a chart: candles or a line, volume below, and the time axis."""

from __future__ import annotations

from tui.market.session_axis import find_slot
from tui.widgets.canvas import Canvas
from tui.widgets.chart import braille
from tui.widgets.chart.candles import Candle
from tui.widgets.chart.lines import LineLayer
from tui.widgets.chart.model import ChartModel
from tui.widgets.chart.time_plot import TimePlot, level
from tui.widgets.styles import Styles

_BLOCKS = " ▁▂▃▄▅▆▇█"


class Plot(TimePlot):
    """Draws a model on a canvas of `cells` cells: `rows` of prices, `volume_rows` below them, then the axis."""

    def __init__(self, model: ChartModel, styles: Styles, cells: int, rows: int, volume_rows: int) -> None:
        super().__init__(model, styles, cells, rows, volume_rows)
        self._model = model

    def draw(self, lines: LineLayer | None = None) -> Canvas:
        """Returns the canvas with everything drawn, `lines` on what the bars leave blank."""
        self._marks()
        self._volume()
        if self._model.candles:
            self._candles()
        else:
            self._line()
        self._average()
        if lines is not None:
            lines.draw_gaps(self._canvas, self._model.gaps, self._model.zone, self._cell)
            lines.draw(self._canvas, self._cell)
        self._close()
        self._crosshair()
        self._axis()
        return self._canvas

    def _cell(self, time: int) -> int:
        """Returns the cell in which the slot of a time (ms UTC) begins."""
        return self._x(find_slot(self._model.timeline.slots, time)) // 2

    def _line(self) -> None:
        """Draw a line through the closes, faint where a bar is incomplete; the cell of the newest price is highlighted
        while its bar is in progress."""
        model, style = self._model, self._styles(self._model.role if self._model.bars_live else "muted")
        closes = [bar.close if bar else None for bar in model.bars]
        incomplete = {self._x(slot) // 2 for slot in model.incomplete}
        strokes = [stroke for run in self._runs(closes) for stroke in braille.line(run)]
        for (x, y), character in braille.in_cells(strokes).items():
            self._canvas.put(x, y, character, self._styles("faint") if x in incomplete else style)
        if model.unfinished is not None and (close := closes[model.unfinished - model.view.first]) is not None:
            x = self._x(model.unfinished) // 2
            y = level(close, model.low, model.high, 4 * self._rows) // 4
            self._canvas.restyle(x, y, self._styles("text", bold=True))

    def _candles(self) -> None:
        model = self._model
        styles = [self._styles(role if model.bars_live else "muted") for role in ("down", "up")]
        open_style = self._styles("text", bold=True)  # neither up nor down yet
        faint = self._styles("faint")
        for slot, bar in enumerate(model.bars, model.view.first):
            if bar is None:
                continue
            top, bottom = sorted((self._half(bar.open), self._half(bar.close)))
            # An open or close outside of high and low, as some feeds send, extends the candle.
            candle = Candle(min(self._half(bar.high), top), top, bottom, max(self._half(bar.low), bottom))
            x, unfinished, incomplete = self._x(slot) // 2, slot == model.unfinished, slot in model.incomplete
            style = open_style if unfinished else faint if incomplete else styles[bar.close >= bar.open]
            for y, character in candle.cells(dashed=unfinished or incomplete):
                self._canvas.put(x, y, character, style)

    def _half(self, price: float) -> int:
        return level(price, self._model.low, self._model.high, 2 * self._rows)

    def _average(self) -> None:
        """Draw the running VWAP, a dot a cell, on blank cells."""
        model, style = self._model, self._styles("accent" if self._model.bars_live else "muted")
        within = [value if value is not None and model.low <= value <= model.high else None for value in model.average]
        strokes = [stroke for run in self._runs(within) for stroke in braille.line(run) if stroke[0] % 2 == 0]
        for (x, y), character in braille.in_cells(strokes).items():
            if self._canvas.is_blank(x, y):
                self._canvas.put(x, y, character, style)

    def _close(self) -> None:
        """Draw the previous close, dotted, on blank cells from the slot on at which it holds."""
        model = self._model
        if model.close is None:
            return
        y = level(model.close, model.low, model.high, 4 * self._rows) // 4
        start = self._x(model.today) // 2 if model.today >= model.view.first else 0
        for x in range(start, self._canvas.width):
            if self._canvas.is_blank(x, y):
                self._canvas.put(x, y, "┄", self._styles("grid"))

    def _volume(self) -> None:
        """Draw the volume as bars in eighths of a row; two slots of half a cell share one."""
        model, rows = self._model, self._rows_below
        if not rows:
            return
        finished = self._styles("grid")
        volumes: dict[int, float] = {}
        for slot, bar in enumerate(model.bars, model.view.first):
            if bar is not None:
                x = self._x(slot) // 2
                volumes[x] = volumes.get(x, 0.0) + bar.volume
        most = max(volumes.values(), default=0.0)
        newest = None if model.unfinished is None else self._x(model.unfinished) // 2
        for x, volume in volumes.items():
            # Sums of volumes may be infinite: min() turns the share, which is NaN then, into 1.
            height = max(1, round(8 * rows * min(1.0, volume / most))) if volume else 0
            style = self._styles("muted") if x == newest else finished
            for above in range(-(-height // 8)):
                self._canvas.put(x, self._rows + rows - 1 - above, _BLOCKS[min(8, height - 8 * above)], style)
