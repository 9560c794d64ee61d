"""The view of a comparison: its title, its picture, and the legend beside it."""

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
    """What a view is drawn of: symbols at `time` (ms UTC), their visible slots and the axis of these, None without
    bars, and the slot under the crosshair. `doubt` is why nothing is of this moment, "" if it may be; `room` are the
    cells of the title."""

    styles: Styles
    compared: Sequence[Instrument]
    visible: VisibleSlots | None
    axis: TimeAxis | None
    crosshair: int | None
    interval: int  # minutes of a slot
    anchor: Anchor
    time: float
    is_live: bool
    doubt: str
    room: int


class ComparisonView:
    """Draws a comparison. The picture is kept until one of its dots moves."""

    def __init__(self) -> None:
        self._builder = ComparisonBuilder()
        self._picture: tuple[object, list[StyledLine]] | None = None

    def title(self, scene: ComparisonScene) -> tuple[StyledLine, StyledLine]:
        """Returns both ends of the title in the longest form that fits: what is compared since when, and the time of
        the crosshair."""
        styles, first, visible, crosshair = scene.styles, scene.compared[0], scene.visible, scene.crosshair
        if visible is None or scene.axis is None:
            return [styles.segment("Compare", "text", bold=True)], []
        right: StyledLine = []
        if scene.doubt:
            right.append(styles.segment(f"{scene.doubt} ", "warning"))
        local = zone(first.symbol.region)
        if crosshair is not None or not visible.has_newest:
            slot = visible.rightmost if crosshair is None else crosshair
            time = slot_time(scene.axis, visible, scene.interval, local, slot)
            right.append(styles.segment(f"until {time}" if crosshair is None else time, "accent", bold=True))
        since = local.at(self._builder.since(scene.compared, visible, scene.interval))
        newest = local.at(visible.timeline.slots[visible.last].start)
        names = title_names(styles, scene.anchor, since, newest, scene.interval, other_date(first, scene.time))
        room = scene.room - width_of(right)
        return next((name for name in names if width_of(name) <= room), names[-1]), right

    def body(
        self, scene: ComparisonScene, visible: VisibleSlots, trouble: str, width: int, height: int
    ) -> list[StyledLine]:
        """Returns the picture with its legend, or why there is none: the link's `trouble` comes first."""
        styles = scene.styles
        model = self._builder.build(
            scene.compared,
            visible,
            scene.interval,
            scene.anchor,
            is_link_live=scene.is_live,
            crosshair=scene.crosshair,
        )
        if model.is_empty:
            nothing = "bars in view" if scene.anchor is Anchor.FIRST else f"{scene.anchor.value} known"
            return empty_body(styles, scene.compared[0], trouble, f"no {nothing}", width, height)
        rows = height - 1
        # Trades change the last value of a line all the time: the picture is drawn again when one of its dots moves.
        ends = [None if line.end is None else level(line.end, model.low, model.high, 4 * rows) for line in model.lines]
        lines_key = [(line.settled, line.role, line.incomplete) for line in model.lines]
        key = (scene.compared, model, ends, lines_key, visible.cells, height, styles)
        if self._picture is None or self._picture[0] != key:
            self._picture = key, ComparisonPlot(model, styles, visible.cells, rows).lines()
        lines = self._picture[1]
        if visible.cells < width:
            labels = legend(styles, model, rows, height, width - visible.cells)
            lines = [[*line, *labels.get(y, [])] for y, line in enumerate(lines)]
        return [fill(line, width, styles("text")) for line in lines]
