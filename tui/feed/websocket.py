"""A WebSocket whose messages are handled as they are read.

`recv()` would put each into a queue and wake a task to take it out again: half of what a message costs. Reading is
slowed down by the handler itself, for nothing more is read from the socket until it is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import DATA_OPCODES, Frame, Opcode
from websockets.protocol import Event, State

_AT_ONCE = 32 * 1024  # bytes
_CONT, _OPEN = Opcode.CONT, State.OPEN  # looked up once: a member of an enum costs a tenth of a µs
_TEXT = 0x80 | Opcode.TEXT  # the first byte of a frame that is a whole text message, not compressed
_TWO_BYTES = 126  # in the place of a length: it follows in so many, and beyond that in eight
_SHORT = 0xFFFF  # bytes
_HEAD_ENDS = b"\r\n\r\n"


class Listener(NamedTuple):
    """Who hears the messages: `begin` and `end` stand around all that were read at once."""

    message: Callable[[bytes | bytearray], None]
    begin: Callable[[], None]
    end: Callable[[], None]


class WebSocket(ClientConnection):
    """`listen` and then `ended`; sending and closing as in websockets."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._early: list[bytes | bytearray] = []  # what came together with the handshake
        self._listener = Listener(self._early.append, _nothing, _nothing)
        self._shaken = b""  # the latest bytes of the handshake
        self._half = b""  # the beginning of a frame
        self._due = 0  # bytes of a frame that the library has begun to read
        self._parts = bytearray()  # of a message in several frames
        self._fault: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # asyncio would read a quarter of a megabyte at once, which in a flood keeps everything else waiting for 10 ms.
        transport.max_size = _AT_ONCE  # type: ignore[attr-defined]  # of its plain sockets; others do without

    def data_received(self, data: bytes) -> None:
        self._tell(self._listener.begin)
        self._read(self._half + data)
        self._tell(self._listener.end)

    def _read(self, data: bytes) -> None:
        """Hand over the text messages that are one short frame each, which is nearly all that ever comes, and give the
        library everything else. It reads a frame by a generator in eight steps: a third of what a message costs."""
        self._half = b""
        at, size, protocol, hear = 0, len(data), self.protocol, self._listener.message
        while at < size:
            if self._due or protocol.state is not _OPEN:
                part = self._due or size
                if protocol.state is State.CONNECTING:
                    # What follows the handshake is for us; its last bytes may come one by one.
                    shaken = self._shaken + data
                    if (ends := shaken.find(_HEAD_ENDS)) >= 0:
                        part = ends + len(_HEAD_ENDS) - len(self._shaken)
                    self._shaken = shaken[-len(_HEAD_ENDS) + 1 :]
                part = min(part, size - at)
                self._due = max(0, self._due - part)
                super().data_received(data[at : at + part])
                at += part
                continue
            length, start = data[at + 1] if size - at > 1 else 0, at + 2
            if length >= _TWO_BYTES:
                start += 2 if length == _TWO_BYTES else 8
                length = int.from_bytes(data[at + 2 : start])
            if start > size:
                self._half = data[at:]
                return
            end = start + length
            if data[at] != _TEXT or length > _SHORT or protocol.current_size is not None:
                self._due = end - at
            elif end > size:
                self._half = data[at:]
                return
            else:
                try:
                    hear(data[start:end])
                except Exception as error:
                    self._fail(error)
                    return
                at = end

    def listen(self, listener: Listener) -> None:
        """Hand over every message from the first on, as it came. Where the listener fails the connection ends."""
        self._listener = listener
        listener.begin()
        for message in self._early:
            self._tell(self._listener.message, message)
        self._early.clear()
        self._listener.end()

    async def ended(self) -> NoReturn:
        """Wait for the end. Raises what the handler raised, else ConnectionClosed."""
        try:
            while True:
                await self.recv(decode=False)
        except ConnectionClosed:
            if self._fault is not None:
                raise self._fault from None
            raise

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye. What still comes is thrown away."""
        self._listener = _NOBODY
        await super().close(code, reason)

    def process_event(self, event: Event) -> None:
        if type(event) is not Frame or event.opcode not in DATA_OPCODES:
            super().process_event(event)
        elif event.fin and event.opcode is not _CONT:
            self._tell(self._listener.message, event.data)  # type: ignore[arg-type]  # a memoryview only where frames are sent
        else:
            self._parts += event.data
            if event.fin:
                message, self._parts = self._parts, bytearray()
                self._tell(self._listener.message, message)

    def _tell(self, hear: Callable[..., None], *message: bytes | bytearray) -> None:
        """Call the listener. asyncio would only log what it raises."""
        try:
            hear(*message)
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._fault = error
        self._listener = _NOBODY
        self.transport.abort()


class Dial(connect):
    """`websockets.connect` to a WebSocket of ours. A redirect is an error: following one would take the key to another
    address."""

    def __init__(self, url: str, **kwargs: Any) -> None:
        super().__init__(url, create_connection=WebSocket, **kwargs)

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


def _nothing(*_: object) -> None:
    pass


_NOBODY = Listener(_nothing, _nothing, _nothing)
