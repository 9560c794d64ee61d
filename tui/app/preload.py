"""What the first frame does without is loaded after it, in small steps, so that no key has to wait for it."""

from __future__ import annotations

import asyncio
from importlib import import_module

OPENED_BY_KEYS = (
    "tui.widgets.add_field",
    "tui.widgets.find_field",
    "tui.screens.lists",
    "tui.screens.help",
    "tui.screens.palette",
    "tui.screens.health",
    "tui.screens.alerts",
    "tui.screens.columns",
    "tui.screens.theme_menu",
    "tui.screens.take_over",
    "tui.market.alert_status",
)
"""The modules of the fields, and of the screens over the dashboard with what they need."""

_PAUSE = 0.05  # s between two of them: frames and keys go first


async def load_opened_by_keys() -> None:
    """Load the modules of what keys open."""
    for name in OPENED_BY_KEYS:
        await asyncio.sleep(_PAUSE)
        import_module(name)
