"""JSON that msgspec refuses, and how little of a frame it costs."""

from __future__ import annotations

import time

import pytest

from tests.support.page_samples import (
    only,
)
from tui.errors import MalformedMessage
from tui.protocol.decoder import decode
from tui.protocol.json_repair import repair_text
from tui.protocol.messages import (
    AuthReply,
    Quote,
    Tick,
)

DEEP = [10, 1_100, 10_500]  # how many msgspec reads, depends on Python: up to ten thousand
NESTS = [(b"[", b"1", b"]"), (b'{"a":', b"1", b"}"), (rb'[{"]\"[":', b'"}"', b"}]")]


@pytest.mark.parametrize("levels", DEEP)
@pytest.mark.parametrize("nest", NESTS, ids=["lists", "objects", "both"])
def test_a_row_of_many_levels_costs_no_other(levels: int, nest: tuple[bytes, bytes, bytes]) -> None:
    begin, middle, end = nest
    deep = begin * levels + middle + end * levels
    good = b'{"type":"tick","s":"QQQ$US","ld":500.25}'
    tick = Tick(500.25, symbol="QQQ$US")
    for wrong in (deep, b'{"type":"tick","s":"SPY$US","ld":%b}' % deep, b'{"type":%b}' % deep):
        for rows in ((good, wrong), (wrong, good), (good, wrong, wrong, good)):
            with pytest.raises(MalformedMessage) as caught:
                decode(b'{"code":1,"data":[' + b",".join(rows) + b"]}")
            assert caught.value.salvaged == (tick,) * rows.count(good)
            if levels != 1_100:
                assert (caught.value.kind == "nested too deep") is (levels > 1_000)
    # In a field that nobody reads it is as good as anything else there.
    assert decode(b'{"code":1,"data":[%b,%b]}' % (good[:-1] + b',"x":%b}' % deep, good)) == (tick, tick)


@pytest.mark.parametrize("name", [rb"Fund \ud83d", rb"\udc00\ud83d", b"\xc3\xdc"], ids=["half", "halves", "GBK"])
def test_a_name_that_is_cut_off_or_of_another_encoding_costs_nothing_else(name: bytes) -> None:
    quote = b'{"type":"quote","s":"QQQ$US","ld":1,"n":"%b"}' % name
    for rows in (quote, b"[%b,%b]" % (quote, quote), quote.replace(b":1,", b':"1",')):
        messages = decode(b'{"code":1,"data":%b}' % rows)
        assert len(messages) == rows.count(b"type")
        assert all(isinstance(message, Quote) and message.last == 1 for message in messages)


@pytest.mark.parametrize("code", [0, 1])
def test_an_answer_to_the_key_is_read_whatever_encoding_its_words_have(code: int) -> None:
    reply = only(b'{"code":%d,"resAc":"auth","msg":"%b"}' % (code, "密钥无效".encode("gbk")))
    assert isinstance(reply, AuthReply) and reply.code == code


@pytest.mark.parametrize("end", [b"", b"\\", b"\n"], ids=["nothing", "backslash", "line"])
def test_a_string_without_an_end_is_scanned_once(end: bytes) -> None:
    text = b'"' + b'\\"' * 200_000 + end
    begun = time.perf_counter()
    with pytest.raises(MalformedMessage) as caught:
        decode(text)
    assert caught.value.kind == "not JSON"
    assert time.perf_counter() - begun < 1.0  # a few ms; it was a minute


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        (rb"\ud83d\ude00 \\ud83d \n", rb"\ud83d\ude00 \\ud83d \n"),
        (rb"\\\ud83d", rb"\\\ufffd"),
        (rb"\ud83d\ud83d\ude00\ude00", rb"\ufffd\ud83d\ude00\ufffd"),
        (rb"\n\udc00\u0041", rb"\n\ufffd\u0041"),
    ],
)
def test_only_half_a_pair_of_surrogates_is_repaired(text: bytes, repaired: bytes) -> None:
    assert repair_text(text) == repaired


def test_data_that_is_hardly_text_is_not_repaired() -> None:
    names = b"\xb9" * 900_000
    assert repair_text(names) == "\ufffd".encode() * len(names)
    assert repair_text(no_text := b"\xff" * (6 << 20)) is no_text


@pytest.mark.parametrize("escape", [rb"\n", rb"\ud83d", rb"\\"])
def test_a_frame_full_of_escapes_holds_nothing_up(escape: bytes) -> None:
    text = b'{"data":["' + escape * ((2 << 20) // len(escape)) + rb'\ud83d",1e999]}'
    begun = time.process_time()
    with pytest.raises(MalformedMessage):
        decode(text)
    assert time.process_time() - begun < 0.5  # it was 0.7 on a fast machine; now 0.25


def test_data_with_very_many_halves_of_pairs_is_not_repaired() -> None:
    assert repair_text(rb"\ud83d" * 9_999) == rb"\ufffd" * 9_999
    assert repair_text(rb"\ud83d" * 10_000) == rb"\ud83d" * 10_000
