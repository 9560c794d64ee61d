"""The columns of the watchlist: what each cell says, and which columns stay when the width shrinks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from tui import format as fmt
from tui.market import Instrument
from tui.market.bars import MinuteBars
from tui.market.book import Touch, touch
from tui.market.change import Change, change, reference
from tui.market.row import RowState
from tui.market.spark import closes, heights

FLASH = 0.4  # s
SPARKS = (30, 20, 15, 12, 10)  # cells of a sparkline, widest first; each divides the hour
WORD_STATES = (RowState.STALE, RowState.WAITING, RowState.REFUSED, RowState.OVER_PLAN, RowState.HALTED)
_BLOCKS = " ▁▂▃▄▅▆▇█"
_DIRECTIONS = ("flat", "up", "down")  # by sign; -1 is the last


class Cell(NamedTuple):
    """Text and role; `lit` is how many of its last characters flash, on background `glow`."""

    text: str
    role: str = "text"
    bold: bool = False
    lit: int = 0
    glow: str = ""


class Row(NamedTuple):
    """What the cells of one row are made from."""

    instrument: Instrument
    state: RowState
    age: float | None
    now: float
    span: float  # of the sparklines, in %
    spark: int  # cells of a sparkline
    change: Change | None  # None where it is not known or not true now
    touch: Touch | None


def make_row(instrument: Instrument, state: RowState, age: float | None, now: float, span: float, spark: int) -> Row:
    """Derive what more than one cell of the row needs."""
    moved = None
    if instrument.last is not None and instrument.quote is not None and state is not RowState.STALE:
        base = reference(instrument.quote)
        moved = change(instrument.last, base) if base is not None else None
    book = touch(instrument.depth) if instrument.depth is not None else None
    return Row(instrument, state, age, now, span, spark, moved, book)


class Column(NamedTuple):
    """`worth` decides who leaves first when the width shrinks: the smaller goes, together with its equals. `pad` blanks
    go before it."""

    title: str
    width: int
    worth: int
    cell: Callable[[Row], Cell]
    left: bool = False
    pad: int = 2


def _symbol(row: Row) -> Cell:
    code, region = row.instrument.symbol
    # The region's part is drawn faint: `lit` counts it, and an empty glow means faint instead of a flash.
    return Cell(f"{code}${region}", "text", bold=True, lit=len(region) + 1)


def _last(row: Row) -> Cell:
    i = row.instrument
    if i.last is None:
        return Cell(fmt.UNKNOWN, "faint")
    text = fmt.price(i.last, i.decimals)
    if row.state is RowState.STALE:
        return Cell(text, "muted")
    lit = 0
    if i.previous is not None and row.now - i.last_changed_at < FLASH:
        before = fmt.price(i.previous, i.decimals)
        same = next((n for n, (a, b) in enumerate(zip(text, before, strict=False)) if a != b), 0)
        lit = len(text) - same if len(text) == len(before) else len(text)
    return Cell(text, "text", bold=True, lit=lit, glow="flash_up" if i.direction > 0 else "flash_down")


def _no_change(row: Row) -> Cell:
    return Cell("--" if row.state is RowState.STALE else fmt.UNKNOWN, "faint")


def _change(row: Row) -> Cell:
    moved = row.change
    if moved is None:
        return _no_change(row)
    return Cell(fmt.signed(moved.amount, row.instrument.decimals), _DIRECTIONS[fmt.sign(moved.percent)])


def _percent(row: Row) -> Cell:
    moved = row.change
    if moved is None:
        return _no_change(row)
    text = fmt.percent(moved.percent) + ("o" if moved.from_open else "")
    return Cell(text, _DIRECTIONS[fmt.sign(moved.percent)], bold=True)


def _touch(side: str) -> Callable[[Row], Cell]:
    def cell(row: Row) -> Cell:
        if row.touch is None:
            return Cell(fmt.UNKNOWN, "faint")
        role = "faint" if row.state is RowState.STALE else "text"
        return Cell(fmt.price(getattr(row.touch, side), row.instrument.decimals), role)

    return cell


def _quoted(field: str) -> Callable[[Row], Cell]:
    def cell(row: Row) -> Cell:
        quote = row.instrument.quote
        value = getattr(quote, field) if quote is not None else None
        if value is None:
            return Cell(fmt.UNKNOWN, "faint")
        text = (
            fmt.compact(value) if field in ("volume", "turnover") else fmt.price(value or None, row.instrument.decimals)
        )
        return Cell(text, "faint" if row.state is RowState.STALE else "muted")

    return cell


def _spark(row: Row) -> Cell:
    bars = row.instrument.bars
    return _sparkline(bars, bars.version, row.spark, row.span, row.state is RowState.STALE)


@lru_cache(maxsize=1_024)
def hour(bars: MinuteBars, version: int, cells: int) -> list[float | None]:
    """`closes`, kept by the version of the bars, which change far less often than anybody looks at them."""
    return closes(bars, cells)


@lru_cache(maxsize=1_024)
def _sparkline(bars: MinuteBars, version: int, cells: int, span: float, stale: bool) -> Cell:
    points = hour(bars, version, cells)
    text = "".join(_BLOCKS[height or 0] for height in heights(points, span))
    known = [point for point in points if point]
    role = "flat"
    if known and not stale:
        role = ("flat", "up_calm", "down_calm")[fmt.sign(known[-1] - known[0], 4)]
    return Cell(text, role)


def age_cell(row: Row) -> Cell:
    age = fmt.seconds(row.age) if row.age is not None else ""
    if row.state is RowState.STALE:
        return Cell(f" stale {age}".rstrip(), "warning")
    if row.state in WORD_STATES:
        return Cell(f" {row.state.value}", "warning")
    return Cell(age, "muted" if row.state is RowState.LIVE else "faint")


# On the screen from left to right.
COLUMNS = (
    Column("SYMBOL", 8, 100, _symbol, left=True, pad=0),
    Column("LAST", 7, 99, _last),
    Column("CHG", 6, 60, _change),
    Column("CHG%", 7, 98, _percent),
    Column("BID", 7, 40, _touch("bid")),
    Column("ASK", 7, 40, _touch("ask")),
    Column("OPEN", 7, 8, _quoted("open")),
    Column("HIGH", 7, 8, _quoted("high")),
    Column("LOW", 7, 8, _quoted("low")),
    Column("VOLUME", 6, 35, _quoted("volume")),
    Column("TURNOVER", 8, 30, _quoted("turnover")),
    Column("LAST HOUR", SPARKS[-1], 50, _spark, left=True),
    Column("AGE", 4, 90, age_cell),
)
PRICES = {"LAST", "CHG", "BID", "ASK", "OPEN", "HIGH", "LOW"}


def choose(columns: Sequence[Column], widths: dict[str, int], room: int) -> list[Column]:
    """The columns that fit into `room` cells, the worthier first kept, in their order on the screen. Those of one worth
    (bid and ask) come and go together."""
    chosen: list[Column] = []
    for _, group in groupby(sorted(columns, key=lambda column: -column.worth), key=lambda column: column.worth):
        together = list(group)
        for column in together:
            grown = widths.get(column.title, 0) if column.title != "LAST HOUR" else 0
            room -= column.pad + max(column.width, grown)
        if room < 0:
            break
        chosen += together
    return [column for column in columns if column in chosen]
