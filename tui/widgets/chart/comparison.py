"""The chart of a comparison: a line in percent for each symbol, with numbers that tell them apart without colours."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct
from rich.segment import Segment

from tui import format as fmt
from tui.market import Instrument
from tui.market.bars import MINUTE
from tui.market.comparison import Anchor, Start, anchor_price, latest_price, starts
from tui.market.resample import interval_bars
from tui.market.session_axis import DAY, Slot, find_slot, segments, slots
from tui.market.sessions import zone
from tui.protocol.messages import Kline
from tui.widgets.chart import braille
from tui.widgets.chart.model import (
    AXIS_REACH,
    incomplete_slots,
    with_last_trade,
    with_least_height,
    with_official_close,
)
from tui.widgets.chart.readout import interval_name
from tui.widgets.chart.time_plot import TimeModel, TimePlot, level
from tui.widgets.chart.viewport import VisibleSlots
from tui.widgets.pane import StyledLine
from tui.widgets.role_colours import SERIES
from tui.widgets.styles import Styles

_LONGEST_CODE = 8  # cells
_LONGEST_VALUE = 7  # cells kept free for one: +12.34%
_NUMBER_DISTANCE = 24  # cells from a line's number to its next
_NEAR_LEGEND = 3  # cells at the right in which a number would read as one with that of the legend


class ComparedLine(Struct, frozen=True):
    """A symbol of a comparison. `values` are in %, one for each slot of the view; `value` is that under the crosshair,
    else that of the last price, or of the last slot in view. `role` is the line's colour."""

    name: str
    values: list[float | None]
    value: float | None
    role: str
    start: Start | None  # what is 0 %
    split: bool  # no change can be told
    incomplete: frozenset[int]  # the slots with a bar in which the link was away
    live: bool  # the value is of now

    @property
    def settled(self) -> list[float | None]:
        """All values but the last one in view, which moves with each trade."""
        end = next((n for n in reversed(range(len(self.values))) if self.values[n] is not None), 0)
        return self.values[:end]

    @property
    def end(self) -> float | None:
        """The last value in view."""
        return latest_price(self.values, len(self.values))


@dataclass(slots=True, kw_only=True)
class ComparisonModel(TimeModel):
    """All that a picture of a comparison is drawn from."""

    lines: Sequence[ComparedLine] = field(compare=False)

    @property
    def is_empty(self) -> bool:
        """True if no line can be drawn."""
        return all(line.end is None for line in self.lines)


class ComparisonBuilder:
    """Makes models. The bars of a view are cached for each symbol, at most MAX_COMPARED: they change once a second or
    so."""

    def __init__(self) -> None:
        self._cached: dict[Instrument, tuple[object, list[Kline | None], list[Slot | None]]] = {}

    def build(
        self,
        shown: Sequence[Instrument],
        visible: VisibleSlots,
        interval: int,
        anchor: Anchor,
        *,
        is_link_live: bool,
        crosshair: int | None,
    ) -> ComparisonModel:
        """Returns the model of the visible slots; the hours are those of the first symbol."""
        self._cached = {i: cached for i, cached in self._cached.items() if i in shown}
        timeline, view = visible.timeline, visible.view
        prices = [self._prices(i, shown[0], visible, interval) for i in shown]
        if anchor is Anchor.FIRST:
            opening, first = _first_bar(prices), 0
            at = [_price_at(i, series, visible, opening) for i, series in zip(shown, prices, strict=True)]
        else:
            at = [anchor_price(i, anchor) for i in shown]
            today = bisect_left(timeline.slots, timeline.slots[visible.last].date, key=lambda slot: slot.date)
            first = max(0, min(today, view.stop) - view.first)
        splits = [i.suspects_split for i in shown]
        at = [None if split else price for price, split in zip(at, splits, strict=True)]
        known: list[list[float | None]] = [
            [None] * len(series) if split else series for series, split in zip(prices, splits, strict=True)
        ]
        codes = [i.symbol.code for i in shown]
        lines = []
        for i, series, start, role in zip(shown, known, starts(known, at, first), SERIES, strict=False):
            values: list[float | None] = [None] * len(series) if start is None else start.percents(series)
            value = _value(i, values, start, visible, crosshair)
            is_live = is_link_live and value is not None and not i.is_last_known and not i.is_last_silent
            bars_live = is_link_live and not i.is_last_known and not i.is_silent(i.bars_type)
            lines.append(
                ComparedLine(
                    i.symbol.code if codes.count(i.symbol.code) == 1 else str(i.symbol),
                    values,
                    value,
                    role if bars_live else "muted",
                    start,
                    i.suspects_split,
                    incomplete_slots(i, visible, series),
                    is_live and not i.is_closed and crosshair is None and visible.has_newest,
                )
            )
        drawn = [value for line in lines for value in line.values if value is not None]
        ticks = [100 * i.precision.tick_size / i.last for i in shown if i.precision.tick_size and i.last]
        low, high = min(drawn, default=0.0), max(drawn, default=0.0)
        reach = AXIS_REACH * (high - low)
        if low - reach <= 0 <= high + reach:  # else the line of 0 % would flatten the others
            low, high = min(low, 0.0), max(high, 0.0)
        low, high = with_least_height(low, high, max(ticks, default=0.01))
        return ComparisonModel(
            timeline=timeline,
            view=view,
            low=low,
            high=high,
            crosshair=crosshair,
            interval=interval,
            zone=zone(shown[0].symbol.region),
            lines=lines,
        )

    def since(self, shown: Sequence[Instrument], visible: VisibleSlots, interval: int) -> int:
        """Returns when the slot of the first bar in view begins, ms UTC."""
        prices = [self._prices(i, shown[0], visible, interval) for i in shown]
        return visible.timeline.slots[visible.view.first + _first_bar(prices)].start

    def _prices(self, i: Instrument, first: Instrument, visible: VisibleSlots, interval: int) -> list[float | None]:
        """Returns the close of each slot of the view, None for a gap; the newest is the last price."""
        timeline, view = visible.timeline, visible.view
        key = (i.bars.version, timeline, view, i.calendar)
        if i not in self._cached or self._cached[i][0] != key:
            own: list[Slot | None] = list(timeline.slots[view.first : view.stop])
            if interval == DAY and i.calendar is not first.calendar:
                by_date = {slot.date: slot for slot in slots(segments(i.bars.minutes(), i.calendar), DAY)}
                own = [by_date.get(slot.date) for slot in own if slot is not None]
            bars = [None if slot is None else interval_bars(i.bars, [slot])[0] for slot in own]
            if interval == DAY:
                bars = [
                    bar if slot is None else with_official_close(i, slot, bar)
                    for slot, bar in zip(own, bars, strict=True)
                ]
            self._cached[i] = key, bars, own
        _, bars, own = self._cached[i]
        closes = [None if bar is None else bar.close for bar in bars]
        newest = find_slot(timeline.slots, i.bars.latest * MINUTE) - view.first
        if 0 <= newest < len(own) and (slot := own[newest]) is not None:
            bar = with_last_trade(i, slot, bars[newest])
            closes[newest] = None if bar is None else bar.close
        return closes


def _first_bar(prices: Sequence[Sequence[float | None]]) -> int:
    """Returns the first slot in which any symbol has a bar, 0 without any."""
    return next((n for n, slot in enumerate(zip(*prices, strict=True)) if any(slot)), 0)


def _price_at(i: Instrument, prices: Sequence[float | None], visible: VisibleSlots, n: int) -> float | None:
    """Returns the price in slot `n` of the view, or the latest one before it on its date; None without any."""
    if not prices or prices[n] is not None:
        return prices[n] if prices else None
    slot = visible.timeline.slots[visible.view.first + n]
    opening = bisect_left(visible.timeline.slots, slot.date, key=lambda slot: slot.date)
    start = visible.timeline.slots[opening].start // MINUTE
    before = (bar for bar in reversed(i.bars.window(start, slot.start // MINUTE)) if bar is not None)
    return next((bar.close for bar in before), None)


def _value(
    i: Instrument, values: Sequence[float | None], start: Start | None, visible: VisibleSlots, crosshair: int | None
) -> float | None:
    """Returns the value in the legend."""
    if start is None:
        return None
    if crosshair is not None:
        return values[crosshair - visible.view.first]
    if not visible.has_newest:
        return latest_price(values, visible.rightmost - visible.view.first)
    last = i.last_known.price if i.is_last_known and i.last_known is not None else i.last
    return None if last is None else start.percent(last)


class ComparisonPlot(TimePlot):
    """Draws a comparison: its lines, each with its number here and there, and the line of 0 %."""

    def __init__(self, model: ComparisonModel, styles: Styles, cells: int, rows: int) -> None:
        super().__init__(model, styles, cells, rows, 0)
        self._model = model

    def lines(self) -> list[StyledLine]:
        """Returns the rows of the picture, the time axis included."""
        self._marks()
        self._draw_lines()
        self._zero()
        self._crosshair()
        self._axis()
        self._zone()
        return [self._canvas.line(y) for y in range(self._canvas.height)]

    def _draw_lines(self) -> None:
        """Draw the lines, the first on top; where two meet in a cell, the dots of both are there."""
        numbers: list[tuple[int, int, str, str]] = []
        drawn: dict[tuple[int, int], str] = {}
        for n, line in reversed(list(enumerate(self._model.lines, 1))):
            style, faint = self._styles(line.role), self._styles("faint")
            incomplete = {self._x(slot) // 2 for slot in line.incomplete}
            own = [stroke for run in self._runs(line.values) for stroke in braille.line(run)]
            middles: dict[int, int] = {}
            for (x, y), dots in braille.in_cells(own).items():
                drawn[x, y] = both = chr(ord(dots) | ord(drawn.get((x, y), dots)))
                self._canvas.put(x, y, both, faint if x in incomplete else style)
                middles.setdefault(x, y)
            # Not all in one column: there a number would hide another one.
            phase = (n - 1) * _NUMBER_DISTANCE // len(SERIES)
            last = self._canvas.width - _NEAR_LEGEND
            numbers += [
                (x, y, str(n), line.role) for x, y in middles.items() if x % _NUMBER_DISTANCE == phase + 2 and x < last
            ]
        for x, y, number, role in numbers:
            self._canvas.put(x, y, number, self._styles(role, bold=True))

    def _zero(self) -> None:
        """Draw the line of 0 % on blank cells, if it is near the others."""
        if not self._model.low <= 0 <= self._model.high:
            return
        y = level(0.0, self._model.low, self._model.high, 4 * self._rows) // 4
        for x in range(self._canvas.width):
            if self._canvas.is_blank(x, y):
                self._canvas.put(x, y, "┄", self._styles("grid"))

    def _zone(self) -> None:
        """Name the clock of the time axis at its end, if there is room."""
        label = self._model.zone.label
        self._label(self._canvas.width - len(label), label, "faint")


def legend_width(shown: Sequence[Instrument]) -> int:
    """Returns the cells of the legend, whatever its values are."""
    codes = [i.symbol.code for i in shown]
    names = [i.symbol.code if codes.count(i.symbol.code) == 1 else str(i.symbol) for i in shown]
    return min(_LONGEST_CODE, max(map(fmt.cells, names))) + _LONGEST_VALUE + 5


def legend(styles: Styles, model: ComparisonModel, rows: int, height: int, width: int) -> dict[int, StyledLine]:
    """Returns the legend by row of the chart, `height` of them: number, code and value of each line, near the line's
    end in the `rows` of the picture. `*` marks a line that joined the others at their mean."""

    def row_of(line: ComparedLine) -> int:
        return rows - 1 if line.end is None else level(line.end, model.low, model.high, 4 * rows) // 4

    numbered = list(enumerate(model.lines, 1))[:height]
    ordered = sorted(numbered, key=lambda each: (row_of(each[1]), -(each[1].end or 0.0)))
    placed: list[int] = []
    for _, line in ordered:
        placed.append(max(row_of(line), placed[-1] + 1 if placed else 0))
    free = height - 1
    for n in reversed(range(len(placed))):  # what was pushed out at the bottom moves up, and all above it
        placed[n] = min(placed[n], free)
        free = placed[n] - 1
    return {y: _entry(styles, n, line, width) for y, (n, line) in zip(placed, ordered, strict=True)}


def _entry(styles: Styles, n: int, line: ComparedLine, width: int) -> StyledLine:
    value = "split?" if line.split else fmt.percent(line.value)
    name = fmt.clip(line.name, min(_LONGEST_CODE, width - len(value) - 4)) + "*" * (
        line.start is not None and line.start.joined
    )
    role = "text" if line.live else "muted"
    return [
        styles.segment(f" {n} ", line.role, bold=True),
        styles.segment(name.ljust(max(0, width - 3 - len(value))), line.role),
        Segment(value, styles(role, bold=line.live)),
    ]


def title_names(
    styles: Styles, anchor: Anchor, first: datetime, newest: datetime, interval: int, date: str
) -> tuple[StyledLine, StyledLine, StyledLine]:
    """Returns what is compared since when, from the longest form to the shortest. `first` and `newest` are the
    exchange's times of the first bar in view and of the newest, `date` is the latter's if it is not today's."""
    if anchor is Anchor.FIRST:
        day = "" if first.date() == newest.date() and interval != DAY else f" {first:%m-%d}"
        since = [f"from{day}" + ("" if interval == DAY else f" {first:%H:%M}")] * 2
    elif anchor is Anchor.OPEN:
        since = ["from the open", "from open"]
    else:
        since = ["from previous close", "from close"]
    word, length = styles.segment("Compare", "text", bold=True), styles.segment(f" {interval_name(interval)}", "muted")
    dated = [styles.segment(f" {date}", "muted")] if date else []
    long, short = (styles.segment(f" · {words}", "accent") for words in since)
    return [word, length, *dated, long], [word, length, short], [styles.segment(since[1], "accent")]
