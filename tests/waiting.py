"""Waiting for something to be so, instead of for a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(so: Callable[[], object], within: float = 5.0) -> None:
    """Return as soon as `so()` is true. Raises TimeoutError where that takes longer than `within` seconds."""
    async with asyncio.timeout(within):
        while not so():
            await asyncio.sleep(0.002)
