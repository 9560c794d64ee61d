"""The rows of the ladder: a price between the sizes of bids and asks, each on a bar."""

from __future__ import annotations

import math
from collections.abc import Container
from typing import NamedTuple

from msgspec import Struct

from tui import format as fmt
from tui.market.book import cumulative
from tui.protocol.messages import Level
from tui.widgets.ladder.traded_column import TradedCell
from tui.widgets.pane import StyledLine
from tui.widgets.size_bar import aligned, sized_bar
from tui.widgets.styles import Styles

_CUMULATIVE = 8  # cells of the cumulative size, a blank on either side
_MAX_CACHED = 512


class LadderGeometry(NamedTuple):
    """The cells of the price, of each side of it, and of the cumulative size within a side, 0 if it is left out."""

    price: int
    half: int
    total: int

    @property
    def bar(self) -> int:
        """Cells of the longest bar."""
        return self.half - self.total


def ladder_geometry(width: int, longest_price: int) -> LadderGeometry:
    """Returns the geometry of rows of `width` cells with prices of so many characters."""
    price = max(len("PRICE"), longest_price)
    half = (width - price - 2) // 2
    return LadderGeometry(price, half, _CUMULATIVE if half >= _CUMULATIVE + 7 else 0)


class LevelCell(NamedTuple):
    """A level's size as text and as the eighths of a cell its bar has, and the cumulative size."""

    size: str
    eighths: int
    total: str
    tinted: bool


class LadderRow(Struct, frozen=True):
    """All that a row is drawn from. `mark` is the role of the last trade's mark, "" if that trade had another price;
    `pointed` is True if the cursor stands on it. `traded` takes the place of the cumulative sizes, None if it is not
    shown."""

    price: str
    role: str
    bold: bool
    mark: str
    ask: LevelCell | None
    bid: LevelCell | None
    pointed: bool
    traded: TradedCell | None


def level_cells(
    side: list[Level], geometry: LadderGeometry, scale: float, tinted: Container[float], *, square_root: bool
) -> list[LevelCell]:
    """Returns the cells of one side from the best level outward. `scale` is the size of a full bar; `square_root` makes
    bars as long as the square root of the size."""
    sizes = aligned([fmt.size(level.volume) for level in side])
    if sizes and len(sizes[0]) > geometry.bar:
        sizes = [fmt.compact(level.volume) for level in side]
    cells: list[LevelCell] = []
    for level, size, total in zip(side, sizes, cumulative(side), strict=True):
        share = level.volume / scale
        eighths = round(8 * geometry.bar * (math.sqrt(share) if square_root else share))
        cells.append(LevelCell(size, eighths, fmt.size(total) if geometry.total else "", level.price in tinted))
    return cells


class RowDrawer:
    """Draws rows, and returns those that are unchanged as they were drawn before."""

    def __init__(self) -> None:
        self._cache: dict[object, StyledLine] = {}

    def line(self, row: LadderRow, geometry: LadderGeometry, styles: Styles, *, live: bool) -> StyledLine:
        """Returns the line of a row; a row that is not live is drawn in muted colours."""
        key = row, geometry, live, styles
        line = self._cache.get(key)
        if line is None:
            if len(self._cache) >= _MAX_CACHED:
                self._cache.clear()
            line = self._cache[key] = _line(row, geometry, styles, live)
        return line


def _line(row: LadderRow, geometry: LadderGeometry, styles: Styles, live: bool) -> StyledLine:
    left, right = (level.total if level is not None else "" for level in (row.bid, row.ask))
    if row.traded is not None:
        left, right = row.traded.bought, row.traded.sold
    is_control = row.traded is not None and row.traded.is_control
    total_role = "text" if is_control and live else "muted"
    line: StyledLine = [styles.segment(" " * geometry.half, "text")]
    if row.bid is not None or left:
        line = []
        if geometry.total:
            line.append(styles.segment(f"{left:>{geometry.total - 1}} ", total_role, bold=is_control))
        if row.bid is not None:
            line += _bar(row.bid, geometry.bar, styles, live, leftward=True)
        else:
            line.append(styles.segment(" " * geometry.bar, "text"))
    price = row.price.rjust(geometry.price)
    role, ground = ("background", "accent") if row.pointed else (row.role, "background")
    bold = row.bold or row.pointed
    if not row.mark:
        line.append(styles.segment(f" {price} ", role, ground, bold=bold))
    elif row.bid is not None and row.ask is None:
        # The mark points at the price from the side that has no bar.
        line += [styles.segment(f" {price}", role, ground, bold=bold), styles.segment("◂", row.mark)]
    else:
        line += [styles.segment("▸", row.mark), styles.segment(f"{price} ", role, ground, bold=bold)]
    if row.ask is not None:
        line += _bar(row.ask, geometry.bar, styles, live)
    elif right:
        line.append(styles.segment(" " * geometry.bar, "text"))
    if geometry.total and (row.ask is not None or right):
        line.append(styles.segment(f"{right:>{geometry.total - 1}} ", total_role, bold=is_control))
    return line


def _bar(cell: LevelCell, width: int, styles: Styles, live: bool, *, leftward: bool = False) -> StyledLine:
    """Returns a level's size on its bar. A size that does not fit is left out, so that no number is cut."""
    text = cell.size if len(cell.size) <= width else ""
    text = text.rjust(width) if leftward else text.ljust(width)
    if not live:
        return sized_bar(styles, text, cell.eighths, "flat_bar", role="muted", off="muted", leftward=leftward)
    colour = ("flash_up" if cell.tinted else "bid_bar") if leftward else ("flash_down" if cell.tinted else "ask_bar")
    off = ("up" if leftward else "down") if cell.tinted else "text"
    return sized_bar(styles, text, cell.eighths, colour, role="text", off=off, bold=cell.tinted, leftward=leftward)


def ladder_header(
    styles: Styles, geometry: LadderGeometry, out_of_sight: int, totals: tuple[str, str], *, square_root: bool
) -> StyledLine:
    """Returns the line of titles, with an arrow if the spread is out of sight: 1 above, -1 below. `totals` are the
    titles of the outermost columns."""
    size = "√SIZE" if square_root else "SIZE"
    outer = [f"{title:>{geometry.total - 1}} " if geometry.total else "" for title in totals]
    left, right = outer[0] + size.rjust(geometry.bar), size.ljust(geometry.bar) + outer[1]
    price = styles.segment(f" {'PRICE'.rjust(geometry.price)} ", "muted")
    if out_of_sight:
        arrow = "↑" if out_of_sight > 0 else "↓"
        price = styles.segment(f" {'PRICE'.rjust(geometry.price)}{arrow}", "accent")
    return [styles.segment(left, "muted"), price, styles.segment(right, "muted")]
