"""The vendor's REST answers, read as tolerantly as the messages of the stream, whose shapes they repeat.

`{"code":0,"msg":null,"data":…}` holds one fund's bars, or a map from code to bars or quote, or a list of funds. A row
is what the stream sends but for its `type` and its symbol, so it becomes the same Struct. Nothing here is on the
vendor's WebSocket page: it is what other clients show, and any part of it may come otherwise.

Each reader gives what it could read and the number of rows it could not; `data: null` is nothing known. They raise
MalformedMessage where nothing of that shape is there at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw, Struct, field

from tui.errors import MalformedMessage
from tui.protocol import Kline, Quote, push
from tui.secrets import clean
from tui.symbol import Symbol, from_wire, is_code

_LONGEST_NAME = 120  # characters
_NULL = b"null"


class Answer(Struct):
    """The envelope: `code` 0 is success, else `words` tell why not. `data` as it came."""

    code: int
    words: str | None = field(name="msg", default=None)
    data: Raw = field(default_factory=lambda: Raw(_NULL))


class Fund(NamedTuple):
    """A fund of a region's list; its name "" where it is not told."""

    code: str
    name: str


class _Bar(Kline, tag="kline@1", gc=False, kw_only=True):
    """A row of bars, whose symbol stands outside."""

    symbol: str = field(name="s", default="")


class _Listed(Struct, gc=False):
    code: str = field(name="c")
    name: str | None = field(name="n", default=None)


_envelope = msgspec.json.Decoder(Answer, strict=False)
_bars = msgspec.json.Decoder(dict[str, list[_Bar] | None])
_listed = msgspec.json.Decoder(list[_Listed])


def opened(body: bytes) -> Answer:
    """The envelope of an answer. A bare list is taken for its `data`."""
    if body.lstrip()[:1] == b"[":
        return Answer(0, None, Raw(body))
    try:
        return _envelope.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedMessage("answer") from None


def klines(data: bytes, region: str) -> tuple[dict[str, list[Kline]], int]:
    """One-minute bars by code, oldest first, each minute once: of two rows the later one. Codes without any are left
    out. Costs about 2 µs a bar."""
    try:
        rows = _bars.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _klines_patiently(data, region)
    found: dict[str, list[Kline]] = {}
    for spelled, bars in rows.items():
        code = _code(spelled, region)
        if code and bars:
            found[code] = _in_order([_kline(bar, code, region) for bar in bars])
    return found, sum(1 for spelled in rows if not _code(spelled, region))


def klines_of(data: bytes, symbol: Symbol) -> tuple[dict[str, list[Kline]], int]:
    """The same for the rows of one fund, which do not name it."""
    return klines(b'{"%s":%s}' % (symbol.code.encode(), data), symbol.region)


def quotes(data: bytes, region: str) -> tuple[dict[str, Quote], int]:
    """Quotes by code."""
    found: dict[str, Quote] = {}
    unread = 0
    for spelled, row in _mapped(data, "quotes"):
        code = _code(spelled, region)
        try:
            if not code or not isinstance(row, dict):
                raise MalformedMessage("quote")
            quote = push(row | {"type": "quote", "s": str(Symbol(code, region)), "r": None})
            assert isinstance(quote, Quote)
            found[code] = quote
        except MalformedMessage:
            unread += row is not None
    return found, unread


def funds(data: bytes, region: str) -> tuple[list[Fund], int]:
    """A region's list. Its texts are clean: nothing in them that a terminal would obey."""
    try:
        rows = _listed.decode(data)
        unread = 0
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        plain = _plain(data, "symbols") or []
        if not isinstance(plain, list):
            raise MalformedMessage("symbols", "not a list") from None
        rows = [listed for row in plain if (listed := _listed_patiently(row)) is not None]
        unread = len(plain) - len(rows)
    found: list[Fund] = []
    for row in rows:
        code = _code(row.code, region)
        if code:
            found.append(Fund(code, _words(row.name)))
    return found, unread + len(rows) - len(found)


def _klines_patiently(data: bytes, region: str) -> tuple[dict[str, list[Kline]], int]:
    found: dict[str, list[Kline]] = {}
    unread = 0
    for spelled, rows in _mapped(data, "klines"):
        code, bars = _code(spelled, region), []
        for row in rows if isinstance(rows, list) else [rows]:
            try:
                if not code or not isinstance(row, dict):
                    raise MalformedMessage("kline")
                bar = push(row | {"type": "kline@1", "s": code, "r": region})
                assert isinstance(bar, Kline)
                bars.append(bar)
            except MalformedMessage:
                unread += row is not None
        if bars:
            found[code] = _in_order(bars)
    return found, unread


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


def _in_order(bars: list[Kline]) -> list[Kline]:
    by_time = {bar.time: bar for bar in bars}
    return [by_time[time] for time in sorted(by_time)]


def _listed_patiently(row: Any) -> _Listed | None:
    try:
        return msgspec.convert(row, _Listed)
    except msgspec.ValidationError:
        return None


def _mapped(data: bytes, kind: str) -> Iterator[tuple[str, Any]]:
    plain = _plain(data, kind)
    if plain is not None and not isinstance(plain, dict):
        raise MalformedMessage(kind, "not a map")
    yield from (plain or {}).items()


def _plain(data: bytes, kind: str) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedMessage(kind, "not JSON") from None


def _code(spelled: str, region: str) -> str:
    """The code in any spelling of a region's symbol; "" where it is none."""
    code = from_wire(spelled, region)[0]
    return code if is_code(code) else ""


def _words(text: str | None) -> str:
    return clean(text or "").strip()[:_LONGEST_NAME]
