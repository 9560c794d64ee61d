"""The lines of prices on the chart: a person's alerts and levels, and what the sessions tell.

They never change the range of prices: a line outside of it is an arrow and its price at that edge.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct
from rich.segment import Segment
from rich.style import Style
from textual.message import Message

from tui import format as fmt
from tui.config.key_table import KeyBinding, KeyHint, hint_labels, label_of
from tui.market import Instrument
from tui.market.bars import MINUTE, MinuteGap
from tui.market.levels import PriceLevel, PriceMark, neighbour, price_of
from tui.market.session_axis import DAY
from tui.market.session_prices import OPENING_MINUTES, session_prices
from tui.market.sessions import Zone
from tui.widgets.canvas import Canvas
from tui.widgets.chart.model import ChartModel
from tui.widgets.chart.readout import ReadBar
from tui.widgets.chart.time_plot import level
from tui.widgets.chart.viewport import VisibleSlots
from tui.widgets.pane import StyledLine
from tui.widgets.styles import Styles

_ROWS_FOR_SESSIONS = 6  # of prices; in lower charts only the person's own lines are drawn
_MOST_LONGER = 2  # cells that a label may take for the price of a line
_ABOVE, _BELOW = "▴▾"
_MOST_AT_EDGE = 3  # rows at either edge that tell the price of a line beyond it


class ChartLine(Struct, frozen=True):
    """A line at a price, which is `told` as text. `mark` is what a person can move, None for a line of a session;
    `since` is when it begins, ms UTC, 0 for all of the chart; `selected`: the keys act on it."""

    price: float
    told: str
    name: str
    role: str
    mark: PriceMark | None = None
    since: int = 0
    selected: bool = False

    @property
    def name_and_price(self) -> str:
        """The name, with the price if that is not in it."""
        return self.name if self.mark is not None else f"{self.name} {self.told}"

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


def label_cells(i: Instrument, marks: Iterable[PriceMark], bars: int) -> int:
    """Returns the cells of the labels: those that the prices of the `bars` need, or a few more for a longer price of a
    line."""
    own = (len(_price(i, price_of(mark))) + 3 for mark in marks if mark.symbol == i.symbol)
    return max([bars, *(cells for cells in own if cells <= bars + _MOST_LONGER)])


def _own_line(i: Instrument, mark: PriceMark, selected: bool) -> ChartLine:
    if isinstance(mark, PriceLevel):
        told = _price(i, mark.price)
        return ChartLine(mark.price, told, f"level {told}", "accent", mark, 0, selected)
    return ChartLine(mark.value, _price(i, mark.value), f"alert {mark.condition}", "warning", mark, 0, selected)


def _session_lines(i: Instrument, visible: VisibleSlots) -> list[ChartLine]:
    """Returns the lines of the newest date in the chart, if its slots are in view."""
    slots = visible.timeline.slots
    day = slots[visible.last].date
    first = bisect_left(slots, day, key=lambda slot: slot.date)
    if first >= visible.view.stop:
        return []
    known, since = session_prices(i, day), slots[first].start
    found: list[tuple[float, str, int]] = []
    if (opening := known.opening) is not None:
        words = f"first {OPENING_MINUTES}m" if opening.is_complete else f"first {opening.minutes}m…"
        start = opening.start * MINUTE
        found += [(opening.prices.high, f"{words} high", start), (opening.prices.low, f"{words} low", start)]
    if known.previous_close is not None:
        found.append((known.previous_close, "prev close", since))
    if known.previous is not None:
        found += [(known.previous.high, "prev high", since), (known.previous.low, "prev low", since)]
    return [ChartLine(price, _price(i, price), name, "muted", None, start) for price, name, start in found]


class LinePressed(Message):
    """A line was clicked that can be moved."""

    def __init__(self, mark: PriceMark) -> None:
        super().__init__()
        self.mark = mark


class LineLayer:
    """The lines of one picture: drawn on cells that nothing else needs. `cells` are those of lines that can be moved,
    once they are drawn."""

    def __init__(self, lines: Sequence[ChartLine], model: ChartModel, styles: Styles, rows: int) -> None:
        self.cells: dict[tuple[int, int], PriceMark] = {}
        self._low, self._high, self._rows = model.low, model.high, rows
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
        # The selected one, then the nearest.
        self._above.sort(key=lambda line: (not line.selected, line.price))
        self._below.sort(key=lambda line: (not line.selected, -line.price))

    def price(self, y: int) -> float | None:
        """Returns the price in the middle of a row, None below the prices."""
        return self._high - (y + 0.5) / self._rows * (self._high - self._low) if y < self._rows else None

    def draw_gaps(self, canvas: Canvas, gaps: Iterable[MinuteGap], zone: Zone, x_of: Callable[[int], int]) -> None:
        """Draw an upright line where data were lost, and from when to when. `x_of` returns the cell of a time."""
        style = self._styles("warning")
        for gap in gaps:
            x = x_of(gap.last * MINUTE)
            if not 0 <= x < canvas.width:
                continue
            times = [f"{zone.at(slot * MINUTE):%H:%M}" for slot in dict.fromkeys(gap)]
            words = f" {'–'.join(times)} lost "
            for y in range(1, self._rows):
                at = _blank_run(canvas, y, len(words), (x + 1, x - len(words)))
                if at is not None:
                    canvas.put_words(at, y, words, style)
                    break
            for y in range(self._rows):
                if canvas.is_blank(x, y):
                    canvas.put(x, y, "╎", style)

    def draw(self, canvas: Canvas, x_of: Callable[[int], int]) -> None:
        """Draw lines and their names. `x_of` returns the cell of a time, ms UTC."""
        for y, outside, arrow in ((0, self._above, _ABOVE), (self._rows - 1, self._below, _BELOW)):
            self._draw_names_at_edge(canvas, y, outside, arrow)
        for y, lines in self._by_row.items():
            self._draw_row(canvas, y, lines, max(0, min(x_of(line.since) if line.since else 0 for line in lines)))

    def _draw_names_at_edge(self, canvas: Canvas, y: int, outside: Sequence[ChartLine], arrow: str) -> None:
        """Draw as many names of lines beyond an edge as there is room for, and the number of the others."""
        for count in range(len(outside), 0, -1):
            more = f" +{len(outside) - count}" if count < len(outside) else ""
            told = " · ".join(line.name_and_price for line in outside[:count])
            names = f" {arrow} {told}{more} "
            x = _blank_run(canvas, y, len(names), range(canvas.width - len(names), -1, -1))
            if x is not None:
                canvas.put_words(x, y, names, self._style(outside[0]))
                if (mark := outside[0].mark) is not None:
                    self.cells |= {(x + n, y): mark for n in range(len(names))}
                return

    def _draw_row(self, canvas: Canvas, y: int, lines: Sequence[ChartLine], start: int) -> None:
        """Draw the lines of one row as one, with as many names as there is room for."""
        style, named = self._style(lines[0]), range(0)
        for names in (f" {' · '.join(line.name for line in lines)} ", f" {lines[0].name} "):
            length = len(names)
            on_line = range(start + 1, canvas.width - length + 1)
            before = range(start - length - 1, -1, -1)
            if (x := _blank_run(canvas, y, length, (*on_line, *before))) is not None:
                canvas.put_words(x, y, names, style)
                named = range(x, x + length)
                break
        mark = next((line.mark for line in lines if line.mark is not None), None)
        blank = [x for x in range(start, canvas.width) if canvas.is_blank(x, y)]
        for x in blank:
            canvas.put(x, y, lines[0].sign, style)
        if mark is not None:
            self.cells |= {(x, y): mark for x in (*blank, *named)}

    def add_labels(self, labels: dict[int, Segment], width: int) -> dict[int, ChartLine]:
        """Add prices of `width` cells where there is no other one; returns whose they are, by row."""
        added: dict[int, ChartLine] = {}
        for y, lines in self._by_row.items():
            if y not in labels:
                labels[y], added[y] = self._label(lines[0], width, " "), lines[0]
        for outside, sign, rows in (
            (self._above, _ABOVE, range(self._rows)),
            (self._below, _BELOW, range(self._rows - 1, -1, -1)),
        ):
            free = [y for y in rows[:_MOST_AT_EDGE] if y not in labels]
            # The farthest at the edge itself.
            told = sorted(outside[: len(free)], key=lambda line: line.price, reverse=sign == _ABOVE)
            for y, line in zip(free, told, strict=False):
                labels[y], added[y] = self._label(line, width, sign), line
        return added

    def _style(self, line: ChartLine) -> Style:
        return self._styles(line.role, bold=line.selected)

    def _label(self, line: ChartLine, width: int, sign: str) -> Segment:
        text = f"{sign}{line.told} "
        style = self._styles("background", line.role, bold=True) if line.selected else self._styles(line.role)
        return Segment(text.rjust(width) if len(text) <= width else sign.rjust(width), style)


class PressableLines:
    """What the mouse points at in a chart. `layer` is what was drawn last; `labelled` the first cell of the prices, and
    whose they are by row."""

    def __init__(self) -> None:
        self.layer: LineLayer | None = None
        self.labelled: tuple[int, Mapping[int, ChartLine]] = 0, {}
        self._pointed: tuple[float | None, object] = None, None

    def at(self, x: int, y: int) -> PriceMark | None:
        """Returns what can be moved in a cell of the chart."""
        left, labels = self.labelled
        if x < left:
            return self.layer.cells.get((x, y)) if self.layer is not None else None
        return labels[y].mark if y in labels else None

    def point(self, y: int, position: object) -> None:
        """Point at a row, with the crosshair at that position."""
        self._pointed = self.layer.price(y) if self.layer is not None else None, position

    def price(self, i: Instrument, read: ReadBar, position: object) -> float | None:
        """Returns the price that is pointed at if the crosshair is still there, else the close of the bar that is
        read, else the last price."""
        pointed, at = self._pointed
        if read.pointed and pointed is not None and at == position:
            return neighbour(pointed, 0, i.precision)
        return read.bar.close if read.bar is not None else i.last


def _blank_run(canvas: Canvas, y: int, cells: int, starts: Iterable[int]) -> int | None:
    """Returns the first of `starts` from which on so many cells of a row are blank, None if there is none."""
    return next((x for x in starts if 0 <= x <= canvas.width - cells and canvas.is_blank(x, y, cells)), None)


def _price(i: Instrument, price: float) -> str:
    return fmt.price(price, i.precision.decimals_of([price]))


def line_note(styles: Styles, i: Instrument, mark: PriceMark, keys: Sequence[KeyBinding], room: int) -> StyledLine:
    """Returns what the selected line is and which keys act on it, in the longest form that fits into `room` cells."""
    name = f"level {_price(i, mark.price)}" if isinstance(mark, PriceLevel) else f"alert {mark.condition}"
    last = i.last_known.price if i.is_last_known and i.last_known is not None else i.last
    away = f" {fmt.percent(100 * (price_of(mark) / last - 1))} from last" if last else ""
    first, second = hint_labels(keys, KeyHint("", ("line_up", "line_down")))
    moves = f"{first}{second} moves"
    others = f"{label_of(keys, 'set_line')} price · {label_of(keys, 'remove_line')} removes"
    forms = (f"{name}{away} · {moves} · {others}", f"{name} · {moves} · {others}", f"{name} · {moves}", name)
    return [styles.segment(next((form for form in forms if len(form) <= room), name), "accent")]
