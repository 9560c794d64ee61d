"""Names of hosts are looked up on threads that nobody waits for at the end."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from tui.threads import run_in_thread


def resolve_in_threads(loop: asyncio.AbstractEventLoop) -> None:
    """From now on look up every name that a connection of this loop needs on a thread of its own."""

    async def getaddrinfo(host: str | bytes | None, port: str | int | None, **wanted: int) -> list[Any]:
        return await run_in_thread(socket.getaddrinfo, host, port, **wanted)

    loop.getaddrinfo = getaddrinfo  # type: ignore[method-assign,assignment]
