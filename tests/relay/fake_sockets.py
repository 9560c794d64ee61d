"""A relay's clients without sockets: what is written to them waits until the test reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from websockets.protocol import State

from tui.protocol.decoder import decode
from tui.protocol.messages import Message
from tui.protocol.relay_status import RelayStatus
from tui.relay.client import RelayClient

HIGH, LOW = 2_000, 500
"""Bytes in a socket's buffer at which it is full, and has room again."""


class FakeSocket:
    """Stands in for a ClientSocket and its transport. It takes all that is written, and says when that is too much."""

    def __init__(self) -> None:
        self.transport = self.loop = self
        self.paused = False
        self.state = State.OPEN
        self.on_full: Callable[[], None] = lambda: None
        self.on_room: Callable[[], None] = lambda: None
        self.largest = 0
        self._buffer = bytearray()
        self._read = bytearray()

    def time(self) -> float:
        return 0.0

    def write(self, data: bytes) -> None:
        if self.state is not State.OPEN:
            raise RuntimeError("Cannot call write() after write_eof()")
        self._buffer += data
        self.largest = max(self.largest, len(self._buffer))
        if len(self._buffer) > HIGH and not self.paused:
            self.paused = True
            self.on_full()

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return len(self._buffer)

    def read(self, size: int) -> None:
        """The client reads so many bytes."""
        self._read += self._buffer[:size]
        del self._buffer[:size]
        if self.paused and len(self._buffer) <= LOW:
            self.paused = False
            self.on_room()

    def read_all(self) -> None:
        while self._buffer:
            self.read(len(self._buffer))

    def received(self) -> Iterator[tuple[int, Message]]:
        """Yields the messages read so far, each with the arrival that the last mark before it names."""
        arrived, data, at = 0, bytes(self._read), 0
        while at + 10 < len(data):
            assert data[at] == 0x81
            length, start = data[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(data[at + 2 : at + 4]), at + 4
            elif length == 127:
                length, start = int.from_bytes(data[at + 2 : at + 10]), at + 10
            at = start + length
            if at > len(data):
                return
            for message in decode(data[start:at]):
                if isinstance(message, RelayStatus):
                    arrived = message.arrived
                else:
                    yield arrived, message


def fake_client(*, everything: bool = False, knows_status: bool = True) -> tuple[RelayClient, FakeSocket]:
    """Returns a client of a relay, and its socket."""
    socket = FakeSocket()
    client = RelayClient(
        socket,  # type: ignore[arg-type]
        1,
        "fake",
        everything=everything,
        knows_status=knows_status,
        is_over_tcp=False,
    )
    return client, socket
