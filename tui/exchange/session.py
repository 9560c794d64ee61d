"""The exchange's side of one connection without a socket: the vendor's page, steps 1 to 3 and 5.

A Session maps requests to replies. What needs the socket or the market (start the data, close) is named in its
SessionReply.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

import msgspec

from tui.errors import MalformedMessage, UsageError
from tui.exchange.fault_effects import NO_ACTION, PLAN_LIMIT, FaultEffects
from tui.protocol.decoder import decode_request
from tui.protocol.json_repair import UNREADABLE
from tui.protocol.messages import (
    AUTH_FAILED,
    AUTHENTICATED,
    CONNECTED,
    OVER_LIMIT,
    SUBSCRIBED,
    TYPES,
    UNRESOLVED,
    AuthReply,
    Hello,
    Ping,
    Reply,
    SubscribeReply,
)
from tui.secrets import Token
from tui.symbol import Symbol, parse_wire_symbols

HELLO = Hello(code=1, msg=CONNECTED)
_SUBSCRIBED_REPLY = SubscribeReply(code=1, msg=SUBSCRIBED)
_OVER_LIMIT_REPLY = SubscribeReply(code=0, msg=OVER_LIMIT)
_UNRESOLVED_REPLY = SubscribeReply(code=0, msg=UNRESOLVED)


@dataclass(frozen=True, slots=True)
class SessionReply:
    """The reply to one request, due `delay` seconds later, and the (symbol, type) pairs whose data start or stop with
    it.

    `ping` is True for a heartbeat. A fault may set `reply` to None, for no reply, or `closes`, for a reply before
    closing.
    """

    reply: Reply | None
    started: tuple[tuple[Symbol, str], ...] = ()
    stopped: tuple[tuple[Symbol, str], ...] = ()
    ping: bool = False
    delay: float = 0.0
    closes: bool = False


class Session:
    """The state of one connection: whether it is authenticated, and its subscriptions."""

    def __init__(self, key: Token | None, max_symbols: int, faults: FaultEffects | None = None) -> None:
        self._key = key
        self._max_symbols = max_symbols
        self._faults = faults or FaultEffects()
        self.authenticated = False
        self.subscribed: dict[Symbol, set[str]] = {}

    def authenticate(self, token: Token) -> AuthReply:
        """Returns the reply of step 2 to the `token` header, empty if there was none. The server closes after a
        refusal."""
        self.authenticated = is_token_accepted(self._key, token) and "auth-failed" not in self._faults
        if self.authenticated:
            return AuthReply(code=1, msg=AUTHENTICATED)
        return AuthReply(code=0, msg=AUTH_FAILED)

    def receive(self, frame: bytes) -> SessionReply:
        """Returns the reply to a request of step 3 or 5. Anything else is answered with the page's parameter error."""
        faults = self._faults
        try:
            request = decode_request(frame)
        except MalformedMessage:
            if "unsubscribe-closes" in faults and _is_unsubscribe(frame):
                return SessionReply(NO_ACTION, closes=True)
            return SessionReply(_UNRESOLVED_REPLY)
        if isinstance(request, Ping):
            return SessionReply(faults.pong(request.params), ping=True, delay=faults.pong_delay)
        types = request.types.split(",")
        try:
            symbols = parse_wire_symbols(request.params)
        except UsageError:
            symbols = []
        if not self.authenticated or not symbols or not set(types) <= set(TYPES):
            return SessionReply(_UNRESOLVED_REPLY)
        for kind in types:
            if kind in faults.refused:
                return SessionReply(faults.refused[kind])
        stopped = self._replaced_types(types, symbols) if "replaces" in faults else {}
        staying = {symbol for symbol, subscribed in self.subscribed.items() if subscribed - stopped.get(symbol, set())}
        limit = min(self._max_symbols, PLAN_LIMIT) if "plan-limit" in faults else self._max_symbols
        if len(staying.union(symbols)) > limit:
            return SessionReply(_OVER_LIMIT_REPLY)
        for symbol, types_ in stopped.items():
            self.subscribed[symbol] -= types_
            if not self.subscribed[symbol]:
                del self.subscribed[symbol]
        started: list[tuple[Symbol, str]] = []
        for symbol in symbols:
            subscribed = self.subscribed.setdefault(symbol, set())
            started += [(symbol, kind) for kind in dict.fromkeys(types) if kind not in subscribed]
            subscribed.update(types)
        ended = tuple((symbol, kind) for symbol, types_ in stopped.items() for kind in types_)
        return SessionReply(_SUBSCRIBED_REPLY, tuple(started), ended)

    def _replaced_types(self, types: list[str], symbols: list[Symbol]) -> dict[Symbol, set[str]]:
        """Returns the subscriptions that a request replaces: those of its types with other symbols."""
        return {
            symbol: subscribed & set(types) for symbol, subscribed in self.subscribed.items() if symbol not in symbols
        }


def is_token_accepted(key: Token | None, token: Token) -> bool:
    """True if a client's token equals the key, or is not empty if there is no key."""
    given, expected = (_token_bytes(each) for each in (token, key or token))
    return bool(given) and hmac.compare_digest(given, expected)


def _is_unsubscribe(frame: bytes) -> bool:
    try:
        request = msgspec.json.decode(frame)
    except UNREADABLE:
        return False
    return isinstance(request, dict) and request.get("ac") == "unsubscribe"


def _token_bytes(token: Token) -> bytes:
    # websockets decodes header bytes that are no UTF-8 to surrogates.
    return token.reveal().encode(errors="surrogateescape")
