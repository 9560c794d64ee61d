"""The demo exchange: a simulated ETF market behind the vendor's protocol, on loopback."""

from tui.exchange.faults import FAULTS
from tui.exchange.server import SERVER_NAME, Exchange, Truth
from tui.exchange.universe import DEMO_WATCHLIST

__all__ = ["DEMO_WATCHLIST", "FAULTS", "SERVER_NAME", "Exchange", "Truth"]
