"""The key table: the one place where a key gets its meaning. Dispatch, footer, help and README come from it."""

from __future__ import annotations

from typing import NamedTuple


class Key(NamedTuple):
    """`id` is the action's name. `keys` are Textual's names for the keys, `caps` what stands on them; the first is the
    footer's. `label` is the word in the footer ("" keeps the key out of it), `help` the line in the help."""

    id: str
    keys: tuple[str, ...]
    caps: tuple[str, ...]
    label: str
    help: str
    group: str


KEYS = (
    Key("add", ("a",), ("a",), "Add", "add symbols: GLD$US, TLT or a pasted list", "Watchlist"),
    Key("remove", ("d", "delete"), ("d", "Del"), "Remove", "remove the selected symbol", "Watchlist"),
    Key("undo", ("u",), ("u",), "Undo", "bring back the symbol removed last", "Watchlist"),
    Key("down", ("j", "down"), ("j", "↓"), "", "next symbol", "Move"),
    Key("up", ("k", "up"), ("k", "↑"), "", "previous symbol", "Move"),
    Key("first", ("g", "home"), ("g", "Home"), "", "first symbol", "Move"),
    Key("last", ("G", "end"), ("G", "End"), "", "last symbol", "Move"),
    Key("page_down", ("pagedown",), ("PgDn",), "", "a page down", "Move"),
    Key("page_up", ("pageup",), ("PgUp",), "", "a page up", "Move"),
    Key("reconnect", ("r",), ("r",), "Reconnect", "drop the connection and make a new one now", "Feed"),
    Key("health", ("h",), ("h",), "", "feed health: every figure, and the link's history", "Feed"),
    Key("theme", ("t",), ("t",), "Theme", "choose a theme, seen at once", "Look"),
    Key("help", ("question_mark", "f1"), ("?", "F1"), "Help", "this help", "Program"),
    Key("quit", ("q",), ("q",), "Quit", "close what is open, else quit", "Program"),
    Key("interrupt", ("ctrl+c",), ("Ctrl+C",), "", "quit at once, from anywhere", "Program"),
    Key("suspend_process", ("ctrl+z",), ("Ctrl+Z",), "", "to the shell; fg comes back", "Program"),
)


def groups() -> dict[str, list[Key]]:
    """The keys by group, in the order of the table."""
    by_group: dict[str, list[Key]] = {}
    for key in KEYS:
        by_group.setdefault(key.group, []).append(key)
    return by_group
