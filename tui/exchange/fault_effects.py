"""What each fault does, as the exchange asks while it serves: how a connection is to end, what a reply becomes, how a
message is written, which frames come unasked.

Faults combine, except for those of one question (how does this connection end, which answer does the handshake get):
they take turns, or the first one decides.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
from websockets.frames import Opcode

from tui.exchange.faults import FAULTS, chosen
from tui.protocol.messages import (
    UNRESOLVED,
    AuthReply,
    Depth,
    Hello,
    Kline,
    Level,
    Pong,
    PongData,
    Push,
    Quote,
    Reply,
    ServedLevel,
    SubscribeReply,
    Tick,
    encode,
)

LAG = -15 * 60_000  # ms
CLOCK_OFF = 3 * 60_000  # ms
PLAN_LIMIT = 3  # symbols
BURST = 100_000  # messages
ELSEWHERE = "wss://another.invalid/fund"
_REST_ELSEWHERE = "https://another.invalid/fund/quotes"
NO_ACTION = Hello(code=0, msg="no action")


class RefusedHandshake(NamedTuple):
    """An answer that opens no connection."""

    status: int
    text: str
    headers: tuple[tuple[str, str], ...] = ()


# The close code of an ending; None where there is no close frame.
ENDINGS = {
    "reset": None,
    "drop": None,
    "half-open": None,
    "idle-cut": None,
    "close-1000": 1000,
    "close-1001": 1001,
    "close-1011": 1011,
    "key-in-use": 1000,
}
UNAUTHORIZED = RefusedHandshake(HTTPStatus.UNAUTHORIZED, '{"message":"Invalid API key in request"}')
_HANDSHAKES = {
    "http-401": UNAUTHORIZED,
    "http-403": RefusedHandshake(HTTPStatus.FORBIDDEN, '{"message":"You cannot consume this service"}'),
    "http-404": RefusedHandshake(HTTPStatus.NOT_FOUND, '{"message":"no Route matched with those values"}'),
    "redirect": RefusedHandshake(HTTPStatus.FOUND, "", (("Location", ELSEWHERE),)),
}
_RESTS = {
    "rest-500": RefusedHandshake(HTTPStatus.INTERNAL_SERVER_ERROR, "<html><body>Internal Server Error</body></html>"),
    "rest-redirect": RefusedHandshake(HTTPStatus.FOUND, "", (("Location", _REST_ELSEWHERE),)),
    "rest-refused": RefusedHandshake(HTTPStatus.OK, '{"code":1,"msg":"permission denied: please upgrade","data":null}'),
    "rest-null": RefusedHandshake(HTTPStatus.OK, '{"code":0,"msg":null,"data":null}'),
}
_REST_GARBAGE = (
    "",
    "<html><body>maintenance</body></html>",
    "42",
    "[[[",
    "[" * 100_000,
    '{"code":0,"msg":null,"data":{"QQQ":[{"t":17',
    '{"code":0,"msg":null,"data":42}',
    '{"code":0,"msg":null,"data":"QQQ"}',
    '{"code":[],"msg":null,"data":[]}',
    '{"msg":"no code"}',
    "\x00\x1b[2J",
    '{"code":0,"msg":{},"data":[42]}',
)
_REFUSALS: dict[str, tuple[str, SubscribeReply | None]] = {
    "subscribe-silent": ("depth", None),
    "subscribe-unparsable": ("depth", SubscribeReply(code=0, msg=UNRESOLVED)),
    "depth-refused": ("depth", SubscribeReply(code=0, msg="permission denied: please upgrade your package")),
    "kline-refused": ("kline@1", SubscribeReply(code=0, msg="no permission for kline, premium package required")),
}
_BOOKS = ("crossed-book", "empty-book", "one-sided")
_BOOKS_SHARE = 0.4  # of their time, in which books are wrong
_AHEAD = 3_600_000  # ms
_TIMES: dict[str, Callable[[int], int]] = {
    "second-time": lambda time: time // 1_000,
    "microsecond-time": lambda time: time * 1_000,
    "nanosecond-time": lambda time: time * 1_000_000,
    "ahead-time": lambda time: time + _AHEAD,
}
_WRITINGS = frozenset({*_TIMES, "no-time", "strings", "lists", "spellings"})
_EXTREMES = (1.7e308, 5e-324, 1e300, 2.0**63, 1e12)  # the last is only improbable


class Unasked(NamedTuple):
    """A frame nobody asked for, and what it counts as."""

    opcode: Opcode
    payload: bytes
    kind: str = "malformed"


class FaultEffects:
    """The faults of one exchange. `every` (s), where given, takes the place of each fault's own time.

    Raises UsageError for a name that is none."""

    def __init__(self, names: Iterable[str] = (), every: float | None = None) -> None:
        self._every = every
        self._turn = itertools.count()
        self.choose(names)

    def choose(self, names: Iterable[str], every: float | None = None) -> None:
        """From now on these and no others. `every` (s), if given, replaces the one that was given before."""
        self.names = chosen(names)
        if every is not None:
            self._every = every
        self._endings = itertools.cycle([name for name in self.names if name in ENDINGS])
        self.refused = dict(_REFUSALS[name] for name in self.names if name in _REFUSALS)
        self.pong_delay = self.every("pong-late") if "pong-late" in self else 0.0
        self._books = [name for name in _BOOKS if name in self]
        self._writings = _WRITINGS.intersection(self.names)
        self.alters_data = bool(self._books or self._writings)
        self._ends: dict[str, float] = {}

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def every(self, name: str) -> float:
        """The time of a fault, in s."""
        return FAULTS[name].every if self._every is None else self._every

    # Connections and replies.

    def next_ending(self) -> str | None:
        """How the next connection is to end."""
        return next(self._endings, None)

    def handshake(self, now: float) -> RefusedHandshake | None:
        """The answer to a handshake at `now` (s, monotonic); None where it may go on."""
        if wait := self._closed_for("http-429", now):
            return overrun(wait)
        return next((_HANDSHAKES[name] for name in self.names if name in _HANDSHAKES), None)

    def rest(self, path: str, now: float) -> RefusedHandshake | None:
        """The answer to a call over REST at `now` (s, monotonic); None where it is told what it asks for."""
        if wait := self._closed_for("rest-429", now):
            return overrun(wait)
        if "rest-garbage" in self:
            return RefusedHandshake(HTTPStatus.OK, _REST_GARBAGE[next(self._turn) % len(_REST_GARBAGE)])
        if "rest-single" in self and path == "/fund/klines":
            return _HANDSHAKES["http-404"]
        return next((_RESTS[name] for name in self.names if name in _RESTS), None)

    def _closed_for(self, name: str, now: float) -> float:
        """Seconds for which a fault that ends by itself goes on; 0 where it is over, or not there."""
        if name not in self:
            return 0.0
        return max(0.0, self._ends.setdefault(name, now + self.every(name)) - now)

    def named(self, name: str) -> str:
        """A fund's name as it is told."""
        return name + HOSTILE[next(self._turn) % len(HOSTILE)] if "escapes" in self else name

    def pong(self, params: str) -> Pong | None:
        """The answer to a ping."""
        if "pong-missing" in self:
            return None
        return Pong(data=PongData(params=f"{params}0" if "pong-wrong" in self else params))

    def worded(self, reply: Reply) -> Reply:
        """A reply in the words the client gets."""
        if "escapes" in self and isinstance(reply, Hello | AuthReply | SubscribeReply):
            return msgspec.structs.replace(reply, msg=reply.msg + HOSTILE[next(self._turn) % len(HOSTILE)])
        return reply

    # Data.

    def altered(self, push: Push, now: float) -> Push:
        """What is told in place of a message at `now` (s, monotonic)."""
        if self._books and type(push) is Depth:
            cycle, phase = divmod(now / self.every(self._books[0]), 1)
            if phase < _BOOKS_SHARE:
                turn, index = divmod(int(cycle), len(self._books))
                return _wrong_book(push, self._books[index], turn)
        return push

    def payloads(self, pushes: Sequence[Push]) -> Iterator[tuple[bytes, int]]:
        """How messages of one symbol and type are written: the JSON of each frame, and how many messages it holds."""
        if not self._writings:
            yield from ((encode(push), 1) for push in pushes)
            return
        written = [self.written(push) for push in pushes]
        if "lists" in self:
            yield msgspec.json.encode({"code": 1, "data": written}), len(written)
        else:
            yield from ((msgspec.json.encode({"code": 1, "data": each}), 1) for each in written)

    def row(self, push: Push) -> dict[str, Any]:
        """A message's fields as REST has them."""
        if "rest-extreme" in self and (turn := next(self._turn)) % 3 == 0:
            push = extreme(push, turn // 3, _EXTREMES[:-1])  # nothing true comes after it
        return self.written(push)

    def written(self, push: Push) -> dict[str, Any]:
        """A message's fields as they are written."""
        data: dict[str, Any] = msgspec.to_builtins(push)
        turn = next(self._turn)
        if "t" in data:
            for name in _TIMES.keys() & self._writings:
                if name != "ahead-time" or type(push) is not Kline:
                    data["t"] = _TIMES[name](data["t"])
        if "no-time" in self and type(push) in (Tick, Quote):
            data.pop("t", None)
            if turn % 2:
                data["t"] = None
        if "spellings" in self:
            code, _, region = data["s"].partition("$")
            data |= respell(code, data.pop("r", region), turn)
        return _as_strings(data) if "strings" in self else data


def overrun(wait: float) -> RefusedHandshake:
    """Too many calls, or connections: no more of them for so many seconds."""
    headers = (("Retry-After", str(math.ceil(wait))),)
    return RefusedHandshake(HTTPStatus.TOO_MANY_REQUESTS, '{"message":"API rate limit exceeded"}', headers)


def respell(code: str, region: str, turn: int) -> dict[str, str]:
    """The fields of a symbol in one of its spellings. `$ARCX$` stands for any exchange."""
    return (
        {"s": f"{code}.{region}"},
        {"s": code.lower()},
        {"s": f"{code}${region}".lower()},
        {"s": f"{code}$ARCX${region}"},
        {"s": f"{code}${region}", "r": region},
        {"s": code, "r": region},
    )[turn % 6]


def older(push: Tick | Quote) -> Tick | Quote:
    """From 5 s earlier, when the price was another."""
    return msgspec.structs.replace(push, time=push.time - 5_000, last=round(push.last * 1.01, 3))


def ahead(push: Tick | Quote) -> Tick | Quote:
    """The same, dated an hour ahead."""
    return msgspec.structs.replace(push, time=push.time + _AHEAD)


def misdated(push: Tick | Quote, turn: int) -> Tick | Quote:
    """The same, at a time that cannot be its own."""
    times = (100_000_000_000, 9_999_999_999_999, push.time * 1_000, push.time * 1_000_000)
    return msgspec.structs.replace(push, time=times[turn % len(times)])


def extreme(push: Push, turn: int, numbers: Sequence[float] = _EXTREMES) -> Push:
    """The same, with finite numbers that no market has: for its prices, its sizes, or both."""
    number = numbers[turn % len(numbers)]
    size = number if number >= 1 else _EXTREMES[0]  # a tiny one does no harm
    prices, sizes = ((True, False), (False, True), (True, True))[turn % 3]
    if isinstance(push, Depth):
        asks, bids = (
            [msgspec.structs.replace(level, volume=size if sizes else level.volume) for level in side]
            for side in (push.asks, push.bids)
        )
        if prices:
            asks = [msgspec.structs.replace(level, price=number) for level in asks]
        return msgspec.structs.replace(push, asks=asks, bids=bids)
    changes: dict[str, float] = {}
    if prices:
        names = {Tick: ("last",), Quote: ("last", "high"), Kline: ("open", "high", "low", "close")}[type(push)]
        changes |= dict.fromkeys(names, number)
    if sizes:
        changes["volume"] = size
    return msgspec.structs.replace(push, **changes)


def padded(push: Push, size: int) -> bytes:
    """A message of `size` bytes and a little more, nearly all of them in a field nobody knows."""
    return msgspec.json.encode({"code": 1, "data": msgspec.to_builtins(push) | {"padding": "x" * size}})


def _wrong_book(depth: Depth, name: str, turn: int) -> Depth:
    if name == "empty-book":
        zeros: list[Level] = [ServedLevel(0, 0, index, 0) for index in range(1, 11)]
        return msgspec.structs.replace(depth, asks=zeros, bids=zeros)
    if name == "one-sided":
        return msgspec.structs.replace(depth, **{"asks" if turn % 2 else "bids": []})
    by = 2 * (depth.asks[0].price - depth.bids[0].price)
    bids = [msgspec.structs.replace(level, price=round(level.price + by, 3)) for level in depth.bids]
    return msgspec.structs.replace(depth, bids=bids)


def _as_strings(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_strings(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_strings(each) for each in value]
    return str(value) if isinstance(value, int | float) else value


def _tick(**fields: Any) -> bytes:
    return msgspec.json.encode({"code": 1, "data": {"s": "QQQ$US", "ld": 512.34, "v": 100, "type": "tick"} | fields})


MALFORMED = (
    Unasked(Opcode.TEXT, b'{"code":1,"data":{"s":"QQQ$US","ld":51'),
    Unasked(Opcode.BINARY, bytes(range(256))),
    Unasked(Opcode.TEXT, b""),
    Unasked(Opcode.TEXT, b"[" * 100_000),
    Unasked(Opcode.TEXT, b'{"code":1,"data":{"s":"Q\xff\xfe$US","ld":1,"type":"tick"}}'),
    Unasked(Opcode.TEXT, _tick(type="auction")),
    Unasked(Opcode.TEXT, _tick().replace(b"512.34", b"NaN")),
    Unasked(Opcode.TEXT, _tick().replace(b"512.34", b"1e400")),
    Unasked(Opcode.TEXT, _tick(v=-100)),
    Unasked(Opcode.TEXT, _tick(type="depth", a=[{"po": 1, "p": 512.35, "v": -1, "o": -1}], b=[])),
    Unasked(Opcode.TEXT, b"[" + _tick() + b"]"),
    Unasked(Opcode.TEXT, b"42"),
    Unasked(Opcode.TEXT, _tick(s=None, ld=None, v=None, t=None)),
)

HOSTILE = (
    "\x1b[2J\x1b[1;31mQ\x1b]0;owned\x07",
    "\x9b31mQ\x9d0;owned\x9c",
    "\u202egnp.QQQ\u202c\u2066\u200f",
    "[bold red]Q[/bold red][@click=app.quit]Q[/]",
    "[/nothing][",
    "Q\r\n\x08\x08\x00Q",
)
ESCAPES = tuple(
    unasked
    for text in HOSTILE
    for unasked in (
        Unasked(Opcode.TEXT, _tick(s=f"{text}$US"), "unfollowed"),
        Unasked(Opcode.TEXT, _tick(s="NOSUCH", r=text), "unfollowed"),
        Unasked(Opcode.TEXT, _tick(type=text)),
        Unasked(Opcode.TEXT, encode(Hello(code=0, msg=text)), "notice"),
        Unasked(Opcode.TEXT, f'{{"code":1,"msg":"{text}"'.encode()),
    )
)
GARBAGE = Unasked(Opcode.TEXT, b"garbage " * 131_072)
