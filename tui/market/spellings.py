"""Finds the symbol that a message means, however the vendor spells it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from tui.protocol.messages import Push
from tui.symbol import Symbol, canonical, split_wire_symbol

_T = TypeVar("_T")
_MAX_SPELLINGS = 4_096
_MAX_SPELLING_LENGTH = 64  # characters: a symbol has at most a quarter of it


def learn_spelling(
    cache: dict[str, _T | None], spelling: str, message: Push, known: Mapping[Symbol, _T], regions: Iterable[str]
) -> _T | None:
    """Returns the value of a spelling that is new, and caches it; None if unfollowed or ambiguous."""
    if spelling in cache or len(spelling) > _MAX_SPELLING_LENGTH:
        return None
    found = find_by_spelling(message, known, regions)
    if len(cache) < _MAX_SPELLINGS:
        cache[spelling] = found
    return found


def find_by_spelling(message: Push, known: Mapping[Symbol, _T], regions: Iterable[str]) -> _T | None:
    """Returns the value of the symbol that a message is of; None if there is none. Of a message without a region it is
    the only symbol with that code in `regions`, those of `known`."""
    code, region = split_wire_symbol(message.symbol, message.region)
    found = [
        value for each in ((region,) if region else regions) if (value := known.get(canonical(code, each))) is not None
    ]
    return found[0] if len(found) == 1 else None
