"""What the exchange answers to one client: the vendor's page, steps 1 to 3 and 5, with no socket in it.

A Session is told what came in and says what goes out; what it cannot do alone (to start the data, to close) it names
in its SessionReply.
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
from tui.symbol import Symbol, parse_symbol

HELLO = Hello(code=1, msg=CONNECTED)
_RESOLVED = SubscribeReply(code=1, msg=SUBSCRIBED)
_OVER_LIMIT = SubscribeReply(code=0, msg=OVER_LIMIT)
_UNRESOLVED = SubscribeReply(code=0, msg=UNRESOLVED)


@dataclass(frozen=True, slots=True)
class SessionReply:
    """The reply to one request, `delay` seconds later, and the (symbol, type) pairs whose data begin or end with it.

    `ping`: it was a heartbeat. By a fault `reply` may be None, for no answer, and `closes` tell that it is the last."""

    reply: Reply | None
    started: tuple[tuple[Symbol, str], ...] = ()
    stopped: tuple[tuple[Symbol, str], ...] = ()
    ping: bool = False
    delay: float = 0.0
    closes: bool = False


class Session:
    """One connection's standing: whether it is authenticated, and what it subscribed to."""

    def __init__(self, key: Token | None, max_symbols: int, faults: FaultEffects | None = None) -> None:
        self._key = key
        self._max_symbols = max_symbols
        self._faults = faults or FaultEffects()
        self.authenticated = False
        self.subscribed: dict[Symbol, set[str]] = {}

    def authenticate(self, token: Token) -> AuthReply:
        """Step 2, for the `token` header, empty where there was none. After a refusal the server closes."""
        self.authenticated = accepts(self._key, token) and "auth-failed" not in self._faults
        if self.authenticated:
            return AuthReply(code=1, msg=AUTHENTICATED)
        return AuthReply(code=0, msg=AUTH_FAILED)

    def receive(self, frame: bytes) -> SessionReply:
        """Steps 3 and 5. Whatever is no subscription and no ping is answered as the page's parameter error."""
        faults = self._faults
        try:
            request = decode_request(frame)
        except MalformedMessage:
            if "unsubscribe-closes" in faults and _unsubscribes(frame):
                return SessionReply(NO_ACTION, closes=True)
            return SessionReply(_UNRESOLVED)
        if isinstance(request, Ping):
            return SessionReply(faults.pong(request.params), ping=True, delay=faults.pong_delay)
        types = request.types.split(",")
        symbols = _symbols(request.params)
        if not self.authenticated or not symbols or not set(types) <= set(TYPES):
            return SessionReply(_UNRESOLVED)
        for kind in types:
            if kind in faults.refused:
                return SessionReply(faults.refused[kind])
        stopped = self._replaced(types, symbols) if "replaces" in faults else {}
        staying = {symbol for symbol, known in self.subscribed.items() if known - stopped.get(symbol, set())}
        limit = min(self._max_symbols, PLAN_LIMIT) if "plan-limit" in faults else self._max_symbols
        if len(staying | symbols.keys()) > limit:
            return SessionReply(_OVER_LIMIT)
        for symbol, kinds in stopped.items():
            self.subscribed[symbol] -= kinds
            if not self.subscribed[symbol]:
                del self.subscribed[symbol]
        started: list[tuple[Symbol, str]] = []
        for symbol in symbols:
            known = self.subscribed.setdefault(symbol, set())
            started += [(symbol, kind) for kind in dict.fromkeys(types) if kind not in known]
            known.update(types)
        ended = tuple((symbol, kind) for symbol, kinds in stopped.items() for kind in kinds)
        return SessionReply(_RESOLVED, tuple(started), ended)

    def _replaced(self, types: list[str], symbols: dict[Symbol, None]) -> dict[Symbol, set[str]]:
        """What ends where a request replaces the earlier ones of its types."""
        return {symbol: known & set(types) for symbol, known in self.subscribed.items() if symbol not in symbols}


def accepts(key: Token | None, token: Token) -> bool:
    """Whether a client's token is the key; without one any will do that is not empty."""
    given, expected = (_bytes(each) for each in (token, key or token))
    return bool(given) and hmac.compare_digest(given, expected)


def _unsubscribes(frame: bytes) -> bool:
    try:
        request = msgspec.json.decode(frame)
    except UNREADABLE:
        return False
    return isinstance(request, dict) and request.get("ac") == "unsubscribe"


def _symbols(params: str) -> dict[Symbol, None]:
    """The symbols of a request, each once, in order; none at all where one of them is malformed."""
    symbols: dict[Symbol, None] = {}
    for part in params.split(","):
        try:
            symbol = parse_symbol(part).symbol
        except UsageError:
            return {}
        # People may write a symbol in several ways; the page knows one.
        if str(symbol) != part:
            return {}
        symbols[symbol] = None
    return symbols


def _bytes(token: Token) -> bytes:
    # A header may hold bytes that are no text, which websockets keeps as surrogates.
    return token.reveal().encode(errors="surrogateescape")
