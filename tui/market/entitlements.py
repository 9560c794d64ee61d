"""What the plan or the vendor does not serve: refusals by type, and their description for the screen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tui.format import count
from tui.market.instrument import Instrument
from tui.protocol.messages import OVER_LIMIT, UNRESOLVED
from tui.protocol.relay_status import RelayReport
from tui.symbol import Symbol

NO_ANSWER = "no answer"
_ABOUT_PLAN = re.compile(r"\b(plans?|packages?|permissions?|upgrade|premium|subscription|entitle\w*)\b", re.IGNORECASE)


class RefusedType(NamedTuple):
    """A type refused for some symbols, with the server's own words, or NO_ANSWER."""

    type: str
    words: str
    symbols: tuple[Symbol, ...]


def refused_types(instruments: Iterable[Instrument]) -> list[RefusedType]:
    """Returns all refusals, grouped by type and words."""
    found: dict[tuple[str, str], list[Symbol]] = {}
    for instrument in instruments:
        for type_, words in instrument.refused.items():
            found.setdefault((type_, words), []).append(instrument.symbol)
    return [RefusedType(type_, words, tuple(symbols)) for (type_, words), symbols in found.items()]


def describe_refusal(name: str, words: str) -> str:
    """Returns why `name` is not served, in our own words; it blames the plan only if the server's words do."""
    if words == OVER_LIMIT:
        return f"{name}: over plan"
    if words == NO_ANSWER:
        return f"{name}: no answer from the server"
    if words == UNRESOLVED:
        return f"{name}: request not understood by the server"
    return f"{name} not in this plan" if _ABOUT_PLAN.search(words) else f"{name}: refused by the server"


def describe_shortfalls(instruments: Sequence[Instrument], shared: RelayReport | None = None) -> list[str]:
    """Returns one line for each kind of refusal; of a `shared` connection it says what others have of the plan. Visits
    every instrument: call it once a second at most."""
    words: list[str] = []
    inside = [i for i in instruments if OVER_LIMIT not in i.refused.values()]
    if len(inside) < len(instruments):
        words.append(f"plan limit: {len(inside)} of {len(instruments)} symbols live")
        if shared is not None and (held := shared.held):
            words[-1] += f"; {held} {'is' if held == 1 else 'are'} held by {count(shared.holders, 'other window')}"
    served = [i for i in inside if not ("quote" in i.refused and "tick" in i.refused)]
    if refused := len(inside) - len(served):
        words.append(f"{count(refused, 'symbol')} refused")
    for type_, name, instead in (("kline@1", "klines", ": built from trades"), ("depth", "order books", "")):
        without = [i.refused[type_] for i in served if type_ in i.refused]
        if without:
            some = f" of {count(len(without), 'symbol')}" if len(without) < len(served) else ""
            words.append(describe_refusal(name + some, without[0]) + instead)
    return words
