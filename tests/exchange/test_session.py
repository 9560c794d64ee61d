"""What the exchange answers, without a socket."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.exchange.session import Session, SessionReply
from tui.protocol.messages import SUBSCRIBED, UNRESOLVED, encode
from tui.secrets import Token
from tui.symbol import Symbol

QQQ, SPY = Symbol("QQQ", "US"), Symbol("SPY", "US")
UNRESOLVED_REPLY = {"code": 0, "resAc": "subscribe", "msg": "cannot be resolved action"}


def authenticated(max_symbols: int = 500) -> Session:
    session = Session(None, max_symbols)
    assert session.authenticate(Token("any")).code == 1
    return session


def reply_fields(answer: SessionReply) -> dict[str, object]:
    assert answer.reply is not None
    reply: dict[str, object] = json.loads(encode(answer.reply))
    return reply


def request(session: Session, **request: object) -> dict[str, object]:
    return reply_fields(session.receive(json.dumps(request).encode()))


def test_subscribing_adds_and_only_what_is_new_starts() -> None:
    session = authenticated()
    first = session.receive(b'{"ac":"subscribe","params":"QQQ$US,SPY$US","types":"quote,tick"}')
    assert first.reply == msgspec.convert({"resAc": "subscribe", "code": 1, "msg": SUBSCRIBED}, type(first.reply))
    assert first.started == ((QQQ, "quote"), (QQQ, "tick"), (SPY, "quote"), (SPY, "tick"))
    again = session.receive(b'{"ac":"subscribe","params":"QQQ$US,SPY$US","types":"tick,depth,depth"}')
    assert again.started == ((QQQ, "depth"), (SPY, "depth"))
    assert session.subscribed == {symbol: {"quote", "tick", "depth"} for symbol in (QQQ, SPY)}


@pytest.mark.parametrize(
    "request_",
    [
        {"ac": "subscribe", "params": "QQQ$US", "types": ""},
        {"ac": "subscribe", "params": "QQQ$US", "types": "trades"},
        {"ac": "subscribe", "params": "QQQ$US", "types": "quote,trades"},
        {"ac": "subscribe", "params": "QQQ$US", "types": "kline@5"},
        {"ac": "subscribe", "params": "QQQ$US"},
        {"ac": "subscribe", "params": "", "types": "quote"},
        {"ac": "subscribe", "params": "QQQ", "types": "quote"},
        {"ac": "subscribe", "params": "qqq$us", "types": "quote"},
        {"ac": "subscribe", "params": "QQQ.US", "types": "quote"},
        {"ac": "subscribe", "params": "QQQ$US,", "types": "quote"},
        {"ac": "subscribe", "params": "QQQ$US, SPY$US", "types": "quote"},
        {"ac": "subscribe", "params": ["QQQ$US"], "types": "quote"},
        {"ac": "unsubscribe", "params": "QQQ$US", "types": "quote"},
        {"ac": "ping", "params": 1731688569840},
        {"params": "QQQ$US", "types": "quote"},
    ],
)
def test_what_cannot_be_resolved(request_: dict[str, object]) -> None:
    session = authenticated()
    assert request(session, **request_) == UNRESOLVED_REPLY
    assert session.subscribed == {}


@given(st.binary(max_size=60))
def test_any_bytes_have_an_answer(frame: bytes) -> None:
    answer = authenticated().receive(frame)
    assert reply_fields(answer) == UNRESOLVED_REPLY
    assert not answer.started and not answer.ping


def test_before_authentication_nothing_is_subscribed() -> None:
    session = Session(None, 500)
    assert request(session, ac="subscribe", params="QQQ$US", types="quote")["msg"] == UNRESOLVED
    assert session.subscribed == {}


def test_the_limit_counts_symbols_and_refuses_the_whole_request() -> None:
    session = authenticated(max_symbols=2)
    assert request(session, ac="subscribe", params="QQQ$US", types="quote,tick,depth")["code"] == 1
    over = request(session, ac="subscribe", params="SPY$US,DIA$US", types="quote")
    assert over == {"code": 0, "resAc": "subscribe", "msg": "exceeding the maximum subscription limit"}
    assert session.subscribed.keys() == {QQQ}
    assert request(session, ac="subscribe", params="SPY$US,QQQ$US,SPY$US", types="kline@1")["code"] == 1


@given(st.text(max_size=40))
def test_a_pong_echoes_the_ping_to_the_letter(params: str) -> None:
    answer = authenticated().receive(json.dumps({"ac": "ping", "params": params}).encode(errors="surrogatepass"))
    assert answer.ping
    assert reply_fields(answer) == {"resAc": "pong", "data": {"params": params}}


@pytest.mark.parametrize(
    ("key", "token", "accepted"),
    [
        (None, "anything", True),
        (None, "", False),
        ("right", "right", True),
        ("right", "wrong", False),
        ("right", "", False),
        ("right", "righ\udcff", False),
    ],
)
def test_keys(key: str | None, token: str, accepted: bool) -> None:
    session = Session(None if key is None else Token(key), 500)
    assert session.authenticate(Token(token)).code == accepted
    assert session.authenticated is accepted
