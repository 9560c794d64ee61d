"""The picture of depth over time: a column of cells for each column of time.

A cell has two prices, one a half, if the terminal has the shades and the half blocks for that; else one. Without shades
a size is a digit from 1 to 9, and the best bid and ask are in reverse video.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from rich.segment import Segment
from rich.style import Style

from tui.market.depth_history import DepthColumn
from tui.market.price_axis import PriceAxis
from tui.market.sessions import Zone
from tui.widgets.depth_over_time.model import DepthModel
from tui.widgets.pane import StyledLine
from tui.widgets.role_colours import SHADES
from tui.widgets.styles import Styles

_TRADES = "▾▾•▴▴"  # by the side of the last trade, from sold to bought
_LINES = {"bid": "up", "ask": "down"}
_DIGITS = 9
_DIGIT_ROLES = ("faint", "muted", "text")
_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800)  # s between labels of time
_LABEL_DISTANCE = 12  # cells from one label of time to the next, at least

DepthCell = tuple[str, Style]
"""A character and its style."""


class HeatMap:
    """Draws columns of `rows` cells, with shades or, if not `shaded`, with digits."""

    def __init__(self, styles: Styles, axis: PriceAxis, full: float, rows: int, *, shaded: bool) -> None:
        self._styles = styles
        self._axis = axis
        self._full = full
        self._rows = rows
        self._is_shaded = shaded
        self._halves = axis.rows // rows
        self._row_by_price: dict[float, int] = {}
        self._loss: DepthCell = ("┊", styles("grid"))
        # What no size and no line leaves.
        self._blank: DepthCell = (" ", styles("text", SHADES[0])) if shaded else (" ", styles("faint"))

    def column(self, column: DepthColumn | None, before: DepthColumn | None) -> list[DepthCell]:
        """Returns the cells of a column, the highest price first; a dotted line if the book of the one `before` was
        lost, or for a time within the column, where nothing stood."""
        if column is None:
            return [self._loss if before is not None else (" ", self._styles("grid"))] * self._rows
        steps = len(SHADES) - 1 if self._is_shaded else _DIGITS
        levels = [0] * self._axis.rows
        for price, size in column.sizes.items():
            row = self._row(price)
            if 0 <= row < len(levels):
                levels[row] = max(levels[row], min(steps, math.ceil(steps * size / self._full)))
        touch = {self._row(price): role for price, role in ((column.bid, "bid"), (column.ask, "ask")) if price}
        trades = {self._row(column.trade[0]): _TRADES[column.trade[1] + 2]} if column.trade is not None else {}
        if self._is_shaded:
            cells = [self._shaded(levels, y * self._halves, touch, trades) for y in range(self._rows)]
        else:
            cells = [self._digit(level, touch.get(y, ""), trades.get(y, "")) for y, level in enumerate(levels)]
        return [self._loss if column.lost and cell == self._blank else cell for cell in cells]

    def _row(self, price: float) -> int:
        row = self._row_by_price.get(price)
        if row is None:
            row = self._row_by_price[price] = self._axis.row(price)
        return row

    def _shaded(
        self, levels: Sequence[int], row: int, touch: Mapping[int, str], trades: Mapping[int, str]
    ) -> DepthCell:
        styles, rows = self._styles, range(row, row + self._halves)
        for traded in rows:
            if traded in trades:
                ground = _LINES[touch[traded]] if traded in touch else SHADES[levels[traded]]
                return trades[traded], styles(styles.on(ground), ground, bold=True)
        upper, lower = (_LINES[touch[each]] if each in touch else SHADES[levels[each]] for each in (rows[0], rows[-1]))
        return (" ", styles("text", upper)) if upper == lower else ("▀", styles(upper, lower))

    def _digit(self, level: int, side: str, trade: str) -> DepthCell:
        text = trade or (str(level) if level else " ")
        if side:
            return text, self._styles("background", _LINES[side], bold=bool(trade))
        return text, self._styles("text" if trade else _DIGIT_ROLES[max(0, level - 1) // 3], bold=bool(trade))


def joined(cells: Iterable[DepthCell]) -> StyledLine:
    """Returns cells as a line, with those of one style in one piece."""
    line: StyledLine = []
    text, style = "", None
    for character, each in cells:
        if each is not style and style is not None:
            line.append(Segment(text, style))
            text = ""
        text, style = text + character, each
    return [*line, Segment(text, style)] if text else line


def scale(styles: Styles, full: str, row: str, *, shaded: bool, inferred: bool) -> StyledLine:
    """Returns the legend: sizes from 0 to `full` and more, the signs of trades, inferred ones with `~`, and how far
    apart the prices of two rows are, unless it is a tick, ""."""
    muted = styles("muted")
    if shaded:
        swatches = [Segment(" ", styles("text", shade)) for shade in SHADES[1:]]
        line = [Segment("0 ", muted), *swatches, Segment(f" {full}+", muted)]
    else:
        line = [Segment(f"1–{_DIGITS}", styles("text")), Segment(f" of {full}+", muted)]
    mark = "~" * inferred
    return [*line, Segment(f"  {mark}▴ bought {mark}▾ sold{f'  rows of {row}' if row else ''}", muted)]


def time_labels(styles: Styles, model: DepthModel, zone: Zone) -> StyledLine:
    """Returns the time axis: the exchange's times at round steps, each beginning below its column."""
    cells = len(model.columns)
    step = next((step for step in _STEPS if step >= _LABEL_DISTANCE * model.seconds), _STEPS[-1])
    text = ""
    for x in range(cells):
        local = zone.at(1000 * (model.first + x) * model.seconds)
        if (3_600 * local.hour + 60 * local.minute + local.second) % step < model.seconds:
            label = f"{local:%H:%M:%S}" if step < 60 else f"{local:%H:%M}"
            if x + len(label) <= cells and x >= len(text):
                text = text.ljust(x) + label
    return [styles.segment(text.ljust(cells), "muted")]
