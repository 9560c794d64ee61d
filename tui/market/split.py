"""Splits of a fund's shares: told by the first price of a trade date, and what is then of the same unit as it."""

from __future__ import annotations

from msgspec import Struct

_RATIOS = (2, 3, 4, 5, 6, 8, 10, 15, 20, 25)
_WITHIN = 0.06  # of the price that a split alone would make
_SAME = 1e-4  # of a close: a vendor rounds it when it adjusts it
_SAME_UNIT = 2**0.5  # the smallest split halves a price: nearer to one than to two


class Split(Struct, eq=False):
    """A split that `price`, the first one of a trade date, at `time` (ms UTC), tells of, after `close` the day before.

    `adjusted`: the vendor's history has come since, and all of it was in the new unit.
    """

    close: float
    price: float
    time: int
    adjusted: bool = False

    def in_unit(self, price: float) -> bool:
        """Returns True if an earlier price is one of the new unit."""
        return in_one_unit(price, self.price)

    def is_adjusted_close(self, price: float) -> bool:
        """Returns True if a price is the close before, in the new unit."""
        factor = _factor(self.close, self.price)
        return factor is not None and abs(price / (self.close * factor) - 1) <= _SAME


def is_split(close: float, price: float) -> bool:
    """Returns True if a price stands at about n or 1/n of the close before it: 808.88 → 101.57 is 8:1."""
    return _factor(close, price) is not None


def in_one_unit(one: float, other: float) -> bool:
    """Returns True if no split lies between two prices."""
    return 1 / _SAME_UNIT < one / other < _SAME_UNIT


def _factor(close: float, price: float) -> float | None:
    factors = (factor for ratio in _RATIOS for factor in (ratio, 1 / ratio))
    return next((factor for factor in factors if abs(price / (close * factor) - 1) <= _WITHIN), None)
