"""Symbols in every notation a person or the feed may use.

The vendor writes `CODE$REGION` (page, step 3: "symbol$region"). People also write `CODE.REGION`, `REGION:CODE` or the
bare code; a shell turns an unquoted `QQQ$US` into `QQQ`. The notations of other providers are accepted as well:

- Yahoo: `510300.SS`, `0700.HK`
- TradingView: `AMEX:SPY`, `SSE:510300`, `HKEX:2800`
- Google: `NYSEARCA:SPY`, `SPY:NYSEARCA`, `HKG:2800`
- Bloomberg's website: `QQQ:US`, `2800:HK`
- Futu: `US.QQQ`, `SH.510300`, `HK.02800`
- Sina, Tencent and Eastmoney: `sh510300`, `sz159915`, `hk02800`
- ISO 10383, with JoinQuant and RiceQuant: `510300.XSHG`, `159915.XSHE`
- a Chinese input method: `ＱＱＱ￥ＵＳ、510300。SH`

Ambiguous notations are resolved as follows:

- With a `$` it is the vendor's own spelling: only the leading zeros of Hong Kong's codes are removed.
- `X.Y` has its region in Y, `X:Y` in X, if that is one of the names in `_REGION_OF`. Those of Hong Kong and China count
  only with a code of digits, as all codes there are: `ERIC.SS` stays in a region SS.
- Else the region may be on the other side: US, HK, SH or SZ (`US.QQQ`, `QQQ:US`), or a name too long for a region
  (`QQQ:NASDAQ`). A shorter name does not count there: `LSE:BATS` is the code BATS in the region LSE.
- Else two to four letters are a region, whatever they are. `BRK.B` is a code, and so are `SH`, `HK` and `US` alone.

Two symbols with a sign between them are a pair: a ratio `QQQ/SPY` or a difference `SPY-VOO`. A hyphen is part of many
codes, so it is a minus only

- behind a region (`SPY$US-VOO$US`, `SPY.US-VOO.US`), between blanks (`SPY - VOO`), and if typed as a minus (`SPY−VOO`),
- else between three letters or digits or more on either side, those behind it being no name of a region: `BRK-B`,
  `ABC-WS`, `7709-HK`, `REI-UN.TO` and `BRK-B$US` are codes.

A slash is in no code. What stands before one letter without its region is a share class: `BF/B` is an error, and so is
a name of a region behind it, `QQQ/US`.
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
_REGION_OF = {
    **dict.fromkeys(("US", "NASDAQ", "NYSE", "AMEX", "ARCA", "NYSEARCA", "BATS", "CBOE", "XNAS", "XNYS", "ARCX"), "US"),
    **dict.fromkeys(("HK", "HKEX", "SEHK", "HKG", "XHKG"), "HK"),
    **dict.fromkeys(("SH", "SS", "SSE", "SHA", "XSHG"), "SH"),
    **dict.fromkeys(("SZ", "SZSE", "SHE", "XSHE"), "SZ"),
}
"""The vendor's region by the names that it, or an exchange there, has with other providers."""
_PREFIXED = re.compile(r"(?:SH|SZ)\d{6}|HK\d{4,5}")
_MINUS = "−"
_DIFFERENCE = re.compile(
    r"(.+\$[A-Z]+|[A-Z0-9]+\.(?:US|HK|SH|SS|SZ))-(.+)|([A-Z0-9]{3,})-([A-Z0-9]{3,})", re.IGNORECASE
)
_NEVER_IN_A_PAIR = re.compile(rf"[^\w$.:/{_MINUS}-]")
_ONE_CURRENCY = {"SH": "CN", "SZ": "CN"}  # elsewhere a region has its own
_HALF_WIDTH = {0xFF01 + n: 0x21 + n for n in range(94)} | str.maketrans("\u3000、。￥¥‘’“”", " ,.$$''\"\"")
_MAX_QUOTED = 40  # characters of invalid text in an error
_MAX_LISTED = 5  # symbols in a line of text
_MAX_NOTICES = 3  # in a line of text


class Symbol(NamedTuple):
    """A code in a region, both upper case. `str()` returns the vendor's spelling, `QQQ$US`."""

    code: str
    region: str

    def __str__(self) -> str:
        return f"{self.code}${self.region}"


class Pair(Symbol):
    """Two symbols, of whose prices the first one's is divided by the second one's, or less that. `str()` returns
    `QQQ$US/SPY$US` or `SPY$US-VOO$US`.

    As a symbol it has the second one's region, and in its code the sign `/` or `−`, so that no vendor's code equals it:
    `QQQ/SPY` in the region US, `QQQ$US/2800` in HK.
    """

    __slots__ = ()

    @property
    def is_ratio(self) -> bool:
        """True for a ratio, False for a difference."""
        return "/" in self.code

    @property
    def legs(self) -> tuple[Symbol, Symbol]:
        """The two symbols."""
        first, second = self.code.split("/" if self.is_ratio else _MINUS)
        code, _, region = first.partition("$")
        return Symbol(code, region or self.region), Symbol(second, self.region)

    def __str__(self) -> str:
        first, second = self.legs
        return f"{first}{'/' if self.is_ratio else '-'}{second}"


class Parsed(NamedTuple):
    """A symbol that a person wrote, and a notice of how it was read, "" if it was written in full."""

    symbol: Symbol
    notice: str = ""


def parse_symbol(text: str, default_region: str = DEFAULT_REGION) -> Parsed:
    """Returns the symbol that a text means, in any notation.

    A bare code of digits gets the region in which such codes are usual, any other bare code `default_region`. Raises
    UsageError for anything else.
    """
    shown = sanitize(text)
    odd = shown != text
    shown = shown if len(shown) <= _MAX_QUOTED else f"{shown[: _MAX_QUOTED - 1]}…"
    if odd:
        raise UsageError(f"'{shown}' is not a symbol: it holds characters that cannot be printed")
    written = to_half_width(text).strip()
    spelling = written.upper()
    code, region = _split(spelling)
    habitual = "" if region else _usual_region(code)
    region = region or habitual or default_region
    symbol = canonical(code, region)
    notice = ""
    if habitual:
        notice = f"{code} read as {symbol}, where {len(code)}-digit codes are usual"
    elif spelling.rstrip("$") != code and not _is_full_spelling(spelling, symbol):
        notice = f"{written} read as {symbol}"
    if re.fullmatch(r"\d+\.\d+", written):
        raise UsageError(f"'{shown}' is a number, not a symbol: write CODE$REGION, for example QQQ$US")
    # Beyond ASCII some letters have capitals within it: ß would be read as SS, another symbol.
    if not written.isascii() or not _CODE.fullmatch(code) or not _REGION.fullmatch(region):
        raise UsageError(f"'{shown}' is not a symbol: write CODE$REGION, for example QQQ$US")
    return Parsed(symbol, notice)


def parse_symbol_or_pair(text: str) -> Parsed:
    """Returns the symbol or the pair that a text means. Raises UsageError for anything else."""
    if (parts := split_pair(text)) is None:
        return parse_symbol(text)
    left, sign, right = parts
    shown = sanitize(text)[:_MAX_QUOTED]
    if not left or not right:
        raise UsageError(f"'{shown}' is half a pair: write for example QQQ/SPY")
    if split_pair(left) or split_pair(right):
        raise UsageError(f"'{shown}' is no pair: it has two symbols, as in QQQ/SPY")
    if re.fullmatch("[A-Za-z]", right):
        raise UsageError(f"'{shown}' reads like a share class: write {left}.{right}, or {left}/{right}$US for the pair")
    first, second = parse_symbol(left), parse_symbol(right)
    (code, region), (other, other_region) = first.symbol, second.symbol
    if first.symbol == second.symbol:
        raise UsageError(f"'{shown}' is no pair: both symbols are {first.symbol}")
    if sign != "/" and _ONE_CURRENCY.get(region, region) != _ONE_CURRENCY.get(other_region, other_region):
        them = f"{first.symbol} and {second.symbol}"
        raise UsageError(f"{them} are in different currencies, so only their ratio can be told: {left}/{right}")
    pair = Pair(f"{code}{'' if region == other_region else f'${region}'}{sign}{other}", other_region)
    notices = [first.notice, second.notice]
    if written := _DIFFERENCE.fullmatch(to_half_width(text).strip()):
        code = written[0].upper()
        notices += [f"{written[0]} read as {pair}, not as the code {code}${pair.region}"] if written[3] else []
    return Parsed(pair, join_notices(notices))


def split_pair(text: str) -> tuple[str, str, str] | None:
    """Returns the two parts of what is written as a pair, with the sign of `Pair.code` between them; else None."""
    written = join_pairs(text).strip()
    if _NEVER_IN_A_PAIR.search(written):
        return None
    sign = next((each for each in ("/", _MINUS) if each in written), "")
    if sign:
        left, _, right = written.partition(sign)
    elif (found := _DIFFERENCE.fullmatch(written)) is not None:
        left, sign, right = found[1] or found[3], _MINUS, found[2] or found[4]
    return None if not sign or right.upper() in _REGION_OF else (left, sign, right)


def join_pairs(text: str) -> str:
    """Returns the text in half width, without the blanks around the sign of a pair."""
    joined = re.sub(r"(?<=\w)[ \t]*/[ \t]*(?=\w)", "/", to_half_width(text))
    return re.sub(rf"(?<=\w)(?:[ \t]+[-{_MINUS}][ \t]+|{_MINUS})(?=[A-Za-z]|\d{{4}})", _MINUS, joined)


def expand_pairs(symbols: Iterable[Symbol]) -> tuple[Symbol, ...]:
    """Returns the symbols, each once, with the legs of a pair in its place: what a feed knows."""
    legs = (leg for symbol in symbols for leg in (symbol.legs if isinstance(symbol, Pair) else (symbol,)))
    return tuple(dict.fromkeys(legs))


def parse_symbols(text: str) -> list[Parsed]:
    """Returns the symbols and pairs of a list separated by commas or white space, in order, each once. Raises
    UsageError for the first part that is neither, and for an empty list."""
    seen: dict[Symbol, Parsed] = {}
    for part in split_list(text):
        parsed = parse_symbol_or_pair(part)
        seen.setdefault(parsed.symbol, parsed)
    if not seen:
        raise UsageError("no symbol given: write for example QQQ$US,SPY$US")
    return list(seen.values())


def split_list(text: str) -> list[str]:
    """Returns the parts of a list separated by commas, semicolons or white space (as a pasted column is), without the
    quotes that a shell needs around them. A pair is one part, also with blanks around its sign."""
    return [part for part in re.split(r"[,;\s'\"]+", join_pairs(text)) if part]


def to_half_width(text: str) -> str:
    """Returns the text with ASCII characters in place of those that a Chinese input method types for them: full-width
    letters, digits and signs, `、`, `。`, `￥` and curly quotes. Its length is unchanged."""
    return text.translate(_HALF_WIDTH)


def join_notices(notices: Iterable[str]) -> str:
    """Returns one line for several notices: three of them, and the number of others; "" without any."""
    given = list(dict.fromkeys(filter(None, notices)))
    more = [f"and {len(given) - _MAX_NOTICES} more"] if len(given) > _MAX_NOTICES else []
    return "; ".join([*given[:_MAX_NOTICES], *more])


def canonical(code: str, region: str) -> Symbol:
    """Returns the symbol in the vendor's spelling, in which Hong Kong's codes have no leading zeros. Both parts are
    upper case."""
    return Symbol(code.lstrip("0") or "0" if region == "HK" and code.isdecimal() else code, region)


def split_wire_symbol(s: str, r: str | None) -> tuple[str, str]:
    """Returns the code and region of a data message; the region is "" if the message has none.

    `QQQ$US`, `QQQ` with `r`, `QQQ$US` with `r`, `AAPL.US`, and three parts with the region last (`RELIANCE$NSE$IN`).
    """
    code, region = _split(s.strip().upper())
    return canonical(code, region or (r or "").strip().upper())


def lacks_region(text: str) -> bool:
    """Returns True if a symbol was written without a region, as a shell leaves it of an unquoted `QQQ$US`."""
    return not _split(to_half_width(text).strip().upper())[1]


def is_code(text: str) -> bool:
    """Returns True if a text is a symbol's code, in upper case and without its region."""
    return _CODE.fullmatch(text) is not None


def sanitize(text: str) -> str:
    """Returns text from outside with `�` in place of control and formatting characters, safe for a terminal."""
    if text.isprintable():  # nearly always; the loop over characters is fifty times slower
        return text
    return "".join("�" if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else c for c in text)


def format_list(symbols: Sequence[Symbol]) -> str:
    """Returns the symbols for a line of text: `GLD$US, TLT$US`; of more than five the first, `… and 6 more`."""
    some = ", ".join(map(str, symbols[:_MAX_LISTED]))
    return f"{some} and {len(symbols) - _MAX_LISTED} more" if len(symbols) > _MAX_LISTED else some


def join_wire_symbols(symbols: Iterable[Symbol]) -> str:
    """Returns the list as the vendor writes it (page, step 3): `QQQ$US,SPY$US`."""
    return ",".join(map(str, symbols))


def parse_wire_symbols(params: str) -> list[Symbol]:
    """Returns the symbols of a request (page, step 3), each once. Raises UsageError for one that is not spelled as on
    the page."""
    symbols: dict[Symbol, None] = {}
    for part in params.split(","):
        symbol = parse_symbol(part).symbol
        if str(symbol) != part:
            raise UsageError(f"'{sanitize(part)}' is not spelled as CODE$REGION")
        symbols[symbol] = None
    return list(symbols)


def _split(text: str) -> tuple[str, str]:
    if "$" in text:
        code, _, region = text.partition("$")
        return code, region.rpartition("$")[2]
    if _PREFIXED.fullmatch(text):
        return text[2:], text[:2]
    prefix, colon, rest = text.partition(":")
    usual, other = (rest, prefix), (prefix, rest)
    if not colon:
        prefix, _, rest = text.partition(".")
        code, _, suffix = text.rpartition(".")
        usual, other = (code, suffix), (rest, prefix)
    for code, name in (usual, other):
        region = _REGION_OF.get(name, "")
        if not code or not region or not (region == "US" or code.isdecimal()):
            continue
        if (code, name) == usual or name == region or not _REGION.fullmatch(name):
            return code, region
    code, name = usual
    # BRK.B is a code: a region has at least two letters.
    return (code, name) if colon or (code and _REGION.fullmatch(name)) else (text, "")


def _is_full_spelling(spelling: str, symbol: Symbol) -> bool:
    """Returns True if it is the vendor's spelling of a symbol, or one of `CODE.REGION` and `REGION:CODE`."""
    code, region = symbol
    return spelling.startswith(f"{code}$") or spelling in (f"{code}.{region}", f"{region}:{code}")


def _usual_region(code: str) -> str:
    if not code.isdecimal():
        return ""
    if len(code) == 6:
        return "SH" if code[0] in "56" else "SZ" if code[0] in "013" else ""
    return "HK" if len(code) <= 5 else ""
