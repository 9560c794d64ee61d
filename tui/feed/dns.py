"""Host name resolution on daemon threads, so that a hanging name server does not delay the exit."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from tui.threads import run_in_thread


def resolve_in_threads(loop: asyncio.AbstractEventLoop) -> None:
    """Resolve every host name of this loop's connections on a thread of its own from now on."""

    async def getaddrinfo(host: str | bytes | None, port: str | int | None, **hints: int) -> list[Any]:
        return await run_in_thread(socket.getaddrinfo, host, port, **hints)

    loop.getaddrinfo = getaddrinfo  # type: ignore[method-assign,assignment]
