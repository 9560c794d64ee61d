"""What was traded at each price of the ladder, and what the whole of it comes to."""

from __future__ import annotations

from typing import NamedTuple

from tui import format as fmt
from tui.market import Instrument
from tui.market.sessions import zone
from tui.market.volume_at_price import VALUE_AREA


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

    def words(self) -> tuple[str, ...]:
        """Returns point of control, value area, cumulative delta and since when, in several lengths."""
        area = self._volume.value_area
        if self._control is None or area is None:
            return ("no sizes of trades known yet",)
        i, since = self._instrument, zone(self._instrument.symbol.region).at(self._volume.since)
        other_date = since.date() != zone(i.symbol.region).at(i.newest_time).date()
        form = "%m-%d %H:%M" if other_date else "%H:%M"
        missed = f", {fmt.size(i.tape.sizes.gap)} missed" if i.tape.sizes.gap else ""
        begin = f"since {since:{form}}{missed}"
        control, low, high = (fmt.price(price, self._decimals) for price in (self._control, area.low, area.high))
        delta = self._volume.delta
        signed = f"{'~' * self.is_inferred}delta {'-' if delta < 0 else '+' * (delta > 0)}{fmt.size(abs(delta))}"
        share = f"{VALUE_AREA:.0%} {low}–{high}"
        return (
            f"POC {control} · {share} · {signed} {begin}",
            f"POC {control} · {signed} {begin}",
            f"POC {control} {begin}",
            begin,
        )
