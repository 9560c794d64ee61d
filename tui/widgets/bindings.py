"""The key table as Textual's bindings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual.binding import Binding, BindingsMap

from tui.keys import Key

_ALWAYS = {"interrupt", "suspend_process"}  # in a field too
_MOVES = {"down", "up", "first", "last", "page_down", "page_up"}


def bindings(table: Iterable[Key], scope: str = "") -> BindingsMap:
    """The keys of one scope. Whoever holds them acts on a key first while it has the focus."""
    return BindingsMap(_bindings(key for key in table if key.scope == scope))


def _bindings(keys: Iterable[Key]) -> Iterator[Binding]:
    for key in keys:
        for n, name in enumerate(key.keys, 1):
            action = f"move('{key.id}')" if key.id in _MOVES else f"show_list({n})" if key.id == "show_list" else key.id
            yield Binding(name, action, key.label or key.help, priority=key.id in _ALWAYS)
