"""The columns of the watchlist: what each cell says, what rows are sorted by, and which columns stay when the width
shrinks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Literal, NamedTuple, TypeAlias

from tui import format as fmt
from tui.market import Instrument
from tui.market.analytics import day_position, day_vwap, premium
from tui.market.bars import MINUTE, MinuteBars
from tui.market.book import BestBidOffer, best_bid_offer
from tui.market.change import Change, ReferencePrice, change
from tui.market.data_status import DataStatus
from tui.market.instrument import LastKnownPrice
from tui.market.money import currency_of
from tui.market.sessions import Zone, zone
from tui.market.sparkline import closes_by_cell, heights
from tui.protocol.messages import MIN_PRICE, Quote
from tui.reference.fund_names import FundNames

FLASH = 0.4  # s
SPARKS = (30, 20, 15, 12, 10)  # cells of a sparkline, widest first; each divides the hour
_CALM = (DataStatus.PENDING, DataStatus.CLOSED)
_OTHER_SESSION = 6 * 3_600_000  # ms: no exchange rests for less between two sessions, or for more within one
WORD_STATES = (
    *_CALM,
    DataStatus.LAST_KNOWN,
    DataStatus.STALE,
    DataStatus.WAITING,
    DataStatus.REFUSED,
    DataStatus.OVER_PLAN,
    DataStatus.HALTED,
)
_BLOCKS = " ▁▂▃▄▅▆▇█"
_DIMMED = {"text": "muted", "up": "up_calm", "down": "down_calm"}
_DIRECTIONS = ("flat", "up", "down")  # by sign; -1 is the last
_RANGE = 8  # cells of the day's range

SortKey: TypeAlias = float | str | tuple[str, float] | None
"""What a row is sorted by; None has no place in the order and goes last, whatever the direction."""


class Cell(NamedTuple):
    """Text and role; `lit` is how many of its last characters flash, on background `glow`."""

    text: str
    role: str = "text"
    bold: bool = False
    lit: int = 0
    glow: str = ""


class RenderContext(NamedTuple):
    """What all rows of the list are drawn with."""

    now: float  # s, monotonic
    time: float  # the exchange's, ms UTC
    span: float  # of the sparklines, in %
    spark: int  # cells of a sparkline
    mixed: bool  # whether the list has money of more than one kind
    names: FundNames
    flash: bool = True  # whether digits that changed light up
    name: int = 28  # cells of a name


class RowFigures(NamedTuple):
    """What the cells of one row are made from."""

    instrument: Instrument
    state: DataStatus
    age: float | None  # s
    moment: RenderContext
    base: ReferencePrice | None  # what change is measured from
    change: Change | None
    touch: BestBidOffer | None
    past: LastKnownPrice | None  # what is known from before, where the stream has brought no price
    stale: bool  # nothing of it may look like now's


def make_row(instrument: Instrument, state: DataStatus, age: float | None, moment: RenderContext) -> RowFigures:
    """Derive what more than one cell of the row needs."""
    base, last = instrument.base, instrument.regular_last
    moved = change(last, base) if last is not None and base is not None else None
    book = best_bid_offer(instrument.depth) if instrument.depth is not None else None
    past = instrument.last_known if instrument.is_last_known else None
    return RowFigures(
        instrument, state, age, moment, base, moved, book, past, state is DataStatus.STALE or past is not None
    )


class Column(NamedTuple):
    """`worth` decides who leaves first when the width shrinks: the smaller goes, together with its equals.

    `letter` picks it in the menu of sorting, None where an order by it says nothing; `descending`: largest first, at
    first. `width` in cells is the least; it grows with the widest number, or, where `most` is given, with the room
    there is: a cell then fills it all. On the `point` are aligned numbers without a unit. A cell made of nothing but
    the `symbol`, the `depth` or the `quote` is drawn anew only with another one."""

    id: str
    title: str
    words: str
    letter: str | None
    width: int
    priority: int
    cell: Callable[[RowFigures], Cell]
    key: Callable[[RowFigures], SortKey]
    descending: bool = True
    left: bool = False
    point: bool = False
    most: int = 0
    of: Literal["symbol", "depth", "quote"] | None = None


ColumnFigure: TypeAlias = Callable[[RowFigures], float | None]


# --- figures ---


def _amount(row: RowFigures) -> float | None:
    return row.change.amount if row.change is not None else None


def _percent(row: RowFigures) -> float | None:
    return row.change.percent if row.change is not None else None


def _extended(row: RowFigures) -> float | None:
    i = row.instrument
    return i.day.extended_change(i.last, row.moment.time) if i.last is not None else None


def _previous(row: RowFigures) -> float | None:
    return row.base.price if row.base is not None and not row.base.is_open else None


def _bid(row: RowFigures) -> float | None:
    return row.touch.bid if row.touch is not None else None


def _ask(row: RowFigures) -> float | None:
    return row.touch.ask if row.touch is not None else None


def _spread(row: RowFigures) -> float | None:
    return row.touch.spread if row.touch is not None and row.touch.spread > 0 else None


def _quoted(take: Callable[[Quote], float | None]) -> ColumnFigure:
    """A price of the quote, where zero stands for none."""

    def figure(row: RowFigures) -> float | None:
        price = take(row.instrument.quote) if row.instrument.quote is not None else None
        return price if price is not None and price >= MIN_PRICE else None

    return figure


def _volume(row: RowFigures) -> float | None:
    return row.instrument.quote.volume if row.instrument.quote is not None else None


def _turnover(row: RowFigures) -> tuple[str, float] | None:
    quote = row.instrument.quote
    if quote is None or quote.turnover is None:
        return None
    return currency_of(row.instrument.symbol.region).code, quote.turnover


def _vwap(row: RowFigures) -> float | None:
    i = row.instrument
    return day_vwap(i.quote, i.tick_size or 10.0**-i.decimals) if i.quote is not None else None


def _iopv(row: RowFigures) -> float | None:
    quote = row.instrument.quote
    return quote.iopv or quote.nav or None if quote is not None else None


def _premium(row: RowFigures) -> float | None:
    i = row.instrument
    if i.last is None or i.quote is None:
        return None
    return premium(i.last, i.quote, row.moment.time, zone(i.symbol.region))


def _hour_passed(row: RowFigures) -> bool:
    """Whether the hour up to the latest bar is one of an earlier session."""
    i = row.instrument
    return row.past is not None or i.newest_time - i.bars.latest * MINUTE > _OTHER_SESSION


def _hour_move(row: RowFigures) -> float | None:
    bars = row.instrument.bars
    if _hour_passed(row):
        return None
    known = [point for point in hour(bars, bars.version, row.moment.spark) if point]
    return 100 * (known[-1] / known[0] - 1) if known else None


def _last_time(row: RowFigures) -> float | None:
    return row.instrument.last_time or None


# --- cells ---


def dimmed(cell: Cell) -> Cell:
    """The same while its exchange is closed: the numbers hold, and nothing calls for attention."""
    return cell._replace(role=_DIMMED.get(cell.role, cell.role), bold=False)


def _symbol(row: RowFigures) -> Cell:
    code, region = row.instrument.symbol
    # The region's part is drawn faint: `lit` counts it, and an empty glow means faint instead of a flash.
    return Cell(f"{code}${region}", "text", bold=True, lit=len(region) + 1)


def _name(row: RowFigures) -> Cell:
    name, width = row.moment.names.name_of(row.instrument.symbol) or fmt.UNKNOWN, row.moment.name
    text = fmt.clip(name, width)
    return Cell(text + " " * (width - fmt.cells(text)), "faint" if name is fmt.UNKNOWN else "muted")


def _last(row: RowFigures) -> Cell:
    i = row.instrument
    if row.past is not None:
        return Cell(fmt.price(row.past.price, i.decimals), "muted")
    if i.last is None:
        return Cell(fmt.UNKNOWN, "faint")
    text = fmt.price(i.last, i.decimals)
    if row.stale:
        return Cell(text, "muted")
    lit = 0
    if row.moment.flash and i.previous is not None and row.moment.now - i.last_changed_at < FLASH:
        lit = _other(text, fmt.price(i.previous, i.decimals))
    return Cell(text, "text", bold=True, lit=lit, glow="flash_up" if i.direction > 0 else "flash_down")


def _other(text: str, before: str) -> int:
    """How many of its last characters are other than before: all where it has more or fewer than then."""
    left = len(text)
    if left == len(before):
        for one, other in zip(text, before, strict=True):
            if one != other:
                break
            left -= 1
    return left


def _no_change(row: RowFigures) -> Cell:
    return Cell("--" if row.stale else fmt.UNKNOWN, "faint")


def _change_cell(row: RowFigures) -> Cell:
    moved = row.change
    if moved is None or row.stale:
        return _no_change(row)
    return Cell(fmt.signed(moved.amount, row.instrument.decimals), _DIRECTIONS[fmt.sign(moved.percent)])


def _percent_cell(row: RowFigures) -> Cell:
    moved = row.change
    if moved is None or row.stale:
        return _no_change(row)
    text = fmt.percent(moved.percent) + ("o" if moved.from_open else "")
    return Cell(text, _DIRECTIONS[fmt.sign(moved.percent)], bold=True)


def _signed_cell(figure: ColumnFigure) -> Callable[[RowFigures], Cell]:
    """A figure in %, coloured by its sign."""

    def cell(row: RowFigures) -> Cell:
        value = figure(row)
        if value is None or row.stale:
            return _no_change(row)
        return Cell(fmt.percent(value), _DIRECTIONS[fmt.sign(value)])

    return cell


def _price_cell(figure: ColumnFigure, role: str = "muted") -> Callable[[RowFigures], Cell]:
    def cell(row: RowFigures) -> Cell:
        value = figure(row)
        if value is None:
            return Cell(fmt.UNKNOWN, "faint")
        return Cell(fmt.price(value, row.instrument.decimals), "faint" if row.stale else role)

    return cell


def _spread_cell(row: RowFigures) -> Cell:
    if row.touch is not None and row.touch.spread <= 0:
        return Cell("crossed" if row.touch.spread else "locked", "warning")
    return _price_cell(_spread)(row)


def _iopv_cell(row: RowFigures) -> Cell:
    cell = _price_cell(_iopv)(row)
    quote = row.instrument.quote
    # A NAV is of an earlier close, nobody says of which.
    return cell._replace(text=f"{cell.text}n") if quote is not None and quote.nav and not quote.iopv else cell


def _amount_cell(row: RowFigures, value: float | None, sign: str = "") -> Cell:
    if value is None:
        return Cell(fmt.UNKNOWN, "faint")
    text = sign + fmt.compact(value)
    # Digits stand under digits, also those of a number without a unit.
    return Cell(text if text[-1].isalpha() else f"{text} ", "faint" if row.stale else "muted")


def _volume_cell(row: RowFigures) -> Cell:
    return _amount_cell(row, _volume(row))


def _turnover_cell(row: RowFigures) -> Cell:
    figure = _turnover(row)
    sign = currency_of(row.instrument.symbol.region).sign if row.moment.mixed else ""
    return _amount_cell(row, figure[1] if figure is not None else None, sign)


def _range_cell(row: RowFigures) -> Cell:
    i = row.instrument
    position = day_position(i.last, i.quote) if i.last is not None and i.quote is not None else None
    if position is None:
        return Cell(fmt.UNKNOWN.center(_RANGE), "faint")
    left = round(position * (_RANGE - 1))
    return Cell("─" * left + "●" + "─" * (_RANGE - 1 - left), "faint" if row.stale else "muted")


def _time_cell(row: RowFigures) -> Cell:
    i = row.instrument
    time = row.past.time if row.past is not None else i.last_time
    if not time:
        return Cell(fmt.UNKNOWN, "faint")
    local = zone(i.symbol.region)
    then, now = local.at(time), local.at(row.moment.time)
    # The time alone would read as today's.
    text = f"{then:%H:%M:%S}" if then.date() == now.date() else f"{then:%m-%d}"
    return Cell(text, "faint" if row.stale else "muted")


def _hour_cell(row: RowFigures) -> Cell:
    bars = row.instrument.bars
    return _sparkline(bars, bars.version, row.moment.spark, row.moment.span, row.stale or _hour_passed(row))


@lru_cache(maxsize=1_024)
def hour(bars: MinuteBars, version: int, cells: int) -> list[float | None]:
    """`closes`, kept by the version of the bars, which change far less often than anybody looks at them."""
    return closes_by_cell(bars, cells)


@lru_cache(maxsize=1_024)
def _sparkline(bars: MinuteBars, version: int, cells: int, span: float, stale: bool) -> Cell:
    points = hour(bars, version, cells)
    text = "".join(_BLOCKS[height or 0] for height in heights(points, span))
    known = [point for point in points if point]
    role = "flat"
    if known and not stale:
        role = ("flat", "up_calm", "down_calm")[fmt.sign(known[-1] - known[0], 4)]
    return Cell(text, role)


def moment_words(then: float, now: float, zone: Zone) -> str:
    """When something was, both in ms UTC, by the exchange's clock: `16:00` today, `Fri 16:00` in the last days, else
    `11-20 16:00`."""
    at, today = zone.at(then), zone.at(now).date()
    days = (today - at.date()).days
    return f"{at:%H:%M}" if not days else f"{at:%a %H:%M}" if 0 < days < 7 else f"{at:%m-%d %H:%M}"


def age_cell(row: RowFigures) -> Cell:
    age = fmt.seconds(row.age) if row.age is not None else ""
    if row.state is DataStatus.LAST_KNOWN and row.past is not None:
        i = row.instrument
        return Cell(f" {moment_words(row.past.time, row.moment.time, zone(i.symbol.region))}", "muted")
    if row.state is DataStatus.STALE:
        return Cell(f" stale {age}".rstrip(), "warning")
    if row.state in WORD_STATES:
        return Cell(f" {row.state.value}", "faint" if row.state in _CALM else "warning")
    return Cell(age or fmt.UNKNOWN, "muted" if row.state is DataStatus.LIVE else "faint")


def _priced(
    id: str,
    title: str,
    words: str,
    letter: str,
    worth: int,
    figure: ColumnFigure,
    role: str = "muted",
    of: Literal["depth", "quote"] | None = "quote",
) -> Column:
    return Column(id, title, words, letter, 7, worth, _price_cell(figure, role), figure, point=True, of=of)


COLUMNS: tuple[Column, ...] = (
    Column(
        "symbol",
        "SYMBOL",
        "code and region",
        "s",
        8,
        100,
        _symbol,
        lambda row: str(row.instrument.symbol),
        descending=False,
        left=True,
        of="symbol",
    ),
    Column(
        "name",
        "NAME",
        "the fund's name, where it is known",
        "n",
        12,
        1,
        _name,
        lambda row: row.moment.names.name_of(row.instrument.symbol) or None,
        descending=False,
        left=True,
        most=28,
        of="symbol",
    ),
    Column("last", "LAST", "price of the last trade", "l", 7, 99, _last, lambda row: row.instrument.last, point=True),
    Column("change", "CHG", "change since the previous close, in money", "c", 6, 60, _change_cell, _amount, point=True),
    Column("change%", "CHG%", "change since the previous close, in %", "p", 7, 98, _percent_cell, _percent, point=True),
    Column(
        "ext%",
        "EXT%",
        "move in pre-market or after hours, in %",
        "x",
        6,
        28,
        _signed_cell(_extended),
        _extended,
        point=True,
    ),
    _priced("bid", "BID", "best price somebody would buy at", "b", 40, _bid, "text", "depth"),
    _priced("ask", "ASK", "best price somebody would sell at", "a", 40, _ask, "text", "depth"),
    Column("spread", "SPREAD", "ask less bid", "d", 6, 40, _spread_cell, _spread, point=True, of="depth"),
    _priced("previous", "PREV", "previous close, which change is measured from", "r", 9, _previous, of=None),
    _priced("open", "OPEN", "first price of the day", "o", 8, _quoted(lambda quote: quote.open)),
    _priced("high", "HIGH", "highest price of the day", "h", 8, _quoted(lambda quote: quote.high)),
    _priced("low", "LOW", "lowest price of the day", "w", 8, _quoted(lambda quote: quote.low)),
    Column(
        "range",
        "RANGE",
        "where the last price stands between the day's low and high",
        None,
        _RANGE,
        12,
        _range_cell,
        lambda row: None,
    ),
    Column("volume", "VOLUME", "units traded today", "v", 6, 35, _volume_cell, _volume, of="quote"),
    Column(
        "turnover",
        "TURNOVER",
        "money traded today, in the fund's currency",
        "t",
        8,
        30,
        _turnover_cell,
        _turnover,
        of="quote",
    ),
    _priced("vwap", "VWAP", "average price of the day, weighted by volume", "f", 10, _vwap),
    Column(
        "iopv",
        "IOPV",
        "worth of a unit of the fund; n: a NAV, not of this moment",
        "i",
        7,
        14,
        _iopv_cell,
        _iopv,
        point=True,
    ),
    Column("premium", "PREM%", "last price over IOPV, in %", "m", 6, 16, _signed_cell(_premium), _premium, point=True),
    Column(
        "hour",
        "LAST HOUR",
        "the last hour, one scale for all rows; sorted by its move",
        "u",
        SPARKS[-1],
        50,
        _hour_cell,
        _hour_move,
        left=True,
        most=SPARKS[0],
    ),
    Column("time", "TIME", "time of the last trade, on the exchange's clock", "e", 8, 6, _time_cell, _last_time),
    Column("age", "AGE", "time since the newest data, or what is wrong", "g", 4, 90, age_cell, lambda row: row.age),
)
"""Every column, in the order of the screen."""

BY_ID: Mapping[str, Column] = {column.id: column for column in COLUMNS}

DEFAULT: tuple[str, ...] = (
    "symbol",
    "last",
    "change",
    "change%",
    "bid",
    "ask",
    "spread",
    "volume",
    "turnover",
    "hour",
    "age",
)
"""The columns shown where nobody chose others."""


def choose(columns: Sequence[Column], widths: Mapping[str, int], room: int) -> list[Column]:
    """The columns that fit into `room` cells with a blank between them, the worthier first kept, in the order given.
    Those of one worth (bid, ask and spread) come and go together."""
    chosen: list[Column] = []
    room += 1  # the first has no blank before it
    for _, group in groupby(sorted(columns, key=lambda column: -column.priority), key=lambda column: column.priority):
        together = list(group)
        for column in together:
            grown = 0 if column.most else widths.get(column.id, 0)
            room -= 1 + max(column.width, grown)
        if room < 0:
            break
        chosen += together
    return [column for column in columns if column in chosen]
