"""The HTTP transport of REST: httpx's, over a network backend that yields to the event loop while it reads.

httpcore, below httpx, processes all that it has read before it awaits again: 64 KB of one-byte chunks, of interim
responses or of empty headers take most of a second, and over TLS one such buffer follows the other. This file alone
uses what httpx does not document.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import time
from typing import Any

import httpcore
import httpx

from tui.feed.proxy import Proxy

_READ_SIZE = 64 * 1024  # bytes read from the wrapped stream at once
_PORTION = 512  # bytes between two checks of the clock: 5 ms of work in the worst case
_SLICE = 0.004  # s of work before the event loop gets a turn


def make_transport(proxy: Proxy | None, context: ssl.SSLContext | None) -> httpx.AsyncHTTPTransport:
    """Returns a transport through `proxy`, with `context` for TLS; without one it is for URLs without TLS."""
    with contextlib.suppress(ImportError):
        import anyio._backends._asyncio  # noqa: F401  # else the first call imports it, between two frames

    # At INFO httpx logs every address; rest_client logs each call instead.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("httpcore").setLevel(logging.INFO)  # at DEBUG it logs every header, the key among them
    transport = httpx.AsyncHTTPTransport(
        trust_env=False,  # it would choose certificates by its own rules
        proxy=httpx.Proxy(proxy.url, ssl_context=context if proxy.scheme == "https" else None) if proxy else None,
        # One connection per call: surplus bytes after a response would be taken for the next response.
        limits=httpx.Limits(max_keepalive_connections=0),
        verify=context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),  # no TLS: a context without any certificate
    )
    pool = transport._pool  # httpx has no parameter for httpcore's backend
    pool._network_backend = _YieldingBackend(pool._network_backend)
    return transport


class _YieldingBackend(httpcore.AsyncNetworkBackend):
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
