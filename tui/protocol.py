"""The vendor's messages, in both directions, and the one way to read them.

Everything on the page "WebSocket API for Fund Real-Time Quotes" is a Struct here, with the field's usual name for an
attribute and the vendor's short name on the wire. Prices are in the symbol's trade currency, volumes in units of the
fund, times in ms since the epoch, UTC.

`decode` is strict and typed first, which is fast; what does not fit is looked at once more with patience (numbers as
strings, nulls, seconds for ms, a list where one object was promised), and only then called malformed.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta, Struct, field

from tui.errors import MalformedMessage

MAX_SYMBOLS = 500  # page, step 3: symbols one connection may subscribe to, types not counted

CONNECTED = "Connected Successfully"
AUTHENTICATED = "authenticated"
AUTH_FAILED = "auth failed"
SUBSCRIBED = "subscribe Successfully"
OVER_LIMIT = "exceeding the maximum subscription limit"
UNRESOLVED = "cannot be resolved action"

_SECONDS_BELOW = 100_000_000_000  # a smaller time can only be in seconds
Amount: TypeAlias = Annotated[float, Meta(ge=0)]
Time: TypeAlias = Annotated[int, Meta(ge=_SECONDS_BELOW, lt=10_000_000_000_000)]


# --- what the server pushes (page, step 4) ---


class _Push(Struct, tag_field="type", gc=False, omit_defaults=True, kw_only=True):
    """`symbol` and `region` as they came: `QQQ$US` alone, or `QQQ` beside `US`."""

    symbol: str = field(name="s")
    region: str | None = field(name="r", default=None)


class Tick(_Push, tag="tick", gc=False, omit_defaults=True):
    """Trade Response Content. `volume` may be the trade's or the day's: the page does not say, its sample equals the
    day's. `side` (2 buy, 1 sell) is not on the page."""

    last: Amount = field(name="ld")
    volume: Amount | None = field(name="v", default=None)
    time: Time = field(name="t", default=0)
    side: int | None = field(name="d", default=None)


class Quote(_Push, tag="quote", gc=False, omit_defaults=True):
    """Quote Response Content. The fields from `previous_close` on are not on the page; they are read should they come
    (`change_percent` -1.17 is -1.17 %, `status` 0 normal, 1 suspended, 2 delisted, 3 circuit breaker)."""

    last: Amount = field(name="ld")
    open: Amount | None = field(name="o", default=None)
    high: Amount | None = field(name="h", default=None)
    low: Amount | None = field(name="l", default=None)
    time: Time = field(name="t", default=0)
    volume: Amount | None = field(name="v", default=None)
    turnover: Amount | None = field(name="tu", default=None)
    previous_close: Amount | None = field(name="p", default=None)
    change: float | None = field(name="ch", default=None)
    change_percent: float | None = field(name="chp", default=None)
    status: int | None = field(name="ts", default=None)
    iopv: Amount | None = None
    nav: Amount | None = None


class Level(Struct, gc=False, omit_defaults=True):
    """One level of a book, as far as it is read. Its place in the list is its level; the page's "Ask Size" and "Bid
    Size" equal `volume` in its sample. To read them too would cost as much again as all the rest of a book."""

    price: Amount = field(name="p")
    volume: Amount = field(name="v")


class ServedLevel(Level, gc=False):
    """A level as a server tells it: `level` counts from 1 at the touch."""

    level: int = field(name="po")
    size: Amount = field(name="o")


class Depth(_Push, tag="depth", gc=False, omit_defaults=True):
    """Order Book Response Content: asks and bids from the touch outward. It carries no time."""

    asks: list[Level] = field(name="a")
    bids: list[Level] = field(name="b")


class Kline(_Push, tag="kline@1", gc=False, omit_defaults=True):
    """Kline Response Content. `time` is the bar's opening minute; the bar in progress repeats with the same `time`.
    `interval` is the N of `kline@N` (1 is a minute, the only one promised for subscription); `decode` sets it."""

    open: Amount = field(name="o")
    high: Amount = field(name="h")
    low: Amount = field(name="l")
    close: Amount = field(name="c")
    time: Time = field(name="t")
    volume: Amount = field(name="v", default=0.0)
    turnover: Amount | None = field(name="tu", default=None)
    interval: int = field(name="@interval", default=1)


Push: TypeAlias = Tick | Quote | Depth | Kline
CLASSES: dict[str, type[Push]] = {"quote": Quote, "depth": Depth, "tick": Tick, "kline@1": Kline}
"""By the names of their types, in the order in which these are asked for."""
TYPES = tuple(CLASSES)
TYPE_OF = {kind: name for name, kind in CLASSES.items()}


# --- what the server answers (page, steps 1, 2, 3 and 5) ---


class Hello(Struct):
    """The greeting on connecting. Any other words without `resAc` read as one too; `code` tells good from bad."""

    code: int
    msg: str = ""


class AuthReply(Struct, tag_field="resAc", tag="auth"):
    """Step 2. `code` 1: subscribe now. 0: the key is refused and the server closes."""

    code: int
    msg: str = ""


class SubscribeReply(Struct, tag_field="resAc", tag="subscribe"):
    """Step 3. It names neither symbols nor types. `code` 0 comes with OVER_LIMIT or UNRESOLVED in `msg`."""

    code: int
    msg: str = ""


class PongData(Struct):
    params: str


class Pong(Struct, tag_field="resAc", tag="pong"):
    """Step 5. `data.params` is the ping's, to the letter."""

    data: PongData


Reply: TypeAlias = Hello | AuthReply | SubscribeReply | Pong
Message: TypeAlias = Push | Reply


# --- what the client asks ---


class Subscribe(Struct, tag_field="ac", tag="subscribe"):
    """`params`: `QQQ$US,SPY$US`. `types`: `tick,quote,depth,kline@1`, one or more of them."""

    params: str
    types: str


class Ping(Struct, tag_field="ac", tag="ping"):
    """`params`: ms since the epoch, as a string."""

    params: str


Request: TypeAlias = Subscribe | Ping


class _Envelope(Struct, gc=False):
    data: Push


_request_decoder: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Subscribe | Ping)
_encoder = msgspec.json.Encoder()


envelope = msgspec.json.Decoder(_Envelope).decode
"""The push in a frame, as `data`, where it is spelled just as the page says: nearly all that ever comes, and so without
a call around it. Raises what msgspec does, UnicodeDecodeError or RecursionError for everything else."""


def decode(frame: bytes | bytearray) -> tuple[Message, ...]:
    """Read one frame. Nearly always one message; several where the vendor sends `data` as a list.

    Raises MalformedMessage, with a kind to count by, for what cannot be read. Costs about 1 µs for a quote.
    """
    try:
        return (envelope(frame).data,)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_patiently(frame)


def encode(message: Message | Request) -> bytes:
    """The frame for a message, as whoever sends it would: pushes go inside `{"code":1,"data":…}`."""
    if isinstance(message, Tick | Quote | Depth | Kline):
        return _encoder.encode({"code": 1, "data": message})
    return _encoder.encode(message)


def decode_request(frame: bytes) -> Request:
    """Read what a client asked. Raises MalformedMessage."""
    try:
        return _request_decoder.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedMessage("request", type(error).__name__) from None


def _decode_patiently(frame: bytes | bytearray) -> tuple[Message, ...]:
    try:
        raw = msgspec.json.decode(frame)
    except msgspec.DecodeError:
        raise MalformedMessage("not JSON" if frame else "empty") from None
    except UnicodeDecodeError:
        raise MalformedMessage("not UTF-8") from None
    except RecursionError:
        raise MalformedMessage("nested too deep") from None
    if not isinstance(raw, dict):
        raise MalformedMessage("not an object")
    raw = _without_nulls(raw)
    if "resAc" in raw:
        return (_convert(raw, AuthReply | SubscribeReply | Pong, "unknown reply"),)
    data = raw.get("data")
    if data is None:
        return (_convert(raw, Hello, "unknown message"),)
    messages: list[Message] = []
    problem: MalformedMessage | None = None
    for item in data if isinstance(data, list) else [data]:
        try:
            messages.append(push(item))
        except MalformedMessage as error:
            problem = error
    if problem is not None:
        raise MalformedMessage(problem.kind, salvaged=tuple(messages))
    return tuple(messages)


def push(item: Any) -> Push:
    """One message out of its envelope, read with patience. Raises MalformedMessage."""
    kind = item.get("type") if isinstance(item, dict) else None
    if not isinstance(kind, str):
        raise MalformedMessage("no type")
    cleaned = _without_nulls(item)
    if kind.startswith("kline@") and kind[6:].isdecimal():
        cleaned |= {"type": "kline@1", "@interval": int(kind[6 : 6 + 4])}
        kind = "kline"
    elif kind not in TYPES:
        raise MalformedMessage("unknown type")
    if "t" in cleaned:
        cleaned["t"] = _milliseconds(cleaned["t"], kind)
    for key in _UNDOCUMENTED.keys() & cleaned.keys():
        # The page promises nothing about these: a strange one is left out, and the rest of the message stands.
        if not _fits(cleaned[key], _UNDOCUMENTED[key]):
            del cleaned[key]
    if kind == "depth":
        for side in ("a", "b"):
            levels = cleaned.setdefault(side, [])
            if isinstance(levels, list):
                cleaned[side] = [_without_nulls(level) for level in levels]
    message: Push = _convert(cleaned, Tick | Quote | Depth | Kline, kind)
    if not _finite(message):
        raise MalformedMessage(kind, "a number that is none")
    return message


_UNDOCUMENTED = {"p": Amount, "ch": float, "chp": float, "ts": int, "d": int, "iopv": Amount, "nav": Amount}


def _convert(raw: dict[str, Any], kinds: Any, kind: str) -> Any:
    try:
        return msgspec.convert(raw, kinds, strict=False)
    except (msgspec.ValidationError, OverflowError):
        raise MalformedMessage(kind, "fields are missing or of the wrong kind") from None


def _milliseconds(value: Any, kind: str) -> int:
    try:
        time = int(float(value)) if not isinstance(value, bool) else 0
    except (TypeError, ValueError, OverflowError):
        raise MalformedMessage(kind, "time") from None
    return time * 1000 if time < _SECONDS_BELOW else time


def _without_nulls(level: Any) -> Any:
    return {key: value for key, value in level.items() if value is not None} if isinstance(level, dict) else level


def _fits(value: Any, kind: Any) -> bool:
    try:
        return not isinstance(value, bool) and math.isfinite(msgspec.convert(value, kind, strict=False))
    except (msgspec.ValidationError, OverflowError):
        return False


def _finite(message: Push) -> bool:
    values = list(msgspec.structs.astuple(message))
    if isinstance(message, Depth):
        values = [value for level in message.asks + message.bids for value in msgspec.structs.astuple(level)]
    return all(math.isfinite(value) for value in values if isinstance(value, float))
