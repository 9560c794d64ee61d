"""The plot of a chart: candles or a line, volume below, and the time axis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from tui.market.session_axis import DAY, SlotMark
from tui.widgets.canvas import Canvas
from tui.widgets.chart import braille
from tui.widgets.chart.candles import Candle
from tui.widgets.chart.model import ChartModel
from tui.widgets.styles import Styles

_BLOCKS = " ▁▂▃▄▅▆▇█"
_STEPS = (5, 10, 15, 30, 60, 120, 240, 480, 720)  # minutes between labels of the time axis
_LABEL_DISTANCE = 8  # cells from one label to the next, at least


def level(value: float, low: float, high: float, steps: int) -> int:
    """Returns the step of a price between `high`, which is step 0, and `low`; there are `steps` of them."""
    return round(min(1.0, max(0.0, (high - value) / (high - low))) * (steps - 1))


class Plot:
    """Draws a model on a canvas of `cells` cells: `rows` of prices, `volume_rows` below them, then the axis."""

    def __init__(self, model: ChartModel, styles: Styles, cells: int, rows: int, volume_rows: int) -> None:
        self._model, self._styles = model, styles
        self._rows, self._volume_rows = rows, volume_rows
        self._canvas = Canvas(cells, rows + volume_rows + 1, styles("text"))

    def draw(self) -> Canvas:
        """Returns the canvas with everything drawn."""
        self._marks()
        self._volume()
        if self._model.candles:
            self._candles()
        else:
            self._line()
        self._average()
        self._close()
        self._crosshair()
        self._axis()
        return self._canvas

    def _x(self, slot: int) -> int:
        """Returns the half cell of the screen at which a slot begins."""
        return self._model.timeline.at[slot] - self._model.view.left

    def _marks(self) -> None:
        """Draw a thin line at a break within a session, a dotted one where a session begins or ends."""
        timeline, view = self._model.timeline, self._model.view
        for slot in range(max(1, view.first), view.stop):
            mark, x = timeline.slots[slot].mark, self._x(slot) // 2 - 1
            if mark is not SlotMark.NONE and x >= 0:
                sign, style = ("│", self._styles("border")) if mark is SlotMark.BREAK else ("┊", self._styles("grid"))
                for y in range(self._rows + self._volume_rows):
                    self._canvas.put(x, y, sign, style)

    def _runs(self, values: Iterable[float | None]) -> Iterator[list[tuple[int, int]]]:
        """Yields the points of each run of slots without a gap."""
        model, run = self._model, list[tuple[int, int]]()
        at, width, left = model.timeline.at, model.timeline.width, model.view.left
        low, high, steps = model.low, model.high, 4 * self._rows
        for slot, value in enumerate(values, model.view.first):
            if run and (value is None or at[slot] - at[slot - 1] != width):
                yield run
                run = []
            if value is not None:
                run.append((at[slot] - left, level(value, low, high, steps)))
        if run:
            yield run

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
        model, rows = self._model, self._volume_rows
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

    def _crosshair(self) -> None:
        """Draw the crosshair from top to bottom, through the slot's half of its cells."""
        model = self._model
        if model.crosshair is None:
            return
        x, half = divmod(self._x(model.crosshair), 2)
        sign = braille.COLUMN[half] if model.timeline.width == 1 else "│"
        for y in range(self._rows + self._volume_rows):
            if self._canvas.is_blank(x, y):
                self._canvas.put(x, y, sign, self._styles("muted"))

    def _axis(self) -> None:
        """Draw the time axis: the exchange's times at round steps, dates where they change, and the crosshair's
        time."""
        model = self._model
        slots, width = model.timeline.slots, model.timeline.width
        if model.crosshair is not None:
            self._label_below(model.crosshair, "accent", bold=True)
        slots_apart = -(-2 * _LABEL_DISTANCE // width)  # slots from one label to the next, at least
        least = model.interval * slots_apart
        step = next((step for step in _STEPS if step >= least and step % model.interval == 0), _STEPS[-1])
        visible = range(model.view.first, model.view.stop)
        if model.interval == DAY:
            for slot in visible:
                if (len(slots) - 1 - slot) % slots_apart == 0:  # the newest one always
                    self._label_below(slot, "muted")
            return
        local = [model.zone.at(slots[slot].start) for slot in visible]
        for slot, (before, now) in zip(visible[1:], pairwise(local), strict=True):
            if now.date() != before.date():
                self._label(self._x(slot) // 2, f"{now:%m-%d}", "muted", bold=True)
        for slot, now in zip(visible, local, strict=True):
            if (60 * now.hour + now.minute) % step < model.interval:
                self._label(self._x(slot) // 2, self._time(slot), "muted")

    def _time(self, slot: int) -> str:
        """Returns when a slot begins: its time, or its date for an interval of a day."""
        start, _, date, _ = self._model.timeline.slots[slot]
        return f"{date:%m-%d}" if self._model.interval == DAY else f"{self._model.zone.at(start):%H:%M}"

    def _label_below(self, slot: int, role: str, *, bold: bool = False) -> None:
        """Draw a slot's time centred below it, as far as the edges allow."""
        text = self._time(slot)
        x = self._x(slot) // 2 - len(text) // 2
        self._label(max(0, min(x, self._canvas.width - len(text))), text, role, bold=bold)

    def _label(self, x: int, text: str, role: str, *, bold: bool = False) -> None:
        """Draw a label on the axis if it fits without touching another."""
        y, start = self._canvas.height - 1, max(0, x - 1)
        if x + len(text) <= self._canvas.width and self._canvas.is_blank(start, y, len(text) + 2):
            self._canvas.write(x, y, text, self._styles(role, bold=bold))
