"""Where frames come in: the same for a connection and for a recording that is played again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

from tui.errors import MalformedMessage
from tui.market import Instrument, Market
from tui.protocol.decoder import decode, decode_envelope
from tui.protocol.json_repair import UNREADABLE
from tui.protocol.messages import Depth, Hello, Kline, Push, Quote, Reply, Tick

_PUSHES = frozenset({Tick, Quote, Depth, Kline})
_log = logging.getLogger(__name__)

OnPush = Callable[[Push, Instrument], None]
OnReply = Callable[[Reply, float], None]


class FrameDispatcher(NamedTuple):
    """`begin` is told when all that follows arrived (s, monotonic); `take` then takes each frame."""

    begin: Callable[[float], None]
    take: Callable[[bytes | bytearray], None]


def make_dispatcher(market: Market, on_push: OnPush | None, on_reply: OnReply) -> FrameDispatcher:
    """Decode each frame, count it, and hand its messages to the market or, with the time, to whoever waits for
    replies. `market.on_frames` is asked once for all frames read together who else wants them."""
    health = market.health
    now = 0.0
    keep: Callable[[bytes | bytearray], None] | None = None

    def begin(at: float) -> None:
        nonlocal now, keep
        now = at
        on_read = market.on_frames
        keep = on_read(at) if on_read is not None else None

    def take(frame: bytes | bytearray) -> None:
        if keep is not None:
            keep(frame)
        health.messages += 1
        health.bytes += len(frame)
        try:
            message = decode_envelope(frame).data
        except UNREADABLE:
            others(frame)
            return
        instrument = market.apply(message, now)
        if on_push is not None and instrument is not None:
            on_push(message, instrument)

    def others(frame: bytes | bytearray) -> None:
        """What is no push in the vendor's own spelling: a reply, one spelled otherwise, several, or nothing at all."""
        try:
            messages = decode(frame, health.time_units)
        except MalformedMessage as error:
            health.count_malformed(error.kind, frame, now)
            _log.warning("malformed: %s", error.kind, extra={"kind": error.kind})
            messages = error.salvaged
        for message in messages:
            if type(message) in _PUSHES:
                instrument = market.apply(message, now)  # type: ignore[arg-type]
                if on_push is not None and instrument is not None:
                    on_push(message, instrument)  # type: ignore[arg-type]
            elif type(message) is Hello and message.code == 0:
                health.count_malformed("refusal", message.msg.encode(errors="replace"), now)
            else:
                on_reply(message, now)  # type: ignore[arg-type]

    return FrameDispatcher(begin, take)
