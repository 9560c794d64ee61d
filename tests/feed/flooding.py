"""A server that floods whoever comes, as fast as it is read, with one kind of thing that no good server sends.

    python -m tests.feed.flooding KIND [--tls CERTIFICATE]

Run as a process of its own, so that its work is not counted as the client's. It speaks the vendor's stream and REST on
one port, which it prints. The flood is of the stream from the fourth subscription on, or of each REST answer; the other
of the two is answered as it should be. CERTIFICATE is a file with a certificate and its key.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import gzip
import hashlib
import itertools
import json
import re
import socket
import ssl
import struct
import threading
from collections.abc import Iterator

GREETINGS = (
    b'{"code":1,"msg":"Connected Successfully"}',
    b'{"code":1,"resAc":"auth","msg":"authenticated"}',
)
SUBSCRIBED = b'{"code":1,"resAc":"subscribe","msg":"subscribe Successfully"}'
NOTHING = b'{"code":0,"msg":null,"data":null}'
TYPES = 4  # subscriptions before the flood

TEXT, CONT, BINARY, CLOSE, PING, PONG = 0x81, 0x00, 0x82, 0x88, 0x89, 0x8A


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
    """JSON of about so many bytes, with as many rows as fit."""
    return begin + b",".join([row] * ((size - len(begin) - len(end)) // (len(row) + 1))) + end


MB = 1_000_000
LEVEL = b'{"p":1.5,"v":100,"po":1,"o":100}'
KLINE = b'{"o":1,"h":1,"l":1,"c":1,"t":1731689407000,"v":1}'

STREAM = {
    # kind: what goes out once, and then again and again
    "quiet": (b"", b""),
    "empty": (b"", frame(b"") * 16_000),
    "braces": (b"", frame(b"{}") * 8_000),
    "junk": (b"", frame(b"these are no data") * 2_000),
    "binary": (b"", frame(b"", BINARY) * 16_000),
    "pings": (b"", frame(b"p" * 125, PING) * 300),
    "empty-pings": (b"", frame(b"", PING) * 16_000),
    "pongs": (b"", frame(b"", PONG) * 16_000),
    "fragments": (frame(b"{", 0x01), frame(b"", CONT) * 16_000),
    "letters": (frame(b"{", 0x01), frame(b"x", CONT) * 10_000),
    "60-mb": (b"", frame(b"x" * (60 * MB))),
    "60-mb-rows": (b"", frame(filled(b'{"data":[', b"[]", b"]}", 60 * MB))),
    "rows": (b"", frame(filled(b'{"data":[', b"[]", b"]}", MB))),
    "levels": (b"", frame(filled(b'{"data":{"type":"depth","s":"QQQ$US","b":[],"a":[', LEVEL, b"]}}", MB))),
    "odd-levels": (b"", frame(filled(b'{"data":{"type":"depth","s":"QQQ$US","a":[', b'{"p":"1","v":"1"}', b"]}}", MB))),
    "lists": (b"", frame(filled(b"[", b"[]", b"]", MB))),
    "quotation": (b"", frame(b'"' + b'\\"' * 120_000)),
    "quotation-mb": (b"", frame(b'"' + b'\\"' * 499_000)),
}


def chunks(parts: Iterator[bytes]) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    yield from parts


def body(data: bytes, headers: bytes = b"") -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n" % (len(data), headers)
    yield data


def repeated(once: bytes, again: bytes) -> Iterator[bytes]:
    return itertools.chain([once], itertools.repeat(again))


def rest(kind: str) -> Iterator[bytes]:
    match kind:
        case "chunks":
            return chunks(itertools.repeat(b"1\r\n \r\n" * 10_000))
        case "extensions":
            return chunks(itertools.repeat(b"1;" + b"x" * 8_000 + b"\r\n \r\n"))
        case "hundreds":
            return itertools.repeat(b"HTTP/1.1 100 \r\n\r\n" * 4_000)
        case "headers":
            return repeated(b"HTTP/1.1 200 OK\r\n", b"a: b\r\n" * 10_000)
        case "one-header":
            return repeated(b"HTTP/1.1 200 OK\r\na:", b"b" * 60_000)
        case "gzip":
            return body(gzip.compress(b" " * (1 << 30), 1), b"Content-Encoding: gzip\r\n")
        case "rest-lists":
            return body(filled(b'{"code":0,"data":[', b"[]", b"]}", 6 * MB))
        case "rest-maps":
            return body(b'{"code":0,"data":{' + b",".join(b'"%d":[]' % n for n in range(550_000)) + b"}}")
        case "rest-rows":
            return body(filled(b'{"code":0,"data":{"QQQ":[', b"[]", b"]}}", 6 * MB))
        case "rest-klines":
            return body(filled(b'{"code":0,"data":{"QQQ":[', KLINE, b"]}}", 6 * MB))
        case "rest-quotation":
            return body(b'{"code":0,"data":"' + b'\\"' * 1_000_000)
        case _:
            return body(NOTHING)


def serve(connection: socket.socket, kind: str) -> None:
    stream = connection.makefile("rb")
    with contextlib.suppress(OSError, ValueError), connection:
        while head := b"".join(iter(stream.readline, b"\r\n")):
            key = re.search(rb"(?i)sec-websocket-key: *(\S+)", head)
            if key is not None:
                talk(connection, stream, key[1], kind)  # type: ignore[arg-type]
                return
            for part in rest(kind):
                connection.sendall(part)


def talk(connection: socket.socket, stream: socket.SocketIO, key: bytes, kind: str) -> None:
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    for greeting in GREETINGS:
        connection.sendall(frame(greeting))
    subscribed = 0
    while head := stream.read(2):
        size = head[1] & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", stream.read(2))
        mask, masked = stream.read(4), stream.read(size)
        request = bytes(letter ^ mask[at % 4] for at, letter in enumerate(masked))
        if head[0] != TEXT:
            continue
        asked = json.loads(request)
        if asked["ac"] == "ping":
            connection.sendall(frame(json.dumps({"resAc": "pong", "data": {"params": asked["params"]}}).encode()))
            continue
        connection.sendall(frame(SUBSCRIBED))
        subscribed += 1
        if subscribed == TYPES:
            once, again = STREAM.get(kind, STREAM["quiet"])
            connection.sendall(once)
            if again:
                threading.Thread(target=swallow, args=[stream], daemon=True).start()
                while True:
                    connection.sendall(again)


def swallow(stream: socket.SocketIO) -> None:
    with contextlib.suppress(OSError, ValueError):
        while stream.read(1 << 16):
            pass


def main(kind: str, certificate: str | None) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server = context.wrap_socket(server, server_side=True)
    print(server.getsockname()[1], flush=True)
    while True:
        with contextlib.suppress(OSError):
            connection, _ = server.accept()
            threading.Thread(target=serve, args=[connection, kind], daemon=True).start()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("kind")
    parser.add_argument("--tls")
    options = parser.parse_args()
    main(options.kind, options.tls)
