"""The state of the market. Pure: no I/O, and no clock of its own (time is an argument)."""

from tui.market.instrument import Instrument
from tui.market.market import AT_ONCE, Market

__all__ = ["AT_ONCE", "Instrument", "Market"]
