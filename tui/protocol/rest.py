"""The vendor's REST answers, read as tolerantly as the messages of the stream, whose shapes they repeat.

`{"code":0,"msg":null,"data":…}` holds one fund's bars, or a map from code to bars or quote, or a list of funds. A row
is what the stream sends but for its `type` and its symbol, so it becomes the same Struct. Nothing here is on the
vendor's WebSocket page: it is what other clients show, and any part of it may come otherwise.

Each reader gives what it could read and the number of rows it could not; `data: null` is nothing known. They raise
MalformedMessage where nothing of that shape is there at all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

import msgspec
from msgspec import Raw, Struct, field

from tui.errors import MalformedMessage
from tui.protocol.json_repair import UNREADABLE, decode_repaired, unreadable_kind
from tui.protocol.lenient import parse_push, parse_row
from tui.protocol.messages import Kline, Quote
from tui.secrets import safe_text
from tui.symbol import Symbol, is_code, split_wire_symbol

MOST_BARS = 500  # of a code in one answer: of more the newest are kept

_AT_ONCE = 1_000  # rows: between two such portions other threads get their turn
_LONGEST_NAME = 120  # characters
_NULL = b"null"
_Decoded = TypeVar("_Decoded")


class Envelope(Struct):
    """The envelope: `code` 0 is success, else `words` tell why not. `data` as it came."""

    code: int
    words: str | None = field(name="msg", default=None)
    data: Raw = field(default_factory=lambda: Raw(_NULL))


class ListedFund(NamedTuple):
    """A fund of a region's list; its name "" where it is not told."""

    code: str
    name: str


class _Bar(Kline, tag="kline@1", gc=False, kw_only=True):
    """A row of bars, whose symbol stands outside."""

    symbol: str = field(name="s", default="")


class _Listed(Struct, gc=False):
    code: str = field(name="c")
    name: str | None = field(name="n", default=None)


_envelope = msgspec.json.Decoder(Envelope, strict=False)
_bars = msgspec.json.Decoder(list[_Bar])
_listed = msgspec.json.Decoder(list[_Listed])
_raw_map = msgspec.json.Decoder(dict[str, Raw] | None)
_raw_list = msgspec.json.Decoder(list[Raw] | None)


def parse_envelope(body: bytes) -> Envelope:
    """The envelope of an answer. A bare list is taken for its `data`."""
    if body.lstrip()[:1] == b"[":
        return Envelope(0, None, Raw(body))
    try:
        return decode_repaired(_envelope.decode, body)
    except UNREADABLE:
        raise MalformedMessage(unreadable_kind(body, "answer")) from None


def parse_klines(data: bytes, region: str) -> tuple[dict[str, list[Kline]], int]:
    """The newest MOST_BARS one-minute bars by code, oldest first, each minute once: of two rows the later one. Codes
    without any are left out. Costs about 2 µs a bar."""
    found: dict[str, list[Kline]] = {}
    unread = 0
    for spelled, raw in _mapped(data, "klines"):
        code = _code(spelled, region)
        rows = _raw_rows(raw)
        bars: list[Kline] = []
        for first in range(0, len(rows), _AT_ONCE):
            portion, strange = _read_bars(rows[first : first + _AT_ONCE], code, region)
            bars = _newest(bars + portion)
            unread += strange
        if bars:
            found[code] = bars
    return found, unread


def parse_klines_of_one(data: bytes, symbol: Symbol) -> tuple[dict[str, list[Kline]], int]:
    """The same for the rows of one fund, which do not name it."""
    return parse_klines(b'{"%s":%s}' % (symbol.code.encode(), data), symbol.region)


def parse_quotes(data: bytes, region: str) -> tuple[dict[str, Quote], int]:
    """Quotes by code."""
    found: dict[str, Quote] = {}
    unread = 0
    for spelled, raw in _mapped(data, "quotes"):
        code = _code(spelled, region)
        try:
            row = parse_row(raw)
            if row is None:
                continue
            if not code or not isinstance(row, dict):
                raise MalformedMessage("quote")
            quote = parse_push(row | {"type": "quote", "s": str(Symbol(code, region)), "r": None})
            assert isinstance(quote, Quote)
            found[code] = quote
        except MalformedMessage:
            unread += 1
    return found, unread


def parse_funds(data: bytes, region: str) -> tuple[list[ListedFund], int]:
    """A region's list. Its texts are clean: nothing in them that a terminal would obey."""
    try:
        rows = _listed.decode(data)
        unread = 0
    except UNREADABLE:
        raws = _decoded(_raw_list, data, "symbols") or []
        rows = [listed for raw in raws if (listed := _listed_patiently(raw)) is not None]
        unread = len(raws) - len(rows)
    found: list[ListedFund] = []
    for row in rows:
        code = _code(row.code, region)
        if code:
            found.append(ListedFund(code, _words(row.name)))
    return found, unread + len(rows) - len(found)


def _read_bars(rows: list[Raw], code: str, region: str) -> tuple[list[Kline], int]:
    """What could be read of some rows, and how many could not."""
    if code:
        with contextlib.suppress(*UNREADABLE):
            return [_kline(bar, code, region) for bar in _bars.decode(b"[%b]" % b",".join(rows))], 0
    bars: list[Kline] = []
    unread = 0
    for raw in rows:
        try:
            row = parse_row(raw)
            if row is None:
                continue
            if not code or not isinstance(row, dict):
                raise MalformedMessage("kline")
            bar = parse_push(row | {"type": "kline@1", "s": code, "r": region})
            assert isinstance(bar, Kline)
            bars.append(bar)
        except MalformedMessage:
            unread += 1
    return bars, unread


def _kline(bar: _Bar, code: str, region: str) -> Kline:
    return Kline(
        symbol=code,
        region=region,
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        time=bar.time,
        volume=bar.volume,
        turnover=bar.turnover,
    )


def _newest(bars: list[Kline]) -> list[Kline]:
    by_time = {bar.time: bar for bar in bars}
    return [by_time[time] for time in sorted(by_time)[-MOST_BARS:]]


def _listed_patiently(raw: Raw) -> _Listed | None:
    try:
        return msgspec.convert(parse_row(raw), _Listed)
    except (*UNREADABLE, MalformedMessage):
        return None


def _mapped(data: bytes, kind: str) -> Iterator[tuple[str, Raw]]:
    """Each row as it came: one that cannot be read takes no other with it."""
    yield from (_decoded(_raw_map, data, kind) or {}).items()


def _raw_rows(raw: Raw) -> list[Raw]:
    try:
        return _raw_list.decode(raw) or []
    except UNREADABLE:
        return [raw]


def _decoded(decoder: msgspec.json.Decoder[_Decoded], data: bytes, kind: str) -> _Decoded:
    try:
        return decode_repaired(decoder.decode, data)
    except UNREADABLE:
        raise MalformedMessage(unreadable_kind(data, kind)) from None


def _code(spelled: str, region: str) -> str:
    """The code in any spelling of a region's symbol; "" where it is none."""
    code = split_wire_symbol(spelled, region)[0]
    return code if is_code(code) else ""


def _words(text: str | None) -> str:
    return safe_text(text or "").strip()[:_LONGEST_NAME]
