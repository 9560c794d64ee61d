"""Frame dispatch: decodes frames and applies them to the market, for a live connection and for a replay alike."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

from tui.errors import MalformedMessage
from tui.feed.tap import Tap
from tui.market import Instrument, Market
from tui.protocol.decoder import decode, decode_envelope
from tui.protocol.json_repair import UNREADABLE
from tui.protocol.messages import Depth, Hello, Kline, Push, Quote, Reply, Tick, encode
from tui.protocol.relay_status import RelayStatus

_PUSHES = frozenset({Tick, Quote, Depth, Kline})
_log = logging.getLogger(__name__)

OnPush = Callable[[Push, Instrument], None]
OnReply = Callable[[Reply, float], None]


class FrameDispatcher(NamedTuple):
    """Dispatches frames: `begin` sets when the following ones arrived (s, monotonic), `dispatch` handles one."""

    begin: Callable[[float], None]
    dispatch: Callable[[bytes | bytearray], None]


def make_dispatcher(
    market: Market, on_push: OnPush | None, on_reply: OnReply, tap: Tap | None = None
) -> FrameDispatcher:
    """Returns a dispatcher that counts each frame, decodes it, and applies its messages to the market. Replies go to
    `on_reply` with their arrival time. `market.on_frames` is called once per batch for the recorder of its frames. A
    message goes to a shared `tap` first; one that only others want is neither counted nor recorded, and so is what a
    relay tells of itself."""
    health = market.health
    now = 0.0
    record: Callable[[bytes | bytearray], None] | None = None
    forward: Callable[[bytes | bytearray, Push], bool] | None = None

    def begin(at: float) -> None:
        nonlocal now, record, forward
        now = at
        on_frames = market.on_frames
        record = on_frames(at) if on_frames is not None else None
        forward = tap.forward if tap is not None and tap.is_shared else None

    def dispatch(frame: bytes | bytearray) -> None:
        try:
            message = decode_envelope(frame).data
        except UNREADABLE:
            dispatch_other(frame)
            return
        if forward is not None and not forward(frame, message):
            return
        if record is not None:
            record(frame)
        health.messages += 1
        health.bytes += len(frame)
        instrument = market.apply(message, now)
        if on_push is not None and instrument is not None:
            on_push(message, instrument)

    def dispatch_other(frame: bytes | bytearray) -> None:
        """Handle a frame that is no single push as the vendor spells it: a reply, another spelling, a list, or
        malformed."""
        try:
            messages = decode(frame, health.time_units)
        except MalformedMessage as error:
            health.count_malformed(error.kind, frame, now)
            _log.warning("malformed: %s", error.kind, extra={"kind": error.kind})
            messages = error.salvaged
        if not any(type(message) is RelayStatus for message in messages):
            health.messages += 1
            health.bytes += len(frame)
            if record is not None:
                record(frame)
        for message in messages:
            if type(message) in _PUSHES:
                if forward is not None and not forward(encode(message), message):  # type: ignore[arg-type]
                    continue
                instrument = market.apply(message, now)  # type: ignore[arg-type]
                if on_push is not None and instrument is not None:
                    on_push(message, instrument)  # type: ignore[arg-type]
            elif type(message) is Hello and message.code == 0:
                health.count_malformed("refusal", message.msg.encode(errors="replace"), now)
            else:
                on_reply(message, now)  # type: ignore[arg-type]

    return FrameDispatcher(begin, dispatch)
