"""A person's proxy of a fund's worth: the price of another symbol times a factor, as written in the config file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tui.errors import UsageError
from tui.market.fair_value import ValueProxy
from tui.market.instrument import Instrument
from tui.protocol.messages import MAX_PRICE, MIN_PRICE
from tui.symbol import Symbol, parse_symbol, to_half_width

_FORM = re.compile(r"(\S+)\s*=\s*(\S+?)\s*(?:[×*]|\sx\s)\s*(\S+)")


class Basis(NamedTuple):
    """The worth of a unit of `symbol` is `factor` times the price of `other`. `str()` returns it as it is written."""

    symbol: Symbol
    other: Symbol
    factor: float

    def __str__(self) -> str:
        return f"{self.symbol} = {self.other} × {self.factor!r}"


def parse_basis(text: str) -> Basis:
    """Returns the basis that a text such as `SPLG$US = SPY$US × 0.1175` tells. Raises UsageError for any other text."""
    parts = _FORM.fullmatch(to_half_width(text).strip())
    if parts is None:
        raise UsageError("write a symbol, another one and a factor: SPLG$US = SPY$US × 0.1175")
    symbol, other = parse_symbol(parts[1]).symbol, parse_symbol(parts[2]).symbol
    if symbol == other:
        raise UsageError(f"{symbol} cannot be its own basis")
    try:
        factor = float(parts[3])
    except ValueError:
        factor = 0.0
    if not MIN_PRICE <= factor <= MAX_PRICE:
        raise UsageError(f"'{parts[3]}' is no factor: write a number over 0, as 0.1175")
    return Basis(symbol, other, factor)


def link_bases(bases: Iterable[Basis], instruments: Mapping[Symbol, Instrument]) -> None:
    """Give each symbol the proxy of its basis, none if the other symbol is not followed."""
    for basis in bases:
        other = instruments.get(basis.other)
        if (instrument := instruments.get(basis.symbol)) is not None:
            instrument.fair_values.proxy = ValueProxy(other, basis.factor) if other is not None else None
