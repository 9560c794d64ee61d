"""Clients of a relay that read and discard, as cheaply as a client can, so that the relay is what is measured.

    python -m tests.benchmarks.relay_clients ADDRESS COUNT

ADDRESS is the path of a Unix socket, or a port of loopback. Each subscribes to all symbols and types. Once standard
input is closed it prints, as JSON, the bytes that all have read and when the first of them read each probe (s,
monotonic, by price), the slowest of the clients counting.
"""

from __future__ import annotations

import base64
import json
import re
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from websockets.frames import Frame, Opcode

from tests.benchmarks.sender import symbols
from tui.protocol.messages import TYPES, Subscribe, encode
from tui.protocol.relay_status import RELAY_VERSION, VERSION_HEADER
from tui.symbol import join_wire_symbols

_PROBE = re.compile(rb'"ld":(1\d{4}(?:\.\d+)?)')
_TAIL = 30  # bytes of a read, at most, that a probe may be split at


class Readings(NamedTuple):
    """What the clients read: bytes, and when the slowest had read each probe (s, monotonic), by price."""

    size: int
    probes: dict[str, float]


def connected(address: str) -> socket.socket:
    """Returns a socket after the handshake, subscribed to everything."""
    family = socket.AF_INET if address.isdecimal() else socket.AF_UNIX
    client = socket.socket(family)
    client.connect(("127.0.0.1", int(address)) if address.isdecimal() else address)
    client.sendall(
        b"GET /fund HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n%s: %d\r\n\r\n"
        % (base64.b64encode(b"0123456789abcdef"), VERSION_HEADER.encode(), RELAY_VERSION)
    )
    seen = b""
    while b'"authenticated"' not in seen and b"ready" not in seen:
        part = client.recv(4096)
        if not part:
            raise RuntimeError(seen.decode(errors="replace"))
        seen += part
    for type_ in TYPES:
        text = encode(Subscribe(join_wire_symbols(symbols()), type_))
        client.sendall(Frame(Opcode.TEXT, text).serialize(mask=True))
    return client


def read_until_closed(address: str, count: int) -> Readings:
    """Read with so many clients until standard input is closed."""
    selector, size, probes = selectors.DefaultSelector(), 0, dict[str, float]()
    selector.register(sys.stdin, selectors.EVENT_READ)
    clients = [connected(address) for _ in range(count)]
    sockets, tails = {client.fileno(): client for client in clients}, dict.fromkeys(clients, b"")
    for client in clients:
        selector.register(client, selectors.EVENT_READ)
    print("subscribed", flush=True)
    buffer = bytearray(1 << 18)
    while True:
        for key, _ in selector.select():
            if key.fileobj is sys.stdin:
                return Readings(size, probes)
            client = sockets[key.fd]
            got = client.recv_into(buffer)
            if not got:
                raise RuntimeError("a client was disconnected")
            now, size = time.monotonic(), size + got
            data = tails[client] + bytes(buffer[:got])
            for price in _PROBE.findall(data):
                probes[f"{float(price):.2f}"] = now
            tails[client] = data[-_TAIL:] if not _PROBE.search(data[-_TAIL:]) else b""


@contextmanager
def start_clients(address: str, count: int) -> Iterator[list[Readings]]:
    """Run clients in a process of their own until the end of the block; then the list has what they read."""
    command = [sys.executable, "-m", "tests.benchmarks.relay_clients", address, str(count)]
    found: list[Readings] = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            if process.stdout.readline() != "subscribed\n":
                raise RuntimeError("the clients could not connect")
            yield found
            process.stdin.close()
            found.append(Readings(*json.loads(process.stdout.readline())))
        finally:
            process.kill()


if __name__ == "__main__":
    print(json.dumps(read_until_closed(sys.argv[1], int(sys.argv[2]))), flush=True)
