"""What was traded at each price of the ladder."""

from __future__ import annotations

from typing import NamedTuple

from tui import format as fmt
from tui.market import Instrument


class TradedCell(NamedTuple):
    """What was bought and sold at a price, as text; `is_control` is True at the point of control."""

    bought: str
    sold: str
    is_control: bool


class TradedColumn:
    """The volume at price of a symbol, by rows that are as far apart as its ticks."""

    def __init__(self, instrument: Instrument, decimals: int) -> None:
        self._instrument, self._decimals = instrument, decimals
        self._volume = instrument.tape.volume_at_price
        self._control = self._volume.point_of_control

    @property
    def is_inferred(self) -> bool:
        """True if the side of a trade was not told by the feed."""
        return self._volume.is_inferred

    def cell(self, price: float) -> TradedCell:
        """Returns what was traded at a price; a trade between two prices of the book counts for the upper one."""
        half = (self._instrument.precision.tick_at(price) or 10.0**-self._decimals) / 2
        low, high = round(price - half, 6), round(price + half, 6)
        traded = self._volume.between(low, high)
        bought, sold = (fmt.size(size) if size else "" for size in (traded.bought, traded.sold))
        return TradedCell(bought, sold, self._control is not None and low <= self._control < high)
