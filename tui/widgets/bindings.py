"""The key table as Textual's bindings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual.binding import Binding, BindingsMap

from tui.config.key_table import KeyBinding

_ALWAYS = {"interrupt", "suspend_process"}  # while a field has the focus too
MOVES = {"down", "up", "first", "last", "page_down", "page_up"}
"""Ids of the keys that move the cursor of the watchlist."""


def bindings(table: Iterable[KeyBinding], scope: str = "") -> BindingsMap:
    """Returns the bindings of one scope: "" for the app's, else the id of the pane that has them while it is
    focused."""
    return BindingsMap(_bindings(key for key in table if key.scope == scope))


def _bindings(keys: Iterable[KeyBinding]) -> Iterator[Binding]:
    for key in keys:
        for n, name in enumerate(key.keys, 1):
            yield Binding(name, action_of(key.id, n), key.label or key.help, priority=key.id in _ALWAYS)


def action_of(id: str, n: int = 1) -> str:
    """Returns the action that a key of the table runs; `n` is the position among the keys of one id, from 1."""
    if id in MOVES:
        return f"move('{id}')"
    if id == "show_list":
        return f"show_list({n})"
    return f"toggle_pane('{id.removeprefix('toggle_')}')" if id.startswith("toggle_") else id
