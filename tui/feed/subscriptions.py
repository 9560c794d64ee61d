"""The subscriptions of one connection: what was requested, what is served, and what the vendor refused.

The reply to a request (page, step 3) names neither symbols nor types, so there is one outstanding request at a time,
for one type. The page does not say whether a request adds to earlier ones or replaces them: each repeats all symbols
that its type serves already, which is right in both cases.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from tui.errors import NoConnection
from tui.market import Market
from tui.market.entitlements import NO_ANSWER
from tui.protocol.messages import MAX_SYMBOLS, OVER_LIMIT, TYPES, UNRESOLVED, SubscribeReply
from tui.secrets import safe_text
from tui.symbol import Symbol

_MAX_ATTEMPTS = 2  # for a type that gets no reply

SendRequest = Callable[[Iterable[Symbol], str], Awaitable[SubscribeReply | None]]


class NeedsNewConnection(NoConnection):
    """Only a new connection frees the subscriptions that are needed now. It is not an error of the feed."""


class Subscriptions:
    """The subscriptions of one connection. `failed_requests` outlives it: the number of unanswered requests by type,
    and an entry under UNRESOLVED once a request could not be resolved."""

    def __init__(self, send: SendRequest, market: Market, failed_requests: dict[str, int]) -> None:
        self._send = send
        self._market = market
        self._failed_requests = failed_requests
        self._served: dict[str, dict[Symbol, None]] = {type_: {} for type_ in TYPES}
        self._decided: dict[str, set[Symbol]] = {type_: set() for type_ in TYPES}
        self._refusals: dict[tuple[str, Symbol], str] = {}
        self._refused: dict[str, str] = {}  # types that the vendor does not serve at all, and its words
        self._counted: set[Symbol] = set()  # served in any type: the plan's limit counts symbols
        self._limit = MAX_SYMBOLS
        self._names_over = False  # a relay: what fits depends on what others have too, so each symbol is asked for
        self._limited_types: set[str] = set()  # that reached the limit

    @property
    def symbol_count(self) -> int:
        """The number of symbols that the connection serves in any type."""
        return len(self._counted)

    def needs_new_connection(self, wanted: Sequence[Symbol]) -> bool:
        """Returns whether wanted symbols do not fit the limit because of symbols that are no longer wanted."""
        waiting = [symbol for symbol in wanted if symbol not in self._counted]
        gone = self._counted.difference(wanted)
        return bool(gone) and self._limit < len(self._counted) + len(waiting)

    async def sync(self, wanted: Mapping[str, Sequence[Symbol]], on_type: Callable[[str], None]) -> None:
        """Subscribe until every wanted symbol, by type, is served or marked as refused. Raises NoConnection if only a
        new connection can continue."""
        for type_, symbols in wanted.items():
            await self.sync_type(type_, symbols, on_type)

    def decision(self, type_: str, symbol: Symbol) -> str | None:
        """Returns why a type is refused for a symbol, "" if it is served, None if it is not decided yet."""
        if symbol in self._served[type_]:
            return ""
        return self._refusals.get((type_, symbol))

    def _refuse(self, symbols: Iterable[Symbol], type_: str, words: str) -> None:
        symbols = list(symbols)
        self._refusals.update(((type_, symbol), words) for symbol in symbols)
        self._market.refuse(symbols, type_, words)

    async def sync_type(self, type_: str, wanted: Sequence[Symbol], on_type: Callable[[str], None]) -> None:
        """Subscribe to one type as `sync` does to all."""
        self._repeat_refusals(type_, wanted)
        new = [symbol for symbol in wanted if symbol not in self._decided[type_]]
        if not new:
            return
        self._decided[type_].update(new)
        if self._failed_requests.get(type_, 0) >= _MAX_ATTEMPTS:
            self._refused[type_] = NO_ANSWER
        if new := self._within_limit(type_, new):
            on_type(type_)
            await self._subscribe(type_, new)

    def _repeat_refusals(self, type_: str, wanted: Sequence[Symbol]) -> None:
        """Refuse what was refused to another window, and is followed here only now."""
        instruments = self._market.instruments
        for symbol in wanted:
            words, instrument = self._refusals.get((type_, symbol)), instruments.get(symbol)
            if words and instrument is not None and type_ not in instrument.refused:
                self._market.refuse([symbol], type_, words)

    def _within_limit(self, type_: str, new: list[Symbol]) -> list[Symbol]:
        """Returns those of `new` that fit the limit: one served in another type always does. The others are marked."""
        if type_ in self._refused:
            self._refuse(new, type_, self._refused[type_])
            return []
        free = (MAX_SYMBOLS if self._names_over else self._limit) - len(self._counted)
        fits: list[Symbol] = []
        over: list[Symbol] = []
        for symbol in new:
            if type_ in self._limited_types:
                over.append(symbol)
            elif symbol in self._counted:
                fits.append(symbol)
            elif free > 0:
                fits.append(symbol)
                free -= 1
            else:
                over.append(symbol)
        self._refuse(over, type_, OVER_LIMIT)
        return fits

    async def _subscribe(self, type_: str, new: list[Symbol]) -> None:
        words = await self._request(type_, new)
        if words == UNRESOLVED:
            new = await self._isolate_rejected(type_, new)
        if words is not None and new:
            await self._bisect(type_, new, words)

    async def _request(self, type_: str, new: Sequence[Symbol]) -> str | None:
        """Send one request. Returns the words of a refusal, None if it was accepted. Raises NoConnection without a
        reply."""
        served = self._served[type_]
        reply = await self._send([*served, *new], type_)
        if reply is None:
            # A late reply would be taken for that of the next request: only a new connection is unambiguous.
            self._failed_requests[type_] = self._failed_requests.get(type_, 0) + 1
            raise NoConnection(f"no answer to the request for {type_}")
        if reply.code != 1:
            words = _normalize_refusal(reply.msg)
            if words == OVER_LIMIT and (over := _named(new, reply.over)):
                return await self._request_without(over, type_, new)
            return words
        self._failed_requests.pop(type_, None)
        served.update(dict.fromkeys(new))
        self._counted.update(new)
        return None

    async def _request_without(self, over: set[Symbol], type_: str, new: Sequence[Symbol]) -> str | None:
        """Refuse those over the limit, and request the others as `_request` does."""
        self._names_over = True
        self._refuse(over, type_, OVER_LIMIT)
        fits = [symbol for symbol in new if symbol not in over]
        words = await self._request(type_, fits) if fits else None
        self._limit = len(self._counted)
        return words

    async def _isolate_rejected(self, type_: str, new: list[Symbol]) -> list[Symbol]:
        """Handle UNRESOLVED: the first such request is repeated on a new connection. After that the first and the last
        symbol are requested alone: if both are refused, the type is. Returns the symbols that are still undecided."""
        if UNRESOLVED not in self._failed_requests:
            self._failed_requests[UNRESOLVED] = 1
            raise NoConnection(f"the request for {type_} was not understood")
        if self._served[type_] or len(new) == 1:
            return new
        if all([await self._request(type_, [symbol]) is not None for symbol in (new[0], new[-1])]):
            self._refuse_type(type_, new, UNRESOLVED)
            return []
        return [symbol for symbol in new if symbol not in self._served[type_]]

    async def _bisect(self, type_: str, new: list[Symbol], words: str) -> None:
        """Serve what can be served of `new`, which was refused as a whole, by bisection."""
        if words not in (OVER_LIMIT, UNRESOLVED):
            self._refuse_type(type_, new, words)
            return
        if len(new) == 1:
            if words == OVER_LIMIT:
                self._limit = len(self._counted)
                self._limited_types.add(type_)
            self._refuse(new, type_, words)
            return
        first, second = new[: len(new) // 2], new[len(new) // 2 :]
        refusal = await self._request(type_, first)
        if refusal is None and words == OVER_LIMIT:
            await self._bisect(type_, second, words)  # the limit lies in there: no request is needed to know
            return
        if refusal is not None:
            await self._bisect(type_, first, refusal)
        second = self._within_limit(type_, second)
        if second and (refusal := await self._request(type_, second)) is not None:
            await self._bisect(type_, second, refusal)

    def _refuse_type(self, type_: str, new: Iterable[Symbol], words: str) -> None:
        self._refused[type_] = words
        self._refuse(new, type_, words)


def _named(symbols: Iterable[Symbol], names: str) -> set[Symbol]:
    named = set(names.split(","))
    return {symbol for symbol in symbols if str(symbol) in named}


def _normalize_refusal(refusal: str) -> str:
    """Returns the page's words if a refusal contains them, else the refusal itself, safe to show."""
    known = (words for words in (OVER_LIMIT, UNRESOLVED) if words in refusal.lower())
    return next(known, safe_text(refusal)[:80] or "refused")
