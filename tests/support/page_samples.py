"""The samples of the vendor's page, without their `//` comments, what they mean, and frames made like them."""

from __future__ import annotations

import json
from typing import Any

from tui.protocol.decoder import decode
from tui.protocol.messages import (
    AuthReply,
    Depth,
    Hello,
    Kline,
    Level,
    Message,
    Ping,
    Pong,
    PongData,
    Quote,
    Subscribe,
    SubscribeReply,
    Tick,
)

HELLO = """{
"code":1,
"msg": "Connected Successfully"
}"""


AUTH_OK = """{
"code":1,
"resAc":"auth",
"msg": "authenticated"
}"""


AUTH_FAILED = """{
"code":0,
"resAc":"auth",
"msg": "auth failed"
}"""


SUBSCRIBE = """{
"ac":"subscribe",
"params":"QQQ$US,SPY$US",
"types":"quote"
}"""


SUBSCRIBE_OK = """{
"code":1,
"resAc":"subscribe",
"msg": "subscribe Successfully"
}"""


SUBSCRIBE_OVER_LIMIT = """{
"code":0,
"resAc":"subscribe",
"msg": "exceeding the maximum subscription limit"
}"""


SUBSCRIBE_UNRESOLVED = """{
"code":0,
"resAc":"subscribe",
"msg": "cannot be resolved action"
}"""


TICK = """{
"code": 1,
"data": {
"s": "QQQ$US",
"ld": 3034.21,
"v": 16742235,
"t": 1731689407000,
"type": "tick"
}
}"""


QUOTE = """{
"code": 1,
"data": {
"s": "QQQ$US",
"ld": 3034.15,
"o": 3034.27,
"h": 3034.92,
"l": 3034.44,
"t": 1731689407000,
"v": 16742235,
"tu": 3774688301.452,
"type": "quote"
}
}"""


DEPTH = """{
"code": 1,
"data": {
"s": "QQQ$US",
"a": [
{
"po": 1,
"p": 3034.01,
"v": 10.6023,
"o": 10.6023
}
],
"b": [
{
"po": 1,
"p": 3034,
"v": 20.9758,
"o": 20.9758
}
],
"type": "depth"
}
}"""


KLINE = """{
"code": 1,
"data": {
"tu": 157513,
"c": 3059.39,
"t": 1731660060000,
"v": 28,
"h": 3061.41,
"l": 3055.24,
"o": 3055.36,
"type": "kline@1",
"s": "QQQ",
"r": "US"
}
}"""


PING = """{
"ac":"ping",
"params":"1731688569840"
}"""


PONG = """{
"resAc":"pong",
"data": {"params":"1731688569840"}
}"""


SENT_BY_THE_SERVER = {
    HELLO: Hello(code=1, msg="Connected Successfully"),
    AUTH_OK: AuthReply(code=1, msg="authenticated"),
    AUTH_FAILED: AuthReply(code=0, msg="auth failed"),
    SUBSCRIBE_OK: SubscribeReply(code=1, msg="subscribe Successfully"),
    SUBSCRIBE_OVER_LIMIT: SubscribeReply(code=0, msg="exceeding the maximum subscription limit"),
    SUBSCRIBE_UNRESOLVED: SubscribeReply(code=0, msg="cannot be resolved action"),
    TICK: Tick(symbol="QQQ$US", last=3034.21, volume=16742235, time=1731689407000),
    QUOTE: Quote(
        symbol="QQQ$US",
        last=3034.15,
        open=3034.27,
        high=3034.92,
        low=3034.44,
        time=1731689407000,
        volume=16742235,
        turnover=3774688301.452,
    ),
    DEPTH: Depth(
        symbol="QQQ$US",
        asks=[Level(price=3034.01, volume=10.6023, level=1)],
        bids=[Level(price=3034, volume=20.9758, level=1)],
    ),
    KLINE: Kline(
        symbol="QQQ",
        region="US",
        open=3055.36,
        high=3061.41,
        low=3055.24,
        close=3059.39,
        time=1731660060000,
        volume=28,
        turnover=157513,
    ),
    PONG: Pong(data=PongData(params="1731688569840")),
}


SENT_BY_THE_CLIENT = {
    SUBSCRIBE: Subscribe(params="QQQ$US,SPY$US", types="quote"),
    PING: Ping(params="1731688569840"),
}


def frame(**data: Any) -> bytes:
    return json.dumps({"code": 1, "data": data}).encode()


QUOTE_ROW = {"s": "QQQ$US", "ld": 3034.15, "t": 1731689407000, "type": "quote"}


def a_quote(**fields: Any) -> bytes:
    return frame(**QUOTE_ROW | fields)


def only(message: bytes) -> Message:
    (one,) = decode(message)
    return one


def quote_with(**fields: Any) -> Quote:
    quote = only(a_quote(**fields))
    assert isinstance(quote, Quote)
    return quote
