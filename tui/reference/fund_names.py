"""Names of funds: of well-known ones, as can be said before anything was fetched, and of all that were learned since.
Facts, no prices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from tui.symbol import Symbol

_MOST = 20  # suggestions

_BY_REGION = {
    "US": {
        "SPY": "SPDR S&P 500 ETF Trust",
        "VOO": "Vanguard S&P 500 ETF",
        "IVV": "iShares Core S&P 500 ETF",
        "VTI": "Vanguard Total Stock Market ETF",
        "QQQ": "Invesco QQQ Trust",
        "QQQM": "Invesco NASDAQ 100 ETF",
        "DIA": "SPDR Dow Jones Industrial Average ETF Trust",
        "IWM": "iShares Russell 2000 ETF",
        "MDY": "SPDR S&P MidCap 400 ETF Trust",
        "RSP": "Invesco S&P 500 Equal Weight ETF",
        "VUG": "Vanguard Growth ETF",
        "SCHD": "Schwab US Dividend Equity ETF",
        "SMH": "VanEck Semiconductor ETF",
        "SOXX": "iShares Semiconductor ETF",
        "XLK": "Technology Select Sector SPDR Fund",
        "XLF": "Financial Select Sector SPDR Fund",
        "XLE": "Energy Select Sector SPDR Fund",
        "XLV": "Health Care Select Sector SPDR Fund",
        "XLU": "Utilities Select Sector SPDR Fund",
        "XLP": "Consumer Staples Select Sector SPDR Fund",
        "XLI": "Industrial Select Sector SPDR Fund",
        "KRE": "SPDR S&P Regional Banking ETF",
        "XBI": "SPDR S&P Biotech ETF",
        "ARKK": "ARK Innovation ETF",
        "VNQ": "Vanguard Real Estate ETF",
        "IBIT": "iShares Bitcoin Trust ETF",
        "URA": "Global X Uranium ETF",
        "JETS": "U.S. Global Jets ETF",
        "TLT": "iShares 20+ Year Treasury Bond ETF",
        "IEF": "iShares 7-10 Year Treasury Bond ETF",
        "SHY": "iShares 1-3 Year Treasury Bond ETF",
        "BIL": "SPDR Bloomberg 1-3 Month T-Bill ETF",
        "AGG": "iShares Core U.S. Aggregate Bond ETF",
        "BND": "Vanguard Total Bond Market ETF",
        "TIP": "iShares TIPS Bond ETF",
        "LQD": "iShares iBoxx $ Investment Grade Corporate Bond ETF",
        "HYG": "iShares iBoxx $ High Yield Corporate Bond ETF",
        "EMB": "iShares J.P. Morgan USD Emerging Markets Bond ETF",
        "MUB": "iShares National Muni Bond ETF",
        "GLD": "SPDR Gold Shares",
        "IAU": "iShares Gold Trust",
        "SLV": "iShares Silver Trust",
        "GDX": "VanEck Gold Miners ETF",
        "USO": "United States Oil Fund",
        "UNG": "United States Natural Gas Fund",
        "DBA": "Invesco DB Agriculture Fund",
        "EEM": "iShares MSCI Emerging Markets ETF",
        "VWO": "Vanguard FTSE Emerging Markets ETF",
        "EFA": "iShares MSCI EAFE ETF",
        "FXI": "iShares China Large-Cap ETF",
        "KWEB": "KraneShares CSI China Internet ETF",
        "ASHR": "Xtrackers Harvest CSI 300 China A-Shares ETF",
        "EWZ": "iShares MSCI Brazil ETF",
        "EWJ": "iShares MSCI Japan ETF",
        "EWG": "iShares MSCI Germany ETF",
        "INDA": "iShares MSCI India ETF",
        "EWT": "iShares MSCI Taiwan ETF",
        "EPU": "iShares MSCI Peru and Global Exposure ETF",
        "NORW": "Global X MSCI Norway ETF",
    },
    "HK": {
        "2800": "Tracker Fund of Hong Kong",
        "2828": "Hang Seng China Enterprises Index ETF",
        "3033": "CSOP Hang Seng TECH Index ETF",
        "3188": "ChinaAMC CSI 300 Index ETF",
    },
    "SH": {
        "510300": "Huatai-PineBridge CSI 300 ETF",
        "510050": "ChinaAMC SSE 50 ETF",
        "588000": "ChinaAMC STAR 50 ETF",
        "518880": "Huaan Yifu Gold ETF",
    },
    "SZ": {
        "159915": "E Fund ChiNext ETF",
    },
}

NAMES: Mapping[Symbol, str] = {
    Symbol(code, region): name for region, names in _BY_REGION.items() for code, name in names.items()
}
"""The name of each fund above, as its issuer writes it."""


def _line(symbol: Symbol, name: str) -> str:
    """A fund as it is looked for: its spelling and the words of its name, a blank before each word."""
    return " ".join([str(symbol), *name.split()]).casefold()


def _text(names: Mapping[Symbol, str]) -> str:
    """A line for each fund. Where a line begins is a code, and behind each blank a word: to look for some letters in
    tens of thousands of names is to look for them in one text."""
    return "\n".join(["", *(_line(symbol, name) for symbol, name in names.items()), ""])


_learned: Mapping[Symbol, str] = NAMES
_lines = _text(NAMES)


def name_of(symbol: Symbol) -> str:
    """The name of a fund; "" where it is not known."""
    return _learned.get(symbol, "")


def learn(names: Mapping[Symbol, str]) -> None:
    """From now on these are known too; the funds above keep the names that they have there. For thousands it takes a
    while and is done on another thread: all of them become known at one moment."""
    global _learned, _lines
    others = [(symbol, name) for symbol, name in {**_learned, **names}.items() if name.strip() and symbol not in NAMES]
    learned = {**NAMES, **dict(sorted(others, key=lambda other: len(str(other[0]))))}
    _lines = _text(learned)
    _learned = learned


def suggestions(part: str, known: Iterable[Symbol] = ()) -> list[tuple[str, str]]:
    """Symbols that a word just typed can mean, with their names ("" where unknown), best first: whose code begins with
    it, the shortest first, then whose name has a word that does. Looked for among all that have a name and those
    `known` besides, which come first of their kind; twenty at most. Costs about a millisecond for 20,000 names."""
    typed = part.casefold()
    beside = [(symbol, _line(symbol, name_of(symbol))) for symbol in known]
    by_code = dict.fromkeys(symbol for symbol, line in beside if line.startswith(typed))
    # Behind the well-known funds the shortest codes stand first.
    by_code.update(dict.fromkeys(islice(_found(f"\n{typed}"), len(NAMES) + _MOST)))
    found = dict.fromkeys(sorted(by_code, key=lambda symbol: len(str(symbol)))[:_MOST])
    found.update(dict.fromkeys(symbol for symbol, line in beside if f" {typed}" in line))
    by_name = _found(f" {typed}")
    while len(found) < _MOST and (symbol := next(by_name, None)) is not None:
        found[symbol] = None
    return [(str(symbol), name_of(symbol)) for symbol in [*found][:_MOST]]


def _found(letters: str) -> Iterator[Symbol]:
    """The funds in whose line the letters are, from the first line on."""
    lines, at = _lines, 0
    while (at := lines.find(letters, at)) >= 0:
        begins = lines.rfind("\n", 0, at + 1) + 1
        code, _, region = lines[begins : min(lines.find(" ", begins), lines.find("\n", begins))].upper().partition("$")
        yield Symbol(code, region)
        at = lines.find("\n", begins)
