"""What was traded, beside the bars of a chart: a profile of the volume at price at the right edge, and the cumulative
delta as a line under the bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rich.segment import Segment

from tui.market import Instrument
from tui.market.volume_at_price import VolumeAtPrice
from tui.widgets.chart import braille
from tui.widgets.chart.model import ChartModel
from tui.widgets.chart.time_plot import TimeModel, TimePlot, level
from tui.widgets.chart.viewport import VisibleSlots
from tui.widgets.pane import StyledLine
from tui.widgets.styles import Styles
from tui.widgets.volume_words import delta_text

_LEAST_CELLS = 36  # of a chart with a profile
_SHARE = 5  # of the cells, one for the profile
_MOST_CELLS = 20
_MARGIN = 2  # cells before the bars of the profile: a blank and the bracket of the value area
_LEAST_HEIGHT = 9  # lines of a chart with a delta
_EIGHTHS = " ▏▎▍▌▋▊▉"


def profile_cells(width: int) -> int:
    """Returns the cells of the profile in a chart of `width` cells, 0 if there is no room for one."""
    return min(_MOST_CELLS, width // _SHARE) if width >= _LEAST_CELLS else 0


class RowsBelow(NamedTuple):
    """The rows under the prices: of the volume, and of the cumulative delta."""

    volume: int
    delta: int


def rows_below(height: int, *, delta: bool) -> RowsBelow:
    """Returns the rows of a chart of `height` lines; `delta` asks for the cumulative delta."""
    if delta and height >= _LEAST_HEIGHT:
        return RowsBelow(2, 3) if height >= 2 * _LEAST_HEIGHT else RowsBelow(1, 2)
    return RowsBelow(2 if height >= 9 else 1 if height >= 6 else 0, 0)


@dataclass(slots=True, kw_only=True)
class DeltaModel(TimeModel):
    """What the line is drawn from: the cumulative delta at the end of each slot of the view, and the slots in which
    the link was away."""

    sums: Sequence[float | None] = field(compare=False)
    incomplete: frozenset[int]
    role: str


class DeltaPlot(TimePlot):
    """Draws the line on `rows` rows of `cells` cells, with a dotted one at zero."""

    def __init__(self, model: DeltaModel, styles: Styles, cells: int, rows: int) -> None:
        super().__init__(model, styles, cells, rows, 0)
        self._model = model

    def lines(self) -> list[StyledLine]:
        """Returns the lines with everything drawn."""
        self._marks()
        model, style, faint = self._model, self._styles(self._model.role), self._styles("faint")
        incomplete = {self._x(slot) // 2 for slot in model.incomplete}
        strokes = [stroke for run in self._runs(model.sums) for stroke in braille.line(run)]
        cells = braille.in_cells(strokes)
        for (x, y), character in cells.items():
            self._canvas.put(x, y, character, faint if x in incomplete else style)
        zero = level(0.0, model.low, model.high, 4 * self._rows) // 4
        for x in range(min((x for x, _ in cells), default=self._canvas.width), self._canvas.width):
            if self._canvas.is_blank(x, zero):
                self._canvas.put(x, zero, "┄", self._styles("grid"))
        self._crosshair()
        return [self._canvas.line(y) for y in range(self._rows)]


class TradedScene(NamedTuple):
    """What is drawn: a symbol, the model of its bars on `rows` rows, and the rows of the delta. `is_live` is False for
    figures that are not of this moment."""

    styles: Styles
    instrument: Instrument
    visible: VisibleSlots
    model: ChartModel
    rows: int
    delta_rows: int
    cells: int  # of the profile
    label_cells: int
    is_live: bool


class _Picture(NamedTuple):
    """A line of the profile for each row of prices, the lines of the delta, and the labels of the first of these."""

    profile: list[StyledLine]
    delta: list[StyledLine]
    labels: list[Segment]


class TradedView:
    """Draws what was traded. The picture is kept until a trade comes."""

    def __init__(self) -> None:
        self._cached: tuple[object, _Picture] | None = None

    def beside(self, lines: Sequence[StyledLine], scene: TradedScene) -> tuple[list[StyledLine], dict[int, Segment]]:
        """Returns the lines of a chart with the profile at their right and the delta above the last one, the time axis,
        all as wide; and the labels of the delta, by line."""
        tape = scene.instrument.tape
        key = (*scene, tape, tape.total)
        if self._cached is None or self._cached[0] != key:
            self._cached = key, _Picture(_profile(scene), *_delta(scene))
        profile, delta, labels = self._cached[1]
        *picture, axis = lines
        blank = [scene.styles.segment(" " * scene.cells, "text")]
        joined = [
            [*line, *(profile[y] if y < len(profile) else blank)] for y, line in enumerate([*picture, *delta, axis])
        ]
        return joined, dict(enumerate(labels, len(picture)))


def _profile(scene: TradedScene) -> list[StyledLine]:
    """Returns bars as long as what was traded in each row's prices, with a bracket around the value area and a mark at
    the point of control."""
    styles, i, model, rows, bars = scene.styles, scene.instrument, scene.model, scene.rows, scene.cells - _MARGIN
    volumes = i.tape.volume_at_price
    control, area = volumes.point_of_control, volumes.value_area
    if not scene.cells or control is None or area is None:
        return []
    half_step = (model.high - model.low) / (4 * rows - 1) / 2  # a row is as high as the steps that are drawn on it
    tick = i.precision.tick_at(control) or 10.0**-i.precision.decimals
    sums = volumes.profile(model.low - half_step, model.high + half_step, rows, tick)
    most = max(sums)
    in_sight = model.low - half_step <= control <= model.high + half_step
    at_control = level(control, model.low, model.high, 4 * rows) // 4 if in_sight else None
    lines: list[StyledLine] = []
    for row, sign in enumerate(_bracket(volumes, model, rows)):
        mark, colour = styles.segment(f" {sign}", "muted"), "grid" if sign.strip() else "border"
        if row == at_control:
            mark = styles.segment(" ▸", "accent" if scene.is_live else "muted", bold=True)
        full, part = divmod(round(8 * bars * sums[row] / most) if most else 0, 8)
        text = "█" * full + _EIGHTHS[part : part + 1].strip()
        lines.append([mark, styles.segment(text.ljust(bars), colour)])
    return lines


def _bracket(volumes: VolumeAtPrice, model: ChartModel, rows: int) -> list[str]:
    """Returns the sign of each row: of the value area, or a blank outside it."""
    area = volumes.value_area
    assert area is not None
    top, bottom = (
        round((model.high - price) / (model.high - model.low) * (4 * rows - 1)) // 4 for price in (area.high, area.low)
    )
    signs = [" "] * rows
    for row in range(max(0, top), min(rows - 1, bottom) + 1):
        signs[row] = "┌" if row == top else "└" if row == bottom else "│"
    return signs


def _delta(scene: TradedScene) -> tuple[list[StyledLine], list[Segment]]:
    """Returns the lines of the cumulative delta, and its labels: what it is, and its value at the crosshair, else in
    the newest slot in view."""
    if not scene.delta_rows:
        return [], []
    styles, i, model, visible = scene.styles, scene.instrument, scene.model, scene.visible
    delta, volumes, view = i.tape.cumulative_delta, i.tape.volume_at_price, model.view
    slots, day = model.timeline.slots, i.calendar.at(volumes.since).date
    sums = [
        delta.until(slots[slot].end) if slot <= visible.last and slots[slot].date == day else None
        for slot in range(view.first, view.stop)
    ]
    known = [0.0, *(value for value in sums if value is not None)]
    low, high = min(known), max(known)
    at = visible.rightmost if model.crosshair is None else model.crosshair
    value = sums[at - view.first]
    role = ("flat", "up", "down")[((value or 0.0) > 0) - ((value or 0.0) < 0)] if scene.is_live else "muted"
    drawn = DeltaModel(
        timeline=model.timeline,
        view=view,
        low=low,
        high=high if high > low else low + 1.0,
        crosshair=model.crosshair,
        interval=model.interval,
        zone=model.zone,
        sums=sums,
        incomplete=model.incomplete,
        role=role,
    )
    name = f"{'~' * volumes.is_inferred}delta "
    figure = f"{'—' if value is None else delta_text(value)} "
    labels = [
        styles.segment(name.rjust(scene.label_cells), "muted"),
        styles.segment(figure.rjust(scene.label_cells), role, bold=scene.is_live),
    ]
    return DeltaPlot(drawn, styles, visible.cells, scene.delta_rows).lines(), labels
