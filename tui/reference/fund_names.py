"""Names of funds: a table of well-known ones, and the names that are added while the program runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from tui.symbol import Symbol

_MAX_FOUND = 20

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
"""Names of the well-known funds, as their issuers write them."""


class FundNames:
    """Names of funds, searchable by code and word: those of the well-known funds above until others are added."""

    def __init__(self) -> None:
        self._names: Mapping[Symbol, str] = NAMES
        self._lines = _WELL_KNOWN_LINES
        self._listed: frozenset[str] = frozenset()

    def name_of(self, symbol: Symbol) -> str:
        """Returns the name of a fund, "" if unknown."""
        return self._names.get(symbol, "")

    def is_listed(self, region: str) -> bool:
        """Returns True if the vendor's names of a region are known: a code without one is no fund there, then."""
        return region in self._listed

    def add(self, names: Mapping[Symbol, str]) -> None:
        """Add the vendor's names, which replace those known so far. Thousands take a while: call it on another thread,
        all of them become known at one moment."""
        merged = {**self._names, **{symbol: name for symbol, name in names.items() if name.strip()}}
        others = [symbol for symbol in merged if symbol not in NAMES]
        known = {symbol: merged[symbol] for symbol in [*NAMES, *sorted(others, key=lambda other: len(str(other)))]}
        self._lines = _search_lines(known)
        self._names = known
        self._listed = self._listed.union(symbol.region for symbol in names)

    def search(self, part: str, known: Iterable[Symbol] = ()) -> list[tuple[str, str]]:
        """Returns up to 20 symbols that a word being typed can mean, each with its name ("" if unknown): first those
        whose code begins with it, the shortest first, then those with a word in their name that does. It searches all
        funds with a name, and the symbols `known` without one, which come first of their kind. Costs about 1 ms for
        20,000 names."""
        typed = part.casefold()
        known_lines = [(symbol, _search_line(symbol, self.name_of(symbol))) for symbol in known]
        by_code = dict.fromkeys(symbol for symbol, line in known_lines if line.startswith(typed))
        # Behind the well-known funds the shortest codes stand first.
        by_code.update(dict.fromkeys(islice(self._matches(f"\n{typed}"), len(NAMES) + _MAX_FOUND)))
        found = dict.fromkeys(sorted(by_code, key=lambda symbol: len(str(symbol)))[:_MAX_FOUND])
        found.update(dict.fromkeys(symbol for symbol, line in known_lines if f" {typed}" in line))
        by_name = self._matches(f" {typed}")
        while len(found) < _MAX_FOUND and (symbol := next(by_name, None)) is not None:
            found[symbol] = None
        return [(str(symbol), self.name_of(symbol)) for symbol in [*found][:_MAX_FOUND]]

    def _matches(self, letters: str) -> Iterator[Symbol]:
        """Yields the funds whose line contains the letters, in order of their lines."""
        lines, at = self._lines, 0
        while (at := lines.find(letters, at)) >= 0:
            begin = lines.rfind("\n", 0, at + 1) + 1
            end = min(lines.find(" ", begin), lines.find("\n", begin))
            code, _, region = lines[begin:end].upper().partition("$")
            yield Symbol(code, region)
            at = lines.find("\n", begin)


def _search_line(symbol: Symbol, name: str) -> str:
    """Returns the text that a fund is found by: its symbol and the words of its name, a blank before each word."""
    return " ".join([str(symbol), *name.split()]).casefold()


def _search_lines(names: Mapping[Symbol, str]) -> str:
    """Returns one text with a line for each fund: a line break precedes each code and a blank each word, so that one
    substring search covers tens of thousands of names."""
    return "\n".join(["", *(_search_line(symbol, name) for symbol, name in names.items()), ""])


_WELL_KNOWN_LINES = _search_lines(NAMES)
