"""One client of a relay: what it asked for, what it is sent, and what waits for it. Nothing waits for the client."""

from __future__ import annotations

import asyncio
from asyncio import BaseTransport
from collections.abc import Callable, Hashable, Iterable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from websockets.asyncio.server import ServerConnection
from websockets.protocol import State

from tui.protocol.messages import TYPES, Message, encode
from tui.protocol.relay_status import RelayStatus, Window, encode_status
from tui.relay.send_queue import SendQueue, join_marked
from tui.symbol import Symbol

MAX_STALL = 10.0
"""s without progress after which a client is disconnected."""

_CLOSE_WITHIN = 1.0  # s
_PORTION = 64 * 1024  # bytes written at once to a client that was behind
_HEADS = tuple(bytes((0x81, size)) for size in range(126))  # RFC 6455 §5.2: FIN, text, unmasked, a 7-bit length


def frame_of(text: bytes | bytearray) -> bytes:
    """Returns the WebSocket frame of a text (RFC 6455 §5.2). Frames of a server are unmasked, so one serves all."""
    size = len(text)
    if size < 126:
        return _HEADS[size] + text
    if size <= 0xFFFF:
        return b"\x81\x7e" + size.to_bytes(2) + text
    return b"\x81\x7f" + size.to_bytes(8) + text


def arrival_frame(arrived: int) -> bytes:
    """Returns the frame that tells when the following messages arrived at the relay, ms UTC."""
    return frame_of(encode_status(RelayStatus(arrived=arrived)))


def _no_mark(arrived: int) -> bytes:
    return b""


class ClientSocket(ServerConnection):
    """A connection that tells its client when the socket takes no more, and when it does again. It is one of at most
    `limit` in `connections`, from before the handshake on."""

    def __init__(self, connections: set[ClientSocket], limit: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connections = connections
        self._limit = limit
        self.on_full: Callable[[], None] = lambda: None
        self.on_room: Callable[[], None] = lambda: None

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self._connections.add(self)
        if len(self._connections) > self._limit:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.on_full()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.on_room()


class PendingRequest(NamedTuple):
    """A subscription that waits for its reply: for the vendor's decision, or to be refused after those before it."""

    types: Sequence[str] = ()
    symbols: Sequence[Symbol] = ()
    refusal: str = ""


class RelayClient:
    """A connected client. `batch` has the frames of the current read, None while the socket takes no more.

    `wanted` has the symbols asked for by type, `served` those that it has. `knows_status`: it is one of ours, and told
    what the vendor's protocol has no words for. `sent` counts the messages that were passed on to it.
    """

    def __init__(
        self,
        socket: ClientSocket,
        pid: int,
        name: str,
        *,
        everything: bool,
        knows_status: bool,
        is_over_tcp: bool,
    ) -> None:
        self.pid = pid
        self.name = name
        self.knows_status = knows_status
        self.is_over_tcp = is_over_tcp
        self.sent = 0
        self.is_authenticated = False
        self.wanted: dict[str, dict[Symbol, None]] = {type_: {} for type_ in TYPES}
        self.served: set[Symbol] = set()
        self.pending: list[PendingRequest] = []
        self.batch: list[bytes] | None = []
        self.queue = SendQueue(everything)
        self._mark = arrival_frame if knows_status else _no_mark
        self._socket = socket
        self._full_since = 0.0
        self._left = 0  # bytes that the socket had not taken at the last check
        socket.on_full = self._pause
        socket.on_room = self._drain

    @property
    def symbols(self) -> set[Symbol]:
        """The symbols it asked for."""
        return set().union(*self.wanted.values())

    def window(self) -> Window:
        """Returns what others are told of it."""
        queue = self.queue
        return Window(self.pid, self.name, len(self.symbols), len(queue), queue.conflated, queue.lost)

    def send(self, *messages: Message) -> None:
        """Send messages at once, whatever waits."""
        self._write(b"".join(frame_of(encode(message)) for message in messages))

    def send_status(self, text: bytes) -> None:
        """Send a status, unless the client is behind or does not know it."""
        if self.knows_status and self.batch is not None:
            self._write(frame_of(text))

    def send_last(self, channels: Iterable[tuple[Hashable, bytes, int, bool]]) -> None:
        """Send last messages in one piece, oldest first. Each is what `SendQueue.add` takes."""
        if self.batch is None:
            for channel in channels:
                self.queue.add(*channel)
        else:
            frames = sorted(((arrived, frame) for _, frame, arrived, _ in channels), key=itemgetter(0))
            self._write(join_marked(frames, self._mark))
            self.sent += len(frames)

    def flush(self, mark: bytes) -> None:
        """Write the batch behind a mark of its arrival."""
        batch, self.batch = self.batch, []
        if batch:
            self.sent += len(batch)
            self._write(b"".join([mark, *batch] if self.knows_status else batch))

    def is_stalled(self, now: float) -> bool:
        """Returns True if the socket has taken nothing for MAX_STALL. `now` is in s, monotonic."""
        left = self._socket.transport.get_write_buffer_size()
        if self.batch is not None or left < self._left:  # it grows by what is sent at once: replies to its pings
            self._full_since = now
        self._left = left
        return now - self._full_since > MAX_STALL

    def abort(self) -> None:
        """Close the connection without a close frame, which would wait behind what the client does not read."""
        self._socket.transport.abort()

    async def close(self, code: int, reason: str) -> None:
        """Close the connection with a reason; abort it if the client does not read that."""
        try:
            async with asyncio.timeout(_CLOSE_WITHIN):
                await self._socket.close(code, reason)
        except TimeoutError:
            self.abort()

    @property
    def _is_open(self) -> bool:
        """False once the connection is being closed: the transport, which finds a lost one when it writes, takes no
        more, and complains of each further write."""
        return self._socket.state is State.OPEN and not self._socket.transport.is_closing()

    def _write(self, frames: bytes) -> None:
        if self._is_open:
            self._socket.transport.write(frames)

    def _pause(self) -> None:
        if self.batch is not None:
            self.batch = None
            self._full_since = self._socket.loop.time()

    def _drain(self) -> None:
        """Write what waited. The socket may be full again before all of it is written."""
        self._full_since = self._socket.loop.time()
        while self.queue and self._is_open and not self._socket.paused:
            waited = len(self.queue)
            self._write(self.queue.take(_PORTION, self._mark))
            self.sent += waited - len(self.queue)
        if not self._socket.paused:
            self.batch = []
