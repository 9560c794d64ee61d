"""The network of the HTTP client, read in small portions.

httpcore handles all that it has read before it reads again, without giving way: 64 KB of one-byte chunks, of interim
answers or of empty headers take most of a second, and over TLS one such portion follows the other.

httpx has no parameter for httpcore's backend: its private names, and one of anyio's, are used here and nowhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

import httpcore
import httpx

_AT_ONCE = 64 * 1024  # bytes taken from the connection below
_PORTION = 512  # bytes of them between two looks at the clock: 5 ms of the costliest that they can hold
_SLICE = 0.004  # s, after which everything else in the event loop has its turn


def load_backend() -> None:
    """Load what anyio would load with the first call, between two frames of the screen."""
    with contextlib.suppress(ImportError):
        import anyio._backends._asyncio  # noqa: F401


def read_in_portions(transport: httpx.AsyncHTTPTransport) -> None:
    """Have an httpx transport read through a `YieldingBackend`."""
    pool = transport._pool
    pool._network_backend = YieldingBackend(pool._network_backend)


class YieldingBackend(httpcore.AsyncNetworkBackend):
    """A backend whose streams are read in small portions, and give the event loop a turn after each time slice."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend) -> None:
        self._backend = backend

    async def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        return _YieldingStream(await self._backend.connect_tcp(*args, **kwargs))


class _YieldingStream(httpcore.AsyncNetworkStream):
    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._came = b""
        self._read = 0  # bytes of what came
        self._slice_ends = 0.0  # s, monotonic

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 (as httpcore has it)
        if time.monotonic() >= self._slice_ends:
            await asyncio.sleep(0)
            self._slice_ends = time.monotonic() + _SLICE
        if self._read == len(self._came):
            self._came, self._read = await self._stream.read(_AT_ONCE, timeout), 0
        portion = self._came[self._read : self._read + min(max_bytes, _PORTION)]
        self._read += len(portion)
        return portion

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        # What came before it is let go of: nobody vouches for it.
        return _YieldingStream(await self._stream.start_tls(*args, **kwargs))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
