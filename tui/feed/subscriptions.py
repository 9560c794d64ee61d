"""What one connection was asked for, what it serves, and what the vendor would not give.

The reply to a request names neither symbols nor types, so one request is under way at a time, each for one type. The
page does not say whether a request adds to the ones before or replaces them: every request therefore repeats all that
its type serves already, which is right either way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence

from tui.errors import NoConnection
from tui.market import Market
from tui.market.entitlements import NO_ANSWER
from tui.protocol.messages import MAX_SYMBOLS, OVER_LIMIT, UNRESOLVED, SubscribeReply
from tui.secrets import safe_text
from tui.symbol import Symbol

_TRIES = 2

Ask = Callable[[Iterable[Symbol], str], Awaitable[SubscribeReply | None]]


class NeedsNewConnection(NoConnection):
    """Only a fresh connection can free what is wanted now; nothing is wrong."""


class Subscriptions:
    """The subscriptions of one connection. `doubts` outlives it: by type the requests that were not answered, and under
    UNRESOLVED whether one was ever not understood."""

    def __init__(self, types: Sequence[str], ask: Ask, market: Market, doubts: dict[str, int]) -> None:
        self._types = types
        self._ask = ask
        self._market = market
        self._doubts = doubts
        self._served: dict[str, dict[Symbol, None]] = {type_: {} for type_ in types}
        self._judged: dict[str, set[Symbol]] = {type_: set() for type_ in types}
        self._refused: dict[str, str] = {}  # types the vendor does not give at all, and its words
        self._counted: set[Symbol] = set()  # by the vendor: symbols, not types
        self._room = MAX_SYMBOLS
        self._full: set[str] = set()  # types that met the limit

    @property
    def counted(self) -> int:
        """How many symbols the connection serves, whatever the types."""
        return len(self._counted)

    def needs_new_connection(self, wanted: Sequence[Symbol]) -> bool:
        """Whether wanted symbols wait for room that symbols no longer wanted take."""
        waiting = [symbol for symbol in wanted if symbol not in self._counted]
        gone = self._counted.difference(wanted)
        return bool(gone) and self._room < len(self._counted) + len(waiting)

    async def sync(self, wanted: Sequence[Symbol], on_type: Callable[[str], None]) -> None:
        """Ask until every wanted symbol is served or marked as refused, by type. Raises NoConnection where only a
        fresh connection can go on."""
        for type_ in self._types:
            await self.sync_type(type_, wanted, on_type)

    async def sync_type(self, type_: str, wanted: Sequence[Symbol], on_type: Callable[[str], None]) -> None:
        """The same for one type."""
        new = [symbol for symbol in wanted if symbol not in self._judged[type_]]
        if not new:
            return
        self._judged[type_].update(new)
        if self._doubts.get(type_, 0) >= _TRIES:
            self._refused[type_] = NO_ANSWER
        if new := self._fitting(type_, new):
            on_type(type_)
            await self._subscribe(type_, new)

    def _fitting(self, type_: str, new: list[Symbol]) -> list[Symbol]:
        """Those of `new` that are served in another type already or still find room; the rest is marked."""
        if type_ in self._refused:
            self._market.refuse(new, type_, self._refused[type_])
            return []
        free = self._room - len(self._counted)
        fits: list[Symbol] = []
        over: list[Symbol] = []
        for symbol in new:
            if type_ in self._full:
                over.append(symbol)
            elif symbol in self._counted:
                fits.append(symbol)
            elif free > 0:
                fits.append(symbol)
                free -= 1
            else:
                over.append(symbol)
        self._market.refuse(over, type_, OVER_LIMIT)
        return fits

    async def _subscribe(self, type_: str, new: list[Symbol]) -> None:
        words = await self._try(type_, new)
        if words == UNRESOLVED:
            new = await self._isolate_rejected(type_, new)
        if words is not None and new:
            await self._bisect(type_, new, words)

    async def _try(self, type_: str, new: Sequence[Symbol]) -> str | None:
        """One request; the words of a refusal, None where it was accepted."""
        served = self._served[type_]
        reply = await self._ask([*served, *new], type_)
        if reply is None:
            # A late reply would be credited to the next request: only a fresh connection is sure.
            self._doubts[type_] = self._doubts.get(type_, 0) + 1
            raise NoConnection(f"no answer to the request for {type_}")
        if reply.code != 1:
            return _worded(reply.msg)
        self._doubts.pop(type_, None)
        served.update(dict.fromkeys(new))
        self._counted.update(new)
        return None

    async def _isolate_rejected(self, type_: str, new: list[Symbol]) -> list[Symbol]:
        """Not understood: the first such request is tried again on a fresh connection. After that either single symbols
        are the reason, or the type is, which the first and the last symbol tell. Those still in question."""
        if UNRESOLVED not in self._doubts:
            self._doubts[UNRESOLVED] = 1
            raise NoConnection(f"the request for {type_} was not understood")
        if self._served[type_] or len(new) == 1:
            return new
        if all([await self._try(type_, [symbol]) is not None for symbol in (new[0], new[-1])]):
            self._refuse_type(type_, new, UNRESOLVED)
            return []
        return [symbol for symbol in new if symbol not in self._served[type_]]

    async def _bisect(self, type_: str, new: list[Symbol], words: str) -> None:
        """`new` was refused as a whole: serve what can be served of it, by halving."""
        if words not in (OVER_LIMIT, UNRESOLVED):
            self._refuse_type(type_, new, words)
            return
        if len(new) == 1:
            if words == OVER_LIMIT:
                self._room = len(self._counted)
                self._full.add(type_)
            self._market.refuse(new, type_, words)
            return
        first, second = new[: len(new) // 2], new[len(new) // 2 :]
        refusal = await self._try(type_, first)
        if refusal is None and words == OVER_LIMIT:
            await self._bisect(type_, second, words)  # the limit lies there, which need not be asked
            return
        if refusal is not None:
            await self._bisect(type_, first, refusal)
        if (second := self._fitting(type_, second)) and (refusal := await self._try(type_, second)) is not None:
            await self._bisect(type_, second, refusal)

    def _refuse_type(self, type_: str, new: Iterable[Symbol], words: str) -> None:
        self._refused[type_] = words
        self._market.refuse(new, type_, words)


def _worded(refusal: str) -> str:
    """The page's words wherever they stand in a refusal, or its own, fit to be shown."""
    known = (words for words in (OVER_LIMIT, UNRESOLVED) if words in refusal.lower())
    return next(known, safe_text(refusal)[:80] or "refused")
