"""The currency of a region's prices, and order amounts as people write them."""

from __future__ import annotations

import re
from typing import NamedTuple

from tui.errors import UsageError
from tui.symbol import sanitize


class Currency(NamedTuple):
    """A currency: its ISO 4217 code and its sign."""

    code: str
    sign: str


_BY_REGION = {
    "US": Currency("USD", "$"),
    "HK": Currency("HKD", "HK$"),
    "SH": Currency("CNY", "¥"),
    "SZ": Currency("CNY", "¥"),
}


def currency_of(region: str) -> Currency:
    """Returns a region's trade currency; for an unknown region its code is the region, without a sign."""
    return _BY_REGION.get(region) or Currency(region, "")


class Amount(NamedTuple):
    """An order amount: units of the fund, or with `money` an amount of its currency."""

    size: float
    money: bool = False


def parse_amount(text: str) -> Amount | None:
    """Returns the amount that a text means: `3000`, `3,000`, `3k`, `$20k`, `1.5m`; None for an empty text. Raises
    UsageError for anything else."""
    written = text.strip()
    if not written:
        return None
    found = re.fullmatch(r"([$€£¥]?)\s*(\d[\d,]*(?:\.\d+)?|\.\d+)\s*([km]?)", written, re.IGNORECASE)
    size = float(found[2].replace(",", "")) * {"": 1, "k": 1e3, "m": 1e6}[found[3].lower()] if found else 0.0
    if found is None or not 0 < size <= 1e12:
        raise UsageError(f"'{sanitize(written)}' is no size: write 3000 shares, or $20k of money")
    return Amount(size, bool(found[1]))
