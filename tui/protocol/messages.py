"""The vendor's messages, in both directions, and the one way to read them.

Everything on the page "WebSocket API for Fund Real-Time Quotes" is a Struct here, with the field's usual name for an
attribute and the vendor's short name on the wire. Prices are in the symbol's trade currency, volumes in units of the
fund, times in ms since the epoch, UTC.

`decode` is strict and typed first, which is fast; what does not fit is looked at once more with patience (numbers as
strings, nulls, times in another unit, a list where one object was promised), and only then called malformed.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct, field

from tui.errors import MalformedMessage

MAX_SYMBOLS = 500  # page, step 3: symbols one connection may subscribe to, types not counted
MAX_LEVELS = 1_000  # of a side of a book; the page shows ten
MAX_ROWS = 3_000  # of a list in one frame: half as many again as all types of so many symbols

CONNECTED = "Connected Successfully"
AUTHENTICATED = "authenticated"
AUTH_FAILED = "auth failed"
SUBSCRIBED = "subscribe Successfully"
OVER_LIMIT = "exceeding the maximum subscription limit"
UNRESOLVED = "cannot be resolved action"

# What a market can have. The bounds stand in the types, where the decoder looks at them at no cost, so that no figure
# made of these numbers overflows, is none (NaN), or needs more digits than a screen has.
LEAST_PRICE = 1e-6
"""A price below it is none, just as 0 is: the cheapest fund, in any money, costs a thousand times as much."""
MOST_PRICE = 1e12  # a bitcoin in rials is 1e11, the dearest share in dong 2e10
MOST_SIZE = 1e15  # the tokens with the most zeros trade 1e14 units a day, all funds of a region some 1e10
MOST_TURNOVER = 1e18  # 1e11 dollars in one fund on its wildest day, in the money that is worth the least: 1e17
EARLIEST, LATEST = 10**11, 10**13  # ms UTC: no time is told before 1973 and after 2286, where calendars end soon
MOST_PERCENT = 1e9  # unadjusted joins of a thousand shares into one, and more, are +100,000 %

Price: TypeAlias = Annotated[float, Meta(ge=0, le=MOST_PRICE)]
Size: TypeAlias = Annotated[float, Meta(ge=0, le=MOST_SIZE)]
Turnover: TypeAlias = Annotated[float, Meta(ge=0, le=MOST_TURNOVER)]
PriceChange: TypeAlias = Annotated[float, Meta(ge=-MOST_PRICE, le=MOST_PRICE)]
PercentChange: TypeAlias = Annotated[float, Meta(ge=-100, le=MOST_PERCENT)]
Time: TypeAlias = Annotated[int, Meta(ge=EARLIEST, lt=LATEST)]


# --- what the server pushes (page, step 4) ---


class _Push(Struct, tag_field="type", gc=False, omit_defaults=True, kw_only=True):
    """`symbol` and `region` as they came: `QQQ$US` alone, or `QQQ` beside `US`."""

    symbol: str = field(name="s")
    region: str | None = field(name="r", default=None)


class Tick(_Push, tag="tick", gc=False, omit_defaults=True):
    """Trade Response Content. `volume` may be the trade's or the day's: the page does not say, its sample equals the
    day's. `side` (2 buy, 1 sell) is not on the page."""

    last: Price = field(name="ld")
    volume: Size | None = field(name="v", default=None)
    time: Time = field(name="t", default=0)
    side: int | None = field(name="d", default=None)


class Quote(_Push, tag="quote", gc=False, omit_defaults=True):
    """Quote Response Content. The fields from `previous_close` on are not on the page; they are read should they come
    (`change_percent` -1.17 is -1.17 %, `status` 0 normal, 1 suspended, 2 delisted, 3 circuit breaker)."""

    last: Price = field(name="ld")
    open: Price | None = field(name="o", default=None)
    high: Price | None = field(name="h", default=None)
    low: Price | None = field(name="l", default=None)
    time: Time = field(name="t", default=0)
    volume: Size | None = field(name="v", default=None)
    turnover: Turnover | None = field(name="tu", default=None)
    previous_close: Price | None = field(name="p", default=None)
    change: PriceChange | None = field(name="ch", default=None)
    change_percent: PercentChange | None = field(name="chp", default=None)
    status: int | None = field(name="ts", default=None)
    iopv: Price | None = None
    nav: Price | None = None


class Level(Struct, gc=False, omit_defaults=True):
    """One level of a book, as far as it is read. Its place in the list is its level; the page's "Ask Size" and "Bid
    Size" equal `volume` in its sample. To read them too would cost as much again as all the rest of a book."""

    price: Price = field(name="p")
    volume: Size = field(name="v")


class ServedLevel(Level, gc=False):
    """A level as a server tells it: `level` counts from 1 at the touch."""

    level: int = field(name="po")
    size: Size = field(name="o")


Levels: TypeAlias = Annotated[list[Level], Meta(max_length=MAX_LEVELS)]


class Depth(_Push, tag="depth", gc=False, omit_defaults=True):
    """Order Book Response Content: asks and bids from the touch outward. It carries no time."""

    asks: Levels = field(name="a")
    bids: Levels = field(name="b")


class Kline(_Push, tag="kline@1", gc=False, omit_defaults=True):
    """Kline Response Content. `time` is the bar's opening minute; the bar in progress repeats with the same `time`.
    `interval` is the N of `kline@N` (1 is a minute, the only one promised for subscription); `decode` sets it."""

    open: Price = field(name="o")
    high: Price = field(name="h")
    low: Price = field(name="l")
    close: Price = field(name="c")
    time: Time = field(name="t")
    volume: Size = field(name="v", default=0.0)
    turnover: Turnover | None = field(name="tu", default=None)
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


class _RawEnvelope(Struct, gc=False):
    data: Raw


class _Typed(Struct, gc=False):
    type: str


UNREADABLE = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)
"""What a decoder raises for bytes that it cannot read. Which of them it is changes between releases of msgspec (0.23
raises another one for invalid UTF-8 than 0.22), so it says nothing: `unreadable_kind` looks for itself."""

_LARGEST_ROW = 64 * 1024  # bytes: fifty times a book's, and soon read whatever is in it
_DEEPEST = 100  # objects and lists within each other; the page has 4. msgspec stops at the interpreter's own limit
_MOST_TOKENS = 128 * 1024  # 30 ms; an honest answer of 3 MB over REST has a quarter
# A row without others in it is one token. A string that never ends is one too, else it would be looked through again
# from each quotation mark in it.
_DEPTH_TOKEN = re.compile(
    rb'"(?:[^"\\]++|\\.)*+"?|[\[{](?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+[\]}]|[\[{]|[\]}]', re.DOTALL
)
# The escape of half a surrogate pair, behind whole pairs of backslashes. No code of ours is called for a match, nor for
# other escapes, of which a frame may have a million.
_HALF_PAIR = re.compile(
    rb"(?<!\\)((?:\\\\)*+)\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB]..\\u[dD])[c-fC-F][0-9a-fA-F]{2})"
)
_MOST_HALVES = 10_000
_MOST_REPLACED = 1_000_000  # of what is not UTF-8: ten times the letters in all names of a region
_REPLACED = "\ufffd"
_Decoded = TypeVar("_Decoded")

_request_decoder: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Subscribe | Ping)
_encoder = msgspec.json.Encoder()
_decode_json = msgspec.json.Decoder().decode
_decode_raw_envelope = msgspec.json.Decoder(_RawEnvelope).decode
_decode_raw_list = msgspec.json.Decoder(list[Raw]).decode
_decode_raw = msgspec.json.Decoder(Raw).decode
_decode_type = msgspec.json.Decoder(_Typed).decode
_decode_row = msgspec.json.Decoder(float_hook=float).decode  # 1e999 becomes infinite: a matter of its own field


envelope = msgspec.json.Decoder(_Envelope).decode
"""The push in a frame, as `data`, where it is spelled just as the page says: nearly all that ever comes, and so without
a call around it. Raises one of UNREADABLE for everything else."""


def decode(frame: bytes | bytearray, units: Counter[str] | None = None) -> tuple[Message, ...]:
    """Read one frame. Nearly always one message; several where the vendor sends `data` as a list. `units` counts the
    times that came in another unit than ms, by that unit: s, µs, ns.

    Raises MalformedMessage, with a kind to count by, for what cannot be read. Costs about 1 µs for a quote.
    """
    try:
        return (envelope(frame).data,)
    except UNREADABLE:
        return _decode_patiently(frame, units)


def encode(message: Message | Request) -> bytes:
    """The frame for a message, as whoever sends it would: pushes go inside `{"code":1,"data":…}`."""
    if isinstance(message, Tick | Quote | Depth | Kline):
        return _encoder.encode({"code": 1, "data": message})
    return _encoder.encode(message)


def decode_request(frame: bytes) -> Request:
    """Read what a client asked. Raises MalformedMessage."""
    try:
        return _request_decoder.decode(frame)
    except UNREADABLE as error:
        raise MalformedMessage("request", type(error).__name__) from None


def unreadable_kind(data: bytes | bytearray | memoryview, otherwise: str = "not JSON") -> str:
    """Returns why a decoder refused bytes, as a kind to count by; `otherwise` if they are JSON all the same."""
    if not data:
        return "empty"
    try:
        str(data, "utf-8")
    except UnicodeDecodeError:
        return "not UTF-8"
    if any(True for _ in _too_deep(data)):
        return "nested too deep"
    try:
        _decode_raw(data)
    except UNREADABLE:
        return "not JSON"
    return otherwise


def _too_deep(data: bytes | bytearray | memoryview) -> Iterator[tuple[int, int]]:
    """Where in JSON each value begins and ends that lies deeper than _DEEPEST; one that is cut off ends with it."""
    depth = begin = 0
    for token in islice(_DEPTH_TOKEN.finditer(data), _MOST_TOKENS):
        begins, ends = token.span()
        if ends - begins > 1:
            continue
        bracket = data[begins]
        if bracket in b"[{":
            depth += 1
            if depth == _DEEPEST + 1:
                begin = begins
        elif bracket in b"]}":
            if depth == _DEEPEST + 1:
                yield begin, ends
            depth -= 1
    if depth > _DEEPEST:
        yield begin, len(data)


def read_row(raw: Raw) -> Any:
    """One row of a list or map, as plain values; a float beyond all range is infinite. Raises MalformedMessage."""
    if len(memoryview(raw)) > _LARGEST_ROW:
        raise MalformedMessage("too large")
    try:
        return decode_with_mended_text(_decode_row, raw)
    except UNREADABLE:
        raise MalformedMessage(_row_kind(raw)) from None


def decode_with_mended_text(decode: Callable[[bytes | bytearray | Raw], _Decoded], data: bytes | Raw) -> _Decoded:
    """What `decode` makes of the data, or else of its text mended. Raises one of UNREADABLE."""
    try:
        return decode(data)
    except UNREADABLE:
        text = bytes(data)
        if (mended := mend_text(text)) == text:
            raise
        return decode(mended)


def _decode_patiently(frame: bytes | bytearray, units: Counter[str] | None) -> tuple[Message, ...]:
    with contextlib.suppress(*UNREADABLE):
        return _messages(_decode_json(frame), units)
    if (mended := mend_text(frame)) == frame:
        return _decode_rows(frame, units)
    try:
        with contextlib.suppress(*UNREADABLE):
            return _messages(_decode_json(mended), units)
        return _decode_rows(mended, units)
    except MalformedMessage as error:
        kind = unreadable_kind(frame)
        raise MalformedMessage(error.kind if kind == "not JSON" else kind, salvaged=error.salvaged) from None


def _messages(raw: Any, units: Counter[str] | None) -> tuple[Message, ...]:
    """The messages of a frame read as plain values. Raises MalformedMessage."""
    if not isinstance(raw, dict):
        raise MalformedMessage("not an object")
    raw = _without_nulls(raw)
    if "resAc" in raw:
        return (_convert(raw, AuthReply | SubscribeReply | Pong, "unknown reply"),)
    data = raw.get("data")
    if data is None:
        return (_convert(raw, Hello, "unknown message"),)
    return _pushes(data if isinstance(data, list) else [data], lambda row: parse_push(row, units))


def mend_text(data: bytes | bytearray) -> bytes | bytearray:
    """Returns the data with U+FFFD in place of what is not UTF-8, and of escapes that are half a surrogate pair, which
    JSON allows and msgspec refuses: a name that was cut off, or came in another encoding, costs only itself. Data
    with very many of them are no names, and stay as they are. A value that lies deeper than msgspec reads becomes an
    empty list."""
    text = data.decode(errors="replace")
    mended, halves = bytes(data), 0
    if text.count(_REPLACED) <= _MOST_REPLACED:
        mended, halves = _HALF_PAIR.subn(rb"\1\\ufffd", text.encode(), count=_MOST_HALVES)
    if halves == _MOST_HALVES:
        mended = bytes(data)
    parts: list[bytes] = []
    kept = 0
    for begin, end in _too_deep(mended):
        parts += mended[kept:begin], b"[]"
        kept = end
    return b"".join([*parts, mended[kept:]])


def _decode_rows(frame: bytes | bytearray, units: Counter[str] | None) -> tuple[Message, ...]:
    """Read a frame whose JSON holds what no value can be, as a number out of range: a matter of its own row, and the
    rows beside it stand. Raises MalformedMessage, for what is no JSON at all too."""
    try:
        data = _decode_raw_envelope(frame).data
    except UNREADABLE:
        otherwise = "unknown message" if frame.lstrip().startswith(b"{") else "not an object"
        raise MalformedMessage(unreadable_kind(frame, otherwise)) from None
    rows = _decode_raw_list(data) if bytes(data).startswith(b"[") else [data]
    return _pushes(rows, lambda row: parse_push(read_row(row), units))


def _pushes(rows: list[Any], read: Callable[[Any], Push]) -> tuple[Push, ...]:
    """The pushes of a frame's rows. Raises MalformedMessage, with the good ones, where one cannot be read."""
    if len(rows) > MAX_ROWS:
        raise MalformedMessage("too many rows")
    messages: list[Push] = []
    problem: MalformedMessage | None = None
    for row in rows:
        try:
            messages.append(read(row))
        except MalformedMessage as error:
            problem = error
    if problem is not None:
        raise MalformedMessage(problem.kind, salvaged=tuple(messages))
    return tuple(messages)


def _row_kind(raw: Raw) -> str:
    """Returns the kind of a row that is JSON, but holds what no value can be: its type, as for any other bad field."""
    kind = unreadable_kind(memoryview(raw), "")
    if kind:
        return kind
    try:
        type_ = _decode_type(raw).type
    except UNREADABLE:
        return "no type"
    if type_.startswith("kline@"):
        return "kline"
    return type_ if type_ in TYPES else "unknown type"


def parse_push(item: Any, units: Counter[str] | None = None) -> Push:
    """One message out of its envelope, read with patience; `units` as in `decode`. Raises MalformedMessage."""
    kind = item.get("type") if isinstance(item, dict) else None
    if not isinstance(kind, str):
        raise MalformedMessage("no type")
    cleaned = _without_nulls(item)
    if any(_REPLACED in text for text in (cleaned.get("s"), cleaned.get("r")) if isinstance(text, str)):
        raise MalformedMessage("not UTF-8")
    if kind.startswith("kline@") and kind[6:].isdecimal():
        cleaned |= {"type": "kline@1", "@interval": int(kind[6 : 6 + 4])}
        kind = "kline"
    elif kind not in TYPES:
        raise MalformedMessage("unknown type")
    unit = "ms"
    if "t" in cleaned:
        cleaned["t"], unit = _milliseconds(cleaned["t"], kind)
    for key in _UNDOCUMENTED.keys() & cleaned.keys():
        # The page promises nothing about these: a strange one is left out, and the rest of the message stands.
        if not _fits(cleaned[key], _UNDOCUMENTED[key]):
            del cleaned[key]
    if kind == "depth":
        for side in ("a", "b"):
            levels = cleaned.setdefault(side, [])
            if isinstance(levels, list) and len(levels) <= MAX_LEVELS:
                cleaned[side] = [_without_nulls(level) for level in levels]
    message: Push = _convert(cleaned, Tick | Quote | Depth | Kline, kind)
    if not _finite(message):
        raise MalformedMessage(kind, "a number that is none")
    if units is not None and unit != "ms":
        units[unit] += 1
    return message


_UNDOCUMENTED = {
    "p": Price,
    "ch": PriceChange,
    "chp": PercentChange,
    "ts": int,
    "d": int,
    "iopv": Price,
    "nav": Price,
}


def _convert(raw: dict[str, Any], kinds: Any, kind: str) -> Any:
    try:
        return msgspec.convert(raw, kinds, strict=False)
    except UNREADABLE:
        raise MalformedMessage(kind, "fields are missing or of the wrong kind") from None


def _milliseconds(value: Any, kind: str) -> tuple[int, str]:
    """A time in ms, and the unit it came in, which its size alone tells: up to the year 5138 s are below 10^11, and
    from March 1973 on ms are not, so that for the years from 2000 to 2100 no number can be read in two ways."""
    try:
        time = int(float(value)) if not isinstance(value, bool) else 0
    except (TypeError, ValueError, OverflowError):
        raise MalformedMessage(kind, "time") from None
    if time < 10**11:
        return time * 1000, "s"
    if time < 10**14:
        return time, "ms"
    return (time // 10**3, "µs") if time < 10**17 else (time // 10**6, "ns")


def _without_nulls(level: Any) -> Any:
    return {key: value for key, value in level.items() if value is not None} if isinstance(level, dict) else level


def _fits(value: Any, kind: Any) -> bool:
    try:
        return not isinstance(value, bool) and math.isfinite(msgspec.convert(value, kind, strict=False))
    except UNREADABLE:
        return False


def _finite(message: Push) -> bool:
    values = list(msgspec.structs.astuple(message))
    if isinstance(message, Depth):
        values = [value for level in message.asks + message.bids for value in msgspec.structs.astuple(level)]
    return all(math.isfinite(value) for value in values if isinstance(value, float))
