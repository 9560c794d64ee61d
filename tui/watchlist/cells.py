"""The cells of the watchlist: each figure of a row as text with its role."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from tui import format as fmt
from tui.market.analytics import day_position
from tui.market.bars import MinuteBars
from tui.market.data_status import DataStatus
from tui.market.money import currency_of
from tui.market.pair_instrument import is_difference
from tui.market.sessions import Zone, zone
from tui.market.sparkline import heights, heights_within
from tui.market.usual_volume import MIN_DATES
from tui.watchlist.row_figures import (
    Figure,
    FigureSource,
    RowFigures,
    day_turnover,
    day_volume,
    extended_percent,
    indicative_value,
    is_hour_over,
    last_hour,
    positive_spread,
    told_worth,
    usual_volume_multiple,
)

FLASH = 0.4  # s for which digits that changed are highlighted
RANGE_CELLS = 8  # of the day's range
_LEAST_TICKS = 8  # of the height of a sparkline that has a scale of its own
_INCONSPICUOUS = (DataStatus.PENDING, DataStatus.CLOSED)
WORD_STATES = (
    *_INCONSPICUOUS,
    DataStatus.LAST_KNOWN,
    DataStatus.STALE,
    DataStatus.WAITING,
    DataStatus.REFUSED,
    DataStatus.OVER_PLAN,
    DataStatus.HALTED,
)
"""The states whose age cell has a word."""
_BLOCKS = " ▁▂▃▄▅▆▇"  # none is full: sparklines one above the other stay apart
_DIMMED = {"text": "muted", "up": "up_calm", "down": "down_calm"}
_DIRECTIONS = ("flat", "up", "down")  # by sign; -1 is the last


class Cell(NamedTuple):
    """Text and role. The last `lit` characters have the background `glow`; with an empty glow they are drawn faint.
    `old` is True for a figure that must not look current."""

    text: str
    role: str = "text"
    bold: bool = False
    lit: int = 0
    glow: str = ""
    old: bool = False


CellMaker: TypeAlias = Callable[[RowFigures], Cell]


def dimmed(cell: Cell) -> Cell:
    """Returns a cell in the calmer roles of a closed exchange: its number holds but needs no attention."""
    return cell._replace(role=_DIMMED.get(cell.role, cell.role), bold=False)


def direction_sign(row: RowFigures) -> str:
    """Returns the sign of the last price move, `⊘` for a row in which nothing may look current."""
    if row.last_known is not None:
        return " "
    return "⊘" if row.stale else (" ", "▲", "▼")[row.instrument.direction]


def symbol_cell(row: RowFigures) -> Cell:
    """Returns code and region; the region is drawn faint."""
    code, region = row.instrument.symbol
    return Cell(f"{code}${region}", "text", bold=True, lit=len(region) + 1)


def name_cell(row: RowFigures) -> Cell:
    """Returns the fund's name, in all cells of its column."""
    name, width = row.context.names.name_of(row.instrument.symbol) or fmt.UNKNOWN, row.context.name_cells
    text = fmt.clip(name, width)
    return Cell(text + " " * (width - fmt.cells(text)), "faint" if name is fmt.UNKNOWN else "muted")


def last_cell(row: RowFigures) -> Cell:
    """Returns the last price; digits that changed just now are highlighted."""
    i = row.instrument
    if row.last_known is not None:
        return Cell(fmt.price(row.last_known.price, i.precision.decimals), "muted", old=True)
    if i.last is None:
        return Cell(fmt.UNKNOWN, "faint")
    text = fmt.price(i.last, i.precision.decimals)
    if row.is_old("last"):
        return Cell(text, "muted", old=True)
    lit, context = 0, row.context
    is_new = context.flash and not context.standing and context.now - i.last_changed_at < FLASH
    if is_new and i.previous is not None:
        lit = _changed_digits(text, fmt.price(i.previous, i.precision.decimals))
    return Cell(text, "text", bold=True, lit=lit, glow="flash_up" if i.direction > 0 else "flash_down")


def _changed_digits(text: str, before: str) -> int:
    """Returns how many of the last characters changed: all of them if the length changed."""
    left = len(text)
    if left == len(before):
        for one, other in zip(text, before, strict=True):
            if one != other:
                break
            left -= 1
    return left


def _unknown_change(row: RowFigures) -> Cell:
    if row.split and not row.stale:
        return Cell("split?", "warning")
    return Cell("--" if row.stale else fmt.UNKNOWN, "faint")


def change_cell(row: RowFigures) -> Cell:
    """Returns the change in money."""
    moved = row.change
    if moved is None or row.stale:
        return _unknown_change(row)
    text = fmt.signed(moved.amount, row.instrument.precision.decimals)
    return Cell(text, _direction_role(row, moved.percent), old="last" in row.old)


def percent_cell(row: RowFigures) -> Cell:
    """Returns the change in %, with `o` if it is measured from the open."""
    moved = row.change
    if moved is None or row.stale:
        return _unknown_change(row)
    text = fmt.percent(moved.percent) + ("o" if moved.from_open else "")
    is_old = "last" in row.old
    return Cell(text, _direction_role(row, moved.percent), bold=not is_old, old=is_old)


def _direction_role(row: RowFigures, percent: float) -> str:
    return "muted" if "last" in row.old else _DIRECTIONS[fmt.sign(percent)]


def extended_cell(row: RowFigures) -> Cell:
    """Returns the move outside the regular session, in %."""
    return _unknown_change(row) if row.split else signed_cell(extended_percent)(row)


def signed_cell(figure: Figure) -> CellMaker:
    """Returns the maker of cells for a figure in %, coloured by its sign."""

    def cell(row: RowFigures) -> Cell:
        value = figure(row)
        if value is None or row.stale:
            return Cell("--" if row.stale else fmt.UNKNOWN, "faint")
        return Cell(fmt.percent(value), _direction_role(row, value), old="last" in row.old)

    return cell


def price_cell(figure: Figure, source: FigureSource | None, role: str = "muted") -> CellMaker:
    """Returns the maker of cells for a price, as old as `source`; None: as the row."""

    def cell(row: RowFigures) -> Cell:
        value = figure(row)
        if value is None:
            return Cell(fmt.UNKNOWN, "faint")
        is_old = row.stale or source in row.old
        return Cell(fmt.price(value, row.instrument.precision.decimals), "faint" if is_old else role, old=is_old)

    return cell


def spread_cell(row: RowFigures) -> Cell:
    """Returns the spread in money, or that the book is locked or crossed; an auction's is neither."""
    if row.bid is not None and row.ask is not None and row.bid >= row.ask and not row.instrument.is_indicative:
        is_old = row.is_old("depth")
        return Cell("crossed" if row.bid > row.ask else "locked", "faint" if is_old else "warning", old=is_old)
    return price_cell(positive_spread, "depth")(row)


def iopv_cell(row: RowFigures) -> Cell:
    """Returns the IOPV, or a NAV with `n`: it is of an earlier close."""
    worth = told_worth(row)
    cell = price_cell(indicative_value, "quote")(row)
    if worth is None:
        return cell
    if worth.old:
        cell = cell._replace(role="faint", old=True)
    return cell._replace(text=f"{cell.text}n") if worth.is_nav else cell


def volume_cell(row: RowFigures) -> Cell:
    """Returns the units traded today."""
    return _amount_cell(row, day_volume(row))


def relative_volume_cell(row: RowFigures) -> Cell:
    """Returns today's volume against the usual one; with too few days to compare with, how many of them there are."""
    value, usual = usual_volume_multiple(row), row.instrument.bars.usual
    if row.stale:
        return Cell("--", "faint")
    if value is None:
        is_short = usual is not None and not usual.volumes
        return Cell(f"{fmt.UNKNOWN} {usual.dates}/{MIN_DATES}" if is_short and usual else fmt.UNKNOWN, "faint")
    return Cell(fmt.multiple(value), "faint" if row.is_old("bars") else "text" if value >= 1 else "muted")


def turnover_cell(row: RowFigures) -> Cell:
    """Returns the money traded today, with the currency's sign in a list of several currencies."""
    turnover = day_turnover(row)
    sign = currency_of(row.instrument.symbol.region).sign if row.context.mixed_currencies else ""
    return _amount_cell(row, turnover[1] if turnover is not None else None, sign)


def _amount_cell(row: RowFigures, value: float | None, sign: str = "") -> Cell:
    if value is None:
        return Cell(fmt.UNKNOWN, "faint")
    text = sign + fmt.compact(value)
    is_old = row.is_old("quote")
    # A blank for the missing unit keeps digits below digits.
    return Cell(text if text[-1].isalpha() else f"{text} ", "faint" if is_old else "muted", old=is_old)


def range_cell(row: RowFigures) -> Cell:
    """Returns a line from the day's low to its high with a mark at the last price."""
    i = row.instrument
    quote = i.day_quote
    position = day_position(i.last, quote) if i.last is not None and quote is not None else None
    if position is None:
        return Cell(fmt.UNKNOWN.center(RANGE_CELLS), "faint")
    left, is_old = round(position * (RANGE_CELLS - 1)), row.is_old("quote")
    return Cell("─" * left + "●" + "─" * (RANGE_CELLS - 1 - left), "faint" if is_old else "muted", old=is_old)


def time_cell(row: RowFigures) -> Cell:
    """Returns the time of the last trade by the exchange's clock; its date if that is not today's."""
    i = row.instrument
    time = row.last_known.time if row.last_known is not None else i.last_time
    if not time:
        return Cell(fmt.UNKNOWN, "faint")
    local = zone(i.symbol.region)
    then, now = local.at(time), local.at(row.context.time)
    text = f"{then:%H:%M:%S}" if then.date() == now.date() else f"{then:%m-%d}"
    is_old = row.is_old("last")
    return Cell(text, "faint" if is_old else "muted", old=is_old)


def hour_cell(row: RowFigures) -> Cell:
    """Returns the sparkline of the last hour."""
    i, context = row.instrument, row.context
    least = _LEAST_TICKS * (i.precision.tick_size or 0.01) if is_difference(i) else None
    is_old = row.is_old("bars") or is_hour_over(row)
    return _sparkline(i.bars, i.bars.version, context.spark_cells, context.spark_span, is_old, least)


@lru_cache(maxsize=1_024)
def _sparkline(bars: MinuteBars, version: int, cells: int, span: float, stale: bool, least: float | None) -> Cell:
    """Returns the sparkline in the list's span, or by itself in a range that is at least so high."""
    points, levels = last_hour(bars, version, cells), len(_BLOCKS) - 1
    known = [point for point in points if point is not None]
    if least is None or not known:
        drawn = heights(points, span, levels)
    else:
        drawn = heights_within(points, max(least, max(known) - min(known)), levels)
    text = "".join(_BLOCKS[height or 0] for height in drawn)
    sign = fmt.sign(known[-1] - known[0], 4) if known and not stale else 0
    return Cell(text, ("grid", "up_area", "down_area")[sign], old=stale)


def age_cell(row: RowFigures) -> Cell:
    """Returns the age of the newest data, the word of the row's state, or the time of a last known price."""
    age = fmt.seconds(row.age) if row.age is not None else ""
    if row.status is DataStatus.LAST_KNOWN and row.last_known is not None:
        local = zone(row.instrument.symbol.region)
        return Cell(f" {exchange_moment(row.last_known.time, row.context.time, local)}", "muted")
    if row.status is DataStatus.STALE:
        return Cell(f" stale {age}".rstrip(), "warning")
    if row.status in WORD_STATES:
        return Cell(f" {row.status.value}", "faint" if row.status in _INCONSPICUOUS else "warning")
    return Cell(age or fmt.UNKNOWN, "muted" if row.status is DataStatus.LIVE else "faint")


def exchange_moment(then: float, now: float, local: Zone) -> str:
    """Returns a time by the exchange's clock, both in ms UTC: `16:00` today, `Fri 16:00` in the week before, else
    `11-20 16:00`."""
    at, today = local.at(then), local.at(now).date()
    days = (today - at.date()).days
    return f"{at:%H:%M}" if not days else f"{at:%a %H:%M}" if 0 < days < 7 else f"{at:%m-%d %H:%M}"
