"""What the first frame does without is loaded after it, in small steps, so that no key has to wait for it."""

from __future__ import annotations

import asyncio
from importlib import import_module

SCREENS = ("alerts", "columns", "health", "help", "lists", "palette", "prompt", "take_over", "theme_menu")
"""The modules of the screens over the dashboard."""

_PAUSE = 0.05  # s between two of them: frames and keys go first


async def load_screens() -> None:
    """Load the screens over the dashboard."""
    for name in SCREENS:
        await asyncio.sleep(_PAUSE)
        import_module(f"tui.screens.{name}")
