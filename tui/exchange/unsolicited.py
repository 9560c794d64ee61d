"""Frames nobody asked for: what cannot be read, what is too large, what is old, and what comes all at once."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable

from tui.exchange.client import Channel, Channels, Client, framed
from tui.exchange.fault_effects import (
    BURST,
    ESCAPES,
    GARBAGE,
    MALFORMED,
    FaultEffects,
    Unasked,
    ahead,
    extreme,
    misdated,
    older,
    padded,
)
from tui.protocol.messages import Quote, Tick, encode

_CHUNK = 1_000  # messages of a burst made at a time, before others get their turn


class UnsolicitedFrames:
    """Those of one exchange, whose clients and lines it reads; `rush` makes so many messages at once and delivers
    them."""

    def __init__(self, clients: set[Client], lines: Channels, rush: Callable[[int], None]) -> None:
        self._clients = clients
        self._lines = lines
        self._rush = rush
        self._tasks: list[asyncio.Task[None]] = []

    def set_faults(self, faults: FaultEffects) -> None:
        """Let those of the chosen faults come, and no others any more. Needs a running loop."""
        self.stop()
        pests: dict[str, Callable[[int], Awaitable[None]]] = {
            "malformed": self._malformed,
            "escapes": self._escapes,
            "large": self._large,
            "old-time": self._old_time,
            "future-time": self._future_time,
            "absurd-time": self._absurd_time,
            "extreme-numbers": self._extreme_numbers,
            "burst": self._burst,
        }
        self._tasks = [
            asyncio.create_task(_every(faults.every(name), pest)) for name, pest in pests.items() if name in faults
        ]

    def stop(self) -> None:
        """No more of them."""
        for task in self._tasks:
            task.cancel()
        self._tasks = []

    async def _malformed(self, turn: int) -> None:
        self._throw(MALFORMED[turn % len(MALFORMED)])

    async def _escapes(self, turn: int) -> None:
        self._throw(ESCAPES[turn % len(ESCAPES)])

    async def _large(self, turn: int) -> None:
        if turn % 3 == 2:
            self._throw(GARBAGE)
            return
        size = 2_000_000 if turn % 3 else 1_000_000
        known = [
            (line, line.last) for lines in self._lines.values() for line in lines.values() if line.last is not None
        ]
        for line, last in known[:1]:
            self._repeat(line, padded(last, size), "data")

    async def _old_time(self, turn: int) -> None:
        self._redate(older, "stale")

    async def _future_time(self, turn: int) -> None:
        self._redate(ahead, "data")

    async def _absurd_time(self, turn: int) -> None:
        self._redate(lambda push: misdated(push, turn), "absurd")

    async def _extreme_numbers(self, turn: int) -> None:
        for lines in self._lines.values():
            for line in lines.values():
                if line.last is not None:
                    self._repeat(line, encode(extreme(line.last, turn)), "absurd")
                    self._repeat(line, encode(line.last), "data")

    async def _burst(self, turn: int) -> None:
        for _ in range(BURST // _CHUNK):
            self._rush(_CHUNK)
            await asyncio.sleep(0)

    def _redate(self, changed: Callable[[Tick | Quote], Tick | Quote], kind: str) -> None:
        for lines in self._lines.values():
            for line in lines.values():
                if isinstance(line.last, Tick | Quote):
                    self._repeat(line, encode(changed(line.last)), kind)

    def _throw(self, unasked: Unasked) -> None:
        """One frame to everybody."""
        frame = framed(unasked.payload, unasked.opcode)
        for client in self._clients:
            client.give(frame, unasked.kind)
            client.flush()

    def _repeat(self, line: Channel, payload: bytes, kind: str) -> None:
        frame = framed(payload)
        for client in line.takers:
            client.give(frame, kind)
            client.flush()


async def _every(seconds: float, act: Callable[[int], Awaitable[None]]) -> None:
    for turn in itertools.count():
        await asyncio.sleep(seconds)
        await act(turn)
