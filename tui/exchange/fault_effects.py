"""The effects of the faults, asked for by the exchange while it serves: how a connection ends, how a reply or a message
is altered, which unsolicited frames are sent.

Faults combine, except those that answer one question (how does this connection end, how is the handshake answered):
endings alternate, of the others the first applies.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
from websockets.frames import Opcode

from tui.exchange.faults import FAULTS, check_fault_names
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

DATA_DELAY = -15 * 60_000  # ms
CLOCK_OFFSET = 3 * 60_000  # ms
PLAN_LIMIT = 3  # symbols
BURST = 100_000  # messages
REDIRECT_URL = "wss://another.invalid/fund"
_REST_REDIRECT_URL = "https://another.invalid/fund/quotes"
NO_ACTION = Hello(code=0, msg="no action")


class HttpReply(NamedTuple):
    """An HTTP reply: the refusal of a handshake, or the answer to a REST call."""

    status: int
    text: str
    headers: tuple[tuple[str, str], ...] = ()


# Close codes of the endings; None: no close frame.
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
UNAUTHORIZED = HttpReply(HTTPStatus.UNAUTHORIZED, '{"message":"Invalid API key in request"}')
_HANDSHAKE_REPLIES = {
    "http-401": UNAUTHORIZED,
    "http-403": HttpReply(HTTPStatus.FORBIDDEN, '{"message":"You cannot consume this service"}'),
    "http-404": HttpReply(HTTPStatus.NOT_FOUND, '{"message":"no Route matched with those values"}'),
    "redirect": HttpReply(HTTPStatus.FOUND, "", (("Location", REDIRECT_URL),)),
}
_REST_REPLIES = {
    "rest-500": HttpReply(HTTPStatus.INTERNAL_SERVER_ERROR, "<html><body>Internal Server Error</body></html>"),
    "rest-redirect": HttpReply(HTTPStatus.FOUND, "", (("Location", _REST_REDIRECT_URL),)),
    "rest-refused": HttpReply(HTTPStatus.OK, '{"code":1,"msg":"permission denied: please upgrade","data":null}'),
    "rest-null": HttpReply(HTTPStatus.OK, '{"code":0,"msg":null,"data":null}'),
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
_SUBSCRIBE_REFUSALS: dict[str, tuple[str, SubscribeReply | None]] = {
    "subscribe-silent": ("depth", None),
    "subscribe-unparsable": ("depth", SubscribeReply(code=0, msg=UNRESOLVED)),
    "depth-refused": ("depth", SubscribeReply(code=0, msg="permission denied: please upgrade your package")),
    "kline-refused": ("kline@1", SubscribeReply(code=0, msg="no permission for kline, premium package required")),
}
_BOOK_FAULTS = ("crossed-book", "empty-book", "one-sided")
_SILENT_TYPES: dict[str, type[Push]] = {
    "silent-tick": Tick,
    "silent-quote": Quote,
    "silent-depth": Depth,
    "silent-kline": Kline,
}
_SENT_SHARE = 1 / 3  # of each period, in which a silent type is sent; it begins with the fault
_WRONG_BOOK_SHARE = 0.4  # of each period, in which books are wrong
_TIME_AHEAD = 3_600_000  # ms
_TIME_TRANSFORMS: dict[str, Callable[[int], int]] = {
    "second-time": lambda time: time // 1_000,
    "microsecond-time": lambda time: time * 1_000,
    "nanosecond-time": lambda time: time * 1_000_000,
    "ahead-time": lambda time: time + _TIME_AHEAD,
}
_ENCODING_FAULTS = frozenset({*_TIME_TRANSFORMS, "no-time", "strings", "lists", "spellings"})
_EXTREME_NUMBERS = (1.7e308, 5e-324, 1e300, 2.0**63, 1e12)  # 1e12 is improbable rather than impossible


class UnsolicitedFrame(NamedTuple):
    """A frame sent without a request, and the kind it is counted as."""

    opcode: Opcode
    payload: bytes
    kind: str = "malformed"


class FaultEffects:
    """The active faults of one exchange. `every` (s), if given, replaces each fault's own time.

    Raises UsageError for an unknown name.
    """

    def __init__(self, names: Iterable[str] = (), every: float | None = None) -> None:
        self._every = every
        self._counter = itertools.count()
        self.set_faults(names)

    def set_faults(self, names: Iterable[str], every: float | None = None) -> None:
        """Replace the active faults. `every` (s), if given, replaces the `every` given before.

        Raises UsageError for an unknown name.
        """
        self.names = check_fault_names(names)
        if every is not None:
            self._every = every
        self._ending_cycle = itertools.cycle([name for name in self.names if name in ENDINGS])
        self.refused = dict(_SUBSCRIBE_REFUSALS[name] for name in self.names if name in _SUBSCRIBE_REFUSALS)
        self.pong_delay = self.every("pong-late") if "pong-late" in self else 0.0
        self._book_faults = [name for name in _BOOK_FAULTS if name in self]
        self._encoding_faults = _ENCODING_FAULTS.intersection(self.names)
        self._silent_types = {_SILENT_TYPES[name]: name for name in self.names if name in _SILENT_TYPES}
        self.alters_data = bool(self._book_faults or self._encoding_faults or self._silent_types)
        self._end_times: dict[str, float] = {}
        self._silence_began: float | None = None

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def every(self, name: str) -> float:
        """Returns the time of a fault, in s."""
        return FAULTS[name].every if self._every is None else self._every

    # Connections and replies.

    def next_ending(self) -> str | None:
        """Returns the fault that ends the next connection, None if there is none."""
        return next(self._ending_cycle, None)

    def handshake_reply(self, now: float) -> HttpReply | None:
        """Returns the refusal of a handshake at `now` (s, monotonic), None if it is accepted."""
        if wait := self._retry_after("http-429", now):
            return rate_limited_reply(wait)
        return next((_HANDSHAKE_REPLIES[name] for name in self.names if name in _HANDSHAKE_REPLIES), None)

    def rest_reply(self, path: str, now: float) -> HttpReply | None:
        """Returns the reply by fault to a REST call at `now` (s, monotonic), None if it is answered as usual."""
        if wait := self._retry_after("rest-429", now):
            return rate_limited_reply(wait)
        if "rest-garbage" in self:
            return HttpReply(HTTPStatus.OK, _REST_GARBAGE[next(self._counter) % len(_REST_GARBAGE)])
        if "rest-single" in self and path == "/fund/klines":
            return _HANDSHAKE_REPLIES["http-404"]
        return next((_REST_REPLIES[name] for name in self.names if name in _REST_REPLIES), None)

    def _retry_after(self, name: str, now: float) -> float:
        """Returns the seconds left of a fault that ends by itself, 0 if it is over or not active."""
        if name not in self:
            return 0.0
        return max(0.0, self._end_times.setdefault(name, now + self.every(name)) - now)

    def alter_name(self, name: str) -> str:
        """Returns a fund's name as it is sent."""
        return name + HOSTILE[next(self._counter) % len(HOSTILE)] if "escapes" in self else name

    def pong(self, params: str) -> Pong | None:
        """Returns the reply to a ping, None if there is none."""
        if "pong-missing" in self:
            return None
        return Pong(data=PongData(params=f"{params}0" if "pong-wrong" in self else params))

    def alter_reply(self, reply: Reply) -> Reply:
        """Returns a reply as it is sent."""
        if "escapes" in self and isinstance(reply, Hello | AuthReply | SubscribeReply):
            return msgspec.structs.replace(reply, msg=reply.msg + HOSTILE[next(self._counter) % len(HOSTILE)])
        return reply

    # Data.

    def is_silenced(self, kind: type[Push], now: float) -> bool:
        """Returns True if messages of this type are not sent at `now`, s monotonic."""
        if (name := self._silent_types.get(kind)) is None:
            return False
        if self._silence_began is None:
            self._silence_began = now
        return (now - self._silence_began) / self.every(name) % 1 >= _SENT_SHARE

    def alter_push(self, push: Push, now: float) -> Push:
        """Returns the message sent in place of `push` at `now` (s, monotonic)."""
        if self._book_faults and type(push) is Depth:
            cycle, phase = divmod(now / self.every(self._book_faults[0]), 1)
            if phase < _WRONG_BOOK_SHARE:
                turn, index = divmod(int(cycle), len(self._book_faults))
                return _wrong_book(push, self._book_faults[index], turn)
        return push

    def encode_frames(self, pushes: Sequence[Push]) -> Iterator[tuple[bytes, int]]:
        """Yields the JSON of each frame for messages of one symbol and type, and the number of messages in it."""
        if not self._encoding_faults:
            yield from ((encode(push), 1) for push in pushes)
            return
        fields = [self.wire_fields(push) for push in pushes]
        if "lists" in self:
            yield msgspec.json.encode({"code": 1, "data": fields}), len(fields)
        else:
            yield from ((msgspec.json.encode({"code": 1, "data": each}), 1) for each in fields)

    def rest_fields(self, push: Push) -> dict[str, Any]:
        """Returns a message's fields as REST sends them."""
        if "rest-extreme" in self and (turn := next(self._counter)) % 3 == 0:
            push = make_extreme(
                push, turn // 3, _EXTREME_NUMBERS[:-1]
            )  # REST sends no true row after it: no improbable number
        return self.wire_fields(push)

    def wire_fields(self, push: Push) -> dict[str, Any]:
        """Returns a message's fields as the stream sends them."""
        data: dict[str, Any] = msgspec.to_builtins(push)
        turn = next(self._counter)
        if "t" in data:
            for name in _TIME_TRANSFORMS.keys() & self._encoding_faults:
                if name != "ahead-time" or type(push) is not Kline:
                    data["t"] = _TIME_TRANSFORMS[name](data["t"])
        if "no-time" in self and type(push) in (Tick, Quote):
            data.pop("t", None)
            if turn % 2:
                data["t"] = None
        if "spellings" in self:
            code, _, region = data["s"].partition("$")
            data |= respell(code, data.pop("r", region), turn)
        return _as_strings(data) if "strings" in self else data


def rate_limited_reply(wait: float) -> HttpReply:
    """Returns 429 with a Retry-After of `wait` seconds."""
    headers = (("Retry-After", str(math.ceil(wait))),)
    return HttpReply(HTTPStatus.TOO_MANY_REQUESTS, '{"message":"API rate limit exceeded"}', headers)


def respell(code: str, region: str, turn: int) -> dict[str, str]:
    """Returns the symbol fields in one of the vendor's spellings. `$ARCX$` stands for any exchange."""
    return (
        {"s": f"{code}.{region}"},
        {"s": code.lower()},
        {"s": f"{code}${region}".lower()},
        {"s": f"{code}$ARCX${region}"},
        {"s": f"{code}${region}", "r": region},
        {"s": code, "r": region},
    )[turn % 6]


def make_older(push: Tick | Quote) -> Tick | Quote:
    """Returns the message dated 5 s earlier, with another price."""
    return msgspec.structs.replace(push, time=push.time - 5_000, last=round(push.last * 1.01, 3))


def make_future(push: Tick | Quote) -> Tick | Quote:
    """Returns the message dated an hour ahead."""
    return msgspec.structs.replace(push, time=push.time + _TIME_AHEAD)


def make_misdated(push: Tick | Quote, turn: int) -> Tick | Quote:
    """Returns the message dated 1973, 2286, or in µs or ns."""
    times = (100_000_000_000, 9_999_999_999_999, push.time * 1_000, push.time * 1_000_000)
    return msgspec.structs.replace(push, time=times[turn % len(times)])


def make_extreme(push: Push, turn: int, numbers: Sequence[float] = _EXTREME_NUMBERS) -> Push:
    """Returns the message with finite but absurd numbers in its prices, its sizes or both."""
    number = numbers[turn % len(numbers)]
    size = number if number >= 1 else _EXTREME_NUMBERS[0]  # a tiny size is harmless
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


def encode_padded(push: Push, size: int) -> bytes:
    """Returns the JSON of a message, padded by `size` bytes in an unknown field."""
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
    UnsolicitedFrame(Opcode.TEXT, b'{"code":1,"data":{"s":"QQQ$US","ld":51'),
    UnsolicitedFrame(Opcode.BINARY, bytes(range(256))),
    UnsolicitedFrame(Opcode.TEXT, b""),
    UnsolicitedFrame(Opcode.TEXT, b"[" * 100_000),
    UnsolicitedFrame(Opcode.TEXT, b'{"code":1,"data":{"s":"Q\xff\xfe$US","ld":1,"type":"tick"}}'),
    UnsolicitedFrame(Opcode.TEXT, _tick(type="auction")),
    UnsolicitedFrame(Opcode.TEXT, _tick().replace(b"512.34", b"NaN")),
    UnsolicitedFrame(Opcode.TEXT, _tick().replace(b"512.34", b"1e400")),
    UnsolicitedFrame(Opcode.TEXT, _tick(v=-100)),
    UnsolicitedFrame(Opcode.TEXT, _tick(type="depth", a=[{"po": 1, "p": 512.35, "v": -1, "o": -1}], b=[])),
    UnsolicitedFrame(Opcode.TEXT, b"[" + _tick() + b"]"),
    UnsolicitedFrame(Opcode.TEXT, b"42"),
    UnsolicitedFrame(Opcode.TEXT, _tick(s=None, ld=None, v=None, t=None)),
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
        UnsolicitedFrame(Opcode.TEXT, _tick(s=f"{text}$US"), "unfollowed"),
        UnsolicitedFrame(Opcode.TEXT, _tick(s="NOSUCH", r=text), "unfollowed"),
        UnsolicitedFrame(Opcode.TEXT, _tick(type=text)),
        UnsolicitedFrame(Opcode.TEXT, encode(Hello(code=0, msg=text)), "notice"),
        UnsolicitedFrame(Opcode.TEXT, f'{{"code":1,"msg":"{text}"'.encode()),
    )
)
GARBAGE = UnsolicitedFrame(Opcode.TEXT, b"garbage " * 131_072)
