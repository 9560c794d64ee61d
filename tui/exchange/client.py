"""One connection to the exchange as its sending side: frames that are due, written without ever waiting."""

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

_MOST_BUFFERED = 32 << 20  # bytes a client may leave unread before it is cut off


class Channel:
    """One type of one fund: who takes it, and what was last said of it."""

    __slots__ = ("last", "takers")

    def __init__(self) -> None:
        self.takers: set[Client] = set()
        self.last: Push | None = None


class Client:
    """One connection: its socket, its standing, the frames it is due, and what it was sent so far."""

    def __init__(
        self, number: int, socket: ServerConnection, session: Session, deadline: asyncio.Timeout, sent: Counter[str]
    ) -> None:
        self.number = number
        self.session = session
        self.deadline = deadline
        self.close_code = 1000
        self.fate: asyncio.TimerHandle | None = None  # the fault that is to end it
        self.mute = False
        self.active_at = asyncio.get_running_loop().time()  # when something went either way
        tokens = socket.request.headers.get_all("token") if socket.request else []
        self.token = Token(tokens[0] if tokens else "")
        self._socket = socket
        self._due: list[bytes] = []
        self._counts: Counter[str] = Counter()
        self._sent = sent

    def give(self, frame: bytes, kind: str = "data", messages: int = 1) -> None:
        """Let the frame be due; it holds so many messages of the kind."""
        self._due.append(frame)
        self._counts[kind] += messages

    def send(self, *replies: Message) -> None:
        """Send at once, after what is already due."""
        for reply in replies:
            self.give(framed(encode(reply)), "reply")
        self.flush()

    def flush(self) -> None:
        """Write what is due without ever waiting for the client, and cut it off if it does not read."""
        if self._due and self._socket.state is State.OPEN and not self.mute:
            transport = self._socket.transport
            self.active_at = asyncio.get_running_loop().time()
            transport.write(b"".join(self._due))
            self._counts["frames"] = len(self._due)
            self._sent.update(self._counts)
            if transport.get_write_buffer_size() > _MOST_BUFFERED:
                transport.abort()
        self._due.clear()
        self._counts.clear()

    def cut(self, reset: bool = False) -> None:
        """End the connection without a word; `reset`: with a TCP reset."""
        transport = self._socket.transport
        if reset:
            # To linger for no time at all is to reset.
            transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    def fall_silent(self) -> None:
        """Neither read nor write any more, and let the socket stay open."""
        self.mute = True
        self._socket.transport.pause_reading()


Channels: TypeAlias = dict[Symbol, dict[type[Push], Channel]]


def framed(payload: bytes, opcode: Opcode = Opcode.TEXT) -> bytes:
    """A WebSocket frame. A server's frames carry no mask, so one serves every client."""
    return Frame(opcode, payload).serialize(mask=False)
