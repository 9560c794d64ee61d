"""Names of hosts are looked up where nobody waits for it at the end.

asyncio asks the system on threads of its pool, and waits for these before it ends: a name server that does not answer
would keep the program for half a minute after `q`.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import Future
from typing import Any


def resolve_aside(loop: asyncio.AbstractEventLoop) -> None:
    """From now on look up every name that a connection of this loop needs on a thread of its own."""

    async def getaddrinfo(host: str | bytes | None, port: str | int | None, **wanted: int) -> list[Any]:
        asked = Future[list[Any]]()
        asked.set_running_or_notify_cancel()

        def look() -> None:
            try:
                asked.set_result(socket.getaddrinfo(host, port, **wanted))
            except Exception as error:
                asked.set_exception(error)

        threading.Thread(target=look, name="resolver", daemon=True).start()
        return await asyncio.wrap_future(asked, loop=loop)

    loop.getaddrinfo = getaddrinfo  # type: ignore[method-assign,assignment]
