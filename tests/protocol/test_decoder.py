"""Frames of any bytes: messages, or malformed and of which kind."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.page_samples import (
    QUOTE,
    SENT_BY_THE_SERVER,
    TICK,
    only,
)
from tui.errors import MalformedMessage
from tui.protocol.decoder import decode, decode_request
from tui.protocol.messages import (
    AuthReply,
    Depth,
    Hello,
    Kline,
    Level,
    Message,
    Pong,
    Quote,
    SubscribeReply,
    Tick,
    encode,
)


@pytest.mark.parametrize("wrong", [b"", b"\xff", b"[]", b'{"ac":"dance"}', b'{"ac":"ping","params":7}', b"[" * 100_000])
def test_a_request_that_is_none_is_malformed(wrong: bytes) -> None:
    with pytest.raises(MalformedMessage):
        decode_request(wrong)


@pytest.mark.parametrize("msg", [{}, {"msg": None}], ids=["missing", "null"])
@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ({"code": 1}, Hello(code=1)),
        ({"code": 1, "resAc": None, "data": None}, Hello(code=1)),
        ({"code": "1", "resAc": "auth"}, AuthReply(code=1)),
        ({"code": 0, "resAc": "subscribe"}, SubscribeReply(code=0)),
    ],
    ids=["hello", "hello with nulls", "auth", "subscribe"],
)
def test_a_reply_needs_no_words(reply: dict[str, Any], msg: dict[str, Any], message: Message) -> None:
    assert only(json.dumps(reply | msg).encode()) == message


def test_data_may_be_a_list() -> None:
    tick, quote = (json.loads(sample)["data"] for sample in (TICK, QUOTE))
    batch = json.dumps({"code": 1, "data": [tick, quote]}).encode()
    assert decode(batch) == (SENT_BY_THE_SERVER[TICK], SENT_BY_THE_SERVER[QUOTE])


def test_an_empty_list_is_no_message() -> None:
    assert decode(b'{"code":1,"data":[]}') == ()


def test_one_bad_item_of_a_list_does_not_take_the_good_ones_with_it() -> None:
    tick, quote = (json.loads(sample)["data"] for sample in (TICK, QUOTE))
    with pytest.raises(MalformedMessage) as caught:
        decode(json.dumps({"code": 1, "data": [tick, {"type": "tick", "s": "QQQ$US"}, quote]}).encode())
    assert caught.value.kind == "tick"
    assert caught.value.salvaged == (SENT_BY_THE_SERVER[TICK], SENT_BY_THE_SERVER[QUOTE])


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02", "not JSON"),
        (b"GET / HTTP/1.1", "not JSON"),
        (b'"\xff"', "not UTF-8"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"code":1,"data":' + b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
        (b'{"data":[' + b"1," * 900_000 + b"1]}", "too many rows"),
        (b'{"data":[' + b"1e999," * 300_000 + b"1]}", "too many rows"),
        (b'{"data":{"type":"quote","s":"QQQ$US","ld":1e999,"x":"' + b"x" * 70_000 + b'"}}', "too large"),
        (b"[]", "not an object"),
        (b"null", "not an object"),
        (b"17", "not an object"),
        (b"1" * 5000, "not an object"),
        (b"\xff", "not UTF-8"),
        (b'{"code":1e999}', "unknown message"),
        (b'{"resAc":"pong","data":{"params":"1"},"x":1e999}', "no type"),
        (b'{"code":1,"data":{"type":"quote","s":"QQQ$US","tu":1e999}}', "quote"),
        (b'{"code":1,"data":{"type":"kline@1","s":"QQQ$US","v":' + b"1" * 5000 + b"}}", "kline"),
        (b'{"code":1,"data":{"type":"quote","s":"QQQ\xff$US","ld":1}}', "not UTF-8"),
        (b'{"code":1,"data":{"type":"news","x":1e999}}', "unknown type"),
        (b'{"code":1,"data":{"x":' + b"1" * 5000 + b"}}", "no type"),
        (b'{"code":1,"data":[1e999]}', "no type"),
        (b'{"code":1,"data":[{"type":"quote"}', "not JSON"),
        (b"{}", "unknown message"),
        (b'{"code":{},"msg":"hello"}', "unknown message"),
        (b'{"code":1,"resAc":"unsubscribe","msg":"no action"}', "unknown reply"),
        (b'{"resAc":{"a":1}}', "unknown reply"),
        (b'{"resAc":"pong","data":{}}', "unknown reply"),
        (b'{"code":1,"data":7}', "no type"),
        (b'{"code":1,"data":{}}', "no type"),
        (b'{"code":1,"data":[[]]}', "no type"),
        (b'{"code":1,"data":{"type":"news","s":"QQQ$US"}}', "unknown type"),
        (b'{"code":1,"data":{"type":"kline@","s":"QQQ$US"}}', "unknown type"),
        (b'{"code":1,"data":{"type":"kline@x","s":"QQQ$US"}}', "unknown type"),
        (b'{"code":1,"data":{"type":["quote"],"s":"QQQ$US"}}', "no type"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_no_message_says_what_it_is(wrong: bytes, kind: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        decode(wrong)
    assert caught.value.kind == kind
    assert caught.value.salvaged == ()


@pytest.mark.parametrize(
    "frame",
    [
        b'"' + rb"\"" * 1_000_000,
        b'["' * 1_000_000,
        b'{"data":[' + b"[]," * 600_000 + b"[]]}",
        b'{"data":[' + b'{"type":"tick"},' * 9_999 + b"1]}",
        b'{"data":{"type":"depth","s":"QQQ$US","a":[' + b'{"p":"1","v":"1"},' * 100_000 + b"1]}}",
        b'{"data":{"type":"quote","s":"QQQ$US","ld":"1",' + b'"x":1,' * 300_000 + b'"y":1}}',
        b'{"data":[' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"]}",
        b'{"data":[' + (b"[" * 1_100 + b"]" * 1_100 + b",") * 900 + b"1]}",
        b'{"data":[' + b"[1," * 600_000,
        b'{"data":[' + b'["' * 900_000,
    ],
    ids=["quotation marks", "beginnings", "lists", "bad rows", "levels", "fields", "deep", "deep rows", "open", "text"],
)
def test_the_costliest_frame_of_two_megabytes_is_read_in_a_fraction_of_a_second(frame: bytes) -> None:
    """A key pressed meanwhile waits for it. One string without an end once took a minute."""
    began = time.thread_time()
    with suppress(MalformedMessage):
        decode(frame)
    assert time.thread_time() - began < 0.4


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (b'{"type":"quote","s":"SPY$US","ld":1,"tu":1e999}', "quote"),
        (b'{"type":"tick","s":"SPY$US","ld":1e999}', "tick"),
        (
            b'{"type":"kline@5","s":"SPY$US","o":1,"h":1,"l":1,"c":1,"t":1731689407000,"v":' + b"1" * 5000 + b"}",
            "kline",
        ),
        (b'{"type":"depth","s":"SPY$US","a":[{"p":1,"v":-1e999}],"b":[]}', "depth"),
        (b'{"type":"quote","s":"SPY\xff$US","ld":1}', "not UTF-8"),
        (b'{"type":"quote","s":' + b"[" * 300 + b"]" * 300 + b"}", "quote"),
    ],
    ids=["quote", "tick", "kline", "depth", "text", "deep"],
)
def test_an_undecodable_row_is_counted_by_its_kind_and_costs_no_other(wrong: bytes, kind: str) -> None:
    good = b'{"type":"tick","s":"QQQ$US","ld":500.25}'
    for rows in ((good, wrong), (wrong, good)):
        with pytest.raises(MalformedMessage) as caught:
            decode(b'{"code":1,"data":[' + b",".join(rows) + b"]}")
        assert caught.value.kind == kind
        assert caught.value.salvaged == (Tick(500.25, symbol="QQQ$US"),)


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(0, 10**13)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "QQQ$US", "1.5", "-1", "inf", "nan", "1731689407000", "kline@5"])
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
)


json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)


levels = st.lists(
    st.dictionaries(st.sampled_from(["po", "p", "v", "o", "x"]), json_values, max_size=5) | json_values, max_size=3
)


pushes = st.builds(
    lambda kind, fields, sides: {**fields, **sides, "type": kind},
    st.sampled_from(["tick", "quote", "depth", "kline@1", "kline@5", "kline@1234567", "news"]),
    st.dictionaries(
        st.sampled_from(
            [
                "s",
                "r",
                "ld",
                "o",
                "h",
                "l",
                "t",
                "v",
                "tu",
                "p",
                "ch",
                "chp",
                "ts",
                "d",
                "iopv",
                "nav",
                "c",
                "po",
                "x",
                "@interval",
            ]
        ),
        json_values,
    ),
    st.dictionaries(st.sampled_from("ab"), levels | json_values),
)


almost_messages = st.builds(
    lambda code, reply, data, msg: {"code": code, **reply, **data, **msg},
    scalars,
    st.just({}) | st.fixed_dictionaries({"resAc": st.sampled_from(["auth", "subscribe", "pong"]) | json_values}),
    st.just({})
    | st.fixed_dictionaries({"data": pushes | st.lists(pushes | json_values, max_size=3) | json_values})
    | st.fixed_dictionaries({"data": st.fixed_dictionaries({"params": json_values})}),
    st.just({}) | st.fixed_dictionaries({"msg": json_values}),
)


MESSAGES = (Tick, Quote, Depth, Kline, Hello, AuthReply, SubscribeReply, Pong)


def read(data: bytes) -> tuple[Any, ...]:
    """All that a frame gives; anything but MalformedMessage fails the test."""
    try:
        return decode(data)
    except MalformedMessage as error:
        assert error.kind
        assert all(isinstance(message, Tick | Quote | Depth | Kline) for message in error.salvaged)
        return error.salvaged


@given(st.binary(max_size=64))
@example(b'{"code":1,"data":{"type":"quote","s":"A","ld":' + b"1" * 5000 + b"}}")
def test_any_bytes_read_as_messages_or_as_malformed(data: bytes) -> None:
    assert all(isinstance(message, MESSAGES) for message in read(data))


@given(json_values | almost_messages)
def test_any_json_reads_as_messages_or_as_malformed(value: Any) -> None:
    for message in read(json.dumps(value).encode()):
        assert isinstance(message, MESSAGES)


amounts = st.floats(0, 1e12)


times = st.integers(1_500_000_000_000, 2_000_000_000_000)


maybe = st.none() | amounts


@given(
    st.builds(
        Tick, symbol=st.just("QQQ$US"), last=amounts, volume=maybe, time=times, side=st.sampled_from([None, 1, 2])
    )
    | st.builds(Quote, symbol=st.just("QQQ$US"), last=amounts, open=maybe, volume=maybe, time=times, iopv=maybe)
    | st.builds(
        Kline,
        symbol=st.just("QQQ"),
        region=st.just("US"),
        open=amounts,
        high=amounts,
        low=amounts,
        close=amounts,
        time=times,
    )
    | st.builds(
        Depth,
        symbol=st.just("QQQ$US"),
        asks=st.lists(st.builds(Level, price=amounts, volume=amounts), max_size=5),
        bids=st.lists(st.builds(Level, price=amounts, volume=amounts), max_size=5),
    )
)
def test_what_is_encoded_decodes_to_itself(message: Message) -> None:
    assert decode(encode(message)) == (message,)
