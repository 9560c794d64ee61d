"""Numbers as text. Pure: every function takes a figure and gives the characters that stand for it.

What is not known prints as `—`: nothing is invented and no zero stands in.
"""

from __future__ import annotations

from itertools import accumulate
from unicodedata import combining, east_asian_width

UNKNOWN = "—"
_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))


def price(value: float | None, decimals: int = 2) -> str:
    """512.34, with the symbol's own number of decimals."""
    return UNKNOWN if value is None else f"{value:z.{decimals}f}"


def signed(value: float | None, decimals: int = 2) -> str:
    """+3.21, -0.11; zero, also one that only rounds to it, prints without a sign: 0.00."""
    if value is None:
        return UNKNOWN
    text = f"{value:+.{decimals}f}"
    return text[1:] if float(text) == 0 else text


def percent(value: float | None) -> str:
    """+0.63%"""
    return UNKNOWN if value is None else f"{signed(value)}%"


def sign(value: float, decimals: int = 2) -> int:
    """-1, 0 or 1, of the value as it prints."""
    rounded = round(value, decimals)
    return (rounded > 0) - (rounded < 0)


def compact(value: float | None) -> str:
    """900, 3.1K, 15.8M, 26.4B: at most six characters up to 9,999 trillion. `value` is not negative."""
    if value is None:
        return UNKNOWN
    if value < 999.5:
        return _small(value, 3)
    for unit, letter in _UNITS:
        # 999,950 would print as 1000.0K: the next unit takes over where rounding would.
        if value >= unit * 0.99995:
            scaled = value / unit
            return f"{scaled:.1f}{letter}" if scaled < 99.95 else f"{scaled:.0f}{letter}"
    return f"{value / 1e3:.1f}K"


def size(value: float) -> str:
    """A size in full up to 9,999, compact from there; fractional sizes keep up to four digits. Not negative."""
    return compact(value) if value >= 9_999.5 else _small(value, 4)


def _small(value: float, digits: int) -> str:
    if 0 < value < 0.01:
        return "<0.01"  # neither zero nor a number with an exponent
    return f"{value:z,.0f}" if value == int(value) else f"{round(value, digits):,.{digits}g}"


def seconds(value: float | None) -> str:
    """An age: 0s, 59s, 4m, 3h, 2d: three characters at most, up to 99 days."""
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
    """38 ms, 1.2 s"""
    if value is None:
        return UNKNOWN
    return f"{value:.0f} ms" if value < 999.5 else f"{value / 1000:.1f} s"


def count(number: int, what: str) -> str:
    """1 symbol, 1,234 symbols"""
    return f"{number:,} {what}{'s'[: number != 1]}"


def cells(text: str) -> int:
    """The cells of a terminal that a text takes: 沪深300ETF has eight characters and ten cells."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if combining(character):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def clip(text: str, width: int) -> str:
    """Text cut to so many cells, with an ellipsis where something is missing."""
    if cells(text) <= width:
        return text
    kept = sum(used < width for used in accumulate(map(_cells, text)))
    return text[:kept] + "…" * (width > 0)
