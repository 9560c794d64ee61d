"""Symbols in every notation a person or the feed may use.

The vendor writes `CODE$REGION` (page, step 3: "symbol$region"). People also write `CODE.REGION`, `REGION:CODE` or the
bare code; a shell turns an unquoted `QQQ$US` into `QQQ`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tui.errors import UsageError

DEFAULT_REGION = "US"

_CODE = re.compile(r"[A-Z0-9](?:[A-Z0-9.\-_]{0,14}[A-Z0-9])?")
_REGION = re.compile(r"[A-Z]{2,4}")
_ECHOED = 40  # characters of what is no symbol
_NAMED = 5  # symbols in a line of words


class Symbol(NamedTuple):
    """A code in a region, both upper case. `str()` gives the vendor's spelling, `QQQ$US`."""

    code: str
    region: str

    def __str__(self) -> str:
        return f"{self.code}${self.region}"


class Parsed(NamedTuple):
    """A symbol as a person wrote it, and a remark where the program had to fill something in."""

    symbol: Symbol
    notice: str = ""


def parse_symbol(text: str, default_region: str = DEFAULT_REGION) -> Parsed:
    """Read one symbol in any notation.

    A bare code of digits takes the region where such codes are habitual, any other bare code `default_region`.
    Raises UsageError, in words, for anything that is no symbol.
    """
    shown = printable(text)
    odd = shown != text
    shown = shown if len(shown) <= _ECHOED else f"{shown[: _ECHOED - 1]}…"
    if odd:
        raise UsageError(f"'{shown}' is not a symbol: it holds characters that cannot be printed")
    written = text.strip()
    code, region = _split(written.upper())
    notice = ""
    if not region:
        region = _habitual_region(code) or default_region
        if _habitual_region(code):
            notice = f"{code} read as {code}${region}, where {len(code)}-digit codes are usual"
    if re.fullmatch(r"\d+\.\d+", written):
        raise UsageError(f"'{shown}' is a number, not a symbol: write CODE$REGION, for example QQQ$US")
    # Beyond ASCII some letters have capitals within it: ß would be read as SS, another symbol.
    if not written.isascii() or not _CODE.fullmatch(code) or not _REGION.fullmatch(region):
        raise UsageError(f"'{shown}' is not a symbol: write CODE$REGION, for example QQQ$US")
    return Parsed(Symbol(code, region), notice)


def parse_symbols(text: str, default_region: str = DEFAULT_REGION) -> list[Parsed]:
    """Read a list separated by commas or white space, in order, each symbol once. Raises UsageError at the first
    part that is no symbol, or when nothing is named."""
    seen: dict[Symbol, Parsed] = {}
    for part in split_list(text):
        parsed = parse_symbol(part, default_region)
        seen.setdefault(parsed.symbol, parsed)
    if not seen:
        raise UsageError("no symbol given: write for example QQQ$US,SPY$US")
    return list(seen.values())


def split_list(text: str) -> list[str]:
    """The parts of a list separated by commas, semicolons or white space (a pasted column is one such list),
    with or without the quotes that a shell wants around them."""
    return [part for part in re.split(r"[,;\s'\"]+", text) if part]


def from_wire(s: str, r: str | None) -> tuple[str, str]:
    """The code and region of a data message; the region is "" where the message does not tell it.

    `QQQ$US`, `QQQ` with `r`, `QQQ$US` with `r`, `AAPL.US`, and three parts with the region last (`RELIANCE$NSE$IN`).
    """
    code, region = _split(s.strip().upper())
    return code, region or (r or "").strip().upper()


def bare(text: str) -> bool:
    """Whether a symbol was written without a region (which is also what a shell leaves of an unquoted `QQQ$US`)."""
    return not _split(text.strip().upper())[1]


def is_code(text: str) -> bool:
    """Whether a text is a symbol's code, in upper case and without its region."""
    return _CODE.fullmatch(text) is not None


def printable(text: str) -> str:
    """Text from outside, made safe for a terminal: control and formatting characters become `�`."""
    if text.isprintable():  # nearly always; to look at each letter takes fifty times as long
        return text
    return "".join("�" if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else c for c in text)


def named(symbols: Sequence[Symbol]) -> str:
    """For a line of words: `GLD$US, TLT$US`; of more than five `… and 6 more`."""
    some = ", ".join(map(str, symbols[:_NAMED]))
    return f"{some} and {len(symbols) - _NAMED} more" if len(symbols) > _NAMED else some


def join(symbols: Iterable[Symbol]) -> str:
    """The vendor's list: `QQQ$US,SPY$US`."""
    return ",".join(map(str, symbols))


def _split(text: str) -> tuple[str, str]:
    if "$" in text:
        code, _, region = text.partition("$")
        return code, region.rpartition("$")[2]
    if ":" in text:
        region, _, code = text.partition(":")
        return code, region
    code, dot, region = text.rpartition(".")
    # BRK.B is a code: a region has at least two letters.
    if dot and _REGION.fullmatch(region):
        return code, region
    return text, ""


def _habitual_region(code: str) -> str:
    if not code.isdecimal():
        return ""
    if len(code) == 6:
        return "SH" if code[0] in "56" else "SZ" if code[0] in "013" else ""
    return "HK" if len(code) <= 5 else ""
