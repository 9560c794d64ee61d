"""Threads that nobody waits for at the end.

asyncio waits for the threads of its pool before it ends: a name server that does not answer would keep the program for
half a minute after `q`, a disk or a network folder that hangs for ever.
"""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


async def run_in_thread(function: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> _T:
    """Returns what a function that may wait for a name server or a disk returns. It runs on a thread of its own. Raises
    OSError where the system gives no thread."""
    return await asyncio.wrap_future(start_thread(function, *arguments, **named))


def start_thread(function: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> Future[_T]:
    """Start what `run_in_thread` waits for. Whoever waits and is cancelled does not end it."""
    asked = Future[_T]()
    asked.set_running_or_notify_cancel()

    def run() -> None:
        try:
            asked.set_result(function(*arguments, **named))
        except Exception as error:
            asked.set_exception(error)

    try:
        threading.Thread(target=run, name="aside", daemon=True).start()
    except RuntimeError as error:
        raise OSError(errno.EAGAIN, str(error)) from None
    return asked
