"""Our frame reader against that of the library: both deliver the same messages and end the same way."""

from __future__ import annotations

import asyncio
import random
import struct
import time

import pytest
from websockets.client import ClientProtocol
from websockets.frames import DATA_OPCODES, Frame, Opcode
from websockets.uri import parse_uri

from tui.feed.websocket import FrameHandler, WebSocket

STREAMS = 20_000
LARGEST = 66_000  # bytes of a message: just above what our reader takes itself
TEXT, BINARY, CLOSE = Opcode.TEXT, Opcode.BINARY, Opcode.CLOSE
KINDS = [TEXT] * 8 + [Opcode.CONT] * 3 + [BINARY, Opcode.PING, Opcode.PONG, CLOSE]
HANDSHAKE = b"HTTP/1.1 101 Switching Protocols\r\nServer: x\r\n\r\n"
CODES = (0, 999, 1000, 1001, 1004, 1005, 1006, 1011, 1015, 2999, 3000, 4999, 5000, 65535)


class NullTransport(asyncio.Transport):
    """A transport that leads nowhere, and knows whether it is to be read."""

    def __init__(self) -> None:
        super().__init__()
        self.paused = False

    def write(self, data: object) -> None: ...

    def write_eof(self) -> None: ...

    def can_write_eof(self) -> bool:
        return True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def abort(self) -> None:
        raise AssertionError("nothing here fails by us")


def make_protocol() -> ClientProtocol:
    """A protocol that takes any answer to its handshake."""
    protocol = ClientProtocol(parse_uri("ws://x/"), max_size=LARGEST)
    protocol.process_response = lambda response: None  # type: ignore[method-assign]
    return protocol


def random_frame(rng: random.Random) -> bytes:
    """One frame, now and then of a kind that no server may send."""
    odd = rng.random() < 0.06
    opcode = rng.randrange(16) if odd else rng.choice(KINDS)
    size = rng.choice((0, 1, 5, 60, 125, 126, 127, 300))
    if rng.random() < 0.01:
        size = rng.choice((65_535, 65_536, 66_000, 66_001))
    if opcode >= 8 and not odd:
        size = min(size, 125)
    payload = rng.choice((b"x", b"\xff", b"\x00")) * size
    if opcode == CLOSE and rng.random() < 0.8:
        payload = struct.pack("!H", rng.choice(CODES)) + rng.choice((b"", b"so long", b"\xff"))
    fin = 0x80 if (opcode >= 8 or rng.random() < 0.7) and not (odd and rng.random() < 0.3) else 0
    reserved = rng.choice((0x10, 0x20, 0x40)) if rng.random() < 0.01 else 0
    mask = 0x80 if rng.random() < 0.02 else 0
    size = len(payload)
    if rng.random() < 0.01:
        size = rng.choice((1 << 20, 1 << 40, 1 << 63, (1 << 64) - 1))  # more than ever comes
    form = 0 if size < 126 else 1 if size <= 0xFFFF else 2
    if rng.random() < 0.05:
        form = rng.randint(form, 2)  # a longer spelling of a short length
    length = (
        bytes([mask | size % 126]),
        struct.pack("!BH", mask | 126, size % 65_536),
        struct.pack("!BQ", mask | 127, size),
    )
    return bytes([fin | reserved | opcode]) + length[form] + payload


def random_portions(rng: random.Random) -> list[bytes]:
    """A handshake and frames as they may come out of a socket, the end wherever."""
    stream = HANDSHAKE + b"".join(random_frame(rng) for _ in range(rng.randint(1, 6)))
    if rng.random() < 0.3:
        stream = stream[: rng.randint(len(HANDSHAKE), len(stream))]
    near = min(len(stream), 400)
    cuts = sorted(rng.randrange(near + 1) for _ in range(rng.randrange(6)))
    parts = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    return [part for part in parts if part]


def end_of(protocol: ClientProtocol) -> tuple[str, ...]:
    """In words, and what the parser says: of half a frame it says how much of it has come, which we may keep to us."""
    error = protocol.parser_exc
    return str(protocol.close_exc), type(error).__name__, "" if isinstance(error, EOFError) else str(error)


def read_by_library(parts: list[bytes]) -> tuple[list[bytes], tuple[str, ...]]:
    """Messages, and how it ended, by its words and by what the parser says."""
    protocol = make_protocol()
    messages, begun = [], b""
    for part in parts:
        protocol.receive_data(part)
        for event in protocol.events_received():
            if isinstance(event, Frame) and event.opcode in DATA_OPCODES:
                begun += bytes(event.data)
                if event.fin:
                    messages.append(begun)
                    begun = b""
    protocol.receive_eof()
    return messages, end_of(protocol)


async def read_by_ours(parts: list[bytes]) -> tuple[list[bytes], tuple[str, ...]]:
    protocol, transport = make_protocol(), NullTransport()
    messages: list[bytes] = []
    websocket = WebSocket(protocol, close_timeout=None)
    websocket.connection_made(transport)
    websocket.set_handler(FrameHandler(lambda message: messages.append(bytes(message)), lambda: None, lambda: None))
    for part in parts:
        websocket.data_received(part)
        while transport.paused:
            await asyncio.sleep(0)
    websocket.eof_received()
    end = end_of(protocol)
    websocket.connection_lost(None)
    return messages, end


@pytest.mark.parametrize("part", range(4))
async def test_our_frame_reader_agrees_with_the_library_on_twenty_thousand_streams(part: int) -> None:
    rng = random.Random(part)
    heard, ends = 0, set()
    for _ in range(STREAMS // 4):
        parts = random_portions(rng)
        expected = read_by_library(parts)
        assert await read_by_ours(parts) == expected, parts
        heard += len(expected[0])
        ends.add(expected[1][1])
    assert heard > STREAMS / 8 and ends >= {
        "ProtocolError",
        "PayloadTooBig",
        "UnicodeDecodeError",
        "EOFError",
        "NoneType",
    }


async def test_all_that_tls_holds_fits_into_the_buffer() -> None:
    """asyncio reads only once after the server has hung up without a word: what does not fit would be lost."""
    websocket = WebSocket(make_protocol())
    for held in (-1, 0, 60_000, 500_000, 10):  # bytes, encrypted; -1 where there is no TLS
        assert len(websocket.get_buffer(held)) >= max(held, 0) + 16_384, held


async def test_while_the_loop_has_other_work_it_gets_its_turns_soon() -> None:
    """A key takes several turns of the loop, and each would wait for a whole slice of reading."""
    websocket = WebSocket(make_protocol())
    websocket.connection_made(NullTransport())
    websocket.protocol.send_request(websocket.protocol.connect())
    websocket.data_received(HANDSHAKE)
    read = 0

    def take(_: bytes | bytearray) -> None:
        nonlocal read
        read += 1
        until = time.perf_counter() + 0.000_2
        while time.perf_counter() < until:
            pass

    websocket.set_handler(FrameHandler(take, lambda: None, lambda: None))
    websocket.data_received(b"".join([Frame(TEXT, b"x" * 2_000).serialize(mask=False)] * 100))
    turns = []
    while read < 100:
        before = read
        await asyncio.sleep(0)
        turns.append(read - before)
        until = time.perf_counter() + 0.000_5
        while time.perf_counter() < until:
            pass
    assert max(turns[1:]) <= 6, turns  # the first may follow upon idle turns
