"""The figures of one row of the watchlist: what its cells show and what rows are sorted by."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from tui.market import Instrument
from tui.market.analytics import day_vwap, premium
from tui.market.bars import MINUTE, MinuteBars
from tui.market.book import BestBidOffer, best_bid_offer
from tui.market.change import Change, ReferencePrice, change
from tui.market.data_status import DataStatus
from tui.market.instrument import LastKnownPrice
from tui.market.money import currency_of
from tui.market.sessions import zone
from tui.market.sparkline import closes_by_cell
from tui.protocol.messages import MIN_PRICE, Quote
from tui.reference.fund_names import FundNames

_OTHER_SESSION = 6 * 3_600_000  # ms: no exchange rests for less between two sessions, or for more within one

SortKey: TypeAlias = float | str | tuple[str, float] | None
"""What a row is sorted by; None is unknown and comes last in either direction."""


class RenderContext(NamedTuple):
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


class RowFigures(NamedTuple):
    """What the cells of one row are made from."""

    instrument: Instrument
    status: DataStatus
    age: float | None  # s
    context: RenderContext
    reference: ReferencePrice | None  # what the change is measured from
    change: Change | None
    bbo: BestBidOffer | None
    last_known: LastKnownPrice | None  # a price from before, while the stream has brought none
    stale: bool  # nothing in the row may look current


Figure: TypeAlias = Callable[[RowFigures], float | None]


def make_row(instrument: Instrument, status: DataStatus, age: float | None, context: RenderContext) -> RowFigures:
    """Returns the row of an instrument, with the figures that more than one cell needs. `age` in s."""
    base, last = instrument.base, instrument.regular_last
    moved = change(last, base) if last is not None and base is not None else None
    bbo = best_bid_offer(instrument.depth) if instrument.depth is not None else None
    last_known = instrument.last_known if instrument.is_last_known else None
    stale = status is DataStatus.STALE or last_known is not None
    return RowFigures(instrument, status, age, context, base, moved, bbo, last_known, stale)


def change_amount(row: RowFigures) -> float | None:
    """Returns the change since the reference price, in money."""
    return row.change.amount if row.change is not None else None


def change_percent(row: RowFigures) -> float | None:
    """Returns the change since the reference price, in %."""
    return row.change.percent if row.change is not None else None


def extended_percent(row: RowFigures) -> float | None:
    """Returns the move in pre-market or after hours, in %."""
    i = row.instrument
    return i.day.extended_change(i.last) if i.last is not None else None


def previous_close(row: RowFigures) -> float | None:
    """Returns the previous close; None if the change is measured from the open."""
    return row.reference.price if row.reference is not None and not row.reference.is_open else None


def best_bid(row: RowFigures) -> float | None:
    """Returns the best bid of a two-sided book."""
    return row.bbo.bid if row.bbo is not None else None


def best_ask(row: RowFigures) -> float | None:
    """Returns the best ask of a two-sided book."""
    return row.bbo.ask if row.bbo is not None else None


def positive_spread(row: RowFigures) -> float | None:
    """Returns the spread in money; None for a locked or crossed book."""
    return row.bbo.spread if row.bbo is not None and row.bbo.spread > 0 else None


def quoted_price(field: Callable[[Quote], float | None]) -> Figure:
    """Returns the figure of a price field of the quote, in which zero means unknown."""

    def figure(row: RowFigures) -> float | None:
        price = field(row.instrument.quote) if row.instrument.quote is not None else None
        return price if price is not None and price >= MIN_PRICE else None

    return figure


def day_volume(row: RowFigures) -> float | None:
    """Returns the units traded today."""
    return row.instrument.quote.volume if row.instrument.quote is not None else None


def day_turnover(row: RowFigures) -> tuple[str, float] | None:
    """Returns the money traded today, after its currency: sorted by both, amounts are compared within a currency."""
    quote = row.instrument.quote
    if quote is None or quote.turnover is None:
        return None
    return currency_of(row.instrument.symbol.region).code, quote.turnover


def vwap(row: RowFigures) -> float | None:
    """Returns the day's average price, weighted by volume."""
    i = row.instrument
    return day_vwap(i.quote, i.tick_size or 10.0**-i.decimals) if i.quote is not None else None


def indicative_value(row: RowFigures) -> float | None:
    """Returns the fund's IOPV, else its NAV."""
    quote = row.instrument.quote
    return quote.iopv or quote.nav or None if quote is not None else None


def premium_percent(row: RowFigures) -> float | None:
    """Returns the premium of the last price over the IOPV, in %."""
    i = row.instrument
    if i.last is None or i.quote is None:
        return None
    return premium(i.last, i.quote, row.context.time, zone(i.symbol.region))


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
    return 100 * (known[-1] / known[0] - 1) if known else None


def last_trade_time(row: RowFigures) -> float | None:
    """Returns the time of the last trade, ms UTC."""
    return row.instrument.last_time or None
