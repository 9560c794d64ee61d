"""The messages that wait for one client of a relay which does not read as fast as they come.

A quote, a book or a bar of a minute replaces the one of its symbol that still waits: the newest is what its screen has
to show, and it is always delivered. Trades are all kept, up to a limit; what does not fit is counted as lost, the
oldest first. A client that records asks for everything, and has the same with a higher limit and nothing replaced.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable

MAX_TRADES_BYTES = 512 << 10
MAX_EVERYTHING_BYTES = 64 << 20


class SendQueue:
    """The queue of one client. Times are of arrival at the relay, ms UTC."""

    __slots__ = ("_in_order", "_in_order_bytes", "_limit", "_newest", "_replaces", "conflated", "lost")

    def __init__(self, everything: bool = False) -> None:
        self._replaces = not everything
        self._limit = MAX_EVERYTHING_BYTES if everything else MAX_TRADES_BYTES
        self._newest: dict[Hashable, tuple[int, bytes]] = {}
        self._in_order: deque[tuple[int, bytes]] = deque()
        self._in_order_bytes = 0
        self.conflated = 0
        self.lost = 0

    def __len__(self) -> int:
        return len(self._newest) + len(self._in_order)

    def add(self, key: Hashable, frame: bytes, arrived: int, is_trade: bool) -> None:
        """Add a frame. `key` stands for its symbol and type."""
        if self._replaces and not is_trade:
            if key in self._newest:
                self.conflated += 1
            # In its place, or a busy symbol would never be sent.
            self._newest[key] = (arrived, frame)
            return
        self._in_order.append((arrived, frame))
        self._in_order_bytes += len(frame)
        while self._in_order_bytes > self._limit:
            self._in_order_bytes -= len(self._in_order.popleft()[1])
            self.lost += 1

    def take(self, size: int, mark: Callable[[int], bytes]) -> bytes:
        """Returns frames of about `size` bytes and removes them: trades and others in turn, so that neither has to wait
        for the end of the other. Those that arrived at the same time follow a `mark` of it."""
        taken: list[tuple[int, bytes]] = []
        while size > 0 and self:
            if self._in_order:
                taken.append(self._in_order.popleft())
                self._in_order_bytes -= len(taken[-1][1])
                size -= len(taken[-1][1])
            if self._newest:
                taken.append(self._newest.pop(next(iter(self._newest))))
                size -= len(taken[-1][1])
        return join_marked(taken, mark)


def join_marked(frames: Iterable[tuple[int, bytes]], mark: Callable[[int], bytes]) -> bytes:
    """Returns frames, each with its arrival, in one piece: a `mark` stands where the arrival changes."""
    marked, parts = -1, list[bytes]()
    for arrived, frame in frames:
        if arrived != marked:
            marked = arrived
            parts.append(mark(arrived))
        parts.append(frame)
    return b"".join(parts)
