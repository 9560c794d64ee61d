"""The key table, from which dispatch, footer, help, palette and README are made.

`[keys]` of the config file assigns other keys to its ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tui.errors import UsageError

_KEY_LABELS = {
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
    "home": "Home",
    "end": "End",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "insert": "Ins",
    "delete": "Del",
    "backspace": "Backspace",
    "enter": "Enter",
    "escape": "Esc",
    "space": "Space",
    "tab": "Tab",
    "comma": ",",
} | {f"f{n}": f"F{n}" for n in range(1, 13)}
_KEYS_BY_LABEL = {label.lower(): name for name, label in _KEY_LABELS.items()} | {name: name for name in _KEY_LABELS}


class KeyBinding(NamedTuple):
    """An action and its keys: `id` is the action's name, `keys` are Textual's key names, of which the footer shows the
    first.

    `label` is the word in the footer ("" leaves the key out of it), `help` the line in the help. A binding with a
    `scope`, the id of a pane or screen, takes precedence there over one without ("").
    """

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    group: str
    scope: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the keys: `j`, `↓`, `PgDn`, `Ctrl+C`; `1–9` for the row of digits."""
        if self.keys == _DIGIT_KEYS:
            return ("1–9",)
        return tuple(map(key_label, self.keys))


_DIGIT_KEYS = tuple("123456789")

KEYS = (
    KeyBinding("add", ("a",), "Add", "add symbols: GLD$US, TLT or a pasted list", "Watchlist"),
    KeyBinding("remove", ("d", "delete"), "Remove", "remove the marked symbols, or the selected one", "Watchlist"),
    KeyBinding("undo", ("u",), "Undo", "take back the last change of the lists, and the one before", "Watchlist"),
    KeyBinding("mark", ("space",), "", "mark the symbol, to remove or move several", "Watchlist"),
    KeyBinding("row_down", ("J",), "", "move the row down; the order is then yours", "Watchlist"),
    KeyBinding("row_up", ("K",), "", "move the row up", "Watchlist"),
    KeyBinding("alerts", ("A",), "", "alerts: what you are told of when it happens", "Watchlist"),
    KeyBinding("find", ("/",), "Find", "show only what has these letters in code or name", "Order"),
    KeyBinding("sort", ("s",), "Sort", "choose what to sort by", "Order"),
    KeyBinding("reverse", ("S",), "", "turn the order round", "Order"),
    KeyBinding("columns", ("o",), "Columns", "choose columns and their order", "Order"),
    KeyBinding("show_list", _DIGIT_KEYS, "", "show a list", "Lists"),
    KeyBinding("lists", ("L",), "Lists", "new list, rename, delete, move symbols to another", "Lists"),
    KeyBinding("save_list", ("w",), "", "keep a --watch list among your lists", "Lists"),
    KeyBinding("detail", ("enter",), "Detail", "the selected symbol in large, and back", "Panes"),
    KeyBinding("next_symbol", (".",), "", "next symbol, in the detail too", "Panes"),
    KeyBinding("previous_symbol", ("comma",), "", "previous symbol", "Panes"),
    KeyBinding("next_pane", ("tab",), "", "give the keys to the next pane", "Panes"),
    KeyBinding("previous_pane", ("shift+tab",), "", "to the one before", "Panes"),
    KeyBinding("zoom", ("z",), "", "give the pane the whole screen, and back", "Panes"),
    KeyBinding("toggle_watchlist", ("f2",), "", "show or hide the watchlist", "Panes"),
    KeyBinding("toggle_ladder", ("f3",), "", "show or hide the order book", "Panes"),
    KeyBinding("toggle_chart", ("f4",), "", "show or hide the chart", "Panes"),
    KeyBinding("toggle_tape", ("f5",), "", "show or hide the trades", "Panes"),
    KeyBinding("shorter", ("[",), "", "shorter bars in the chart", "Panes"),
    KeyBinding("longer", ("]",), "", "longer bars: 1, 5, 15, 30, 60 minutes, a day", "Panes"),
    KeyBinding("candles", ("c",), "", "a line, or candles", "Panes"),
    KeyBinding("vwap", ("v",), "", "the average price by volume in the chart", "Panes"),
    KeyBinding("export", ("e",), "", "write the grid, the screen or a symbol's minutes to a file", "Panes"),
    KeyBinding("down", ("j", "down"), "", "next symbol", "Move"),
    KeyBinding("up", ("k", "up"), "", "previous symbol", "Move"),
    KeyBinding("first", ("g", "home"), "", "first symbol", "Move"),
    KeyBinding("last", ("G", "end"), "", "last symbol", "Move"),
    KeyBinding("page_down", ("pagedown",), "", "a page down", "Move"),
    KeyBinding("page_up", ("pageup",), "", "a page up", "Move"),
    KeyBinding("back", ("escape",), "", "one step back: crosshair, held tape, zoom, marks, filter, detail", "Move"),
    KeyBinding("reconnect", ("r",), "", "drop the connection and make a new one now", "Feed"),
    KeyBinding("health", ("h",), "", "feed health: every figure, and the link's history", "Feed"),
    KeyBinding("replay_pause", ("P",), "", "replay: stand still, and go on", "Replay"),
    KeyBinding("replay_step", ("N",), "", "replay: the next message, while it stands still", "Replay"),
    KeyBinding("replay_slower", ("<",), "", "replay: slower", "Replay"),
    KeyBinding("replay_faster", (">",), "", "replay: faster", "Replay"),
    KeyBinding("theme", ("t",), "Theme", "choose a theme, seen at once", "Look"),
    KeyBinding("red_up", ("C",), "", "red or green for rising prices", "Look"),
    KeyBinding("help", ("?", "f1"), "Help", "this help", "Program"),
    KeyBinding("palette", ("ctrl+p",), "", "every command by its name", "Program"),
    KeyBinding("quit", ("q",), "Quit", "close what is open, else quit", "Program"),
    KeyBinding("interrupt", ("ctrl+c",), "", "quit at once, from anywhere", "Program"),
    KeyBinding("suspend_process", ("ctrl+z",), "", "to the shell; fg comes back", "Program"),
    KeyBinding("ladder_up", ("up",), "", "ladder: higher prices", "Ladder", "ladder"),
    KeyBinding("ladder_down", ("down",), "", "ladder: lower prices", "Ladder", "ladder"),
    KeyBinding("ladder_centre", ("space",), "", "ladder: the spread back in the middle", "Ladder", "ladder"),
    KeyBinding("ladder_static", ("f",), "", "ladder: prices stand still, or float with the spread", "Ladder", "ladder"),
    KeyBinding("ladder_root", ("y",), "", "ladder: bars by size, or by its square root", "Ladder", "ladder"),
    KeyBinding(
        "ladder_size", ("n",), "", "ladder: what to trade, in shares or money, for its cost", "Ladder", "ladder"
    ),
    KeyBinding("chart_left", ("left",), "", "chart: crosshair to the bar before", "Chart", "chart"),
    KeyBinding("chart_right", ("right",), "", "chart: crosshair to the next bar", "Chart", "chart"),
    KeyBinding("chart_pan_left", ("shift+left",), "", "chart: earlier bars", "Chart", "chart"),
    KeyBinding("chart_pan_right", ("shift+right",), "", "chart: later bars", "Chart", "chart"),
    KeyBinding("chart_in", ("+",), "", "chart: wider bars", "Chart", "chart"),
    KeyBinding("chart_out", ("-",), "", "chart: narrower bars, and more of them", "Chart", "chart"),
    KeyBinding("chart_time", ("g",), "", "chart: go to a time, 14:05 or 11-20 14:05", "Chart", "chart"),
    KeyBinding("chart_live", ("end",), "", "chart: back to the newest bar", "Chart", "chart"),
    KeyBinding("tape_up", ("up",), "", "tape: newer trades", "Tape", "tape"),
    KeyBinding("tape_down", ("down",), "", "tape: older trades; it stands still meanwhile", "Tape", "tape"),
    KeyBinding("tape_page_up", ("pageup",), "", "tape: a page of newer ones", "Tape", "tape"),
    KeyBinding("tape_page_down", ("pagedown",), "", "tape: a page of older ones", "Tape", "tape"),
    KeyBinding("tape_live", ("end", "home"), "", "tape: the newest trade, and live again", "Tape", "tape"),
)


class KeyConflict(NamedTuple):
    """A key assigned to two actions of one scope; `id` is the action asked about, `message` says which the other is."""

    id: str
    message: str


def key_label(key: str) -> str:
    """Returns the label of a key, given Textual's name for it."""
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    return "+".join(
        [*(modifier.capitalize() for modifier in modifiers), _KEY_LABELS.get(last, last.upper() if modifiers else last)]
    )


def parse_key(text: str) -> str:
    """Returns Textual's name of a key written as `?`, `Ctrl+K`, `PgDn` or `f5`. Raises UsageError for any other
    text."""
    typed = "space" if text == " " else text.strip()
    *modifiers, last = re.split(r"(?<=.)\+(?=.)", typed)
    modifiers = [modifier.lower() for modifier in modifiers]
    name = _KEYS_BY_LABEL.get(last.lower(), last.lower() if modifiers else last)
    if (len(name) == 1 or name in _KEY_LABELS) and name.isprintable() and {*modifiers} <= {"ctrl", "shift", "alt"}:
        return "+".join([*modifiers, name])
    raise UsageError(f"'{text}' is no key: write a letter or sign, or for example Ctrl+K, F5, PgDn")


def apply_overrides(keys: Mapping[str, Iterable[str]]) -> tuple[KeyBinding, ...]:
    """Returns the table with other keys for the given ids. Raises UsageError for an invalid key."""
    return tuple(key._replace(keys=tuple(map(parse_key, keys[key.id]))) if key.id in keys else key for key in KEYS)


def find_conflict(table: Iterable[KeyBinding], preferred: Iterable[str] = ()) -> KeyConflict | None:
    """Returns the first key with two actions in one scope, None if there is none; names the action in `preferred` of
    the two."""
    owner_by_key: dict[tuple[str, str], str] = {}
    for key in table:
        for name in key.keys:
            if (owner := owner_by_key.setdefault((key.scope, name), key.id)) != key.id:
                first, other = (owner, key.id) if owner in preferred else (key.id, owner)
                return KeyConflict(first, f"{key_label(name)} cannot mean {first}, it means {other} already")
    return None


def label_of(table: Iterable[KeyBinding], id: str) -> str:
    """Returns the label of an action's first key, for sentences such as `u brings it back`."""
    return next(key.labels[0] for key in table if key.id == id)


def groups(table: Iterable[KeyBinding] = KEYS) -> dict[str, list[KeyBinding]]:
    """Returns the bindings by group, in the order of the table."""
    by_group: dict[str, list[KeyBinding]] = {}
    for key in table:
        by_group.setdefault(key.group, []).append(key)
    return by_group
