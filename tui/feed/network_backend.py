"""Network backend for httpcore that yields to the event loop while it reads.

httpcore processes all that it has read before it awaits again: 64 KB of one-byte chunks, of interim responses or of
empty headers take most of a second, and over TLS one such buffer follows the other.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpcore

_READ_SIZE = 64 * 1024  # bytes read from the wrapped stream at once
_PORTION = 512  # bytes between two checks of the clock: 5 ms of work in the worst case
_SLICE = 0.004  # s of work before the event loop gets a turn


class YieldingBackend(httpcore.AsyncNetworkBackend):
    """A backend whose streams return small portions, and yield to the event loop after each time slice."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend) -> None:
        self._backend = backend

    async def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        return _YieldingStream(await self._backend.connect_tcp(*args, **kwargs))


class _YieldingStream(httpcore.AsyncNetworkStream):
    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._buffer = b""
        self._position = 0  # of the next byte in the buffer
        self._slice_ends = 0.0  # s, monotonic

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 (as httpcore has it)
        if time.monotonic() >= self._slice_ends:
            await asyncio.sleep(0)
            self._slice_ends = time.monotonic() + _SLICE
        if self._position == len(self._buffer):
            self._buffer, self._position = await self._stream.read(_READ_SIZE, timeout), 0
        portion = self._buffer[self._position : self._position + min(max_bytes, _PORTION)]
        self._position += len(portion)
        return portion

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        # Bytes that arrived before the TLS handshake are discarded: they are not authenticated.
        return _YieldingStream(await self._stream.start_tls(*args, **kwargs))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
