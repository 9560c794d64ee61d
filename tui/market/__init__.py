"""The state of the market. Pure: no I/O, and no clock of its own (time is an argument)."""

from tui.market.instrument import Instrument
from tui.market.market import PORTION, Market

__all__ = ["PORTION", "Instrument", "Market"]
