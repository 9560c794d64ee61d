"""The vendor's messages in both directions, one Struct each.

Source: the vendor's page "WebSocket API for Fund Real-Time Quotes", https://docs.itick.org/websocket/fund, below and
elsewhere cited as "page, step N". An attribute has the field's usual name, the vendor's short name is that on the wire.
Prices are in the symbol's trade currency, volumes in units of the fund (shares), times in ms UTC.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Struct, field

from tui.protocol.relay_status import RelayStatus

MAX_SYMBOLS = 500  # page, step 3: of one connection, types not counted
MAX_LEVELS = 1_000  # of one side of a book; the page shows ten
MAX_ROWS = 3_000  # of a list in one frame: twice MAX_SYMBOLS times four types

CONNECTED = "Connected Successfully"
AUTHENTICATED = "authenticated"
AUTH_FAILED = "auth failed"
SUBSCRIBED = "subscribe Successfully"
OVER_LIMIT = "exceeding the maximum subscription limit"
UNRESOLVED = "cannot be resolved action"

# Bounds of what a market can have. They are constraints of the types, which the decoder checks at no extra cost, so
# that no figure derived from these numbers overflows, is NaN, or needs more digits than a screen has.
MIN_PRICE = 1e-6
"""A lower price means no price, as 0 does: the cheapest fund, in any currency, costs a thousand times as much."""
MAX_PRICE = 1e12  # a bitcoin in rials is 1e11, the most expensive share in dong 2e10
MAX_UNITS = 1e15  # the cheapest tokens trade 1e14 units a day, all funds of a region some 1e10
MAX_TURNOVER = 1e18  # 1e11 dollars in one fund on its busiest day, in the weakest currency: 1e17
MIN_TIME, MAX_TIME = 10**11, 10**13  # ms UTC: from 1973 up to but not including 2286
MAX_PERCENT = 1e9  # an unadjusted reverse split of a thousand to one is +100,000 %

Price: TypeAlias = Annotated[float, Meta(ge=0, le=MAX_PRICE)]
Size: TypeAlias = Annotated[float, Meta(ge=0, le=MAX_UNITS)]
Turnover: TypeAlias = Annotated[float, Meta(ge=0, le=MAX_TURNOVER)]
PriceChange: TypeAlias = Annotated[float, Meta(ge=-MAX_PRICE, le=MAX_PRICE)]
PercentChange: TypeAlias = Annotated[float, Meta(ge=-100, le=MAX_PERCENT)]
Time: TypeAlias = Annotated[int, Meta(ge=MIN_TIME, lt=MAX_TIME)]


# --- data messages of the server (page, step 4) ---


class _Push(Struct, tag_field="type", gc=False, omit_defaults=True, kw_only=True):
    """The fields common to data messages. `symbol` and `region` are unchanged: `QQQ$US` alone, or `QQQ` and `US`."""

    symbol: str = field(name="s")
    region: str | None = field(name="r", default=None)


class Tick(_Push, tag="tick", gc=False, omit_defaults=True):
    """A trade (page: Trade Response Content). `volume` may be the trade's or the day's: the page does not say, its
    sample equals the day's. `side`, that of the aggressor (2 buy, 1 sell), is not on the page."""

    last: Price = field(name="ld")
    volume: Size | None = field(name="v", default=None)
    time: Time = field(name="t", default=0)
    side: int | None = field(name="d", default=None)


class Quote(_Push, tag="quote", gc=False, omit_defaults=True):
    """The day's figures (page: Quote Response Content). The fields from `previous_close` on are not on the page and
    optional (`change_percent` -1.17 is -1.17 %, `status` 0 normal, 1 suspended, 2 delisted, 3 circuit breaker)."""

    last: Price = field(name="ld")
    open: Price | None = field(name="o", default=None)
    high: Price | None = field(name="h", default=None)
    low: Price | None = field(name="l", default=None)
    time: Time = field(name="t", default=0)
    volume: Size | None = field(name="v", default=None)
    turnover: Turnover | None = field(name="tu", default=None)
    previous_close: Price | None = field(name="p", default=None)
    change: PriceChange | None = field(name="ch", default=None)
    change_percent: PercentChange | None = field(name="chp", default=None)
    status: int | None = field(name="ts", default=None)
    iopv: Price | None = None
    nav: Price | None = None


class Level(Struct, gc=False, omit_defaults=True):
    """One level of a book, as far as it is decoded. `level` counts from 1 at the touch, 0 if it is not told; if prices
    contradict it, they count. The page's "Ask Size" and "Bid Size" equal `volume` in its sample."""

    price: Price = field(name="p")
    volume: Size = field(name="v")
    level: int = field(name="po", default=0)


class ServedLevel(Level, gc=False):
    """A level with all its fields, as a server sends it."""

    level: int = field(name="po")
    size: Size = field(name="o")


Levels: TypeAlias = Annotated[list[Level], Meta(max_length=MAX_LEVELS)]


class Depth(_Push, tag="depth", gc=False, omit_defaults=True):
    """An order book (page: Order Book Response Content), asks and bids from the touch outward. It carries no time."""

    asks: Levels = field(name="a")
    bids: Levels = field(name="b")


class Kline(_Push, tag="kline@1", gc=False, omit_defaults=True):
    """A bar (page: Kline Response Content). `time` is its opening minute; the bar in progress repeats with the same
    `time`. `interval` is the N of `kline@N` (1 is a minute, the only one the page promises); the decoder sets it."""

    open: Price = field(name="o")
    high: Price = field(name="h")
    low: Price = field(name="l")
    close: Price = field(name="c")
    time: Time = field(name="t")
    volume: Size = field(name="v", default=0.0)
    turnover: Turnover | None = field(name="tu", default=None)
    interval: int = field(name="@interval", default=1)


Push: TypeAlias = Tick | Quote | Depth | Kline
CLASSES: dict[str, type[Push]] = {"quote": Quote, "depth": Depth, "tick": Tick, "kline@1": Kline}
"""Struct by type name, in the order in which the types are subscribed to."""
TYPES = tuple(CLASSES)
TYPE_OF = {kind: name for name, kind in CLASSES.items()}


# --- replies of the server (page, steps 1, 2, 3 and 5) ---


class Hello(Struct):
    """The greeting (page, step 1), or any other message without `resAc` and `data`. `code` 1 is success, 0 an error."""

    code: int
    msg: str = ""


class AuthReply(Struct, tag_field="resAc", tag="auth"):
    """The reply to the key (page, step 2). `code` 1: authenticated; 0: the key is refused and the server closes."""

    code: int
    msg: str = ""


class SubscribeReply(Struct, tag_field="resAc", tag="subscribe", omit_defaults=True):
    """The reply to a subscription (page, step 3), which names neither symbols nor types. `code` 0 comes with OVER_LIMIT
    or UNRESOLVED in `msg`. A relay of ours names in `over` those that are over the limit, as in a request: others may
    fit that follow them, because they are served already."""

    code: int
    msg: str = ""
    over: str = ""


class PongData(Struct):
    """The payload of a pong: `params` is the ping's, unchanged."""

    params: str


class Pong(Struct, tag_field="resAc", tag="pong"):
    """The reply to a ping (page, step 5)."""

    data: PongData


Reply: TypeAlias = Hello | AuthReply | SubscribeReply | Pong | RelayStatus
Message: TypeAlias = Push | Reply


# --- requests of the client (page, steps 3 and 5) ---


class Subscribe(Struct, tag_field="ac", tag="subscribe"):
    """A subscription (page, step 3). `params`: `QQQ$US,SPY$US`; `types`: one or more of `tick,quote,depth,kline@1`."""

    params: str
    types: str


class Ping(Struct, tag_field="ac", tag="ping"):
    """A ping (page, step 5). `params`: ms since the epoch, as a string."""

    params: str


Request: TypeAlias = Subscribe | Ping

_encoder = msgspec.json.Encoder()


def encode(message: Message | Request) -> bytes:
    """Returns the frame for a message, as its sender would send it: pushes are wrapped in `{"code":1,"data":…}`."""
    if isinstance(message, Tick | Quote | Depth | Kline):
        return _encoder.encode({"code": 1, "data": message})
    return _encoder.encode(message)
