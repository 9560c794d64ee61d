"""What completes a word that is being typed. Pure."""

from __future__ import annotations

from collections.abc import Iterable

_MOST = 6


def best(part: str, known: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of the known symbols, each with its name, at most six that the part can mean, best first: those whose code begins
    with it (the part may go on into the region), then those with a word in the name that does. What is written in full
    needs no completing."""
    wanted = part.upper()
    if not wanted:
        return []
    codes, names = [], []
    for symbol, name in known:
        if symbol == wanted:
            continue
        if symbol.startswith(wanted):
            codes.append((symbol, name))
        elif any(word.startswith(wanted) for word in name.upper().split()):
            names.append((symbol, name))
    codes.sort(key=lambda pair: len(pair[0]))
    return [*codes, *names][:_MOST]
