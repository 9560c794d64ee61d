"""The network of the HTTP client, read in small portions.

httpcore handles all that it has read before it reads again, without giving way: 64 KB of one-byte chunks, of interim
answers or of empty headers take most of a second, and over TLS one such portion follows the other.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httpcore

_PORTION = 512  # bytes: 5 ms of the costliest that they can hold, and 70 ms a megabyte


class YieldingBackend(httpcore.AsyncNetworkBackend):
    """A backend whose streams give the event loop a turn before each portion."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend) -> None:
        self._backend = backend

    async def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        return _YieldingStream(await self._backend.connect_tcp(*args, **kwargs))


class _YieldingStream(httpcore.AsyncNetworkStream):
    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 (as httpcore has it)
        await asyncio.sleep(0)
        return await self._stream.read(min(max_bytes, _PORTION), timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        return _YieldingStream(await self._stream.start_tls(*args, **kwargs))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
