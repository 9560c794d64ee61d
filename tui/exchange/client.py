"""One connected client: a queue of frames and the writes of them, which never wait for the client."""

from __future__ import annotations

import asyncio
import struct
from collections import Counter
from socket import SO_LINGER, SOL_SOCKET
from typing import TypeAlias

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from tui.exchange.session import Session
from tui.protocol.messages import Message, Push, encode
from tui.secrets import Token
from tui.symbol import Symbol

_MAX_BUFFERED = 32 << 20  # bytes a client may leave unread before it is disconnected


class Channel:
    """One type of one fund: its subscribers, and the message last published."""

    __slots__ = ("last", "subscribers")

    def __init__(self) -> None:
        self.subscribers: set[Client] = set()
        self.last: Push | None = None


class Client:
    """One connection: its socket, its session, the frames queued for it, and the counters of what it was sent."""

    def __init__(
        self, number: int, socket: ServerConnection, session: Session, deadline: asyncio.Timeout, sent: Counter[str]
    ) -> None:
        self.number = number
        self.session = session
        self.deadline = deadline
        self.close_code = 1000
        self.scheduled_fault: asyncio.TimerHandle | None = None  # ends the connection by a fault
        self.half_open = False
        self.active_at = asyncio.get_running_loop().time()  # s, monotonic: the last frame either way
        tokens = socket.request.headers.get_all("token") if socket.request else []
        self.token = Token(tokens[0] if tokens else "")
        self._socket = socket
        self._pending: list[bytes] = []
        self._counts: Counter[str] = Counter()
        self._sent = sent

    def queue(self, frame: bytes, kind: str = "data", messages: int = 1) -> None:
        """Queue a frame, which counts as so many messages of the kind."""
        self._pending.append(frame)
        self._counts[kind] += messages

    def send(self, *replies: Message) -> None:
        """Send replies at once, behind what is queued already."""
        for reply in replies:
            self.queue(encode_frame(encode(reply)), "reply")
        self.flush()

    def flush(self) -> None:
        """Write the queue without waiting for the client; a client that does not read is disconnected."""
        if self._pending and self._socket.state is State.OPEN and not self.half_open:
            transport = self._socket.transport
            self.active_at = asyncio.get_running_loop().time()
            transport.write(b"".join(self._pending))
            self._counts["frames"] = len(self._pending)
            self._sent.update(self._counts)
            if transport.get_write_buffer_size() > _MAX_BUFFERED:
                transport.abort()
        self._pending.clear()
        self._counts.clear()

    def abort(self, reset: bool = False) -> None:
        """Close the TCP connection without a close frame; `reset` closes it with RST."""
        transport = self._socket.transport
        if reset:
            # A linger time of 0 makes close send RST.
            transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    def become_half_open(self) -> None:
        """Stop reading and writing, and leave the socket open."""
        self.half_open = True
        self._socket.transport.pause_reading()


Channels: TypeAlias = dict[Symbol, dict[type[Push], Channel]]


def encode_frame(payload: bytes, opcode: Opcode = Opcode.TEXT) -> bytes:
    """Returns a WebSocket frame. Frames of a server are unmasked (RFC 6455 §5.1), so one serves every client."""
    return Frame(opcode, payload).serialize(mask=False)
