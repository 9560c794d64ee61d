"""Names of well-known funds: what can be said before a list of symbols was fetched. Facts, no prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tui.symbol import Symbol

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
"""The name of each fund, as its issuer writes it."""


def suggestions(part: str, known: Iterable[Symbol] = ()) -> list[tuple[str, str]]:
    """Symbols that a word just typed can mean, with their names ("" where unknown), best first: whose code begins with
    it, then whose name has a word that does. Looked for among the funds above and those `known` besides."""
    typed = part.casefold()
    by_code: list[tuple[str, str]] = []
    by_name: list[tuple[str, str]] = []
    for symbol in dict.fromkeys([*known, *NAMES]):
        name = NAMES.get(symbol, "")
        if str(symbol).casefold().startswith(typed):
            by_code.append((str(symbol), name))
        elif any(word.startswith(typed) for word in name.casefold().split()):
            by_name.append((str(symbol), name))
    return sorted(by_code, key=lambda found: len(found[0])) + by_name
