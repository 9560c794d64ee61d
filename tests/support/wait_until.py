"""Waiting for a condition instead of for a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


async def until(condition: Callable[[], object], within: float = 5.0) -> None:
    """Return as soon as `condition()` is true. Raises TimeoutError where that takes longer than `within` seconds."""
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.002)


async def while_turning(work: Coroutine[Any, Any, _T]) -> tuple[_T, float]:
    """Returns the result of `work`, which must not block the event loop, and the longest turn of the loop meanwhile, in
    s of CPU time, so that other processes do not count."""
    longest = 0.0
    working = asyncio.create_task(work)
    while not working.done():
        began = time.process_time()
        await asyncio.sleep(0)
        longest = max(longest, time.process_time() - began)
    return await working, longest
