"""The lines of prices on the chart: a person's alerts and levels, and what the sessions tell.

They never change the range of prices: a line outside of it is an arrow and its price at that edge.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from rich.segment import Segment

from tui import format as fmt
from tui.market import Instrument
from tui.market.bars import MINUTE
from tui.market.levels import PriceLevel, PriceMark, price_of
from tui.market.session_axis import DAY
from tui.market.session_prices import OPENING_MINUTES, session_prices
from tui.widgets.canvas import Canvas
from tui.widgets.chart.model import ChartModel
from tui.widgets.chart.time_plot import level
from tui.widgets.chart.viewport import VisibleSlots
from tui.widgets.styles import Styles

_ROWS_FOR_SESSIONS = 6  # of prices; in lower charts only the person's own lines are drawn
_MOST_AT_EDGE = 3  # lines whose price is told at either edge


class ChartLine(Struct, frozen=True):
    """A line at a price. `mark` is what a person can move, None for a line of a session; `since` is when it begins, ms
    UTC, 0 for all of the chart; `selected`: the keys act on it."""

    price: float
    name: str
    role: str
    mark: PriceMark | None = None
    since: int = 0
    selected: bool = False

    @property
    def sign(self) -> str:
        """What it is drawn with: selected, movable, or neither."""
        return "━" if self.selected else "┈" if self.mark is None else "╌"


def chart_lines(
    i: Instrument, marks: Iterable[PriceMark], selected: PriceMark | None, visible: VisibleSlots, interval: int
) -> list[ChartLine]:
    """Returns the lines of an instrument's chart, the most important first."""
    own = [_own_line(i, mark, mark == selected) for mark in marks if mark.symbol == i.symbol]
    lines = sorted(own, key=lambda line: not line.selected)
    return lines if interval == DAY else [*lines, *_session_lines(i, visible)]


def _own_line(i: Instrument, mark: PriceMark, selected: bool) -> ChartLine:
    if isinstance(mark, PriceLevel):
        return ChartLine(mark.price, f"level {_price(i, mark.price)}", "accent", mark, 0, selected)
    return ChartLine(mark.value, f"alert {mark.condition}", "warning", mark, 0, selected)


def _session_lines(i: Instrument, visible: VisibleSlots) -> list[ChartLine]:
    """Returns the lines of the newest date in the chart, if its slots are in view."""
    slots = visible.timeline.slots
    day = slots[visible.last].date
    first = bisect_left(slots, day, key=lambda slot: slot.date)
    if first >= visible.view.stop:
        return []
    known, since = session_prices(i, day), slots[first].start
    lines: list[ChartLine] = []
    if (opening := known.opening) is not None:
        words = f"first {OPENING_MINUTES}m" if opening.is_complete else f"first {opening.minutes}m…"
        start = opening.start * MINUTE
        lines += [ChartLine(opening.prices.high, f"{words} high", "muted", None, start)]
        lines += [ChartLine(opening.prices.low, f"{words} low", "muted", None, start)]
    if known.previous_close is not None:
        lines.append(ChartLine(known.previous_close, "prev close", "muted", None, since))
    if known.previous is not None:
        lines.append(ChartLine(known.previous.high, "prev high", "muted", None, since))
        lines.append(ChartLine(known.previous.low, "prev low", "muted", None, since))
    return lines


class LineLayer:
    """The lines of one picture: drawn below the prices, on cells that nothing else needs."""

    def __init__(self, lines: Sequence[ChartLine], model: ChartModel, styles: Styles, rows: int) -> None:
        self._styles = styles
        self._by_row: dict[int, list[ChartLine]] = {}
        self._above: list[ChartLine] = []
        self._below: list[ChartLine] = []
        for line in lines:
            if line.mark is None and rows < _ROWS_FOR_SESSIONS:
                continue
            if line.price > model.high:
                self._above.append(line)
            elif line.price < model.low:
                self._below.append(line)
            else:
                row = level(line.price, model.low, model.high, 4 * rows) // 4
                self._by_row.setdefault(row, []).append(line)
        self._rows = rows

    def draw(self, canvas: Canvas, x_of: Callable[[int], int]) -> None:
        """Draw lines and names on blank cells. `x_of` returns the cell of a time, ms UTC."""
        for y, lines in self._by_row.items():
            first = lines[0]
            style = self._styles(first.role, bold=first.selected)
            start = max(0, min(x_of(line.since) for line in lines))
            names = f" {' · '.join(line.name for line in lines)} "
            at = _blank_run(canvas, y, start + 1, len(names))
            if at is None and len(lines) > 1:
                names = f" {first.name} "
                at = _blank_run(canvas, y, start + 1, len(names))
            named = range(at, at + len(names)) if at is not None else range(0)
            for x in range(start, canvas.width):
                if x not in named and canvas.is_blank(x, y):
                    canvas.put(x, y, first.sign, style)
            if at is not None:
                canvas.write(at, y, names, style)

    def add_labels(self, labels: dict[int, Segment], i: Instrument, width: int) -> dict[int, ChartLine]:
        """Add prices of `width` cells where there is no other one; returns whose they are, by row."""
        added: dict[int, ChartLine] = {}
        for y, lines in self._by_row.items():
            if y not in labels:
                labels[y], added[y] = self._label(i, lines[0], width, " "), lines[0]
        for outside, sign, rows in (
            (self._above, "▴", range(self._rows)),
            (self._below, "▾", range(self._rows - 1, -1, -1)),
        ):
            free = [y for y in rows if y not in labels][:_MOST_AT_EDGE]
            told = outside[: len(free)]
            told.sort(key=lambda line: line.price, reverse=sign == "▴")  # the farthest at the edge itself
            for y, line in zip(free, told, strict=False):
                labels[y], added[y] = self._label(i, line, width, sign), line
        return added

    def _label(self, i: Instrument, line: ChartLine, width: int, sign: str) -> Segment:
        text = f"{sign}{_price(i, line.price)} "
        style = self._styles("background", line.role, bold=True) if line.selected else self._styles(line.role)
        return Segment(text.rjust(width) if len(text) <= width else sign.rjust(width), style)


def _blank_run(canvas: Canvas, y: int, start: int, cells: int) -> int | None:
    """Returns the first of so many blank cells of a row, None if there are none."""
    return next((x for x in range(start, canvas.width - cells + 1) if canvas.is_blank(x, y, cells)), None)


def _price(i: Instrument, price: float) -> str:
    return fmt.price(price, i.precision.decimals_of([price]))


def describe(i: Instrument, mark: PriceMark) -> str:
    """Returns a selected line in words, with how far it is from the last price."""
    name = f"level {_price(i, mark.price)}" if isinstance(mark, PriceLevel) else f"alert {mark.condition}"
    last = i.last_known.price if i.is_last_known and i.last_known is not None else i.last
    return f"{name} {fmt.percent(100 * (price_of(mark) / last - 1))} from last" if last else name
