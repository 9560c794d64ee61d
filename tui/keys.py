"""The key table: the one place where a key gets its meaning. Dispatch, footer, help, palette and README come from it,
and `[keys]` of the config file gives other keys to the ids in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tui.errors import UsageError

_CAPS = {
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
_NAMES = {cap.lower(): name for name, cap in _CAPS.items()} | {name: name for name in _CAPS}


class Key(NamedTuple):
    """`id` is the action's name. `keys` are Textual's names for the keys, signs as themselves; the first is the
    footer's. `label` is the word in the footer ("" keeps the key out of it), `help` the line in the help. A key acts in
    its `scope`, a pane or screen by its id, before it acts everywhere ("")."""

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    group: str
    scope: str = ""

    @property
    def caps(self) -> tuple[str, ...]:
        """What stands on the keys: `j`, `↓`, `PgDn`, `Ctrl+C`; the row of digits is `1–9`."""
        if self.keys == _DIGITS:
            return ("1–9",)
        return tuple(map(cap, self.keys))


_DIGITS = tuple("123456789")

KEYS = (
    Key("add", ("a",), "Add", "add symbols: GLD$US, TLT or a pasted list", "Watchlist"),
    Key("remove", ("d", "delete"), "Remove", "remove the marked symbols, or the selected one", "Watchlist"),
    Key("undo", ("u",), "Undo", "take back the last change of the lists, and the one before", "Watchlist"),
    Key("mark", ("space",), "", "mark the symbol, to remove or move several", "Watchlist"),
    Key("row_down", ("J",), "", "move the row down; the order is then yours", "Watchlist"),
    Key("row_up", ("K",), "", "move the row up", "Watchlist"),
    Key("alerts", ("A",), "", "alerts: what you are told of when it happens", "Watchlist"),
    Key("find", ("/",), "Find", "show only what has these letters in code or name", "Order"),
    Key("sort", ("s",), "Sort", "choose what to sort by", "Order"),
    Key("reverse", ("S",), "", "turn the order round", "Order"),
    Key("columns", ("o",), "Columns", "choose columns and their order", "Order"),
    Key("show_list", _DIGITS, "", "show a list", "Lists"),
    Key("lists", ("L",), "Lists", "new list, rename, delete, move symbols to another", "Lists"),
    Key("save_list", ("w",), "", "keep a --watch list among your lists", "Lists"),
    Key("detail", ("enter",), "Detail", "the selected symbol in large, and back", "Panes"),
    Key("next_symbol", (".",), "", "next symbol, in the detail too", "Panes"),
    Key("previous_symbol", ("comma",), "", "previous symbol", "Panes"),
    Key("next_pane", ("tab",), "", "give the keys to the next pane", "Panes"),
    Key("previous_pane", ("shift+tab",), "", "to the one before", "Panes"),
    Key("zoom", ("z",), "", "give the pane the whole screen, and back", "Panes"),
    Key("toggle_watchlist", ("f2",), "", "show or hide the watchlist", "Panes"),
    Key("toggle_ladder", ("f3",), "", "show or hide the order book", "Panes"),
    Key("toggle_chart", ("f4",), "", "show or hide the chart", "Panes"),
    Key("toggle_tape", ("f5",), "", "show or hide the trades", "Panes"),
    Key("shorter", ("[",), "", "shorter bars in the chart", "Panes"),
    Key("longer", ("]",), "", "longer bars: 1, 5, 15, 30, 60 minutes, a day", "Panes"),
    Key("candles", ("c",), "", "a line, or candles", "Panes"),
    Key("vwap", ("v",), "", "the average price by volume in the chart", "Panes"),
    Key("export", ("e",), "", "write the grid, the screen or a symbol's minutes to a file", "Panes"),
    Key("down", ("j", "down"), "", "next symbol", "Move"),
    Key("up", ("k", "up"), "", "previous symbol", "Move"),
    Key("first", ("g", "home"), "", "first symbol", "Move"),
    Key("last", ("G", "end"), "", "last symbol", "Move"),
    Key("page_down", ("pagedown",), "", "a page down", "Move"),
    Key("page_up", ("pageup",), "", "a page up", "Move"),
    Key("back", ("escape",), "", "one step back: crosshair, held tape, zoom, marks, filter, detail", "Move"),
    Key("reconnect", ("r",), "", "drop the connection and make a new one now", "Feed"),
    Key("health", ("h",), "", "feed health: every figure, and the link's history", "Feed"),
    Key("replay_pause", ("P",), "", "replay: stand still, and go on", "Replay"),
    Key("replay_step", ("N",), "", "replay: the next message, while it stands still", "Replay"),
    Key("replay_slower", ("<",), "", "replay: slower", "Replay"),
    Key("replay_faster", (">",), "", "replay: faster", "Replay"),
    Key("theme", ("t",), "Theme", "choose a theme, seen at once", "Look"),
    Key("red_up", ("C",), "", "red or green for rising prices", "Look"),
    Key("help", ("?", "f1"), "Help", "this help", "Program"),
    Key("palette", ("ctrl+p",), "", "every command by its name", "Program"),
    Key("quit", ("q",), "Quit", "close what is open, else quit", "Program"),
    Key("interrupt", ("ctrl+c",), "", "quit at once, from anywhere", "Program"),
    Key("suspend_process", ("ctrl+z",), "", "to the shell; fg comes back", "Program"),
    Key("ladder_up", ("up",), "", "ladder: higher prices", "Ladder", "ladder"),
    Key("ladder_down", ("down",), "", "ladder: lower prices", "Ladder", "ladder"),
    Key("ladder_centre", ("space",), "", "ladder: the spread back in the middle", "Ladder", "ladder"),
    Key("ladder_static", ("f",), "", "ladder: prices stand still, or float with the spread", "Ladder", "ladder"),
    Key("ladder_root", ("y",), "", "ladder: bars by size, or by its square root", "Ladder", "ladder"),
    Key("ladder_size", ("n",), "", "ladder: what to trade, in shares or money, for its cost", "Ladder", "ladder"),
    Key("chart_left", ("left",), "", "chart: crosshair to the bar before", "Chart", "chart"),
    Key("chart_right", ("right",), "", "chart: crosshair to the next bar", "Chart", "chart"),
    Key("chart_pan_left", ("shift+left",), "", "chart: earlier bars", "Chart", "chart"),
    Key("chart_pan_right", ("shift+right",), "", "chart: later bars", "Chart", "chart"),
    Key("chart_in", ("+",), "", "chart: wider bars", "Chart", "chart"),
    Key("chart_out", ("-",), "", "chart: narrower bars, and more of them", "Chart", "chart"),
    Key("chart_live", ("end",), "", "chart: back to the newest bar", "Chart", "chart"),
    Key("tape_up", ("up",), "", "tape: newer trades", "Tape", "tape"),
    Key("tape_down", ("down",), "", "tape: older trades; it stands still meanwhile", "Tape", "tape"),
    Key("tape_page_up", ("pageup",), "", "tape: a page of newer ones", "Tape", "tape"),
    Key("tape_page_down", ("pagedown",), "", "tape: a page of older ones", "Tape", "tape"),
    Key("tape_live", ("end", "home"), "", "tape: the newest trade, and live again", "Tape", "tape"),
)


class Clash(NamedTuple):
    """A key that means two things; `id` is the one that was asked for."""

    id: str
    words: str


def cap(key: str) -> str:
    """What stands on a key, by Textual's name for it."""
    *held, last = key.split("+") if len(key) > 1 else [key]
    return "+".join([*(modifier.capitalize() for modifier in held), _CAPS.get(last, last.upper() if held else last)])


def named(text: str) -> str:
    """Textual's name for a key as a person writes it: `?`, `Ctrl+K`, `PgDn`, `f5`. Raises UsageError."""
    written = "space" if text == " " else text.strip()
    *held, last = re.split(r"(?<=.)\+(?=.)", written)
    modifiers = [modifier.lower() for modifier in held]
    name = _NAMES.get(last.lower(), last.lower() if held else last)
    if (len(name) == 1 or name in _CAPS) and name.isprintable() and {*modifiers} <= {"ctrl", "shift", "alt"}:
        return "+".join([*modifiers, name])
    raise UsageError(f"'{text}' is no key: write a letter or sign, or for example Ctrl+K, F5, PgDn")


def remapped(keys: Mapping[str, Iterable[str]]) -> tuple[Key, ...]:
    """The table with other keys for some ids. Raises UsageError where something is no key."""
    return tuple(key._replace(keys=tuple(map(named, keys[key.id]))) if key.id in keys else key for key in KEYS)


def clash(table: Iterable[Key], asked: Iterable[str] = ()) -> Clash | None:
    """The first key that means two things in one scope; of the two ids the one in `asked` is named."""
    owners: dict[tuple[str, str], str] = {}
    for key in table:
        for name in key.keys:
            if (owner := owners.setdefault((key.scope, name), key.id)) != key.id:
                first, other = (owner, key.id) if owner in asked else (key.id, owner)
                return Clash(first, f"{cap(name)} cannot mean {first}, it means {other} already")
    return None


def cap_of(table: Iterable[Key], id: str) -> str:
    """What stands on the key that does it, for words such as `u brings it back`."""
    return next(key.caps[0] for key in table if key.id == id)


def groups(table: Iterable[Key] = KEYS) -> dict[str, list[Key]]:
    """The keys by group, in the order of the table."""
    by_group: dict[str, list[Key]] = {}
    for key in table:
        by_group.setdefault(key.group, []).append(key)
    return by_group
