"""A WebSocket whose messages are handled as they are read, a time slice at once.

`recv()` would put each into a queue and wake a task to take it out again: half of what a message costs. Backpressure
comes from the handler itself, for nothing more is read from the socket until it is done; and whatever comes, however
much of it, the rest of the program has its turn after a few ms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import DATA_OPCODES, Frame, Opcode
from websockets.protocol import Event, State

from tui.config.plain import is_plain

_AT_ONCE = 32 * 1024  # bytes taken from a socket
_SLICE = 0.004  # s of reading, after which everything else in the event loop has its turn
_OVERRUN = 0.02  # s: after a slice so long, because of one message that cost much, reading rests for as long again
_PORTION = 1024  # bytes between two looks at the clock, while short messages come
_LAST = 0.2  # s of reading what came before a connection's end, at most
_CONT, _OPEN = Opcode.CONT, State.OPEN  # looked up once: a member of an enum costs a tenth of a µs
_OPCODES = frozenset(map(int, Opcode))
_TEXT = 0x80 | Opcode.TEXT  # the first byte of a frame that is a whole text message, not compressed
_TWO_BYTES, _EIGHT_BYTES = 126, 127  # in the place of a length, which follows in so many
_ENOUGH = 2  # bytes of a frame, for the library to see that it is none and end the connection
_SHORT = 0xFFFF  # bytes
_HEAD_ENDS = b"\r\n\r\n"


class FrameHandler(NamedTuple):
    """Who hears the messages: `begin` and `end` stand around all that were read at once."""

    message: Callable[[bytes | bytearray], None]
    begin: Callable[[], None]
    end: Callable[[], None]


class PlainWebSocket(ClientConnection):
    """A WebSocket that is read by the library: slower, and by its public methods alone. First `set_handler`, then
    `ended`; sending and closing as in websockets."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._listener = _NOBODY

    def set_handler(self, listener: FrameHandler) -> None:
        """Hand over every message from the first on, as it came. If the listener fails the connection ends."""
        self._listener = listener

    async def ended(self) -> NoReturn:
        """Wait for the end. Raises what the handler raised, else ConnectionClosed."""
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
        """Say goodbye. What still comes is thrown away."""
        self._listener = _NOBODY
        try:
            async with asyncio.timeout(self.close_timeout):
                await super().close(code, reason)
        except TimeoutError:  # the library waits without end for a goodbye to be taken
            self.abandon()
            await self.wait_closed()

    def abandon(self) -> None:
        """End the connection without a goodbye, which the other side would not hear."""
        self._listener = _NOBODY
        self.transport.abort()


class WebSocket(PlainWebSocket):
    """A WebSocket that reads most frames by itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._early: list[bytes | bytearray] = []  # what came together with the handshake
        self._listener = FrameHandler(self._early.append, _nothing, _nothing)
        self._shaken = b""  # the latest bytes of the handshake
        self._unread = b""  # what has come, but for what was read of it: put off, or the beginning of a frame
        self._due = 0  # bytes of a frame that the library has begun to read
        self._parts = bytearray()  # of a message in several frames
        self._fault: Exception | None = None
        self._put_off: asyncio.Handle | None = None
        self._hang_up: asyncio.Handle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # asyncio would take a quarter of a megabyte, of which the most would only be put off.
        transport.max_size = _AT_ONCE  # type: ignore[attr-defined]  # of its plain sockets; others do without

    def data_received(self, data: bytes) -> None:
        self._unread = self._unread + data if self._unread else data
        self._read_on()

    def _read_on(self) -> None:
        """Read for a time slice, and put off what is left, before any more is taken from the socket."""
        loop, transport = self.loop, self.transport
        if self._put_off is not None:
            self._put_off.cancel()
            self._put_off = None
        if transport.is_closing():
            return
        began = loop.time()
        more = not self.paused and self._read_until(began + _SLICE)
        if self.protocol.close_expected() and self._hang_up is None:
            # The library leaves it to whoever sends next to notice that the other side never hangs up.
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
        elif not self.paused:  # else `resume_writing` reads on: who does not take our pongs is not heard either
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
        """Read what was put off. TLS tells of the end at once after the last bytes, which hold the reason for it."""
        self._read_until(self.loop.time() + _LAST)
        self._unread = b""

    def _read_until(self, end: float) -> bool:
        """Read what has come; whether some of it was put off because the time (s of the loop) was over."""
        self._tell(self._listener.begin)
        data, self._unread = self._unread, b""
        more = self._read(data, end)
        self._tell(self._listener.end)
        return more

    def _read(self, data: bytes, until: float) -> bool:
        """Hand over the text messages that are one short frame each, which is nearly all that ever comes, and give the
        library everything else. It reads a frame by a generator in eight steps: a third of what a message costs."""
        at, size, protocol, hear, now = 0, len(data), self.protocol, self._listener.message, self.loop.time
        while at < size:
            stop = min(size, at + _PORTION)
            while at < stop:
                if self._due or protocol.state is not _OPEN:
                    part = self._due or stop - at
                    if protocol.state is State.CONNECTING:
                        # What follows the handshake is for us; its last bytes may come one by one.
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
                    else:  # masked, as only a client's may be
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
        """Call the listener. asyncio would only log what it raises."""
        try:
            hear(*message)
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._fault = error
        self.abandon()


class Connector(connect):
    """`websockets.connect` to a WebSocket, or a PlainWebSocket if the environment asks for it. A redirect is an error:
    following one would send the key to another address."""

    def __init__(self, url: str, **kwargs: Any) -> None:
        super().__init__(url, create_connection=PlainWebSocket if is_plain() else WebSocket, **kwargs)

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


def _nothing(*_: object) -> None:
    pass


_NOBODY = FrameHandler(_nothing, _nothing, _nothing)
