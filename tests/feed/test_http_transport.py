"""The HTTP client reads in small portions: httpx and httpcore have what is reached into for it."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import httpx

from tui.feed.http_transport import make_transport

BODY = b"x" * 10_000


async def test_an_answer_comes_in_small_portions_and_whole() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with make_transport(None, None) as transport:
            response = await transport.handle_async_request(httpx.Request("GET", f"http://127.0.0.1:{port}/"))
            assert isinstance(response.stream, httpx.AsyncByteStream)
            parts = [part async for part in response.stream]
            await response.aclose()
    assert b"".join(parts) == BODY
    assert max(map(len, parts)) <= 512


def test_what_the_first_call_needs_is_loaded_before() -> None:
    program = "import sys; from tui.feed.http_transport import make_transport as m; m(None, None); print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert "anyio._backends._asyncio" in result.stdout.split()
