"""A server that floods its client, as fast as it reads, with what no sane server sends.

    python -m tests.support.flood_server KIND … [--tls CERTIFICATE]

Run as a process of its own, so that its work is not counted as the client's. It serves the vendor's stream and REST on
one port, which it prints. A KIND of STREAM floods the stream after the fourth subscription, one of REST is the reply to
each request there. CERTIFICATE is a file with a certificate and its key.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import gzip
import hashlib
import itertools
import json
import os
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import IO

GREETINGS = (
    b'{"code":1,"msg":"Connected Successfully"}',
    b'{"code":1,"resAc":"auth","msg":"authenticated"}',
)
SUBSCRIBED = b'{"code":1,"resAc":"subscribe","msg":"subscribe Successfully"}'
NOTHING = b'{"code":0,"msg":null,"data":null}'
TYPES = 4  # subscriptions before the flood

TEXT, CONT, BINARY, PING, PONG = 0x81, 0x00, 0x82, 0x89, 0x8A


def frame(payload: bytes, first: int = TEXT) -> bytes:
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", first, size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", first, 126, size)
    else:
        head = struct.pack("!BBQ", first, 127, size)
    return head + payload


def filled(begin: bytes, row: bytes, end: bytes, size: int) -> bytes:
    """Returns JSON of about `size` bytes, with as many rows as fit."""
    return begin + b",".join([row] * ((size - len(begin) - len(end)) // (len(row) + 1))) + end


MB = 1_000_000
LEVEL = b'{"p":1.5,"v":100,"po":1,"o":100}'
ODD_LEVEL = b'{"p":"1","v":"1"}'
KLINE = b'{"o":1,"h":1,"l":1,"c":1,"t":1731689407000,"v":1}'
QUOTE = (
    b'{"code":1,"data":{"s":"QQQ$US","ld":561.5,"o":560,"h":562,"l":559,"t":%d,"v":100,"tu":56119.5,"type":"quote"}}'
)
BAR = b'{"tu":56119.52,"c":561.52,"t":%d,"v":100000,"h":562.01,"l":561.07,"o":561.22}'
CODES = [f"F{n}" for n in range(50)]
BOOK = b'{"data":{"type":"depth","s":"QQQ$US","b":[],"a":['

# By kind: what is sent once, and what is sent repeatedly.
STREAM = {
    "quotes": (b"", b"".join(frame(QUOTE % (1_795_440_000_000 + n)) for n in range(1_000))),
    "empty": (b"", frame(b"") * 16_000),
    "objects": (b"", frame(b"{}") * 8_000),
    "junk": (b"", frame(b"these are no data") * 2_000),
    "binary": (b"", frame(b"", BINARY) * 16_000),
    "pings": (b"", frame(b"p" * 125, PING) * 300),
    "empty-pings": (b"", frame(b"", PING) * 16_000),
    "pongs": (b"", frame(b"", PONG) * 16_000),
    "fragments": (frame(b"{", 0x01), frame(b"", CONT) * 16_000),
    "letters": (frame(b"{", 0x01), frame(b"x", CONT) * 10_000),
    "60-mb": (b"", frame(b"x" * (60 * MB))),
    "rows": (b"", frame(filled(b'{"data":[', b"[]", b"]}", 2 * MB))),
    "levels": (b"", frame(filled(BOOK, LEVEL, b"]}}", 2 * MB))),
    "odd-levels": (b"", frame(filled(BOOK, ODD_LEVEL, b"]}}", 2 * MB))),
    "string": (b"", frame(b'"' + rb"\"" * (MB - 1))),
}


def whole(body: bytes, headers: bytes = b"") -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n" % (len(body), headers)
    yield body


def endless(begin: bytes, again: bytes) -> Iterator[bytes]:
    return itertools.chain([begin], itertools.repeat(again))


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
MAP = b",".join(b'"%d":[]' % n for n in range(500_000))
BARS = b",".join(BAR % (1_795_440_000_000 + 60_000 * n) for n in range(500))
REST: dict[str, Callable[[], Iterator[bytes]]] = {
    "chunks": lambda: endless(CHUNKED, b"1\r\n \r\n" * 10_000),
    "extensions": lambda: endless(CHUNKED, b"1;" + b"x" * 8_000 + b"\r\n \r\n"),
    "trailers": lambda: endless(CHUNKED + b"0\r\n", b"a: b\r\n" * 10_000),
    "interim": lambda: itertools.repeat(b"HTTP/1.1 100 \r\n\r\n" * 4_000),
    "headers": lambda: endless(b"HTTP/1.1 200 OK\r\n", b"a: b\r\n" * 10_000),
    "one-header": lambda: endless(b"HTTP/1.1 200 OK\r\na:", b"b" * 60_000),
    "gzip": lambda: whole(gzip.compress(b" " * (1 << 30), 1), b"Content-Encoding: gzip\r\n"),
    "rest-honest": lambda: whole(
        b'{"code":0,"data":{' + b",".join(b'"%b":[%b]' % (code.encode(), BARS) for code in CODES) + b"}}"
    ),
    "rest-lists": lambda: whole(filled(b'{"code":0,"data":[', b"[]", b"]}", 6 * MB)),
    "rest-map": lambda: whole(b'{"code":0,"data":{' + MAP + b"}}"),
    "rest-rows": lambda: whole(filled(b'{"code":0,"data":{"QQQ":[', b"[]", b"]}}", 6 * MB)),
    "rest-bars": lambda: whole(filled(b'{"code":0,"data":{"QQQ":[', KLINE, b"]}}", 6 * MB)),
}


def serve(connection: socket.socket, kinds: Sequence[str]) -> None:
    stream = connection.makefile("rb")
    answer = next((REST[kind] for kind in kinds if kind in REST), lambda: whole(NOTHING))
    with contextlib.suppress(OSError, ValueError), connection:
        while head := b"".join(iter(stream.readline, b"\r\n")):
            key = re.search(rb"(?i)sec-websocket-key: *(\S+)", head)
            if key is not None:
                talk(connection, stream, key[1], kinds)
                return
            for part in answer():
                connection.sendall(part)


def talk(connection: socket.socket, stream: IO[bytes], key: bytes, kinds: Sequence[str]) -> None:
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    for greeting in GREETINGS:
        connection.sendall(frame(greeting))
    subscribed = 0
    for request in requests(stream):
        if request["ac"] == "ping":
            connection.sendall(frame(json.dumps({"resAc": "pong", "data": {"params": request["params"]}}).encode()))
            continue
        connection.sendall(frame(SUBSCRIBED))
        subscribed += 1
        if subscribed == TYPES and (flood := next((STREAM[kind] for kind in kinds if kind in STREAM), None)):
            threading.Thread(target=swallow, args=[stream], daemon=True).start()
            connection.sendall(flood[0])
            while True:
                connection.sendall(flood[1])


def requests(stream: IO[bytes]) -> Iterator[dict[str, str]]:
    """Yields the client's requests until it disconnects."""
    while head := stream.read(2):
        size = head[1] & 0x7F
        if size == 126:
            size = int.from_bytes(stream.read(2))
        mask, masked = stream.read(4), stream.read(size)
        if head[0] == TEXT:
            yield json.loads(bytes(letter ^ mask[at % 4] for at, letter in enumerate(masked)))


def swallow(stream: IO[bytes]) -> None:
    with contextlib.suppress(OSError, ValueError):
        while stream.read(1 << 16):
            pass


def main(kinds: Sequence[str], certificate: str | None) -> None:
    os.nice(19)  # the client is measured, not this process
    server = socket.create_server(("127.0.0.1", 0))
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server = context.wrap_socket(server, server_side=True)
    print(server.getsockname()[1], flush=True)
    while True:
        with contextlib.suppress(OSError):
            connection, _ = server.accept()
            threading.Thread(target=serve, args=[connection, kinds], daemon=True).start()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", nargs="+", choices=[*STREAM, *REST, "none"])
    parser.add_argument("--tls")
    options = parser.parse_args()
    main(options.kind, options.tls)
