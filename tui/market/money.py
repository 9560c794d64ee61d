"""What money a region's prices are in."""

from __future__ import annotations

from typing import NamedTuple


class Currency(NamedTuple):
    """The code of ISO 4217, and the sign people know it by."""

    code: str
    sign: str


_BY_REGION = {
    "US": Currency("USD", "$"),
    "HK": Currency("HKD", "HK$"),
    "SH": Currency("CNY", "¥"),
    "SZ": Currency("CNY", "¥"),
}


def currency(region: str) -> Currency:
    """A region's trade currency. Where it is not known, the region stands for it, and it has no sign."""
    return _BY_REGION.get(region) or Currency(region, "")
