"""The fields that the feed sends and this program does not know."""

from __future__ import annotations

import json
from typing import Any

from tests.support.messages import BOOK_B, bar, quote, tick
from tui.doctor.fields import UnknownFields
from tui.protocol.messages import encode


def words(*rows: Any) -> str:
    fields = UnknownFields()
    for row in rows:
        fields.look(row if isinstance(row, bytes) else json.dumps({"code": 1, "data": row}).encode())
    return fields.finding().words


def test_what_the_page_and_the_program_know_is_not_told() -> None:
    assert (
        words(*(encode(message) for message in (quote(1.0), tick(1.0), BOOK_B, bar(0))))
        == "all are known; no IOPV among them"
    )


def test_a_new_field_is_told_with_a_value_and_once() -> None:
    told = words(
        {"type": "quote", "s": "QQQ$US", "ld": 1, "iv": 4.128},
        {"type": "quote", "s": "QQQ$US", "ld": 1, "iv": 4.129},
        [{"type": "depth", "s": "QQQ$US", "a": [{"po": 1, "p": 1, "v": 1, "o": 1, "n": 7}], "b": []}],
    )
    assert told == "not known, and left out: quote.iv (as 4.128), depth.a.n (as 7); no IOPV among them"


def test_should_the_vendor_send_an_iopv_we_hear_of_it() -> None:
    assert words({"type": "quote", "s": "QQQ$US", "ld": 1, "iopv": 4.1}) == "all are known; the quotes have an IOPV"


def test_what_is_odd_is_survived_and_many_fields_are_cut() -> None:
    odd = [b"", b"\xff", b"[1]", b'{"data":[3,null,{"type":[]}]}', b'{"data":{"type":"depth","a":[4],"b":5}}']
    assert words(*odd) == "all are known; no IOPV among them"
    many = words({"type": "tick"} | {f"x{n}\x1b": "y" * 900 for n in range(60)})
    assert " and 32 more; " in many and "\x1b" not in many and len(many) < 400
