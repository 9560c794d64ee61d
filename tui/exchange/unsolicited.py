"""Unsolicited frames: malformed, oversized, outdated or sent in bursts."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable

from tui.exchange.client import Channel, Channels, Client, encode_frame
from tui.exchange.fault_effects import (
    BURST,
    ESCAPES,
    GARBAGE,
    MALFORMED,
    FaultEffects,
    UnsolicitedFrame,
    encode_padded,
    make_extreme,
    make_future,
    make_misdated,
    make_older,
)
from tui.protocol.messages import Quote, Tick, encode

_BURST_CHUNK = 1_000  # messages of a burst between two yields to the loop


class UnsolicitedFrames:
    """The unsolicited frames of one exchange, sent to its clients and channels; `send_burst` publishes so many messages
    at once."""

    def __init__(self, clients: set[Client], channels: Channels, send_burst: Callable[[int], None]) -> None:
        self._clients = clients
        self._channels = channels
        self._send_burst = send_burst
        self._tasks: list[asyncio.Task[None]] = []

    def set_faults(self, faults: FaultEffects) -> None:
        """Start the frames of the active faults and stop all others. Needs a running loop."""
        self.stop()
        senders: dict[str, Callable[[int], Awaitable[None]]] = {
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
            asyncio.create_task(_every(faults.every(name), sender))
            for name, sender in senders.items()
            if name in faults
        ]

    def stop(self) -> None:
        """Stop all unsolicited frames."""
        for task in self._tasks:
            task.cancel()
        self._tasks = []

    async def _malformed(self, turn: int) -> None:
        self._broadcast(MALFORMED[turn % len(MALFORMED)])

    async def _escapes(self, turn: int) -> None:
        self._broadcast(ESCAPES[turn % len(ESCAPES)])

    async def _large(self, turn: int) -> None:
        if turn % 3 == 2:
            self._broadcast(GARBAGE)
            return
        size = 2_000_000 if turn % 3 else 1_000_000
        known = [
            (channel, channel.last)
            for channels in self._channels.values()
            for channel in channels.values()
            if channel.last is not None
        ]
        for channel, last in known[:1]:
            self._send_to_channel(channel, encode_padded(last, size), "data")

    async def _old_time(self, turn: int) -> None:
        self._resend_dated(make_older, "stale")

    async def _future_time(self, turn: int) -> None:
        self._resend_dated(make_future, "data")

    async def _absurd_time(self, turn: int) -> None:
        self._resend_dated(lambda push: make_misdated(push, turn), "absurd")

    async def _extreme_numbers(self, turn: int) -> None:
        for channels in self._channels.values():
            for channel in channels.values():
                if channel.last is not None:
                    self._send_to_channel(channel, encode(make_extreme(channel.last, turn)), "absurd")
                    self._send_to_channel(channel, encode(channel.last), "data")

    async def _burst(self, turn: int) -> None:
        for _ in range(BURST // _BURST_CHUNK):
            self._send_burst(_BURST_CHUNK)
            await asyncio.sleep(0)

    def _resend_dated(self, changed: Callable[[Tick | Quote], Tick | Quote], kind: str) -> None:
        for channels in self._channels.values():
            for channel in channels.values():
                if isinstance(channel.last, Tick | Quote):
                    self._send_to_channel(channel, encode(changed(channel.last)), kind)

    def _broadcast(self, unasked: UnsolicitedFrame) -> None:
        """Send one frame to every client."""
        frame = encode_frame(unasked.payload, unasked.opcode)
        for client in self._clients:
            client.queue(frame, unasked.kind)
            client.flush()

    def _send_to_channel(self, channel: Channel, payload: bytes, kind: str) -> None:
        frame = encode_frame(payload)
        for client in channel.subscribers:
            client.queue(frame, kind)
            client.flush()


async def _every(seconds: float, act: Callable[[int], Awaitable[None]]) -> None:
    for turn in itertools.count():
        await asyncio.sleep(seconds)
        await act(turn)
