"""The key table as Textual's bindings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual.binding import Binding, BindingsMap

from tui.config.key_table import KeyBinding

_ALWAYS = {"interrupt", "suspend_process"}  # in a field too
MOVES = {"down", "up", "first", "last", "page_down", "page_up"}


def bindings(table: Iterable[KeyBinding], scope: str = "") -> BindingsMap:
    """Returns the bindings of one scope. The widget that holds them acts on a key first while it has the focus."""
    return BindingsMap(_bindings(key for key in table if key.scope == scope))


def _bindings(keys: Iterable[KeyBinding]) -> Iterator[Binding]:
    for key in keys:
        for n, name in enumerate(key.keys, 1):
            yield Binding(name, action_of(key, n), key.help, priority=key.id in _ALWAYS)


def action_of(key: KeyBinding, n: int = 1) -> str:
    """Returns Textual's action of the `n`th key of an id: `do` of the app, or in a scope the pane's own of that id."""
    return key.id if key.scope else f"do({', '.join(map(repr, call_of(key.id, n)))})"


def call_of(id: str, n: int = 1) -> tuple[str, *tuple[str | int, ...]]:
    """Returns the name of the method that an id without a scope calls, and its arguments; some ids share one."""
    if id in MOVES:
        return "move", id
    if id == "show_list":
        return id, n
    return ("toggle_pane", id.removeprefix("toggle_")) if id.startswith("toggle_") else (id,)
