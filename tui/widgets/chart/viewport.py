"""The viewport of the chart: the part of the time axis on the screen, its zoom, and the crosshair on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tui.market import Instrument
from tui.market.bars import MINUTE
from tui.market.session_axis import DAY, Slot, find_slot, segments, slots
from tui.widgets.chart.timeline import Timeline, View

_WIDTHS = {1: 1, 5: 2, 15: 2, 30: 4, 60: 4, DAY: 4}  # half cells of a slot, by interval; a candle takes two
_WIDEST = 4


class TimeAxis(NamedTuple):
    """The slots of all bars; the first date as one slot, and when the oldest bar begins, ms UTC."""

    timeline: Timeline
    opening: Slot
    oldest: int


class VisibleSlots(NamedTuple):
    """The slots on the screen, in `cells` cells; `last` is the slot of the newest bar."""

    timeline: Timeline
    view: View
    last: int
    cells: int

    @property
    def has_newest(self) -> bool:
        """True if the newest bar is visible."""
        return self.view.first <= self.last < self.view.stop

    @property
    def rightmost(self) -> int:
        """The last slot in view that has or may have a bar."""
        return min(self.last, self.view.stop - 1)


class Viewport:
    """The visible part of the time axis. It and the crosshair are kept as times, ms UTC, rather than as slots: slots
    are renumbered when earlier bars arrive."""

    def __init__(self) -> None:
        self._crosshair: int | None = None
        self._follows_mouse = False  # whether the crosshair moves with the mouse and disappears with it
        self._until: int | None = None  # a time in the rightmost slot; None follows the newest bar
        self._zoomed: int | None = None  # half cells of a slot; None is the interval's own width
        self._cached_axis: tuple[object, TimeAxis] | None = None

    @property
    def follows_newest(self) -> bool:
        """True if the view follows the newest bar."""
        return self._until is None

    @property
    def position(self) -> object:
        """The place moved to, equal to another if the view and the crosshair are the same."""
        return self._until, self._crosshair

    @property
    def has_crosshair(self) -> bool:
        """True if there is a crosshair, in view or not."""
        return self._crosshair is not None

    @property
    def follows_mouse(self) -> bool:
        """True if the crosshair disappears when the mouse leaves the chart."""
        return self._follows_mouse

    def follow_newest(self) -> None:
        """Remove the crosshair and show the newest bar."""
        self._crosshair = self._until = None

    def reset_zoom(self) -> None:
        """Return to the interval's own width of a slot."""
        self._zoomed = None

    def zoom(self, *, wider: bool, interval: int, candles: bool) -> bool:
        """Double or halve the width of a slot; returns False at a limit."""
        width = self._slot_width(interval, candles)
        width = 2 * width if wider else width // 2
        if not _narrowest(candles) <= width <= _WIDEST:
            return False
        self._zoomed = width
        return True

    def _slot_width(self, interval: int, candles: bool) -> int:
        return max(_narrowest(candles), self._zoomed or _WIDTHS[interval])

    def axis(self, shown: Sequence[Instrument], interval: int, candles: bool) -> TimeAxis:
        """Returns the time axis of instruments of which one at least has bars: over the minutes of all of them, in the
        hours of the first one."""
        width, hours = self._slot_width(interval, candles), shown[0].calendar
        key = (shown, [i.bars.slot_version for i in shown], interval, width, hours)
        if self._cached_axis is None or self._cached_axis[0] != key:
            minutes = shown[0].bars.minutes()
            if len(shown) > 1:
                minutes = sorted({minute for i in shown for minute in i.bars.minutes()})
            parts = segments(minutes, hours)
            timeline = Timeline(slots(parts, interval), width, from_right=interval == DAY)
            self._cached_axis = key, TimeAxis(timeline, slots(parts, DAY)[0], minutes[0])
        return self._cached_axis[1]

    def visible(self, shown: Sequence[Instrument], timeline: Timeline, cells: int) -> VisibleSlots:
        """Returns the slots that so many cells show."""
        last = newest_slot(shown, timeline)
        until = last if self._until is None else min(last, find_slot(timeline.slots, self._until))
        return VisibleSlots(timeline, timeline.view(cells, until), last, cells)

    def crosshair_slot(self, visible: VisibleSlots) -> int | None:
        """Returns the slot under the crosshair; None if there is none in view."""
        if self._crosshair is None:
            return None
        slot = find_slot(visible.timeline.slots, self._crosshair)
        return slot if visible.view.first <= slot < visible.view.stop else None

    def remove_crosshair(self) -> None:
        """Remove the crosshair."""
        self._crosshair = None

    def pin_crosshair(self) -> None:
        """Keep the crosshair where it is when the mouse moves on."""
        self._follows_mouse = False

    def move_crosshair(self, visible: VisibleSlots, by: int) -> None:
        """Move the crosshair by slots, with or without a bar; a new one begins at the newest. The view follows."""
        timeline, view, last, cells = visible
        at = self.crosshair_slot(visible)
        slot = visible.rightmost if at is None else max(0, min(last, at + by))
        self._crosshair, self._follows_mouse = timeline.slots[slot].start, False
        if not view.first <= slot < view.stop:
            self._show_until(visible, slot if slot >= view.stop else timeline.reach(slot, cells))

    def point(self, visible: VisibleSlots, x: int) -> bool:
        """Put the crosshair on the slot at cell `x` of the chart, the later of two in one cell; returns False if there
        is no slot."""
        timeline, view, last, _ = visible
        slot = min(last, timeline.under(view.left + 2 * x - 1))
        if not view.first <= slot < view.stop:
            return False
        self._crosshair, self._follows_mouse = timeline.slots[slot].start, True
        return True

    def pan(self, visible: VisibleSlots, by: int, interval: int) -> None:
        """Move the view by half of its slots, to the right if `by` is positive; by an hour if that is more."""
        slots = visible.view.stop - visible.view.first
        step = max(1, min(slots, max(slots // 2, 60 // interval)))
        self._show_until(visible, visible.rightmost + by * step)

    def go_to(self, visible: VisibleSlots, slot: int) -> None:
        """Put the crosshair on a slot, and the slot in the middle of the view if it is not in view."""
        first, stop = visible.view.first, visible.view.stop
        self._crosshair, self._follows_mouse = visible.timeline.slots[slot].start, False
        if not first <= slot < stop:
            self._show_until(visible, slot + (stop - first) // 2)

    def _show_until(self, visible: VisibleSlots, slot: int) -> None:
        """Make `slot` the rightmost one, or follow the newest bar if that comes into view."""
        slot = min(visible.last, max(slot, visible.timeline.reach(0, visible.cells)))
        newest = visible.timeline.view(visible.cells, slot).stop > visible.last
        self._until = None if newest else visible.timeline.slots[slot].start


def newest_slot(shown: Sequence[Instrument], timeline: Timeline) -> int:
    """Returns the slot of the newest bar of any of the instruments."""
    return find_slot(timeline.slots, max([i.bars.latest for i in shown]) * MINUTE)


def _narrowest(candles: bool) -> int:
    return 2 if candles else 1
