"""What all plots over the time axis of a chart have: marks between sessions, runs of slots, the crosshair, the axis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from tui.market.session_axis import DAY, SlotMark
from tui.market.sessions import Zone
from tui.widgets.canvas import Canvas
from tui.widgets.chart import braille
from tui.widgets.chart.timeline import Timeline, View
from tui.widgets.styles import Styles

_STEPS = (5, 10, 15, 30, 60, 120, 240, 480, 720)  # minutes between labels of the time axis
_LABEL_DISTANCE = 8  # cells from one label to the next, at least


def level(value: float, low: float, high: float, steps: int) -> int:
    """Returns the step of a value between `high`, which is step 0, and `low`; there are `steps` of them."""
    return round(min(1.0, max(0.0, (high - value) / (high - low))) * (steps - 1))


@dataclass(slots=True, kw_only=True)
class TimeModel:
    """The axes of a plot, and the slot under the crosshair, None without one."""

    timeline: Timeline
    view: View
    low: float  # the value at the bottom edge
    high: float  # the value at the top edge
    crosshair: int | None
    interval: int  # minutes of a slot
    zone: Zone


class TimePlot:
    """A canvas of `cells` cells: `rows` of values, `rows_below` under them, then the time axis."""

    def __init__(self, axes: TimeModel, styles: Styles, cells: int, rows: int, rows_below: int) -> None:
        self._axes, self._styles = axes, styles
        self._rows, self._rows_below = rows, rows_below
        self._canvas = Canvas(cells, rows + rows_below + 1, styles("text"))

    def _x(self, slot: int) -> int:
        """Returns the half cell of the screen at which a slot begins."""
        return self._axes.timeline.at[slot] - self._axes.view.left

    def _marks(self) -> None:
        """Draw a thin line at a break within a session, a dotted one where a session begins or ends."""
        timeline, view = self._axes.timeline, self._axes.view
        for slot in range(max(1, view.first), view.stop):
            mark, x = timeline.slots[slot].mark, self._x(slot) // 2 - 1
            if mark is not SlotMark.NONE and x >= 0:
                sign, style = ("│", self._styles("border")) if mark is SlotMark.BREAK else ("┊", self._styles("grid"))
                for y in range(self._rows + self._rows_below):
                    self._canvas.put(x, y, sign, style)

    def _runs(self, values: Iterable[float | None]) -> Iterator[list[tuple[int, int]]]:
        """Yields the points of each run of slots without a gap."""
        axes, run = self._axes, list[tuple[int, int]]()
        at, width, left = axes.timeline.at, axes.timeline.width, axes.view.left
        low, high, steps = axes.low, axes.high, 4 * self._rows
        for slot, value in enumerate(values, axes.view.first):
            if run and (value is None or at[slot] - at[slot - 1] != width):
                yield run
                run = []
            if value is not None:
                run.append((at[slot] - left, level(value, low, high, steps)))
        if run:
            yield run

    def _crosshair(self) -> None:
        """Draw the crosshair from top to bottom, through the slot's half of its cells."""
        axes = self._axes
        if axes.crosshair is None:
            return
        x, half = divmod(self._x(axes.crosshair), 2)
        sign = braille.COLUMN[half] if axes.timeline.width == 1 else "│"
        for y in range(self._rows + self._rows_below):
            if self._canvas.is_blank(x, y):
                self._canvas.put(x, y, sign, self._styles("muted"))

    def _axis(self) -> None:
        """Draw the time axis: the exchange's times at round steps, dates where they change, and the crosshair's
        time."""
        axes = self._axes
        slots, width = axes.timeline.slots, axes.timeline.width
        if axes.crosshair is not None:
            self._label_below(axes.crosshair, "accent", bold=True)
        slots_apart = -(-2 * _LABEL_DISTANCE // width)  # slots from one label to the next, at least
        least = axes.interval * slots_apart
        step = next((step for step in _STEPS if step >= least and step % axes.interval == 0), _STEPS[-1])
        visible = range(axes.view.first, axes.view.stop)
        if axes.interval == DAY:
            for slot in visible:
                if (len(slots) - 1 - slot) % slots_apart == 0:  # the newest one always
                    self._label_below(slot, "muted")
            return
        local = [axes.zone.at(slots[slot].start) for slot in visible]
        for slot, (before, now) in zip(visible[1:], pairwise(local), strict=True):
            if now.date() != before.date():
                self._label(self._x(slot) // 2, f"{now:%m-%d}", "muted", bold=True)
        for slot, now in zip(visible, local, strict=True):
            if (60 * now.hour + now.minute) % step < axes.interval:
                self._label(self._x(slot) // 2, self._time(slot), "muted")

    def _time(self, slot: int) -> str:
        """Returns when a slot begins: its time, or its date for an interval of a day."""
        start, _, date, _ = self._axes.timeline.slots[slot]
        return f"{date:%m-%d}" if self._axes.interval == DAY else f"{self._axes.zone.at(start):%H:%M}"

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
