"""Names of hosts are looked up, certificates read and files written, where nobody waits for it at the end.

asyncio asks the system on threads of its pool, and waits for these before it ends: a name server that does not answer
would keep the program for half a minute after `q`, a disk or a network folder that hangs for ever.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


async def run_aside(function: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> _T:
    """Returns what a function that may wait for a name server or a disk returns. It runs on a thread of its own. Raises
    OSError where the system gives no thread."""
    return await asyncio.wrap_future(start_aside(function, *arguments, **named))


def start_aside(function: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> Future[_T]:
    """Start what `run_aside` waits for. Whoever waits and is cancelled does not end it."""
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


def resolve_aside(loop: asyncio.AbstractEventLoop) -> None:
    """From now on look up every name that a connection of this loop needs on a thread of its own."""

    async def getaddrinfo(host: str | bytes | None, port: str | int | None, **wanted: int) -> list[Any]:
        return await run_aside(socket.getaddrinfo, host, port, **wanted)

    loop.getaddrinfo = getaddrinfo  # type: ignore[method-assign,assignment]
