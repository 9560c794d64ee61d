"""The demo exchange: a simulated ETF market behind the vendor's protocol, on loopback."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from tui.exchange.faults import FAULTS

if TYPE_CHECKING:
    from tui.exchange.server import SERVER_NAME, Exchange, Truth
    from tui.exchange.universe import DEMO_WATCHLIST

__all__ = ["DEMO_WATCHLIST", "FAULTS", "SERVER_NAME", "Exchange", "Truth"]

_HOMES = {"SERVER_NAME": "server", "Exchange": "server", "Truth": "server", "DEMO_WATCHLIST": "universe"}


def __getattr__(name: str) -> object:
    # Loaded when asked for: the command line's help lists the faults, and is not to wait for a server.
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
