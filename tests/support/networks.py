"""Company networks: proxies, and certificates of a private CA."""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import trustme
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from tests.support.feed import KEY, Running, VendorServer
from tests.support.loopback import LoopbackServer, relay
from tui.feed.state import LinkPhase
from tui.history.rest_client import RestClient
from tui.secrets import Token

HOST = "vendor.example"  # which only proxies resolve
URL = f"wss://{HOST}/fund"
BASE = f"https://{HOST}"


def server_context(authority: trustme.CA, host: str) -> ssl.SSLContext:
    """Returns the TLS context of a server with a certificate by `authority`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return context


@asynccontextmanager
async def serve_vendor(authority: trustme.CA, host: str = HOST) -> AsyncIterator[int]:
    """Runs a vendor's stream and REST over TLS, and yields their port of loopback."""

    def rest(connection: ServerConnection, request: Request) -> Response | None:
        if request.path.startswith("/fund/quotes"):
            return connection.respond(HTTPStatus.OK, '{"code":0,"msg":null,"data":null}')
        return None

    context = server_context(authority, host)
    async with serve(VendorServer(), "127.0.0.1", 0, ssl=context, process_request=rest, close_timeout=0.2) as server:
        yield server.sockets[0].getsockname()[1]


async def check_stream_and_rest(url: str = URL, base: str = BASE) -> None:
    """Fails unless the stream goes live and REST answers."""
    async with Running(url) as running:
        await running.reaches(LinkPhase.LIVE)
    rest = RestClient(base, Token(KEY))
    try:
        assert await rest.quotes("US", ["QQQ"]) == {}
    finally:
        await rest.aclose()


class TunnelProxy(LoopbackServer):
    """A proxy that connects every tunnel to one port of loopback, and records the targets. With `answer` it sends these
    bytes instead, and closes. It speaks HTTP, over TLS if it has a context."""

    def __init__(self, port: int = 0, *, answer: bytes | None = None, context: ssl.SSLContext | None = None) -> None:
        super().__init__(context)
        self.targets: list[str] = []
        self.request_heads: list[bytes] = []
        self._port = port
        self.answer = answer

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.negotiate(reader, writer)
        if self.answer is None:
            await self.tunnel(reader, writer)

    async def negotiate(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read the request for a tunnel, and answer it."""
        head = await reader.readuntil(b"\r\n\r\n")
        self.request_heads.append(head)
        self.targets.append(head.split()[1].decode())
        writer.write(AGREED if self.answer is None else self.answer)

    async def tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve an agreed tunnel."""
        await relay(reader, writer, self._port)


class SocksProxy(TunnelProxy):
    """A tunnel proxy that speaks SOCKS 5 (RFC 1928), with any password."""

    async def negotiate(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, methods = await reader.readexactly(2)
        with_password = 2 in await reader.readexactly(methods)
        writer.write(b"\x05\x02" if with_password else b"\x05\x00")
        if with_password:
            _, length = await reader.readexactly(2)
            user = await reader.readexactly(length)
            password = await reader.readexactly((await reader.readexactly(1))[0])
            self.request_heads.append(user + b":" + password)
            writer.write(b"\x01\x00")
        *_, kind = await reader.readexactly(4)
        assert kind == 3, "a name, for the proxy to resolve"
        host = await reader.readexactly((await reader.readexactly(1))[0])
        port = int.from_bytes(await reader.readexactly(2))
        self.targets.append(f"{host.decode()}:{port}")
        writer.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")


class ScriptedProxy(TunnelProxy):
    """A proxy that answers each message with the next of some bytes, and closes; None resets the connection."""

    def __init__(self, *answers: bytes | None) -> None:
        super().__init__(answer=b"")
        self.connections = 0
        self._answers = answers

    async def negotiate(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        for answer in self._answers:
            await reader.read(4_096)
            if answer is None:
                connection = writer.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                writer.write(answer)


class FaultyRelay(LoopbackServer):
    """A relay to a port of loopback that fails as `fail` says."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port
        self._fault = ""

    def fail(self, fault: str) -> None:
        """From now on close ("closes") each connection, answer it with 502, or cut it ("cuts") after 5 kB: the
        handshake and some frames, the last of them in part; "" ends the fault. A fault aborts what is open."""
        self._fault = fault
        if fault:
            self.abort_connections()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._fault == "502":
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        elif self._fault != "closes":
            await relay(reader, writer, self._port, 5_000 if self._fault == "cuts" else math.inf)


AGREED = b"HTTP/1.1 200 Connection established\r\n\r\n"
NO_AUTH = b"\x05\x00"  # RFC 1928 §3: a SOCKS proxy without authentication
BROKEN: dict[str, tuple[str, tuple[bytes | None, ...]]] = {
    "closes": ("http", (b"",)),
    "resets": ("http", (None,)),
    "no HTTP": ("http", (b"220 welcome\r\n",)),
    "no more": ("http", (b"\x00",)),
    "agrees and closes": ("http", (AGREED,)),
    "agrees and resets": ("http", (AGREED, None)),
    "no TLS": ("http", (AGREED + b"no TLS at all\r\n",)),
    "socks closes": ("socks5", (b"",)),
    "socks resets": ("socks5", (None,)),
    "socks begins": ("socks5", (b"\x05",)),
    "socks 4": ("socks5", (b"\x00\x5a\x00\x00\x00\x00\x00\x00",)),
    "socks, other version": ("socks5", (NO_AUTH, b"\x04\x00\x00\x01\x00\x00\x00\x00\x00\x00")),
    "socks, unknown method": ("socks5", (b"\x05\x63",)),
    "socks, unknown reply": ("socks5", (NO_AUTH, b"\x05\x63\x00\x01\x00\x00\x00\x00\x00\x00")),
    "socks, cut reply": ("socks5", (NO_AUTH, b"\x05\x00\x00")),
    "socks, no reply": ("socks5", (NO_AUTH, b"")),
    "HTTP for socks": ("socks5", (b"HTTP/1.1 400 Bad Request\r\n\r\n",)),
    "socks agrees and closes": ("socks5", (NO_AUTH, b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")),
}
"""Broken proxies by kind: the scheme and the answers."""
