"""What the exchange tells over REST, on the port of its WebSocket: trades, quotes, books, bars, and names.

The shapes are those of the vendor's REST pages; its WebSocket page has none of them. `read` makes a RestRequest of an
address, `told` what there is to say of each fund it asks for, and `answer` a Refusal of that. The socket, the key and
the time are `server.py`'s.
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
from tui.exchange.fault_effects import FaultEffects, RefusedHandshake
from tui.exchange.listing import Listing
from tui.exchange.paths import PATHS
from tui.exchange.simulation import SimulatedMarket
from tui.exchange.synthetic_history import Bar, aggregate
from tui.exchange.universe import BY_SYMBOL
from tui.protocol.messages import MAX_SYMBOLS, Depth, Push
from tui.symbol import Symbol

_MOST_BARS = 500  # a fund and answer
_USUAL_BARS = "100"
_FOR_EVER = 10**13  # ms: no time has more than 13 digits
_WHOLE = re.compile(r"[0-9]{1,13}", re.ASCII)
_MINUTES = {1: 1, 2: 5, 3: 15, 4: 30, 5: 60, 6: 120, 7: 240}  # by kType
_DAY, _WEEK, _MONTH = 8, 9, 10
_ALIASES = {"period": "kType", "end": "et"}  # the vendor's Python package spells them so
_EXCHANGES = {"US": "ARCA", "HK": "HKEX", "SH": "SSE", "SZ": "SZSE"}


class RestRequest(NamedTuple):
    """An address, read. `wrong` tells in words what is wrong with its parameters, and then the rest says nothing.

    `interval` is a kType, `limit` a number of bars, `end` in ms UTC."""

    path: str
    region: str = ""
    symbols: tuple[Symbol, ...] = ()
    interval: int = 1
    limit: int = 0
    end: int = 0
    wrong: str = ""


def parse_request(address: str) -> RestRequest:
    """Read an address whose path is one of PATHS."""
    path, _, query = address.partition("?")
    pairs = [(_ALIASES.get(name, name), value) for name, value in parse_qsl(query)]
    given = dict(pairs)
    for name in (*PATHS[path].required, *PATHS[path].optional):
        if [known for known, _ in pairs].count(name) > 1:
            return RestRequest(path, wrong=f"{name} is given more than once")
    for name in PATHS[path].required:
        if name not in given:
            return RestRequest(path, wrong=f"{name} is missing")
    if given.get("type", "fund") != "fund":
        return RestRequest(path, wrong="type is not fund: there are no others here")
    numbers = {}
    for name, usual, least, most in (
        ("kType", "1", 1, _MONTH),
        ("limit", _USUAL_BARS, 1, _MOST_BARS),
        ("et", str(_FOR_EVER - 1), 0, _FOR_EVER - 1),
    ):
        text = given.get(name, usual)
        numbers[name] = int(text) if _WHOLE.fullmatch(text) else -1
        if not least <= numbers[name] <= most:
            return RestRequest(path, wrong=f"{name} is no whole number from {least} to {most}")
    codes = given["codes"].split(",") if "codes" in PATHS[path].required else [given.get("code", "")]
    symbols = tuple(dict.fromkeys(Symbol(code, given["region"]) for code in codes if code))
    if len(symbols) > MAX_SYMBOLS:
        return RestRequest(path, wrong=f"codes names more than {MAX_SYMBOLS} funds")
    return RestRequest(path, given["region"], symbols, numbers["kType"], numbers["limit"], numbers["et"])


def fund_data(
    question: RestRequest, market: SimulatedMarket, symbol: Symbol, depth: Depth | None, faults: FaultEffects
) -> Raw | None:
    """Returns what is said of one fund, None where the exchange has no such fund. `depth` is the book that the stream
    told last. Costs about 1 ms."""
    listing = market.present(symbol)
    if listing is None:
        return None
    match question.path.removesuffix("s"):
        case "/fund/tick":
            return _named(symbol, listing.tick(), faults)
        case "/fund/quote":
            quote = msgspec.structs.replace(listing.quote(), previous_close=listing.previous_close / 1000, status=0)
            return _named(symbol, quote, faults)
        case "/fund/depth":
            return _named(symbol, depth or listing.depth(), faults)
        case "/fund/kline":
            bars = _bars(market, listing, question.interval)
            rows = [_row(listing.kline(bar), faults) for bar in bars if bar.time <= question.end][-question.limit :]
            return _encoded(rows[1::2] + rows[::2])  # nobody promised an order
        case _:
            return None  # the list of funds has no figures


def answer(question: RestRequest, pieces: Mapping[str, Raw], faults: FaultEffects) -> RefusedHandshake:
    """The answer, of what there is to say of each fund by its code."""
    if question.wrong:
        return _answered(1, question.wrong, None)
    data: object = dict(pieces)
    if question.path == "/symbol/list":
        data = _listed(question, faults)
    elif "code" in PATHS[question.path].required:
        data = next(iter(pieces.values()), None)
    return _answered(0, None, data or None)


def _answered(code: int, words: str | None, data: object) -> RefusedHandshake:
    return RefusedHandshake(200, msgspec.json.encode({"code": code, "msg": words, "data": data}).decode())


def _bars(market: SimulatedMarket, listing: Listing, interval: int) -> list[Bar]:
    """The bars of one kType, oldest first, the one in progress last."""
    if interval >= _DAY:
        days = market.days(listing)
        if interval == _DAY:
            return days
        return aggregate(days, _week if interval == _WEEK else _month)
    minutes = market.past(listing)
    if interval == 1:
        return minutes
    length = _MINUTES[interval] * MINUTE_MS
    return aggregate(minutes, lambda time: time - time % length)[1:]  # the first may have begun before the minutes do


def _week(time: int) -> int:
    """The Monday of a time: the epoch was a Thursday."""
    return time - (time + 3 * DAY_MS) % (7 * DAY_MS)


def _month(time: int) -> int:
    day = datetime.fromtimestamp(time / 1000, UTC)
    return time - time % DAY_MS - (day.day - 1) * DAY_MS


def _encoded(data: object) -> Raw:
    return Raw(msgspec.json.encode(data))


def _named(symbol: Symbol, push: Push, faults: FaultEffects) -> Raw:
    return _encoded({"s": symbol.code} | _row(push, faults))


def _row(push: Push, faults: FaultEffects) -> dict[str, Any]:
    """A message's fields but for its type and symbol."""
    fields = faults.row(push)
    for outside in ("type", "s", "r"):
        fields.pop(outside, None)
    return fields


def _listed(question: RestRequest, faults: FaultEffects) -> list[dict[str, Any]]:
    return [
        {
            "c": symbol.code,
            "n": faults.named(fund.name),
            "t": "fund",
            "e": _EXCHANGES[question.region],
            "s": None,
            "l": None,
        }
        for symbol, fund in BY_SYMBOL.items()
        if symbol.region == question.region and symbol in (question.symbols or (symbol,))
    ]
