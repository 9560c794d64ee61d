"""What may come in place of a field that the vendor's page describes."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any

import msgspec
import pytest

from tests.support.page_samples import (
    KLINE,
    QUOTE_ROW,
    SENT_BY_THE_SERVER,
    TICK,
    a_quote,
    frame,
    only,
    quote_with,
)
from tui.errors import MalformedMessage
from tui.protocol.decoder import decode
from tui.protocol.messages import (
    Depth,
    Kline,
    Level,
    Quote,
    Tick,
    encode,
)
from tui.protocol.rest import parse_klines

PLAIN = quote_with()


def test_numbers_may_come_as_strings() -> None:
    assert quote_with(ld="3034.15", o="3034.27", v="16742235", t="1731689407000", tu="1e9") == quote_with(
        o=3034.27, v=16742235, tu=1e9
    )


def test_levels_of_a_book_may_be_strings_and_null() -> None:
    depth = only(frame(type="depth", s="QQQ$US", a=[{"p": "1.5", "v": "3", "o": None, "po": None}], b=None))
    assert depth == Depth(symbol="QQQ$US", asks=[Level(price=1.5, volume=3)], bids=[])


@pytest.mark.parametrize(("told", "level"), [("3", 3), (2.0, 2), (None, 0), ("x", 0), (1.5, 0), (True, 0), ([], 0)])
def test_a_level_whose_position_cannot_be_read_has_none(told: Any, level: int) -> None:
    depth = only(frame(type="depth", s="QQQ$US", a=[{"p": 1.5, "v": 3, "po": told}], b=[]))
    assert depth == Depth(symbol="QQQ$US", asks=[Level(1.5, 3, level)], bids=[])


@pytest.mark.parametrize("field", ["o", "h", "l", "v", "tu", "p", "ch", "chp", "ts", "iopv", "nav", "r", "unheard_of"])
def test_a_null_is_a_field_that_did_not_come(field: str) -> None:
    assert quote_with(**{field: None}) == PLAIN


def test_a_null_time_is_no_time() -> None:
    assert quote_with(t=None).time == 0


@pytest.mark.parametrize("time", [1731689407, 1731689407000, 1731689407000.0, "1731689407", "1731689407000.0"])
def test_a_time_may_be_seconds_a_float_or_a_string(time: Any) -> None:
    assert quote_with(t=time).time == 1731689407000


@pytest.mark.parametrize(
    ("time", "ms", "unit"),
    [
        (1731689407, 1731689407000, "s"),
        (1731689407000, 1731689407000, None),
        ("1731689407000", 1731689407000, None),
        (1731689407000999, 1731689407000, "µs"),
        ("1731689407000123", 1731689407000, "µs"),
        (1731689407000123456, 1731689407000, "ns"),
        (1.731689407e18, 1731689407000, "ns"),
        *[
            (year * per_second, year * 1_000, unit)
            for year in (946_684_800, 4_102_444_800)  # 2000 and 2100
            for per_second, unit in ((1, "s"), (10**3, None), (10**6, "µs"), (10**9, "ns"))
        ],
    ],
)
@pytest.mark.parametrize("many", [False, True], ids=["one", "a list"])
def test_a_time_is_read_in_the_unit_it_came_in_and_counted(time: Any, ms: int, unit: str | None, many: bool) -> None:
    units = Counter[str]()
    data = QUOTE_ROW | {"t": time}
    frame = json.dumps({"code": 1, "data": [data, {**data, "ld": "none"}] if many else data}).encode()
    try:
        messages = decode(frame, units)
    except MalformedMessage as error:
        messages = error.salvaged
    assert [message.time for message in messages] == [ms]  # type: ignore[union-attr]
    assert units == ({unit: 1} if unit else {}), "what is malformed is not counted as read"


@pytest.mark.parametrize(
    ("field", "most"),
    [
        ("ld", 1e12), ("o", 1e12), ("h", 1e12), ("l", 1e12), ("v", 1e15), ("tu", 1e18),
        ("p", 1e12), ("iopv", 1e12), ("nav", 1e12), ("ch", 1e12), ("chp", 1e9),
    ],
)  # fmt: skip
@pytest.mark.parametrize("as_text", [False, True], ids=["number", "text"])
def test_a_number_beyond_what_a_market_can_have_is_none(field: str, most: float, as_text: bool) -> None:
    def sent(value: float) -> bytes:
        return a_quote(**{field: str(value) if as_text else value})

    name = next(each.name for each in msgspec.structs.fields(Quote) if each.encode_name == field)
    assert getattr(decode(sent(most))[0], name) == most
    for beyond in (math.nextafter(most, math.inf), 1.7e308, -1.7e308):
        if field in ("p", "ch", "chp", "iopv", "nav"):  # nobody promised these: the rest of the message stands
            assert getattr(decode(sent(beyond))[0], name) is None
        else:
            with pytest.raises(MalformedMessage, match="quote"):
                decode(sent(beyond))


def test_levels_and_bars_have_the_same_bounds() -> None:
    for extreme in ({"p": 1.7e308, "v": 1}, {"p": 1, "v": 1.7e308}):
        with pytest.raises(MalformedMessage, match="depth"):
            decode(json.dumps({"code": 1, "data": {"s": "A", "type": "depth", "a": [extreme], "b": []}}).encode())
    row = {"o": 1, "h": 1, "l": 1, "c": 1, "v": 1, "tu": 1, "t": 1731689400000}
    for name in ("o", "h", "l", "c", "v", "tu"):
        bar = {"s": "A", "r": "US", "type": "kline@1"} | row | {name: 1.7e308}
        with pytest.raises(MalformedMessage, match="kline"):
            decode(json.dumps({"code": 1, "data": bar}).encode())
        assert parse_klines(json.dumps({"A": [row, row | {name: 1.7e308}]}).encode(), "US")[1] == 1


STRANGE = [[1], {"a": 1}, "abc", "", "nan", "inf", True, False, "1e400", {}]


@pytest.mark.parametrize("value", STRANGE, ids=lambda value: repr(value)[:12])
@pytest.mark.parametrize("field", ["p", "ch", "chp", "ts", "iopv", "nav", "unheard_of"])
def test_a_strange_value_where_the_page_promises_nothing_spoils_no_quote(field: str, value: Any) -> None:
    assert quote_with(**{field: value}) == PLAIN


@pytest.mark.parametrize(
    ("field", "value"), [("p", -1), ("p", 10**400), ("iopv", -0.5), ("nav", "-3"), ("ts", 1.5), ("ts", 1e30)]
)
def test_an_impossible_number_where_the_page_promises_nothing_spoils_no_quote(field: str, value: Any) -> None:
    assert quote_with(**{field: value}) == PLAIN


@pytest.mark.parametrize("value", [[2], 1.5, "buy", True], ids=repr)
def test_a_strange_side_spoils_no_tick(value: Any) -> None:
    tick = {"type": "tick", "s": "QQQ$US", "ld": 3034.21, "v": 16742235, "t": 1731689407000}
    assert only(frame(**tick, d=value)) == SENT_BY_THE_SERVER[TICK]
    assert only(frame(**tick, d="2")) == Tick(
        symbol="QQQ$US", last=3034.21, volume=16742235, time=1731689407000, side=2
    )


def test_the_good_fields_beside_a_strange_one_are_kept() -> None:
    quote = quote_with(p=-1, ch=-11.88, chp="-1.9", ts="1")
    assert (quote.previous_close, quote.change, quote.change_percent, quote.status) == (None, -11.88, -1.9, 1)


@pytest.mark.parametrize(("kind", "interval"), [("kline@1", 1), ("kline@5", 5), ("kline@10", 10)])
def test_a_kline_s_interval_is_the_number_in_its_type(kind: str, interval: int) -> None:
    bar = only(KLINE.replace("kline@1", kind).encode())
    assert isinstance(bar, Kline) and bar.interval == interval
    assert decode(encode(bar)) == (bar,)


@pytest.mark.parametrize("field", ["p", "ch", "chp", "iopv"])
def test_an_undocumented_number_out_of_range_costs_only_itself(field: str) -> None:
    text = a_quote(**{field: "@"}).decode().replace('"@"', "1e999")
    (quote,) = decode(text.encode())
    assert quote == only(a_quote())


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e400", '"inf"', '"nan"', '"-inf"', "-1", '"-1"'])
@pytest.mark.parametrize("field", ["ld", "o", "v", "tu"])
def test_a_documented_number_that_is_none_is_refused(field: str, value: str) -> None:
    text = a_quote(**{field: "@"}).decode().replace('"@"', value)
    with pytest.raises(MalformedMessage):
        decode(text.encode())


@pytest.mark.parametrize("value", ["-1", "1e400", '"inf"', '"nan"', "NaN", "null", "[]"])
@pytest.mark.parametrize("field", ["p", "v"])
@pytest.mark.parametrize("side", ["a", "b"])
def test_a_book_with_a_size_or_price_that_is_none_is_refused(side: str, field: str, value: str) -> None:
    level = {"p": 1.0, "v": 1.0} | {field: "@"}
    text = frame(**{"type": "depth", "s": "QQQ$US", "a": [], "b": [], side: [level]})
    with pytest.raises(MalformedMessage):
        decode(text.decode().replace('"@"', value).encode())


@pytest.mark.parametrize("time", [-1, True, "soon", "", "nan", "inf", 1e300, 10**13, 10**16, 10**19, [], {}])
def test_a_time_that_is_none_is_refused(time: Any) -> None:
    with pytest.raises(MalformedMessage):
        decode(a_quote(t=time))


@pytest.mark.parametrize("symbol", [None, 7, ["QQQ$US"]])
def test_a_push_without_a_symbol_is_refused(symbol: Any) -> None:
    with pytest.raises(MalformedMessage):
        decode(a_quote(s=symbol))


@pytest.mark.parametrize("digits", [100, 5_000])
def test_an_endless_interval_is_no_minute_and_raises_nothing(digits: int) -> None:
    bar = only(KLINE.replace("kline@1", "kline@" + "1" * digits).encode())
    assert isinstance(bar, Kline) and bar.interval > 1
