"""The comparison in place of the bars: its title, its picture and its legend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tui.market import Instrument
from tui.market.comparison import Anchor
from tui.market.sessions import zone
from tui.widgets.chart.comparison import ComparisonBuilder, ComparisonPlot, legend, title_names
from tui.widgets.chart.readout import other_date, slot_time
from tui.widgets.chart.time_plot import level
from tui.widgets.chart.viewport import TimeAxis, VisibleSlots
from tui.widgets.empty_body import empty_body
from tui.widgets.pane import StyledLine, fill, width_of
from tui.widgets.styles import Styles


class ComparisonScene(NamedTuple):
    """What a comparison is drawn of: symbols at `time` (ms UTC), their axis and visible slots, and the slot under the
    crosshair. `stale`: the link was lost."""

    styles: Styles
    compared: Sequence[Instrument]
    axis: TimeAxis
    visible: VisibleSlots
    interval: int
    anchor: Anchor
    crosshair: int | None
    time: float
    is_live: bool
    stale: bool


class ComparisonView:
    """Draws a comparison. What was drawn is kept until a dot moves."""

    def __init__(self) -> None:
        self._builder = ComparisonBuilder()
        self._picture: tuple[object, list[StyledLine]] | None = None

    def title(self, scene: ComparisonScene, room: int) -> tuple[StyledLine, StyledLine]:
        """Returns both ends of the title in the longest form that fits into `room` cells."""
        styles, first, visible, crosshair = scene.styles, scene.compared[0], scene.visible, scene.crosshair
        right: StyledLine = []
        if scene.stale:
            right.append(styles.segment("stale ", "warning"))
        local = zone(first.symbol.region)
        if crosshair is not None or not visible.has_newest:
            slot = visible.rightmost if crosshair is None else crosshair
            time = slot_time(scene.axis, visible, scene.interval, local, slot)
            right.append(styles.segment(f"until {time}" if crosshair is None else time, "accent", bold=True))
        since = local.at(self._builder.since(scene.compared, visible, scene.interval))
        newest = local.at(visible.timeline.slots[visible.last].start)
        names = title_names(styles, scene.anchor, since, newest, scene.interval, other_date(first, scene.time))
        return next((name for name in names if width_of(name) <= room - width_of(right)), names[-1]), right

    def body(self, scene: ComparisonScene, trouble: str, width: int, height: int) -> list[StyledLine]:
        """Returns the picture with its legend, or why there is none: the link's `trouble` comes first."""
        styles, compared, visible = scene.styles, scene.compared, scene.visible
        model = self._builder.build(
            compared,
            visible,
            scene.interval,
            scene.anchor,
            is_link_live=scene.is_live,
            crosshair=scene.crosshair,
        )
        if model.is_empty:
            nothing = "bars in view" if scene.anchor is Anchor.FIRST else f"{scene.anchor.value} known"
            return empty_body(styles, compared[0], trouble, f"no {nothing}", width, height)
        rows = height - 1
        # Trades change the last value of a line all the time: the picture is drawn again when one of its dots moves.
        ends = [None if line.end is None else level(line.end, model.low, model.high, 4 * rows) for line in model.lines]
        lines_key = [(line.settled, line.role, line.incomplete) for line in model.lines]
        key = (compared, model, ends, lines_key, visible.cells, height, styles)
        if self._picture is None or self._picture[0] != key:
            self._picture = key, ComparisonPlot(model, styles, visible.cells, rows).lines()
        lines = self._picture[1]
        if visible.cells < width:
            labels = legend(styles, model, rows, height, width - visible.cells)
            lines = [[*line, *labels.get(y, [])] for y, line in enumerate(lines)]
        return [fill(line, width, styles("text")) for line in lines]
