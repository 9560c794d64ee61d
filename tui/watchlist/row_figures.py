"""The figures of one row of the watchlist: what its cells show and what rows are sorted by."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias, get_args

from msgspec import Struct

from tui.market import Instrument
from tui.market.analytics import MAX_IOPV_AGE, day_vwap
from tui.market.bars import MINUTE, MinuteBars
from tui.market.book import best_level
from tui.market.change import Change, ReferencePrice, change
from tui.market.data_status import DataStatus
from tui.market.instrument import LastKnownPrice
from tui.market.momentum import relative_volume, speed
from tui.market.money import currency_of
from tui.market.premium import current_premium, has_basis
from tui.market.sessions import zone
from tui.market.sparkline import closes_by_cell
from tui.protocol.messages import MIN_PRICE, Quote
from tui.reference.fund_names import FundNames

_OTHER_SESSION = 6 * 3_600_000  # ms: no exchange rests for less between two sessions, or for more within one

SortKey: TypeAlias = float | str | tuple[str, float] | None
"""What a row is sorted by; None is unknown and comes last in either direction."""


FigureSource: TypeAlias = Literal["last", "quote", "depth", "bars"]
"""What a figure is as old as."""
_NOTHING_OLD: frozenset[FigureSource] = frozenset()
_ALL_OLD: frozenset[FigureSource] = frozenset(get_args(FigureSource))


class RenderContext(Struct, frozen=True):
    """What all rows of the list are drawn with."""

    now: float  # s monotonic
    time: float  # the exchange's, ms UTC
    spark_span: float  # from the bottom to the top of a sparkline, in %
    spark_cells: int
    mixed_currencies: bool  # whether the list has money of more than one currency
    names: FundNames
    flash: bool = True  # whether digits that changed are highlighted
    name_cells: int = 28
    standing: bool = False  # whether a replay stands


class RowFigures(Struct, frozen=True):
    """What the cells of one row are made from."""

    instrument: Instrument
    status: DataStatus
    age: float | None  # s
    context: RenderContext
    reference: ReferencePrice | None  # what the change is measured from
    change: Change | None
    bid: float | None  # the best one, also without an ask
    ask: float | None
    last_known: LastKnownPrice | None  # a price from before, while the stream has brought none
    stale: bool  # nothing in the row may look current
    split: bool  # whether a split is likely, so that no change can be told
    old: frozenset[FigureSource]  # what must not look current, as its type is silent or the link not live yet

    def is_old(self, source: FigureSource) -> bool:
        """Returns True if figures of a source must not look current."""
        return self.stale or source in self.old


Figure: TypeAlias = Callable[[RowFigures], float | None]


def make_row(instrument: Instrument, status: DataStatus, age: float | None, context: RenderContext) -> RowFigures:
    """Returns the row of an instrument, with the figures that more than one cell needs. `age` in s."""
    base, last, split = instrument.base, instrument.regular_last, instrument.suspects_split
    moved = change(last, base) if last is not None and base is not None and not split else None
    depth = instrument.depth
    bid, ask = (best_level(depth.bids), best_level(depth.asks)) if depth is not None else (None, None)
    last_known = instrument.last_known if instrument.is_last_known else None
    stale = status is DataStatus.STALE or last_known is not None
    return RowFigures(
        instrument,
        status,
        age,
        context,
        base,
        moved,
        bid.price if bid is not None else None,
        ask.price if ask is not None else None,
        last_known,
        stale,
        split,
        _ALL_OLD if status is DataStatus.PENDING else old_sources(instrument),
    )


def has_extended(instruments: Iterable[Instrument]) -> bool:
    """Returns True if any of them has moved outside regular hours."""
    return any(i.last is not None and i.day.extended_change(i.last) is not None for i in instruments)


def has_mixed_currencies(instruments: Iterable[Instrument]) -> bool:
    """Returns True if their prices are in more than one currency."""
    return len({currency_of(i.symbol.region).code for i in instruments}) > 1


def old_sources(instrument: Instrument) -> frozenset[FigureSource]:
    """Returns what is carried by a type that is silent while others move."""
    if not instrument.ages.silent:
        return _NOTHING_OLD
    by_source: dict[FigureSource, bool] = {
        "last": instrument.is_last_silent,
        "quote": instrument.is_silent("quote"),
        "depth": instrument.is_silent("depth"),
        "bars": instrument.is_silent(instrument.bars_type),
    }
    return frozenset(source for source, is_old in by_source.items() if is_old)


def last_price(row: RowFigures) -> float | None:
    """Returns the last price, or the one known from history."""
    return row.last_known.price if row.last_known is not None else row.instrument.last


def change_amount(row: RowFigures) -> float | None:
    """Returns the change since the reference price, in money."""
    return row.change.amount if row.change is not None else None


def change_percent(row: RowFigures) -> float | None:
    """Returns the change since the reference price, in %."""
    return row.change.percent if row.change is not None else None


def extended_percent(row: RowFigures) -> float | None:
    """Returns the move since the last regular close, in %; None in regular hours."""
    i = row.instrument
    return i.day.extended_change(i.last) if i.last is not None and not row.split else None


def previous_close(row: RowFigures) -> float | None:
    """Returns the previous close; None if the change is measured from the open."""
    return row.reference.price if row.reference is not None and not row.reference.is_open else None


def best_bid(row: RowFigures) -> float | None:
    """Returns the best bid."""
    return row.bid


def best_ask(row: RowFigures) -> float | None:
    """Returns the best ask."""
    return row.ask


def positive_spread(row: RowFigures) -> float | None:
    """Returns the spread in money; None for a one-sided, locked or crossed book."""
    return row.ask - row.bid if row.bid is not None and row.ask is not None and row.bid < row.ask else None


def quoted_price(field: Callable[[Quote], float | None]) -> Figure:
    """Returns the figure of a price field of the day's quote, in which zero means unknown."""

    def figure(row: RowFigures) -> float | None:
        quote = row.instrument.day_quote
        price = field(quote) if quote is not None else None
        return price if price is not None and price >= MIN_PRICE else None

    return figure


def day_volume(row: RowFigures) -> float | None:
    """Returns the units traded today."""
    quote = row.instrument.day_quote
    return quote.volume if quote is not None else None


def day_turnover(row: RowFigures) -> tuple[str, float] | None:
    """Returns the money traded today, after its currency: sorted by both, amounts are compared within a currency."""
    quote = row.instrument.day_quote
    if quote is None or quote.turnover is None:
        return None
    return currency_of(row.instrument.symbol.region).code, quote.turnover


def usual_volume_multiple(row: RowFigures) -> float | None:
    """Returns today's volume as a multiple of the usual one by this minute of the session."""
    return relative_volume(row.instrument, row.context.time)


def speed_percent(minutes: int) -> Figure:
    """Returns the figure of the move over so many minutes, in %."""
    return lambda row: speed(row.instrument, minutes, row.context.time)


def vwap(row: RowFigures) -> float | None:
    """Returns the day's average price, weighted by volume."""
    i = row.instrument
    quote = i.day_quote
    return day_vwap(quote, i.precision.tick_size or 10.0**-i.precision.decimals) if quote is not None else None


class Worth(NamedTuple):
    """What is told of the worth of a unit. A NAV is of an earlier close: `made` (ms UTC) says of which, None is
    unknown. `old` is True for an IOPV that tells of no premium any more."""

    value: float
    is_nav: bool = False
    made: int | None = None
    old: bool = False


def told_worth(row: RowFigures) -> Worth | None:
    """Returns the feed's IOPV of the day, else what the person's command printed last, else the feed's NAV."""
    i, time = row.instrument, row.context.time
    quote, of_day, given = i.quote, i.day_quote, i.fair_values.given
    if of_day is not None and of_day.iopv:
        return Worth(of_day.iopv)
    if given is not None:
        local = zone(i.symbol.region)
        is_nav = local.at(given.time).date() < local.at(time).date()
        return Worth(given.value, is_nav, given.time, not is_nav and time - given.time > MAX_IOPV_AGE)
    return Worth(quote.nav, is_nav=True) if quote is not None and quote.nav else None


def indicative_value(row: RowFigures) -> float | None:
    """Returns the fund's IOPV, else its NAV, which is of an earlier date anyway."""
    worth = told_worth(row)
    return worth.value if worth is not None else None


def premium_percent(row: RowFigures) -> float | None:
    """Returns the premium of the last price over the IOPV, in %."""
    return None if has_basis(row.instrument) else current_premium(row.instrument, row.context.time)


def basis_percent(row: RowFigures) -> float | None:
    """Returns how far the last price is over the price of another symbol times a factor, in %."""
    return current_premium(row.instrument, row.context.time) if has_basis(row.instrument) else None


@lru_cache(maxsize=1_024)
def last_hour(bars: MinuteBars, version: int, cells: int) -> list[float | None]:
    """Returns `closes_by_cell`, cached by the version of the bars, which change far less often than rows are drawn."""
    return closes_by_cell(bars, cells)


def is_hour_over(row: RowFigures) -> bool:
    """Returns True if the hour up to the latest bar belongs to an earlier session."""
    i = row.instrument
    return row.last_known is not None or i.newest_time - i.bars.latest * MINUTE > _OTHER_SESSION


def hour_percent(row: RowFigures) -> float | None:
    """Returns the move over the last hour, in %."""
    bars = row.instrument.bars
    if is_hour_over(row):
        return None
    known = [point for point in last_hour(bars, bars.version, row.context.spark_cells) if point]
    return 100 * (known[-1] - known[0]) / abs(known[0]) if known else None


def last_trade_time(row: RowFigures) -> float | None:
    """Returns the time of the last trade, or of the price known from history, ms UTC."""
    return row.last_known.time if row.last_known is not None else row.instrument.last_time or None
