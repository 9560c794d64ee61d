"""Company networks: proxies in the way, and certificates of a private CA."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from types import TracebackType
from typing import Self

import trustme
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from tests.support.feed import KEY, Running, Vendor
from tui.feed.state import LinkPhase
from tui.history.rest_client import RestClient
from tui.secrets import Token

HOST = "vendor.example"  # resolved by the proxies only
URL = f"wss://{HOST}/fund"
BASE = f"https://{HOST}"


def server_context(authority: trustme.CA, host: str) -> ssl.SSLContext:
    """Returns the TLS context of a server certified by `authority`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return context


@asynccontextmanager
async def vendor(authority: trustme.CA, host: str = HOST) -> AsyncIterator[int]:
    """Run a vendor's stream and REST behind TLS on loopback; yields the port."""

    def rest(connection: ServerConnection, request: Request) -> Response | None:
        if request.path.startswith("/fund/quotes"):
            return connection.respond(HTTPStatus.OK, '{"code":0,"msg":null,"data":null}')
        return None

    context = server_context(authority, host)
    async with serve(Vendor(), "127.0.0.1", 0, ssl=context, process_request=rest, close_timeout=0.2) as server:
        yield server.sockets[0].getsockname()[1]


async def both_work(url: str = URL, base: str = BASE) -> None:
    """Fails unless the stream goes live and REST replies."""
    async with Running(url) as running:
        await running.reaches(LinkPhase.LIVE)
    rest = RestClient(base, Token(KEY))
    try:
        assert await rest.quotes("US", ["QQQ"]) == {}
    finally:
        await rest.aclose()


class Tunnels:
    """A proxy that connects every tunnel to one port of loopback, and records the requested targets.

    With `answer` it sends these bytes instead, and closes. It speaks HTTP, over TLS if it has a context.
    """

    def __init__(self, to: int = 0, *, answer: bytes | None = None, context: ssl.SSLContext | None = None) -> None:
        self.asked: list[str] = []
        self.heads: list[bytes] = []
        self._writers: list[asyncio.StreamWriter] = []
        self._to = to
        self.answer = answer
        self._context = context

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._visit, "127.0.0.1", 0, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.01)  # let the transports close, or a later test finds them unclosed

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            await self.greet(reader, writer)
            if self.answer is None:
                await self._pipe(reader, writer)
        writer.close()

    async def greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read the requested target, and accept it."""
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        self.asked.append(head.split()[1].decode())
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n" if self.answer is None else self.answer)

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to = await asyncio.open_connection("127.0.0.1", self._to)
        try:
            await asyncio.wait(
                [asyncio.create_task(_copy(reader, to)), asyncio.create_task(_copy(there, writer))],
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            to.close()


class Socks(Tunnels):
    """A proxy that speaks SOCKS 5, with any password."""

    async def greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, methods = await reader.readexactly(2)
        with_password = 2 in await reader.readexactly(methods)
        writer.write(b"\x05\x02" if with_password else b"\x05\x00")
        if with_password:
            _, length = await reader.readexactly(2)
            user = await reader.readexactly(length)
            password = await reader.readexactly((await reader.readexactly(1))[0])
            self.heads.append(user + b":" + password)
            writer.write(b"\x01\x00")
        *_, kind = await reader.readexactly(4)
        assert kind == 3, "a name, for the proxy to look up"
        host = await reader.readexactly((await reader.readexactly(1))[0])
        port = int.from_bytes(await reader.readexactly(2))
        self.asked.append(f"{host.decode()}:{port}")
        writer.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")


class Relay:
    """A hop to a port of loopback that fails as set by `fail`."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._failing = ""
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._visit, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.fail("closes")

    def fail(self, how: str) -> None:
        """Close each connection, reply 502, or cut it mid-stream from now on; "" ends the fault. Open connections are
        aborted."""
        self._failing = how
        for writer in self._writers if how else ():
            writer.transport.abort()

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            if self._failing == "502":
                await reader.readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            elif self._failing != "closes":
                await self._pass_on(reader, writer)
        self._writers.discard(writer)
        writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to = await asyncio.open_connection("127.0.0.1", self._to)
        tasks = [asyncio.create_task(_copy(reader, to))]
        if self._failing == "cuts":
            tasks.append(asyncio.create_task(_copy_some(there, writer)))
        else:
            tasks.append(asyncio.create_task(_copy(there, writer)))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            to.close()


async def _copy_some(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy the first 5 kB: the handshake and some frames, the last of them in part."""
    left = 5_000
    while left and (data := await reader.read(left)):
        writer.write(data)
        await writer.drain()
        left -= len(data)


class Scripted(Tunnels):
    """A proxy that replies to each message with the next of some bytes, and closes; None resets the connection."""

    def __init__(self, *answers: bytes | None) -> None:
        super().__init__(answer=b"")
        self.visits = 0
        self._answers = answers

    async def greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        for answer in self._answers:
            await reader.read(4_096)
            if answer is None:
                there = writer.get_extra_info("socket")
                there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                writer.write(answer)


AGREED = b"HTTP/1.1 200 Connection established\r\n\r\n"
HEARD = b"\x05\x00"  # reply of a SOCKS proxy: no password required
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
    "socks, other version": ("socks5", (HEARD, b"\x04\x00\x00\x01\x00\x00\x00\x00\x00\x00")),
    "socks, unknown method": ("socks5", (b"\x05\x63",)),
    "socks, unknown reply": ("socks5", (HEARD, b"\x05\x63\x00\x01\x00\x00\x00\x00\x00\x00")),
    "socks, cut reply": ("socks5", (HEARD, b"\x05\x00\x00")),
    "socks, no reply": ("socks5", (HEARD, b"")),
    "HTTP for socks": ("socks5", (b"HTTP/1.1 400 Bad Request\r\n\r\n",)),
    "socks agrees and closes": ("socks5", (HEARD, b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")),
}
"""Broken proxies by name: scheme and replies."""


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
