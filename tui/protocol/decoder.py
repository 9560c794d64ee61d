"""Decoding of frames: strict and typed first, which is fast, then leniently, and only then malformed."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from tui.errors import MalformedMessage
from tui.protocol.json_repair import UNREADABLE, repair_text, unreadable_kind
from tui.protocol.lenient_parser import convert, parse_push, parse_row, without_nulls
from tui.protocol.messages import (
    MAX_ROWS,
    AuthReply,
    Hello,
    Message,
    Ping,
    Pong,
    Push,
    Request,
    Subscribe,
    SubscribeReply,
)
from tui.protocol.relay_status import RelayStatus, Renew


class _Envelope(Struct, gc=False):
    data: Push


class _RawEnvelope(Struct, gc=False):
    data: Raw


_Request = TypeVar("_Request")

_decode_request = msgspec.json.Decoder(Subscribe | Ping).decode
_decode_relay_request = msgspec.json.Decoder(Subscribe | Ping | Renew).decode
_decode_json = msgspec.json.Decoder().decode
_decode_raw_envelope = msgspec.json.Decoder(_RawEnvelope).decode
_decode_raw_list = msgspec.json.Decoder(list[Raw]).decode

decode_envelope = msgspec.json.Decoder(_Envelope).decode
"""Decodes a frame spelled exactly as on the page, as nearly all are; `data` of the result is the data message. It has
no function of ours around it, which would double its cost. Raises one of UNREADABLE for any other frame."""


def decode(frame: bytes | bytearray, units: Counter[str] | None = None) -> tuple[Message, ...]:
    """Returns the messages of one frame: one, or several if the vendor sends `data` as a list. `units` counts times
    that came in another unit than ms, by that unit: s, µs, ns. Costs about 1 µs for a quote.

    Raises MalformedMessage, with a kind to count by and the messages of the frame that could be decoded.
    """
    try:
        return (decode_envelope(frame).data,)
    except UNREADABLE:
        return _decode_leniently(frame, units)


def decode_request(frame: bytes) -> Request:
    """Returns a client's request. Raises MalformedMessage."""
    return _requested(_decode_request, frame)


def decode_relay_request(frame: bytes) -> Request | Renew:
    """Returns a request to a relay. Raises MalformedMessage."""
    request: Request | Renew = _requested(_decode_relay_request, frame)
    return request


def _requested(decode_request: Callable[[bytes], _Request], frame: bytes) -> _Request:
    try:
        return decode_request(frame)
    except UNREADABLE as error:
        raise MalformedMessage("request", type(error).__name__) from None


def _decode_leniently(frame: bytes | bytearray, units: Counter[str] | None) -> tuple[Message, ...]:
    with contextlib.suppress(*UNREADABLE):
        return _messages(_decode_json(frame), units)
    if (repaired := repair_text(frame)) == frame:
        return _decode_rows(frame, units)
    try:
        with contextlib.suppress(*UNREADABLE):
            return _messages(_decode_json(repaired), units)
        return _decode_rows(repaired, units)
    except MalformedMessage as error:
        kind = unreadable_kind(frame)
        raise MalformedMessage(error.kind if kind == "not JSON" else kind, salvaged=error.salvaged) from None


def _messages(raw: Any, units: Counter[str] | None) -> tuple[Message, ...]:
    """Returns the messages of a frame given as plain values. Raises MalformedMessage."""
    if not isinstance(raw, dict):
        raise MalformedMessage("not an object")
    raw = without_nulls(raw)
    if "resAc" in raw:
        return (convert(raw, AuthReply | SubscribeReply | Pong | RelayStatus, "unknown reply"),)
    data = raw.get("data")
    if data is None:
        return (convert(raw, Hello, "unknown message"),)
    return _pushes(data if isinstance(data, list) else [data], lambda row: parse_push(row, units))


def _decode_rows(frame: bytes | bytearray, units: Counter[str] | None) -> tuple[Message, ...]:
    """Returns the messages of a frame whose JSON as a whole cannot be decoded, for example because of a number out of
    range: that spoils its own row only. Raises MalformedMessage."""
    try:
        data = _decode_raw_envelope(frame).data
    except UNREADABLE:
        otherwise = "unknown message" if frame.lstrip().startswith(b"{") else "not an object"
        raise MalformedMessage(unreadable_kind(frame, otherwise)) from None
    rows = _decode_raw_list(data) if bytes(data).startswith(b"[") else [data]
    return _pushes(rows, lambda row: parse_push(parse_row(row), units))


def _pushes(rows: list[Any], parse: Callable[[Any], Push]) -> tuple[Push, ...]:
    """Returns the data messages of a frame's rows. Raises MalformedMessage, with the valid ones, if one is invalid."""
    if len(rows) > MAX_ROWS:
        raise MalformedMessage("too many rows")
    messages: list[Push] = []
    problem: MalformedMessage | None = None
    for row in rows:
        try:
            messages.append(parse(row))
        except MalformedMessage as error:
            problem = error
    if problem is not None:
        raise MalformedMessage(problem.kind, salvaged=tuple(messages))
    return tuple(messages)
