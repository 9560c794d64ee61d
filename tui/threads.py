"""Daemon threads for blocking calls, which do not delay the exit.

asyncio joins the threads of its pool before it ends: a name server that does not answer would delay the exit by half a
minute, a hanging disk or network folder for ever.
"""

from __future__ import annotations

import asyncio
import contextvars
import errno
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


async def run_in_thread(function: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> _T:
    """Returns the result of a blocking function, which runs on a thread of its own. Raises its exception, or OSError if
    no thread can be started."""
    return await asyncio.wrap_future(start_thread(function, *arguments, **named))


def loop_caller() -> Callable[..., object]:
    """Returns a function that calls another with its arguments in the running event loop, from any thread or signal
    handler, and in the context of now: a timer that Textual sets without its app's context would end the program."""
    return partial(asyncio.get_running_loop().call_soon_threadsafe, context=contextvars.copy_context())


def start_thread(function: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> Future[_T]:
    """Start a function on a thread of its own; returns the future of its result, whose cancellation does not stop the
    thread. Raises OSError if no thread can be started."""
    future = Future[_T]()
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            future.set_result(function(*arguments, **named))
        except Exception as error:
            future.set_exception(error)

    try:
        threading.Thread(target=run, name="aside", daemon=True).start()
    except RuntimeError as error:
        raise OSError(errno.EAGAIN, str(error)) from None
    return future
