"""The picture of a chart: bars or a line, volume below them, and the time axis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tui.market.session_axis import DAY, SlotMark
from tui.market.sessions import Zone
from tui.protocol.messages import Kline
from tui.widgets.canvas import Canvas
from tui.widgets.chart import braille
from tui.widgets.chart.candles import Candle
from tui.widgets.chart.timeline import Timeline, View
from tui.widgets.styles import Styles

_BLOCKS = " ▁▂▃▄▅▆▇█"
_STEPS = (5, 10, 15, 30, 60, 120, 240, 480, 720)  # minutes between labels of the time axis
_APART = 8  # cells from one label to the next, at least


@dataclass(slots=True)
class ChartModel:
    """What is to be drawn. `bars` and `average` have an entry for each slot of the view, and are left out where two
    scenes are compared."""

    timeline: Timeline
    view: View
    bars: Sequence[Kline | None] = field(compare=False)
    average: Sequence[float | None] = field(compare=False)
    low: float  # the prices at the bottom and the top edge
    high: float
    least: float  # the lowest and the highest price of the bars
    most: float
    close: float | None  # the previous close, in force from the slot `today` on
    today: int
    role: str  # of the line
    proven: bool
    unfinished: int | None  # the slot whose bar is in progress
    crosshair: int | None
    interval: int  # minutes of a slot
    zone: Zone
    candles: bool


def level(value: float, low: float, high: float, steps: int) -> int:
    """The step that a price stands on, 0 at the top, of so many between `high` and `low`."""
    return round(min(1.0, max(0.0, (high - value) / (high - low))) * (steps - 1))


class Plot:
    """Draws a scene on a canvas: `rows` of prices, `volume_rows` below them, then the axis."""

    def __init__(self, scene: ChartModel, look: Styles, cells: int, rows: int, volume_rows: int) -> None:
        self.scene, self.look = scene, look
        self.rows, self.volume_rows = rows, volume_rows
        self.canvas = Canvas(cells, rows + volume_rows + 1, look("text"))

    def draw(self) -> Canvas:
        self._marks()
        self._volume()
        if self.scene.candles:
            self._candles()
        else:
            self._line()
        self._average()
        self._close()
        self._crosshair()
        self._axis()
        return self.canvas

    def _x(self, slot: int) -> int:
        """The half cell where a slot begins on the screen."""
        return self.scene.timeline.at[slot] - self.scene.view.left

    def _marks(self) -> None:
        """Thin between two parts of a session, dotted where one begins or ends."""
        timeline, view = self.scene.timeline, self.scene.view
        for slot in range(max(1, view.first), view.stop):
            mark, x = timeline.slots[slot].mark, self._x(slot) // 2 - 1
            if mark is not SlotMark.NONE and x >= 0:
                sign, style = ("│", self.look("border")) if mark is SlotMark.BREAK else ("┊", self.look("faint"))
                for y in range(self.rows + self.volume_rows):
                    self.canvas.put(x, y, sign, style)

    def _runs(self, values: Iterable[float | None]) -> Iterator[list[tuple[int, int]]]:
        """The points of each stretch without a gap."""
        scene, run = self.scene, list[tuple[int, int]]()
        at, width, left = scene.timeline.at, scene.timeline.width, scene.view.left
        low, high, steps = scene.low, scene.high, 4 * self.rows
        for slot, value in enumerate(values, scene.view.first):
            if run and (value is None or at[slot] - at[slot - 1] != width):
                yield run
                run = []
            if value is not None:
                run.append((at[slot] - left, level(value, low, high, steps)))
        if run:
            yield run

    def _line(self) -> None:
        """Through the closes. The cell where the bar in progress ends is lit up."""
        scene, style = self.scene, self.look(self.scene.role)
        closes = [bar.close if bar else None for bar in scene.bars]
        strokes = [stroke for run in self._runs(closes) for stroke in braille.line(run)]
        for (x, y), character in braille.in_cells(strokes).items():
            self.canvas.put(x, y, character, style)
        if scene.unfinished is not None and (close := closes[scene.unfinished - scene.view.first]) is not None:
            x = self._x(scene.unfinished) // 2
            y = level(close, scene.low, scene.high, 4 * self.rows) // 4
            self.canvas.restyle(x, y, self.look("text", bold=True))

    def _candles(self) -> None:
        scene = self.scene
        styles = [self.look(role if scene.proven else "muted") for role in ("down", "up")]
        open_style = self.look("text", bold=True)  # neither up nor down yet
        for slot, bar in enumerate(scene.bars, scene.view.first):
            if bar is None:
                continue
            top, bottom = sorted((self._half(bar.open), self._half(bar.close)))
            # A bar whose open or close lies outside its own bounds is drawn as far as they go.
            candle = Candle(min(self._half(bar.high), top), top, bottom, max(self._half(bar.low), bottom))
            x, unfinished = self._x(slot) // 2, slot == scene.unfinished
            style = open_style if unfinished else styles[bar.close >= bar.open]
            for y, character in candle.cells(dashed=unfinished):
                self.canvas.put(x, y, character, style)

    def _half(self, price: float) -> int:
        return level(price, self.scene.low, self.scene.high, 2 * self.rows)

    def _average(self) -> None:
        """A dot a cell, where nothing else stands."""
        scene, style = self.scene, self.look("accent" if self.scene.proven else "muted")
        within = [value if value is not None and scene.low <= value <= scene.high else None for value in scene.average]
        strokes = [stroke for run in self._runs(within) for stroke in braille.line(run) if stroke[0] % 2 == 0]
        for (x, y), character in braille.in_cells(strokes).items():
            if self.canvas.is_blank(x, y):
                self.canvas.put(x, y, character, style)

    def _close(self) -> None:
        """Dotted where nothing else stands, over the slots of the date it belongs to."""
        scene = self.scene
        if scene.close is None:
            return
        y = level(scene.close, scene.low, scene.high, 4 * self.rows) // 4
        start = self._x(scene.today) // 2 if scene.today >= scene.view.first else 0
        for x in range(start, self.canvas.width):
            if self.canvas.is_blank(x, y):
                self.canvas.put(x, y, "┄", self.look("faint"))

    def _volume(self) -> None:
        """A strip of bars in eighths of a row; where slots are half a cell wide, two share one."""
        scene, rows = self.scene, self.volume_rows
        finished = self.look("faint")
        volumes: dict[int, float] = {}
        for slot, bar in enumerate(scene.bars, scene.view.first):
            if bar is not None:
                x = self._x(slot) // 2
                volumes[x] = volumes.get(x, 0.0) + bar.volume
        most = max(volumes.values(), default=0.0)
        lit = None if scene.unfinished is None else self._x(scene.unfinished) // 2
        for x, volume in volumes.items():
            # Sums of volumes may be infinite: their share is then no number, and this makes it 1.
            height = max(1, round(8 * rows * min(1.0, volume / most))) if volume else 0
            style = self.look("muted") if x == lit else finished
            for above in range(-(-height // 8)):
                self.canvas.put(x, self.rows + rows - 1 - above, _BLOCKS[min(8, height - 8 * above)], style)

    def _crosshair(self) -> None:
        """A line from top to bottom, through the slot's own half of its cells."""
        scene = self.scene
        if scene.crosshair is None:
            return
        x, half = divmod(self._x(scene.crosshair), 2)
        sign = braille.COLUMN[half] if scene.timeline.width == 1 else "│"
        for y in range(self.rows + self.volume_rows):
            if self.canvas.is_blank(x, y):
                self.canvas.put(x, y, sign, self.look("muted"))

    def _axis(self) -> None:
        """Times of the exchange under their slots at round steps, the date where it is another; under the crosshair its
        own."""
        scene = self.scene
        slots, width = scene.timeline.slots, scene.timeline.width
        if scene.crosshair is not None:
            text = self._time(scene.crosshair)
            x = self._x(scene.crosshair) // 2 - len(text) // 2
            self._label(max(0, min(x, self.canvas.width - len(text))), text, "accent", bold=True)
        apart = -(-2 * _APART // width)  # slots from one label to the next, at least
        least = scene.interval * apart
        step = next((step for step in _STEPS if step >= least and step % scene.interval == 0), _STEPS[-1])
        shown = range(scene.view.first, scene.view.stop)
        if scene.interval == DAY:
            labelled = [slot for slot in shown if slot % apart == 0]
        else:
            local = [scene.zone.at(slots[slot].start) for slot in shown]
            for slot, (before, now) in zip(shown[1:], pairwise(local), strict=True):
                if now.date() != before.date():
                    self._label(self._x(slot) // 2, f"{now:%m-%d}", "muted", bold=True)
            labelled = [
                slot
                for slot, now in zip(shown, local, strict=True)
                if (60 * now.hour + now.minute) % step < scene.interval
            ]
        for slot in labelled:
            self._label(self._x(slot) // 2, self._time(slot), "muted")

    def _time(self, slot: int) -> str:
        """When a slot begins, as the axis says it."""
        start, _, date, _ = self.scene.timeline.slots[slot]
        return f"{date:%m-%d}" if self.scene.interval == DAY else f"{self.scene.zone.at(start):%H:%M}"

    def _label(self, x: int, text: str, role: str, *, bold: bool = False) -> None:
        """Words on the axis, where they fit without touching others."""
        y, start = self.canvas.height - 1, max(0, x - 1)
        if x + len(text) <= self.canvas.width and self.canvas.is_blank(start, y, len(text) + 2):
            self.canvas.write(x, y, text, self.look(role, bold=bold))
