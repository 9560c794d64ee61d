"""Waiting for something to be so, instead of for a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


async def until(so: Callable[[], object], within: float = 5.0) -> None:
    """Return as soon as `so()` is true. Raises TimeoutError where that takes longer than `within` seconds."""
    async with asyncio.timeout(within):
        while not so():
            await asyncio.sleep(0.002)


async def while_turning(work: Coroutine[Any, Any, _T]) -> tuple[_T, float]:
    """What comes of work that has no business in the loop, and for how much of it a turn of the loop waited, s of CPU:
    what other programs take of the machine is no matter."""
    longest = 0.0
    working = asyncio.create_task(work)
    while not working.done():
        began = time.process_time()
        await asyncio.sleep(0)
        longest = max(longest, time.process_time() - began)
    return await working, longest
