"""The funds listed on the demo exchange: real names at round price levels, with the parameters of their simulation.

A fund's daily return is `volatility` × (Σ load × factor + own noise), with factors of unit variance a day: a load is
the fund's correlation with that factor, and the rest of the unit variance is the fund's own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tui.reference.fund_names import NAMES
from tui.symbol import Symbol

FACTORS = (
    "market",
    "tech",
    "small",
    "rates",
    "gold",
    "energy",
    "china",
    "emerging",
    "europe",
    "japan",
    "credit",
    "crypto",
)

FactorLoads = tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class SimulatedFund:
    """The parameters of one fund.

    `price` is in trade currency, `tick` in thousandths of it; `volatility` in per cent a day; `spread` the typical one
    in ticks; `volume` that of a typical day and `size` that of a typical trade, in shares; `loads` by index into
    FACTORS.
    """

    symbol: Symbol
    name: str
    price: float
    tick: int
    volatility: float
    spread: int
    volume: int
    size: int
    loads: FactorLoads

    @property
    def own_share(self) -> float:
        """The share of the volatility that no factor explains, 0 to 1."""
        return math.sqrt(max(0.0, 1.0 - sum(load * load for _, load in self.loads)))

    @property
    def liquidity(self) -> float:
        """A weight for the frequency of trades, which grows slower than the turnover."""
        return float((self.volume * self.price) ** 0.6)


def _fund(
    code: str,
    region: str,
    price: float,
    volatility: float,
    spread: int,
    thousands: int,
    *,
    tick: int = 10,
    size: int = 0,
    **loads: float,
) -> SimulatedFund:
    size = size or (100 if price > 100 else 200 if price > 40 else 300)
    by_index = tuple((FACTORS.index(name), load) for name, load in loads.items())
    symbol = Symbol(code, region)
    return SimulatedFund(symbol, NAMES[symbol], price, tick, volatility, spread, thousands * 1000, size, by_index)


FUNDS = (
    # US indices.
    _fund("SPY", "US", 612.40, 0.95, 1, 62_000, market=0.98, tech=0.15),
    _fund("VOO", "US", 563.10, 0.95, 2, 6_200, market=0.98, tech=0.15),
    _fund("IVV", "US", 615.20, 0.95, 2, 5_100, market=0.98, tech=0.15),
    _fund("VTI", "US", 302.60, 0.97, 2, 3_400, market=0.97, small=0.18),
    _fund("QQQ", "US", 540.80, 1.25, 1, 41_000, market=0.82, tech=0.54),
    _fund("QQQM", "US", 222.60, 1.25, 2, 2_100, market=0.82, tech=0.54),
    _fund("DIA", "US", 442.30, 0.85, 3, 3_200, market=0.94, tech=-0.12),
    _fund("IWM", "US", 221.70, 1.35, 1, 27_000, market=0.78, small=0.57),
    _fund("MDY", "US", 571.90, 1.15, 9, 620, market=0.84, small=0.45),
    _fund("RSP", "US", 181.20, 0.90, 2, 6_800, market=0.92, small=0.25),
    _fund("VUG", "US", 432.50, 1.25, 4, 950, market=0.84, tech=0.50),
    _fund("SCHD", "US", 27.40, 0.75, 1, 14_000, market=0.85, energy=0.20),
    # Sectors and themes.
    _fund("SMH", "US", 281.50, 2.60, 3, 7_200, market=0.66, tech=0.66),
    _fund("SOXX", "US", 243.80, 2.50, 4, 3_600, market=0.66, tech=0.65),
    _fund("XLK", "US", 249.60, 1.50, 2, 5_400, market=0.78, tech=0.58),
    _fund("XLF", "US", 51.80, 1.00, 1, 36_000, market=0.80, rates=-0.25, credit=0.15),
    _fund("XLE", "US", 88.70, 1.45, 1, 15_000, market=0.45, energy=0.82),
    _fund("XLV", "US", 137.20, 0.85, 1, 9_100, market=0.65),
    _fund("XLU", "US", 81.60, 0.95, 1, 10_400, market=0.45, rates=0.45),
    _fund("XLP", "US", 80.90, 0.70, 1, 11_800, market=0.55, rates=0.15),
    _fund("XLI", "US", 146.30, 1.05, 1, 8_300, market=0.88, small=0.20),
    _fund("KRE", "US", 60.10, 1.80, 1, 13_500, market=0.60, small=0.45, rates=-0.20),
    _fund("XBI", "US", 87.20, 1.90, 3, 8_900, market=0.50, small=0.45),
    _fund("ARKK", "US", 68.50, 2.40, 1, 9_700, market=0.62, tech=0.40, small=0.30, crypto=0.25),
    _fund("VNQ", "US", 90.30, 1.05, 1, 3_900, market=0.60, rates=0.45),
    _fund("IBIT", "US", 61.40, 2.70, 1, 48_000, market=0.30, crypto=0.93),
    _fund("URA", "US", 38.60, 2.40, 4, 2_700, market=0.50, energy=0.30),
    _fund("JETS", "US", 24.10, 1.70, 1, 2_300, market=0.70, energy=-0.25),
    # Bonds.
    _fund("TLT", "US", 88.40, 0.90, 1, 34_000, market=-0.12, rates=0.97),
    _fund("IEF", "US", 95.10, 0.42, 1, 7_600, market=-0.12, rates=0.96),
    _fund("SHY", "US", 82.60, 0.09, 1, 4_100, rates=0.85),
    _fund("BIL", "US", 91.60, 0.012, 1, 8_700, rates=0.30),
    _fund("AGG", "US", 98.70, 0.34, 1, 8_200, rates=0.94),
    _fund("BND", "US", 73.10, 0.34, 1, 6_400, rates=0.94),
    _fund("TIP", "US", 108.90, 0.36, 1, 2_500, rates=0.80, gold=0.20),
    _fund("LQD", "US", 109.20, 0.45, 1, 21_000, rates=0.86, credit=0.35),
    _fund("HYG", "US", 79.80, 0.32, 1, 38_000, market=0.60, credit=0.60, rates=0.25),
    _fund("EMB", "US", 91.80, 0.42, 1, 5_700, rates=0.55, credit=0.45, emerging=0.35),
    _fund("MUB", "US", 105.30, 0.25, 1, 3_000, rates=0.75),
    # Commodities.
    _fund("GLD", "US", 308.20, 1.05, 2, 9_800, gold=0.97, rates=0.12),
    _fund("IAU", "US", 63.10, 1.05, 1, 7_900, gold=0.97, rates=0.12),
    _fund("SLV", "US", 33.40, 1.90, 1, 19_000, gold=0.78, market=0.15),
    _fund("GDX", "US", 52.30, 2.20, 1, 17_500, gold=0.80, market=0.25),
    _fund("USO", "US", 76.20, 1.90, 2, 4_800, energy=0.88),
    _fund("UNG", "US", 16.90, 3.20, 1, 11_000, energy=0.25),
    _fund("DBA", "US", 26.70, 0.80, 2, 520, energy=0.20),
    # Countries and regions.
    _fund("EEM", "US", 48.60, 1.10, 1, 25_000, market=0.55, emerging=0.55, china=0.50),
    _fund("VWO", "US", 49.80, 1.10, 1, 8_100, market=0.55, emerging=0.52, china=0.52),
    _fund("EFA", "US", 89.20, 0.90, 1, 13_200, market=0.65, europe=0.60, japan=0.30),
    _fund("FXI", "US", 36.80, 1.70, 1, 31_000, china=0.94, market=0.20),
    _fund("KWEB", "US", 35.10, 2.30, 1, 19_500, china=0.90, tech=0.22),
    _fund("ASHR", "US", 27.90, 1.45, 1, 4_300, china=0.88),
    _fund("EWZ", "US", 28.30, 1.60, 1, 24_000, market=0.40, emerging=0.62, energy=0.20),
    _fund("EWJ", "US", 74.40, 0.95, 1, 5_900, market=0.45, japan=0.85),
    _fund("EWG", "US", 41.20, 1.10, 1, 2_900, market=0.50, europe=0.80),
    _fund("INDA", "US", 54.60, 0.90, 1, 5_200, market=0.35, emerging=0.45),
    _fund("EWT", "US", 57.30, 1.45, 1, 3_300, market=0.45, tech=0.50, emerging=0.25),
    _fund("EPU", "US", 47.20, 1.30, 7, 22, emerging=0.50, gold=0.30),
    _fund("NORW", "US", 27.60, 1.20, 5, 9, europe=0.50, energy=0.50),
    # Hong Kong, in HKD.
    _fund("2800", "HK", 24.86, 1.40, 1, 210_000, tick=20, size=2000, china=0.92, market=0.15),
    _fund("2828", "HK", 89.44, 1.55, 2, 6_400, tick=20, size=400, china=0.94),
    _fund("3033", "HK", 5.22, 2.20, 1, 620_000, size=6000, china=0.90, tech=0.22),
    _fund("3188", "HK", 43.62, 1.40, 2, 900, tick=20, size=200, china=0.86),
    # Shanghai and Shenzhen, in CNY.
    _fund("510300", "SH", 4.126, 1.15, 1, 820_000, tick=1, size=6000, china=0.88),
    _fund("510050", "SH", 2.914, 1.10, 1, 610_000, tick=1, size=8000, china=0.86),
    _fund("588000", "SH", 1.082, 1.95, 1, 2_300_000, tick=1, size=20000, china=0.70, tech=0.40),
    _fund("518880", "SH", 7.434, 0.95, 1, 310_000, tick=1, size=3000, gold=0.94),
    _fund("159915", "SZ", 2.187, 1.75, 1, 760_000, tick=1, size=9000, china=0.80, tech=0.25),
)

BY_SYMBOL = {fund.symbol: fund for fund in FUNDS}
