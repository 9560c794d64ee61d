"""The vendor's REST answers, in every shape that they may have."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.wait_until import while_turning
from tui.errors import MalformedMessage
from tui.protocol.messages import Kline, Quote
from tui.protocol.rest import (
    MOST_BARS,
    ListedFund,
    parse_envelope,
    parse_funds,
    parse_klines,
    parse_klines_of_one,
    parse_quotes,
)
from tui.symbol import Symbol

QQQ = Symbol("QQQ", "US")
MINUTE = 60_000
NOON = 1_763_899_200_000
ROW = {"tu": 56119.5, "c": 561.5, "t": NOON, "v": 100, "h": 562, "l": 561.0, "o": 561.2}
BAR = Kline(561.2, 562.0, 561.0, 561.5, NOON, 100.0, 56119.5, symbol="QQQ", region="US")

anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("ctvhlosdnpQ"), inner, max_size=7),
    max_leaves=8,
)


def written(value: Any) -> bytes:
    return json.dumps(value).encode()


def rows(*times: int, **changed: Any) -> list[dict[str, Any]]:
    return [ROW | {"t": time} | changed for time in times]


def test_an_envelope_has_a_code_and_words() -> None:
    answer = parse_envelope(b'{"code":0,"msg":null,"data":[1]}')
    assert (answer.code, answer.words, bytes(answer.data)) == (0, None, b"[1]")
    refusal = parse_envelope(b'{"code":"1","msg":"no permission"}')
    assert (refusal.code, refusal.words, bytes(refusal.data)) == (1, "no permission", b"null")
    assert bytes(parse_envelope(b' [{"c":"QQQ"}]').data) == b' [{"c":"QQQ"}]'


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"),
        (b"<html>", "not JSON"),
        (b"\xff", "not UTF-8"),
        (b'{"code":' + b"[" * 3000, "nested too deep"),
        (b'{"msg":"x"}', "answer"),
    ],
)
def test_what_is_no_envelope_says_what_it_is(body: bytes, kind: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        parse_envelope(body)
    assert caught.value.kind == kind


@pytest.mark.parametrize("name", [rb"Fund \ud83d", rb"Fund \udc00", b"Fund \xb9"], ids=["half", "other half", "latin"])
@pytest.mark.parametrize("bare", [True, False], ids=["bare list", "envelope"])
def test_a_name_that_is_cut_off_or_of_another_encoding_costs_itself_alone(name: bytes, bare: bool) -> None:
    listed = b'[{"c":"QQQ","n":"Invesco"},{"c":"SPY","n":"%b"}]' % name
    answer = parse_envelope(listed if bare else b'{"code":0,"data":%b}' % listed)
    assert parse_funds(bytes(answer.data), "US") == ([ListedFund("QQQ", "Invesco"), ListedFund("SPY", "Fund �")], 0)


@pytest.mark.parametrize("body", [b"", b"<html>", b"42", b"{", b"\xff", b'{"msg":"x"}', b'{"code":[]}'])
def test_what_is_no_envelope_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedMessage):
        parse_envelope(body)


def test_bars_are_in_order_once_a_minute_and_wear_their_symbol() -> None:
    later = rows(NOON + MINUTE, NOON, NOON - MINUTE) + rows(NOON, v=120)
    found, unread = parse_klines(written({"QQQ": later, "SPY": None, "IEF": []}), "US")
    assert unread == 0 and found.keys() == {"QQQ"}
    assert [(bar.time, bar.volume) for bar in found["QQQ"]] == [
        (NOON - MINUTE, 100),
        (NOON, 120),
        (NOON + MINUTE, 100),
    ]
    assert parse_klines_of_one(written([ROW]), QQQ) == ({"QQQ": [BAR]}, 0)


@pytest.mark.parametrize(
    "row",
    [
        {key: str(value) for key, value in ROW.items()},
        ROW | {"t": NOON // 1000},
        ROW | {"t": float(NOON)},
        ROW | {"s": "QQQ$US", "type": "kline@5", "r": None, "x": {"y": [1]}},
    ],
    ids=["strings", "seconds", "float", "more"],
)
def test_a_bar_may_be_written_otherwise(row: dict[str, Any]) -> None:
    for key in ("qqq", "QQQ$US", "QQQ"):
        assert parse_klines(written({key: [row]}), "US") == ({"QQQ": [BAR]}, 0)


def test_a_bar_without_volume_stands_and_what_is_none_is_counted() -> None:
    bare = ROW | {"v": None, "tu": None}
    strange = [{}, 7, None, ROW | {"t": None}, ROW | {"h": "x"}]
    found, unread = parse_klines(written({"QQQ": [bare, *strange], "\x1b": [ROW]}), "US")
    assert [(bar.volume, bar.turnover) for bar in found["QQQ"]] == [(0, None)]
    assert found.keys() == {"QQQ"} and unread == 5


@pytest.mark.parametrize("order", [1, -1], ids=["oldest first", "newest first"])
@pytest.mark.parametrize("bad", [b"", b'{"c":1e999},', b'{"n":"\xb9"},'], ids=["all good", "out of range", "latin"])
async def test_of_more_bars_than_are_asked_for_the_newest_are_kept_and_nothing_waits_for_them(
    bad: bytes, order: int
) -> None:
    """As of one fund, 6 MB of them: none of it may take the interpreter for long, for the screen needs it too."""
    times = [NOON + n * MINUTE for n in range(130_000)][::order]
    row = b'{"o":1,"h":1,"l":1,"c":1,"t":%d,"v":1}'
    data = b"[%b%b]" % (bad, b",".join([row % time for time in times]))
    (found, unread), waited = await while_turning(asyncio.to_thread(parse_klines_of_one, data, QQQ))
    assert [bar.time for bar in found["QQQ"]] == sorted(times)[-MOST_BARS:]
    assert unread == bool(bad)
    assert waited < 0.1, f"the loop waited for {1000 * waited:.0f} ms of work"  # some 20, and 30 on a slow machine


OUT_OF_RANGE = [b"1e999", b"1" * 5000]


@pytest.mark.parametrize("value", OUT_OF_RANGE, ids=["float", "int"])
def test_a_row_that_cannot_be_read_costs_no_other(value: bytes) -> None:
    good, bad = written(ROW), b'{"c":' + value + b"}"
    assert parse_klines(b'{"QQQ":[%b,%b],"SPY":[%b]}' % (bad, good, bad), "US") == ({"QQQ": [BAR]}, 2)
    assert parse_klines_of_one(b"[%b,%b]" % (good, bad), QQQ) == ({"QQQ": [BAR]}, 1)
    quote = b'{"ld":561.5}'
    found, unread = parse_quotes(b'{"QQQ":%b,"SPY":{"ld":%b}}' % (quote, value), "US")
    assert (found, unread) == ({"QQQ": Quote(561.5, symbol="QQQ$US")}, 1)
    assert parse_funds(b'[{"c":"QQQ","n":"Q"},{"c":"SPY","n":%b}]' % value, "US") == ([ListedFund("QQQ", "Q")], 1)


@pytest.mark.parametrize("levels", [10, 1_100, 20_000])
def test_a_row_of_many_levels_costs_no_other(levels: int) -> None:
    def read(data: bytes) -> bytes:
        return bytes(parse_envelope(b'{"code":0,"data":%b}' % data).data)

    good, bad = written(ROW), b"[" * levels + b"]" * levels
    # It may stand far behind: of an honest answer of 3 MB it is the last row.
    assert parse_klines(read(b'{"QQQ":[%b%b]}' % ((good + b",") * 30_000, bad)), "US") == ({"QQQ": [BAR]}, 1)
    assert parse_klines_of_one(read(b"[%b,%b]" % (bad, good)), QQQ) == ({"QQQ": [BAR]}, 1)
    assert parse_quotes(read(b'{"SPY":%b,"QQQ":{"ld":561.5}}' % bad), "US") == (
        {"QQQ": Quote(561.5, symbol="QQQ$US")},
        1,
    )
    assert parse_funds(read(b'[%b,{"c":"QQQ","n":"Q"}]' % bad), "US") == ([ListedFund("QQQ", "Q")], 1)


def test_codes_of_hong_kong_may_have_leading_zeros() -> None:
    for key in ("02800", "2800", "02800$HK", "02800.HK"):
        assert list(parse_klines(written({key: [ROW]}), "HK")[0]) == ["2800"]
        assert list(parse_quotes(written({key: {"ld": 20.1}}), "HK")[0]) == ["2800"]
    assert parse_funds(written([{"c": "02800", "n": "Tracker"}]), "HK") == ([ListedFund("2800", "Tracker")], 0)


def test_nothing_known_is_no_error() -> None:
    assert parse_klines(b"null", "US") == ({}, 0)
    assert parse_quotes(b"null", "US") == ({}, 0)
    assert parse_klines_of_one(b"null", QQQ) == ({}, 0)
    assert parse_funds(b"null", "US") == ([], 0)
    assert parse_quotes(b'{"QQQ":null}', "US") == ({}, 0)


def test_a_quote_is_as_the_stream_has_it() -> None:
    row = {"s": "QQQ", "ld": "561.5", "o": 560, "p": 559.0, "t": NOON, "ts": 0, "chp": None, "type": "tick"}
    found, unread = parse_quotes(written({"QQQ": row, "SPY": {"ld": "none"}, "": row}), "US")
    assert unread == 2
    assert found == {"QQQ": Quote(561.5, 560.0, time=NOON, previous_close=559.0, status=0, symbol="QQQ$US")}


def test_a_list_of_funds_is_clean() -> None:
    hostile = "Invesco\x1b[2J \u202eQQQ"
    listed = [
        {"c": "QQQ", "n": hostile, "t": "fund", "e": "NASDAQ", "s": None, "l": "…"},
        {"c": "brk.b", "n": None},
        {"c": "Q\x1bQ", "n": "no code"},
    ]
    expected = [ListedFund("QQQ", "Invesco�[2J �QQQ"), ListedFund("BRK.B", "")]
    assert parse_funds(written(listed), "US") == (expected, 1)
    assert parse_funds(written([*listed, {"n": "no code at all"}, 3, {"c": 5}]), "US") == (expected, 4)


@given(st.binary(max_size=60) | anything.map(written))
def test_any_bytes_are_an_answer_or_malformed(data: bytes) -> None:
    for read in (
        lambda: parse_klines(data, "US"),
        lambda: parse_quotes(data, "US"),
        lambda: parse_funds(data, "US"),
        lambda: parse_envelope(data),
    ):
        with contextlib.suppress(MalformedMessage):
            read()


@settings(max_examples=40)
@given(st.dictionaries(st.text(max_size=3), st.lists(anything, max_size=4), max_size=3))
def test_any_rows_are_bars_in_order_or_counted(raw: dict[str, Any]) -> None:
    found, _ = parse_klines(written(raw), "US")
    for code, bars in found.items():
        times = [bar.time for bar in bars]
        assert times == sorted(set(times)) and {bar.symbol for bar in bars} == {code}
