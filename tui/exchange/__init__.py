"""The demo exchange: a simulated ETF market behind the vendor's protocol, on loopback."""

from tui.exchange.server import SERVER_NAME, Exchange
from tui.exchange.universe import DEMO_WATCHLIST

__all__ = ["DEMO_WATCHLIST", "SERVER_NAME", "Exchange"]
