"""The vendor's REST responses, parsed as leniently as the messages of the stream, whose Structs they share.

`{"code":0,"msg":null,"data":…}` holds the bars of one fund, or a map from code to bars or quote, or a list of funds. A
row is a message of the stream without its `type` and symbol. The vendor's WebSocket page does not cover REST: the
shapes are those that other clients show, and any part of them may differ.

Each parser returns what it could parse and the number of rows it could not; `data: null` is an empty result. It raises
MalformedMessage if nothing has that shape.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

import msgspec
from msgspec import Raw, Struct, field

from tui.errors import MalformedMessage
from tui.protocol.json_repair import UNREADABLE, decode_repaired, unreadable_kind
from tui.protocol.lenient_parser import parse_push, parse_row
from tui.protocol.messages import Kline, Push, Quote
from tui.secrets import safe_text
from tui.symbol import Symbol, is_code, split_wire_symbol

MOST_BARS = 500  # of a code in one response: of more the newest are kept

_CHUNK = 1_000  # rows: the GIL is released between two chunks
_MAX_NAME = 120  # characters
_NULL = b"null"
_Decoded = TypeVar("_Decoded")


class Envelope(Struct):
    """The envelope of a response: `code` 0 is success, else `words` say why not. `data` is raw JSON."""

    code: int
    words: str | None = field(name="msg", default=None)
    data: Raw = field(default_factory=lambda: Raw(_NULL))


class ListedFund(NamedTuple):
    """A fund of a region's list; `name` is "" if unknown."""

    code: str
    name: str


class _Bar(Kline, tag="kline@1", gc=False, kw_only=True):
    """A bar whose symbol is outside of its row."""

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
    """Returns the envelope of a response; a bare list counts as its `data`. Raises MalformedMessage."""
    if body.lstrip()[:1] == b"[":
        return Envelope(0, None, Raw(body))
    try:
        return decode_repaired(_envelope.decode, body)
    except UNREADABLE:
        raise MalformedMessage(unreadable_kind(body, "answer")) from None


def parse_klines(data: bytes, region: str) -> tuple[dict[str, list[Kline]], int]:
    """Returns the newest MOST_BARS minute bars by code, oldest first; of two rows of one minute the later counts. Codes
    without bars are omitted. Costs about 2 µs a bar."""
    found: dict[str, list[Kline]] = {}
    invalid_rows = 0
    for spelled, raw in _items(data, "klines"):
        code = _code(spelled, region)
        rows = _raw_rows(raw)
        bars: list[Kline] = []
        for first in range(0, len(rows), _CHUNK):
            chunk, invalid = _parse_bars(rows[first : first + _CHUNK], code, region)
            bars = _newest(bars + chunk)
            invalid_rows += invalid
        if bars:
            found[code] = bars
    return found, invalid_rows


def parse_klines_of_one(data: bytes, symbol: Symbol) -> tuple[dict[str, list[Kline]], int]:
    """Returns the same for the rows of one fund, which do not name it."""
    return parse_klines(b'{"%s":%s}' % (symbol.code.encode(), data), symbol.region)


def parse_quotes(data: bytes, region: str) -> tuple[dict[str, Quote], int]:
    """Returns the quotes by code."""
    found: dict[str, Quote] = {}
    invalid_rows = 0
    for spelled, raw in _items(data, "quotes"):
        code = _code(spelled, region)
        try:
            quote = _parse_row_of(raw, code, {"type": "quote", "s": str(Symbol(code, region)), "r": None})
            if quote is not None:
                assert isinstance(quote, Quote)
                found[code] = quote
        except MalformedMessage:
            invalid_rows += 1
    return found, invalid_rows


def parse_funds(data: bytes, region: str) -> tuple[list[ListedFund], int]:
    """Returns a region's list of funds, their names sanitized for a terminal."""
    try:
        rows = _listed.decode(data)
        invalid_rows = 0
    except UNREADABLE:
        raws = _decoded(_raw_list, data, "symbols") or []
        rows = [listed for raw in raws if (listed := _parse_listed(raw)) is not None]
        invalid_rows = len(raws) - len(rows)
    found: list[ListedFund] = []
    for row in rows:
        code = _code(row.code, region)
        if code:
            found.append(ListedFund(code, _clean_name(row.name)))
    return found, invalid_rows + len(rows) - len(found)


def _parse_bars(rows: list[Raw], code: str, region: str) -> tuple[list[Kline], int]:
    """Returns the bars of some rows, and the number of rows that are invalid."""
    if code:
        with contextlib.suppress(*UNREADABLE):
            return [_kline(bar, code, region) for bar in _bars.decode(b"[%b]" % b",".join(rows))], 0
    bars: list[Kline] = []
    invalid_rows = 0
    for raw in rows:
        try:
            bar = _parse_row_of(raw, code, {"type": "kline@1", "s": code, "r": region})
            if bar is not None:
                assert isinstance(bar, Kline)
                bars.append(bar)
        except MalformedMessage:
            invalid_rows += 1
    return bars, invalid_rows


def _parse_row_of(raw: Raw, code: str, fields: dict[str, str | None]) -> Push | None:
    """Returns a row as the data message that it is with these fields, None for a null. Raises MalformedMessage, also if
    the row belongs to no valid code."""
    row = parse_row(raw)
    if row is None:
        return None
    if not code or not isinstance(row, dict):
        raise MalformedMessage("row")
    return parse_push(row | fields)


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


def _parse_listed(raw: Raw) -> _Listed | None:
    try:
        return msgspec.convert(parse_row(raw), _Listed)
    except (*UNREADABLE, MalformedMessage):
        return None


def _items(data: bytes, kind: str) -> Iterator[tuple[str, Raw]]:
    """Yields each code with its raw row, so that an invalid row costs no other."""
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
    """Returns the code in any spelling of a region's symbol, "" if it is none."""
    code = split_wire_symbol(spelled, region)[0]
    return code if is_code(code) else ""


def _clean_name(text: str | None) -> str:
    return safe_text(text or "").strip()[:_MAX_NAME]
