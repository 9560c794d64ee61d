"""The REST replies of the exchange, on the port of its WebSocket: trades, quotes, books, bars and names.

The shapes are those of the vendor's REST pages; its WebSocket page has none. `parse_request` parses an address,
`fund_data` gives the data of each requested fund, and `build_reply` the whole reply. Socket, key and clock are
`server.py`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec
from msgspec import Raw

from tui.exchange.factors import DAY_MS, MINUTE_MS
from tui.exchange.fault_effects import FaultEffects, HttpReply
from tui.exchange.listing import Listing
from tui.exchange.paths import PATHS
from tui.exchange.simulation import SimulatedMarket
from tui.exchange.synthetic_history import Bar, aggregate
from tui.exchange.universe import BY_SYMBOL
from tui.protocol.messages import MAX_SYMBOLS, Depth, Push
from tui.symbol import Symbol

_MAX_BARS = 500  # for one fund in one reply
_DEFAULT_BARS = "100"
_END_OF_TIME = 10**13  # ms: no time has more than 13 digits
_WHOLE_NUMBER = re.compile(r"[0-9]{1,13}", re.ASCII)
_MINUTES = {1: 1, 2: 5, 3: 15, 4: 30, 5: 60, 6: 120, 7: 240}  # by kType
_DAY, _WEEK, _MONTH = 8, 9, 10
_ALIASES = {"period": "kType", "end": "et"}  # the vendor's Python package spells them so
_EXCHANGES = {"US": "ARCA", "HK": "HKEX", "SH": "SSE", "SZ": "SZSE"}


class RestRequest(NamedTuple):
    """A parsed address. If `error` is not empty it says which parameter is wrong, and the other fields are meaningless.

    `interval` is a kType, `limit` a number of bars, `end` in ms UTC.
    """

    path: str
    region: str = ""
    symbols: tuple[Symbol, ...] = ()
    interval: int = 1
    limit: int = 0
    end: int = 0
    error: str = ""


def parse_request(address: str) -> RestRequest:
    """Returns the request of an address whose path is in PATHS."""
    path, _, query = address.partition("?")
    pairs = [(_ALIASES.get(name, name), value) for name, value in parse_qsl(query)]
    given = dict(pairs)
    for name in (*PATHS[path].required, *PATHS[path].optional):
        if [known for known, _ in pairs].count(name) > 1:
            return RestRequest(path, error=f"{name} is given more than once")
    for name in PATHS[path].required:
        if name not in given:
            return RestRequest(path, error=f"{name} is missing")
    if given.get("type", "fund") != "fund":
        return RestRequest(path, error="type is not fund: there are no others here")
    numbers = {}
    for name, default, least, most in (
        ("kType", "1", 1, _MONTH),
        ("limit", _DEFAULT_BARS, 1, _MAX_BARS),
        ("et", str(_END_OF_TIME - 1), 0, _END_OF_TIME - 1),
    ):
        text = given.get(name, default)
        numbers[name] = int(text) if _WHOLE_NUMBER.fullmatch(text) else -1
        if not least <= numbers[name] <= most:
            return RestRequest(path, error=f"{name} is no whole number from {least} to {most}")
    codes = given["codes"].split(",") if "codes" in PATHS[path].required else [given.get("code", "")]
    symbols = tuple(dict.fromkeys(Symbol(code, given["region"]) for code in codes if code))
    if len(symbols) > MAX_SYMBOLS:
        return RestRequest(path, error=f"codes names more than {MAX_SYMBOLS} funds")
    return RestRequest(path, given["region"], symbols, numbers["kType"], numbers["limit"], numbers["et"])


def fund_data(
    request: RestRequest, market: SimulatedMarket, symbol: Symbol, depth: Depth | None, faults: FaultEffects
) -> Raw | None:
    """Returns the data of one fund, None if the exchange does not list it. `depth` is the book last published by the
    stream. Costs about 1 ms."""
    listing = market.find(symbol)
    if listing is None:
        return None
    match request.path.removesuffix("s"):
        case "/fund/tick":
            return _with_symbol(symbol, listing.tick(), faults)
        case "/fund/quote":
            quote = msgspec.structs.replace(listing.quote(), previous_close=listing.previous_close / 1000, status=0)
            return _with_symbol(symbol, quote, faults)
        case "/fund/depth":
            return _with_symbol(symbol, depth or listing.depth(), faults)
        case "/fund/kline":
            bars = _bars_of(market, listing, request.interval)
            rows = [_fields(listing.kline(bar), faults) for bar in bars if bar.time <= request.end][-request.limit :]
            return _encoded(rows[1::2] + rows[::2])  # the vendor documents no order
        case _:
            return None  # the list of funds has no data of its own


def build_reply(request: RestRequest, data_by_code: Mapping[str, Raw], faults: FaultEffects) -> HttpReply:
    """Returns the reply from the data of each fund by its code."""
    if request.error:
        return _envelope(1, request.error, None)
    data: object = dict(data_by_code)
    if request.path == "/symbol/list":
        data = _fund_list(request, faults)
    elif "code" in PATHS[request.path].required:
        data = next(iter(data_by_code.values()), None)
    return _envelope(0, None, data or None)


def _envelope(code: int, message: str | None, data: object) -> HttpReply:
    return HttpReply(200, msgspec.json.encode({"code": code, "msg": message, "data": data}).decode())


def _bars_of(market: SimulatedMarket, listing: Listing, interval: int) -> list[Bar]:
    """Returns the bars of one kType, oldest first, the one in progress included."""
    if interval >= _DAY:
        days = market.daily_bars(listing)
        if interval == _DAY:
            return days
        return aggregate(days, _week_start if interval == _WEEK else _month_start)
    minutes = market.minute_bars(listing)
    if interval == 1:
        return minutes
    length = _MINUTES[interval] * MINUTE_MS
    return aggregate(minutes, lambda time: time - time % length)[1:]  # the first bar may lack minutes


def _week_start(time: int) -> int:
    """Returns the Monday of a time (ms UTC): the epoch was a Thursday."""
    return time - (time + 3 * DAY_MS) % (7 * DAY_MS)


def _month_start(time: int) -> int:
    day = datetime.fromtimestamp(time / 1000, UTC)
    return time - time % DAY_MS - (day.day - 1) * DAY_MS


def _encoded(data: object) -> Raw:
    return Raw(msgspec.json.encode(data))


def _with_symbol(symbol: Symbol, push: Push, faults: FaultEffects) -> Raw:
    return _encoded({"s": symbol.code} | _fields(push, faults))


def _fields(push: Push, faults: FaultEffects) -> dict[str, Any]:
    """Returns a message's fields without its type and symbol."""
    fields = faults.rest_fields(push)
    for outside in ("type", "s", "r"):
        fields.pop(outside, None)
    return fields


def _fund_list(request: RestRequest, faults: FaultEffects) -> list[dict[str, Any]]:
    return [
        {
            "c": symbol.code,
            "n": faults.alter_name(fund.name),
            "t": "fund",
            "e": _EXCHANGES[request.region],
            "s": None,
            "l": None,
        }
        for symbol, fund in BY_SYMBOL.items()
        if symbol.region == request.region and symbol in (request.symbols or (symbol,))
    ]
