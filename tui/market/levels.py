"""Prices that a person marks: levels of a symbol, and price alerts. Both are lines on the chart, and can be moved.

A level's notation is `QQQ$US 512.34`, which is shown and stored in the config file.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from tui.errors import UsageError
from tui.market.alerts import Alert, format_number, parse_alert
from tui.market.price_precision import PricePrecision
from tui.market.tick_size import even_grid
from tui.protocol.messages import MAX_PRICE, MIN_PRICE
from tui.symbol import Pair, Symbol, join_pairs, parse_symbol_or_pair, sanitize, to_half_width

_MAX_QUOTED = 60  # characters of invalid text in an error


class PriceLevel(NamedTuple):
    """A price of a symbol that a person marks."""

    symbol: Symbol
    price: float

    def __str__(self) -> str:
        return f"{self.symbol} {format_number(self.price)}"


PriceMark: TypeAlias = Alert | PriceLevel
"""What can be moved on the chart: an alert of a price, or a level."""


def parse_level(text: str) -> PriceLevel:
    """Returns the level of `QQQ$US 512.34`. Raises UsageError for any other text."""
    named, _, price = to_half_width(sanitize(text)).strip().rpartition(" ")
    if not named or not price:
        raise UsageError("write symbol and price, as QQQ$US 512.34")
    symbol = parse_symbol_or_pair(join_pairs(named)).symbol
    return PriceLevel(symbol, parse_price(price, symbol))


def parse_price(text: str, symbol: Symbol) -> float:
    """Returns the price of a symbol that a text means. Raises UsageError for any other text, and for a price that it
    cannot have: the difference of a pair may be below zero."""
    written = to_half_width(sanitize(text)).strip()
    try:
        price = round(float(written.replace(",", "")), 6)
    except ValueError:
        raise UsageError(f"'{written[:_MAX_QUOTED]}' is no price: write one as 512.34") from None
    least = -MAX_PRICE if isinstance(symbol, Pair) else MIN_PRICE
    if not least <= price <= MAX_PRICE:
        raise UsageError(f"'{written[:_MAX_QUOTED]}' is no price that there can be")
    return price


def price_of(mark: PriceMark) -> float:
    """Returns the price of a mark."""
    return mark.price if isinstance(mark, PriceLevel) else mark.value


def moved_to(mark: PriceMark, price: float) -> PriceMark:
    """Returns the mark at another price. An alert is then as one whose text was edited: on, and never fired. Raises
    UsageError if its condition cannot hold there."""
    if isinstance(mark, PriceLevel):
        return mark._replace(price=price)
    return parse_alert(f"{mark.symbol} {mark._replace(value=price).condition}")


def neighbour(price: float, by: int, precision: PricePrecision) -> float:
    """Returns the possible price so many ticks above `price`, below if negative. A price between two possible ones
    counts as on its way to the next."""
    grid = precision.grid or even_grid(precision.tick_at(price) or 10.0**-precision.decimals)
    number = grid.number(price)
    ahead = grid.price(number) - price
    on_way = not grid.holds(price) and ahead * by > 0
    return grid.price(number + by - (1 if by > 0 else -1) * on_way)
