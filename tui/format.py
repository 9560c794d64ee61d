"""Numbers as text. A value of None, unknown, becomes `—`, never a zero."""

from __future__ import annotations

from itertools import accumulate
from unicodedata import combining, east_asian_width

UNKNOWN = "—"
_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))


def price(value: float | None, decimals: int = 2) -> str:
    """Returns a price with the symbol's number of decimals: 512.34."""
    return UNKNOWN if value is None else f"{value:z.{decimals}f}"


def signed(value: float | None, decimals: int = 2) -> str:
    """Returns a number with its sign: +3.21, -0.11; what rounds to zero has none: 0.00."""
    if value is None:
        return UNKNOWN
    text = f"{value:+.{decimals}f}"
    return text[1:] if float(text) == 0 else text


def percent(value: float | None) -> str:
    """Returns a percentage with its sign: +0.63%."""
    return UNKNOWN if value is None else f"{signed(value)}%"


def multiple(value: float | None) -> str:
    """Returns a multiple ≥ 0: 0.48×, 1.52×, 12.4×, 340×."""
    return UNKNOWN if value is None else f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}×"


def sign(value: float, decimals: int = 2) -> int:
    """Returns the sign of the rounded value: -1, 0 or 1."""
    rounded = round(value, decimals)
    return (rounded > 0) - (rounded < 0)


def compact(value: float | None) -> str:
    """Returns a number ≥ 0 in at most six characters, up to 9,999 trillion: 900, 3.1K, 15.8M, 26.4B."""
    if value is None:
        return UNKNOWN
    if value < 999.5:
        return _small(value, 3)
    for unit, letter in _UNITS:
        # 999,950 would round to 1000.0K: it belongs to the next unit.
        if value >= unit * 0.99995:
            scaled = value / unit
            return f"{scaled:.1f}{letter}" if scaled < 99.95 else f"{scaled:.0f}{letter}"
    return f"{value / 1e3:.1f}K"


def size(value: float) -> str:
    """Returns a size ≥ 0 in full up to 9,999, else compact; fractional sizes have up to four digits."""
    return compact(value) if value >= 9_999.5 else _small(value, 4)


def _small(value: float, digits: int) -> str:
    if 0 < value < 0.01:
        return "<0.01"  # not zero, and no exponent
    return f"{value:z,.0f}" if value == int(value) else f"{round(value, digits):,.{digits}g}"


def seconds(value: float | None) -> str:
    """Returns an age given in s: 0s, 59s, 4m, 3h, 2d, at most three characters up to 99 days."""
    if value is None:
        return UNKNOWN
    if value < 60:
        return f"{int(value)}s"
    if value < 3_600:
        return f"{int(value // 60)}m"
    if value < 86_400:
        return f"{int(value // 3_600)}h"
    return f"{int(value // 86_400)}d"


def milliseconds(value: float | None) -> str:
    """Returns a duration given in ms: 38 ms, 1.2 s."""
    if value is None:
        return UNKNOWN
    return f"{value:.0f} ms" if value < 999.5 else f"{value / 1000:.1f} s"


def count(number: int, what: str) -> str:
    """Returns a number with its noun in singular or plural: 1 symbol, 1,234 symbols."""
    return f"{number:,} {what}{'s'[: number != 1]}"


def cells(text: str) -> int:
    """Returns the width of a text in terminal cells: 沪深300ETF has eight characters and ten cells."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if combining(character):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def clip(text: str, width: int) -> str:
    """Returns the text cut to `width` cells, with an ellipsis if it was longer."""
    if cells(text) <= width:
        return text
    fitting = sum(used < width for used in accumulate(map(_cells, text)))
    return text[:fitting] + "…" * (width > 0)
