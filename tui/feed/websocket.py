"""A WebSocket that calls a handler for each message as it is read, and yields to the event loop after a time slice.

websockets' `recv()` puts each message into a queue and wakes a task for it: half of the cost of a message.
Backpressure: nothing more is read from the socket until the handler returns. No amount of input blocks the event loop
for more than a few ms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import DATA_OPCODES, Frame, Opcode
from websockets.protocol import Event, State

from tui.config.plain_mode import is_plain

_AT_ONCE = 64 * 1024  # bytes read from a socket at once
_RECORD = 1 << 15  # bytes; RFC 8446 §5.2: a TLS record has fewer
_SLICE = 0.004  # s of reading before the event loop gets a turn …
_SHORT_SLICE = 0.001  # s: … and while it has other work, as a key takes several turns
_IDLE_TURN = 0.000_1  # s: a turn without other work takes less
_OVERRUN = 0.02  # s: after a slice this long, caused by one expensive message, reading pauses for as long
_PORTION = 1024  # bytes of short messages between two checks of the clock
_LAST = 0.2  # s at most for the data that is buffered when the connection ends
_CONT, _OPEN = Opcode.CONT, State.OPEN  # attribute access on an enum costs 0.1 µs
_OPCODES = frozenset(map(int, Opcode))
_TEXT = 0x80 | Opcode.TEXT  # RFC 6455 §5.2: FIN, no reserved bits, opcode text
_TWO_BYTES, _EIGHT_BYTES = 126, 127  # RFC 6455 §5.2: 126 means a 16-bit length follows, 127 a 64-bit one
_ENOUGH = 2  # bytes of a frame that let the library detect a protocol error and end the connection
_HEAD = 4  # bytes of the head of a short message, at most
_SHORT = 0xFFFF  # bytes of a payload; the limit of websockets applies to longer ones
_HEAD_ENDS = b"\r\n\r\n"


class FrameHandler(NamedTuple):
    """Callbacks: `message` for each message, `begin` and `end` around all messages of one read."""

    message: Callable[[bytes | bytearray], None]
    begin: Callable[[], None]
    end: Callable[[], None]


class PlainWebSocket(ClientConnection):
    """A client connection that the library reads: slower, and through its public methods alone. `set_handler`, then
    `ended`; sending is as in websockets."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._listener = _NOBODY

    def set_handler(self, listener: FrameHandler) -> None:
        """Set the handler of all messages, from the first on. If it raises, the connection ends."""
        self._listener = listener

    async def ended(self) -> NoReturn:
        """Wait for the end of the connection. Raises what the handler raised, else ConnectionClosed."""
        while True:
            message = await self.recv(decode=False)
            try:
                self._listener.begin()
                self._listener.message(message)
                self._listener.end()
            except Exception:
                self.abandon()
                raise

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close with a closing handshake. Messages that still arrive are discarded."""
        self._listener = _NOBODY
        try:
            async with asyncio.timeout(self.close_timeout):
                await super().close(code, reason)
        except TimeoutError:  # the library waits for ever if the peer does not read the close frame
            self.abandon()
            await self.wait_closed()

    def abandon(self) -> None:
        """Abort the connection without a closing handshake, which the peer would not answer."""
        self._listener = _NOBODY
        self.transport.abort()


class WebSocket(PlainWebSocket, asyncio.BufferedProtocol):
    """A client connection that parses most frames by itself. asyncio fills its buffer: to a protocol without one it
    allocates 256 KB for each record of TLS."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._early: list[bytes | bytearray] = []  # messages that arrived before a handler was set
        self._listener = FrameHandler(self._early.append, _nothing, _nothing)
        self._shaken = b""  # the last bytes of the handshake so far
        self._buffer = memoryview(bytearray(_AT_ONCE))
        self._unread, self._at = (
            b"",
            0,
        )  # received, and from where on it is not parsed: deferred, or a frame's beginning
        self._read_at = 0.0  # s of the loop's clock: the end of the latest slice
        self._due = 0  # bytes of a frame that the library is reading
        self._parts = bytearray()  # the fragments of a message so far
        self._fault: Exception | None = None
        self._put_off: asyncio.Handle | None = None
        self._hang_up: asyncio.Handle | None = None

    def get_buffer(self, sizehint: int) -> memoryview:
        # TLS hints at what it holds encrypted. All of it has to fit: at the end asyncio reads only once.
        if len(self._buffer) < sizehint + _RECORD:
            self._buffer = memoryview(bytearray(sizehint + _RECORD))
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(bytes(self._buffer[:nbytes]))

    def data_received(self, data: bytes) -> None:
        self._unread, self._at = self._unread[self._at :] + data, 0
        self._read_on()

    def _read_on(self) -> None:
        """Parse for a time slice, and defer the rest: the socket is not read until it is parsed."""
        loop, transport = self.loop, self.transport
        if self._put_off is not None:
            self._put_off.cancel()
            self._put_off = None
        if transport.is_closing():
            return
        began = loop.time()
        is_idle = began - self._read_at < _IDLE_TURN
        more = not self.paused and self._read_until(began + (_SLICE if is_idle else _SHORT_SLICE))
        if self.protocol.close_expected() and self._hang_up is None:
            # The library has no time-out for a server that never closes its side of the connection.
            self._hang_up = loop.call_later(self.close_timeout or 0.0, transport.abort)
        self._read_at = loop.time()
        took = self._read_at - began
        if transport.is_closing():
            return
        if not self.paused and not more and took < _OVERRUN:
            transport.resume_reading()
            return
        transport.pause_reading()
        if took >= _OVERRUN:
            self._put_off = loop.call_later(took, self._read_on)
        elif not self.paused:  # else `resume_writing` continues: backpressure on a peer that does not read our pongs
            self._put_off = loop.call_soon(self._read_on)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._read_on()

    def eof_received(self) -> None:
        self._read_last()
        super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._read_last()
        if self._hang_up is not None:
            self._hang_up.cancel()
        super().connection_lost(exc)

    def _read_last(self) -> None:
        """Parse what was deferred. TLS reports the end right after the last bytes, which contain the close frame."""
        self._read_until(self.loop.time() + _LAST)
        self._unread, self._at = b"", 0

    def _read_until(self, end: float) -> bool:
        """Parse what was received. Returns whether some of it was deferred at `end` (s of the loop's clock)."""
        self._tell(self._listener.begin)
        more = self._read(end)
        self._tell(self._listener.end)
        return more

    def _read(self, until: float) -> bool:
        """Pass text messages of one short frame, nearly all of the traffic, to the handler, and everything else to the
        library: its parser is a generator that resumes eight times per frame, a third of the cost of a message. Returns
        whether some of the data was deferred at `until` (s of the loop's clock)."""
        data, at, protocol, now = self._unread, self._at, self.protocol, self.loop.time
        size, more = len(data), False
        while at < size:
            stop = min(size, at + _PORTION)
            if not self._due and protocol.state is _OPEN and protocol.current_size is None:
                hear, last = self._listener.message, min(stop, size - _HEAD + 1)
                try:
                    while at < last and data[at] == _TEXT:
                        length, start = data[at + 1], at + 2
                        if length >= _TWO_BYTES:
                            if length > _TWO_BYTES:
                                break
                            length, start = data[at + 2] << 8 | data[at + 3], at + 4
                        end = start + length
                        if end > size:
                            break
                        hear(data[start:end])
                        at = end
                except Exception as error:
                    self._fail(error)
                    return False
            if at < stop:
                before, at = at, self._read_other(data, at)
                if at == before:
                    break
            if now() >= until or self.paused:
                more = at < size
                break
        self._unread, self._at = data, at
        return more

    def _read_other(self, data: bytes, at: int) -> int:
        """Pass what begins at `at`, a part of the handshake or another frame, to the library. Returns where it ends,
        `at` itself if it is incomplete."""
        if not self._due and self.protocol.state is _OPEN:
            self._due = self._length_of_frame(data, at)
            if not self._due:
                return at
        part = min(self._due or _PORTION, len(data) - at)
        if self.protocol.state is State.CONNECTING:
            # The frames after the handshake are parsed here; its last bytes may arrive one by one.
            shaken = self._shaken + data[at : at + part]
            if (ends := shaken.find(_HEAD_ENDS)) >= 0:
                part = ends + len(_HEAD_ENDS) - len(self._shaken)
            self._shaken = shaken[-len(_HEAD_ENDS) + 1 :]
        self._due = max(0, self._due - part)
        super().data_received(data[at : at + part])
        return at + part

    def _length_of_frame(self, data: bytes, at: int) -> int:
        """Returns how many bytes of the frame that begins at `at` the library is to read, 0 if that is to wait for more
        of it."""
        there = len(data) - at
        length, head = data[at + 1] if there > 1 else 0, 2
        if length > _EIGHT_BYTES:  # RFC 6455 §5.1: a server must not mask its frames
            return _ENOUGH
        if length >= _TWO_BYTES:
            head += 2 if length == _TWO_BYTES else 8
            length = int.from_bytes(data[at + 2 : at + head])
        if there < head:
            return _ENOUGH if there >= _ENOUGH and data[at] & 0x0F not in _OPCODES else 0
        is_ours = data[at] == _TEXT and length <= _SHORT and self.protocol.current_size is None
        return 0 if is_ours and there < head + length else head + length

    def set_handler(self, listener: FrameHandler) -> None:
        self._listener = listener
        listener.begin()
        for message in self._early:
            self._tell(self._listener.message, message)
        self._early.clear()
        self._listener.end()

    async def ended(self) -> NoReturn:
        try:
            while True:
                await self.recv(decode=False)
        except ConnectionClosed:
            if self._fault is not None:
                raise self._fault from None
            raise

    def abandon(self) -> None:
        super().abandon()
        self._unread, self._at = b"", 0

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
        """Call the handler, and end the connection with what it raises: asyncio would only log it."""
        try:
            hear(*message)
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._fault = error
        self.abandon()


class Connector(connect):
    """`websockets.connect` for our WebSocket, or for a PlainWebSocket if the environment asks for it. A redirect is an
    error: following it would send the key to another address."""

    def __init__(self, url: str, **kwargs: Any) -> None:
        super().__init__(url, create_connection=PlainWebSocket if is_plain() else WebSocket, **kwargs)

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


def _nothing(*_: object) -> None:
    pass


_NOBODY = FrameHandler(_nothing, _nothing, _nothing)
