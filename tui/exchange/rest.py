"""What the exchange tells over REST, on the port of its WebSocket: bars of a day, quotes, names.

The shapes are those that other clients of the vendor show; its WebSocket page has none of them. `read` makes a Question
of an address, `told` what there is to say of each fund it asks for, and `answer` a Reply of that. The socket, the key
and the time are `server.py`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec
from msgspec import Raw

from tui.exchange.failing import Faults, Refusal
from tui.exchange.listing import Listing
from tui.exchange.past import Bar
from tui.exchange.universe import BY_SYMBOL
from tui.protocol import Push
from tui.symbol import Symbol

PATHS = frozenset({"/fund/kline", "/fund/klines", "/fund/quotes", "/symbol/list"})

_MOST_BARS = 500  # a fund and answer
_FOR_EVER = 2**62  # ms
_EXCHANGES = {"US": "ARCA", "HK": "HKEX", "SH": "SSE", "SZ": "SZSE"}


class Question(NamedTuple):
    """An address, read. `limit` is 0 where the parameters make no sense."""

    path: str
    region: str
    symbols: tuple[Symbol, ...]
    limit: int
    end: int


def read(address: str) -> Question:
    """A path with its parameters."""
    path, _, rest = address.partition("?")
    query = dict(parse_qsl(rest))
    region = query.get("region", "")
    codes = query.get("codes" if path in ("/fund/klines", "/fund/quotes") else "code", "").split(",")
    limit, end = query.get("limit", "1"), query.get("et", str(_FOR_EVER))
    sound = {
        "/symbol/list": query.get("type") == "fund",
        "/fund/quotes": True,
    }.get(path, query.get("kType") == "1" and limit.isdecimal() and end.isdecimal() and int(limit) <= _MOST_BARS)
    symbols = tuple(Symbol(code, region) for code in codes if code)
    return Question(path, region, symbols, int(limit) if sound else 0, int(end) if sound else 0)


def told(question: Question, listing: Listing, bars: Sequence[Bar], faults: Faults) -> Raw:
    """What is said of one fund, whose bars of a day come oldest first. Costs about 1 ms."""
    if question.path == "/fund/quotes":
        quote = msgspec.structs.replace(listing.quote(), previous_close=listing.previous_close / 1000, status=0)
        return _encoded({"s": listing.fund.symbol.code} | _row(quote, faults))
    rows = [_row(listing.kline(bar), faults) for bar in bars if bar.time <= question.end][-question.limit :]
    return _encoded(rows[1::2] + rows[::2])  # nobody promised an order


def answer(question: Question, pieces: Mapping[str, Raw], faults: Faults) -> Refusal:
    """The answer, of what there is to say of each fund by its code."""
    if not question.limit:
        return Refusal(200, '{"code":1,"msg":"the parameters are wrong","data":null}')
    data: object = dict(pieces)
    if question.path == "/symbol/list":
        data = _listed(question.region, faults)
    elif question.path == "/fund/kline":
        data = next(iter(pieces.values()), None)
    return Refusal(200, msgspec.json.encode({"code": 0, "msg": None, "data": data or None}).decode())


def _encoded(data: object) -> Raw:
    return Raw(msgspec.json.encode(data))


def _row(push: Push, faults: Faults) -> dict[str, Any]:
    """A message's fields but for its type and symbol."""
    fields = faults.written(push)
    for outside in ("type", "s", "r"):
        fields.pop(outside, None)
    return fields


def _listed(region: str, faults: Faults) -> list[dict[str, Any]]:
    return [
        {
            "c": symbol.code,
            "n": faults.named(fund.name),
            "t": "fund",
            "e": _EXCHANGES[region],
            "s": None,
            "l": None,
        }
        for symbol, fund in BY_SYMBOL.items()
        if symbol.region == region
    ]
