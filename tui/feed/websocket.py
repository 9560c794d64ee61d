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

_AT_ONCE = 32 * 1024  # bytes read from a socket at once
_SLICE = 0.004  # s of reading before the event loop gets a turn
_OVERRUN = 0.02  # s: after a slice this long, caused by one expensive message, reading pauses for as long
_PORTION = 1024  # bytes of short messages between two checks of the clock
_LAST = 0.2  # s at most for the data that is buffered when the connection ends
_CONT, _OPEN = Opcode.CONT, State.OPEN  # attribute access on an enum costs 0.1 µs
_OPCODES = frozenset(map(int, Opcode))
_TEXT = 0x80 | Opcode.TEXT  # RFC 6455 §5.2: FIN, no reserved bits, opcode text
_TWO_BYTES, _EIGHT_BYTES = 126, 127  # RFC 6455 §5.2: 126 means a 16-bit length follows, 127 a 64-bit one
_ENOUGH = 2  # bytes of a frame that let the library detect a protocol error and end the connection
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


class WebSocket(PlainWebSocket):
    """A client connection that parses most frames by itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._early: list[bytes | bytearray] = []  # messages that arrived before a handler was set
        self._listener = FrameHandler(self._early.append, _nothing, _nothing)
        self._shaken = b""  # the last bytes of the handshake so far
        self._unread = b""  # received and not parsed: deferred, or the beginning of a frame
        self._due = 0  # bytes of a frame that the library is reading
        self._parts = bytearray()  # the fragments of a message so far
        self._fault: Exception | None = None
        self._put_off: asyncio.Handle | None = None
        self._hang_up: asyncio.Handle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # asyncio reads 256 KB at once by default, of which most would be deferred.
        transport.max_size = _AT_ONCE  # type: ignore[attr-defined]  # a private attribute of its plain sockets; other transports ignore it

    def data_received(self, data: bytes) -> None:
        self._unread = self._unread + data if self._unread else data
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
        more = not self.paused and self._read_until(began + _SLICE)
        if self.protocol.close_expected() and self._hang_up is None:
            # The library has no time-out for a server that never closes its side of the connection.
            self._hang_up = loop.call_later(self.close_timeout or 0.0, transport.abort)
        took = loop.time() - began
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
        self._unread = b""

    def _read_until(self, end: float) -> bool:
        """Parse what was received. Returns whether some of it was deferred at `end` (s of the loop's clock)."""
        self._tell(self._listener.begin)
        data, self._unread = self._unread, b""
        more = self._read(data, end)
        self._tell(self._listener.end)
        return more

    def _read(self, data: bytes, until: float) -> bool:
        """Pass text messages of one short frame, nearly all of the traffic, to the handler, and everything else to the
        library: its parser is a generator that resumes eight times per frame, a third of the cost of a message. Returns
        whether some of `data` was deferred at `until` (s of the loop's clock)."""
        at, size, protocol, hear, now = 0, len(data), self.protocol, self._listener.message, self.loop.time
        while at < size:
            stop = min(size, at + _PORTION)
            while at < stop:
                if self._due or protocol.state is not _OPEN:
                    part = self._due or stop - at
                    if protocol.state is State.CONNECTING:
                        # The frames after the handshake are parsed here; its last bytes may arrive one by one.
                        shaken = self._shaken + data[at : at + part]
                        if (ends := shaken.find(_HEAD_ENDS)) >= 0:
                            part = ends + len(_HEAD_ENDS) - len(self._shaken)
                        self._shaken = shaken[-len(_HEAD_ENDS) + 1 :]
                    part = min(part, size - at)
                    self._due = max(0, self._due - part)
                    super().data_received(data[at : at + part])
                    at += part
                    break
                length, start = data[at + 1] if size - at > 1 else 0, at + 2
                if length >= _TWO_BYTES:
                    if length == _TWO_BYTES:
                        start += 2
                    elif length == _EIGHT_BYTES:
                        start += 8
                    else:  # RFC 6455 §5.1: a server must not mask its frames
                        self._due = _ENOUGH
                        continue
                    length = int.from_bytes(data[at + 2 : start])
                if start > size:
                    if size - at >= _ENOUGH and data[at] & 0x0F not in _OPCODES:
                        self._due = _ENOUGH
                        continue
                    self._unread = data[at:]
                    return False
                end = start + length
                if data[at] != _TEXT or length > _SHORT or protocol.current_size is not None:
                    self._due = end - at
                elif end > size:
                    self._unread = data[at:]
                    return False
                else:
                    try:
                        hear(data[start:end])
                    except Exception as error:
                        self._fail(error)
                        return False
                    at = end
            if now() >= until or self.paused:
                self._unread = data[at:]
                break
        return at < size

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
        self._unread = b""

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
