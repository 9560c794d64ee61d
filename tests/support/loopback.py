"""TCP servers on loopback, and a relay from one connection to another."""

from __future__ import annotations

import asyncio
import math
import ssl
from contextlib import suppress
from types import TracebackType
from typing import Self


class LoopbackServer:
    """A TCP server on a free port of loopback. `handle` serves a connection, which is closed when it returns; whatever
    is open at the end of the block is aborted."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.abort_connections()
        await asyncio.sleep(0.01)  # else a later test finds a transport unclosed

    def abort_connections(self) -> None:
        """Abort every open connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        raise NotImplementedError

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            await self.handle(reader, writer)
        self._writers.discard(writer)
        writer.close()


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, limit: float = math.inf) -> None:
    """Relay a connection to a port of loopback until either side ends it, or `limit` bytes came back."""
    upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", port)
    copies = [
        asyncio.create_task(_copy(reader, upstream_writer)),
        asyncio.create_task(_copy(upstream_reader, writer, limit)),
    ]
    try:
        await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for copy in copies:
            copy.cancel()
        upstream_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: float = math.inf) -> None:
    with suppress(OSError):
        while limit and (data := await reader.read(int(min(limit, 65_536)))):
            writer.write(data)
            await writer.drain()
            limit -= len(data)
