"""Waiting for conditions instead of fixed times."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


async def until(so: Callable[[], object], within: float = 5.0) -> None:
    """Return as soon as `so()` is true. Raises TimeoutError after `within` s."""
    async with asyncio.timeout(within):
        while not so():
            await asyncio.sleep(0.002)


async def while_turning(work: Coroutine[Any, Any, _T]) -> tuple[_T, float]:
    """Returns the result of work that should not block the loop, and the longest time it did, in s of CPU: the load of
    other programs does not count."""
    longest = 0.0
    working = asyncio.create_task(work)
    while not working.done():
        began = time.process_time()
        await asyncio.sleep(0)
        longest = max(longest, time.process_time() - began)
    return await working, longest
