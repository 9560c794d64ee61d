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
    """An action and its keys: `id` is the action's name, `keys` are Textual's key names, of which the first is shown in
    the footer.

    `name` is what the palette calls it ("" leaves it out of the palette), `help` the line in the help. A binding with a
    `scope`, the id of a pane or screen, takes precedence there over one without ("").
    """

    id: str
    keys: tuple[str, ...]
    name: str
    help: str
    group: str
    scope: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the keys: `j`, `↓`, `PgDn`, `Ctrl+C`; `1–9` for the row of digits."""
        if self.keys == _DIGIT_KEYS:
            return ("1–9",)
        return tuple(map(key_label, self.keys))

    @property
    def detail(self) -> str:
        """What the help says beyond the name."""
        name = self.name.lower()
        return self.help.removeprefix(name).lstrip(" :,;") if self.help.lower().startswith(name) else self.help


class KeyHint(NamedTuple):
    """What the footer shows of one or two actions that belong together: a word behind their keys."""

    label: str
    ids: tuple[str, ...]


_DIGIT_KEYS = tuple("123456789")

KEYS = (
    KeyBinding("add", ("a",), "Add symbols", "add symbols: GLD$US, TLT or a pasted list", "Watchlist"),
    KeyBinding("remove", ("d", "delete"), "Remove", "remove the marked symbols, or the selected one", "Watchlist"),
    KeyBinding("undo", ("u",), "Undo", "take back the last change of lists or lines, and the one before", "Watchlist"),
    KeyBinding("mark", ("space",), "Mark", "mark the symbol, to remove or move several", "Watchlist"),
    KeyBinding("row_down", ("J",), "Move row down", "move row down; the order is then yours", "Watchlist"),
    KeyBinding("row_up", ("K",), "Move row up", "move row up", "Watchlist"),
    KeyBinding("alerts", ("A",), "Alerts", "alerts: what you are told of when it happens", "Watchlist"),
    KeyBinding("find", ("/",), "Find", "show only what has these letters in code or name", "Order"),
    KeyBinding("sort", ("s",), "Sort", "choose what to sort by", "Order"),
    KeyBinding("reverse", ("S",), "Reverse the order", "turn the order round", "Order"),
    KeyBinding("columns", ("o",), "Columns", "choose columns and their order", "Order"),
    KeyBinding("show_list", _DIGIT_KEYS, "", "show a list", "Lists"),
    KeyBinding("lists", ("L",), "Lists", "new list, rename, delete, move symbols to another", "Lists"),
    KeyBinding("save_list", ("w",), "Save list", "keep a --watch list among your lists", "Lists"),
    KeyBinding("detail", ("enter",), "Detail", "the selected symbol in large, and back", "Panes"),
    KeyBinding("next_symbol", (".",), "Next symbol", "next symbol, in the detail too", "Panes"),
    KeyBinding("previous_symbol", ("comma",), "Previous symbol", "previous symbol", "Panes"),
    KeyBinding("next_pane", ("tab",), "Next pane", "next pane: it gets the keys", "Panes"),
    KeyBinding("previous_pane", ("shift+tab",), "Previous pane", "previous pane", "Panes"),
    KeyBinding("zoom", ("z",), "Zoom", "give the pane the whole screen, and back", "Panes"),
    KeyBinding("depth_over_time", ("H",), "Depth over time", "how the order book was before, and back", "Panes"),
    KeyBinding("toggle_watchlist", ("f2",), "Show or hide watchlist", "show or hide watchlist", "Panes"),
    KeyBinding("toggle_ladder", ("f3",), "Show or hide order book", "show or hide order book", "Panes"),
    KeyBinding("toggle_chart", ("f4",), "Show or hide chart", "show or hide chart", "Panes"),
    KeyBinding("toggle_tape", ("f5",), "Show or hide trades", "show or hide trades", "Panes"),
    KeyBinding("below", ("B",), "Below the list", "below the list: the chart, small charts, or nothing", "Panes"),
    KeyBinding("save_layout", ("W",), "Save layout", "save layout under a name", "Panes"),
    KeyBinding("layouts", ("ctrl+w",), "Layouts", "layouts that were saved: 1–9 calls one", "Panes"),
    KeyBinding("export", ("e",), "Export", "write the grid, the screen or a symbol's minutes to a file", "Panes"),
    KeyBinding("down", ("j", "down"), "", "next symbol", "Move"),
    KeyBinding("up", ("k", "up"), "", "previous symbol", "Move"),
    KeyBinding("first", ("g", "home"), "", "first symbol", "Move"),
    KeyBinding("last", ("G", "end"), "", "last symbol", "Move"),
    KeyBinding("page_down", ("pagedown",), "", "a page down", "Move"),
    KeyBinding("page_up", ("pageup",), "", "a page up", "Move"),
    KeyBinding(
        "back", ("escape",), "Back", "one step back: crosshair, cursor, held tape, zoom, filters, detail", "Move"
    ),
    KeyBinding("reconnect", ("r",), "Reconnect", "drop the connection and make a new one now", "Feed"),
    KeyBinding("health", ("h",), "Feed health", "feed health: every figure, and the link's history", "Feed"),
    KeyBinding(
        "freeze",
        ("p",),
        "Freeze",
        "freeze the picture while data goes on, and back; a replay: pause",
        "Feed",
    ),
    KeyBinding("replay_pause", ("P",), "Pause replay", "stand still, and go on", "Replay"),
    KeyBinding("replay_step", ("N",), "Step replay", "the next message, while it stands still", "Replay"),
    KeyBinding("replay_slower", ("<",), "Slower replay", "half the speed", "Replay"),
    KeyBinding("replay_faster", (">",), "Faster replay", "twice the speed", "Replay"),
    KeyBinding("theme", ("t",), "Theme", "choose a theme, seen at once", "Look"),
    KeyBinding("red_up", ("C",), "Red-up", "red or green for rising prices", "Look"),
    KeyBinding("help", ("?", "f1"), "Keys and signs", "this help", "Program"),
    KeyBinding("palette", ("ctrl+p",), "", "every command by its name", "Program"),
    KeyBinding("quit", ("q",), "Quit", "close what is open, else quit", "Program"),
    KeyBinding("interrupt", ("ctrl+c",), "Quit at once", "quit at once, from anywhere", "Program"),
    KeyBinding("suspend_process", ("ctrl+z",), "Suspend", "to the shell; fg comes back", "Program"),
    KeyBinding("ladder_up", ("up",), "", "higher prices", "Ladder", "ladder"),
    KeyBinding("ladder_down", ("down",), "", "lower prices", "Ladder", "ladder"),
    KeyBinding(
        "ladder_cursor_up",
        ("shift+up",),
        "",
        "a cursor to the next level up: all that stands up to it",
        "Ladder",
        "ladder",
    ),
    KeyBinding("ladder_cursor_down", ("shift+down",), "", "the cursor to the next level down", "Ladder", "ladder"),
    KeyBinding("ladder_centre", ("space",), "", "the spread back in the middle", "Ladder", "ladder"),
    KeyBinding("ladder_static", ("f",), "", "prices stand still, or float with the spread", "Ladder", "ladder"),
    KeyBinding("ladder_root", ("y",), "", "bars by size, or by its square root", "Ladder", "ladder"),
    KeyBinding("ladder_size", ("n",), "", "what to trade, in shares or money, for its cost", "Ladder", "ladder"),
    KeyBinding("shorter", ("[",), "Shorter bars", "shorter bars", "Chart"),
    KeyBinding("longer", ("]",), "Longer bars", "longer bars: 1, 5, 15, 30, 60 minutes, a day", "Chart"),
    KeyBinding("candles", ("c",), "Line or candles", "line or candles", "Chart"),
    KeyBinding("vwap", ("v",), "VWAP", "the average price by volume", "Chart"),
    KeyBinding(
        "volume_at_price",
        ("V",),
        "Volume at price",
        "volume at price, bought and sold, in ladder and chart; cumulative delta",
        "Chart",
    ),
    KeyBinding("premium", ("m",), "Premium", "the premium over IOPV or basis, minute by minute, and back", "Chart"),
    KeyBinding("compare", ("x",), "Compare", "compare the marked symbols in one chart, in %; and end it", "Chart"),
    KeyBinding("compare_from", ("X",), "Compare from", "compare from the first bar, the open, or the close", "Chart"),
    KeyBinding("next_line", ("l",), "Select line", "select the next alert or level on the chart, to move it", "Chart"),
    KeyBinding("line_up", ("shift+up",), "Line up", "line up by a tick, the selected one", "Chart"),
    KeyBinding("line_down", ("shift+down",), "Line down", "line down by a tick", "Chart"),
    KeyBinding("set_line", ("i",), "Level", "level at the crosshair; the price of the selected line", "Chart"),
    KeyBinding("remove_line", ("D",), "Remove line", "remove the selected alert or level", "Chart"),
    KeyBinding("chart_left", ("left",), "", "crosshair to the bar before", "Chart", "chart"),
    KeyBinding("chart_right", ("right",), "", "crosshair to the next bar", "Chart", "chart"),
    KeyBinding("chart_pan_left", ("shift+left",), "", "earlier bars", "Chart", "chart"),
    KeyBinding("chart_pan_right", ("shift+right",), "", "later bars", "Chart", "chart"),
    KeyBinding("chart_in", ("+",), "", "wider bars", "Chart", "chart"),
    KeyBinding("chart_out", ("-",), "", "narrower bars, and more of them", "Chart", "chart"),
    KeyBinding("chart_time", ("g",), "", "go to a time, 14:05 or 11-20 14:05", "Chart", "chart"),
    KeyBinding("chart_live", ("end",), "", "back to the newest bar", "Chart", "chart"),
    KeyBinding(
        "filter_trades", ("T",), "Filter trades", "show only trades from a size on, ◆, or of one side", "Trades"
    ),
    KeyBinding("tape_up", ("up",), "", "newer trades", "Trades", "tape"),
    KeyBinding("tape_down", ("down",), "", "older trades; they stand still meanwhile", "Trades", "tape"),
    KeyBinding("tape_page_up", ("pageup",), "", "a page of newer ones", "Trades", "tape"),
    KeyBinding("tape_page_down", ("pagedown",), "", "a page of older ones", "Trades", "tape"),
    KeyBinding("tape_live", ("end", "home"), "", "the newest trade, and live again", "Trades", "tape"),
    KeyBinding(
        "depth_earlier", ("left",), "", "earlier columns; they stand still", "Depth over time", "depth_over_time"
    ),
    KeyBinding("depth_later", ("right",), "", "later columns", "Depth over time", "depth_over_time"),
    KeyBinding("depth_live", ("end",), "", "the newest column, and live again", "Depth over time", "depth_over_time"),
    KeyBinding("depth_shorter", ("[", "+"), "", "less time in a column", "Depth over time", "depth_over_time"),
    KeyBinding("depth_longer", ("]", "-"), "", "more time in a column", "Depth over time", "depth_over_time"),
    KeyBinding("depth_higher", ("up",), "", "higher prices", "Depth over time", "depth_over_time"),
    KeyBinding("depth_lower", ("down",), "", "lower prices", "Depth over time", "depth_over_time"),
    KeyBinding("depth_centre", ("space",), "", "the spread back in the middle", "Depth over time", "depth_over_time"),
)

HINTS: Mapping[str, tuple[KeyHint, ...]] = {
    "": (
        KeyHint("Add", ("add",)),
        KeyHint("Remove", ("remove",)),
        KeyHint("Find", ("find",)),
        KeyHint("Sort", ("sort",)),
        KeyHint("Detail", ("detail",)),
        KeyHint("Alerts", ("alerts",)),
        KeyHint("Undo", ("undo",)),
        KeyHint("Columns", ("columns",)),
        KeyHint("Lists", ("lists",)),
        KeyHint("Next pane", ("next_pane",)),
        KeyHint("Below", ("below",)),
        KeyHint("Theme", ("theme",)),
        KeyHint("Help", ("help",)),
        KeyHint("Quit", ("quit",)),
    ),
    "ladder": (
        KeyHint("Size", ("ladder_size",)),
        KeyHint("Over time", ("depth_over_time",)),
        KeyHint("Still or floating", ("ladder_static",)),
        KeyHint("Centre", ("ladder_centre",)),
        KeyHint("Root bars", ("ladder_root",)),
        KeyHint("Cursor", ("ladder_cursor_up", "ladder_cursor_down")),
        KeyHint("Traded", ("volume_at_price",)),
        KeyHint("Scroll", ("ladder_up", "ladder_down")),
    ),
    "chart": (
        KeyHint("Crosshair", ("chart_left", "chart_right")),
        KeyHint("Pan", ("chart_pan_left", "chart_pan_right")),
        KeyHint("Bars", ("shorter", "longer")),
        KeyHint("Candles", ("candles",)),
        KeyHint("Newest", ("chart_live",)),
        KeyHint("Line", ("next_line",)),
        KeyHint("Level", ("set_line",)),
        KeyHint("Premium", ("premium",)),
        KeyHint("Compare", ("compare", "compare_from")),
        KeyHint("Go to", ("chart_time",)),
        KeyHint("Zoom", ("chart_in", "chart_out")),
        KeyHint("VWAP", ("vwap",)),
        KeyHint("Traded", ("volume_at_price",)),
    ),
    "line": (
        KeyHint("Move line", ("line_up", "line_down")),
        KeyHint("Price", ("set_line",)),
        KeyHint("Remove line", ("remove_line",)),
        KeyHint("Next line", ("next_line",)),
    ),
    "depth_over_time": (
        KeyHint("Scroll", ("depth_earlier", "depth_later")),
        KeyHint("Time a column", ("depth_shorter", "depth_longer")),
        KeyHint("Live", ("depth_live",)),
        KeyHint("Prices", ("depth_higher", "depth_lower")),
        KeyHint("Centre", ("depth_centre",)),
    ),
    "tape": (
        KeyHint("Scroll", ("tape_up", "tape_down")),
        KeyHint("Page", ("tape_page_up", "tape_page_down")),
        KeyHint("Newest", ("tape_live",)),
        KeyHint("Filter", ("filter_trades",)),
    ),
    "replay": (
        KeyHint("Pause", ("replay_pause",)),
        KeyHint("Speed", ("replay_slower", "replay_faster")),
    ),
    "paused replay": (
        KeyHint("Go on", ("replay_pause",)),
        KeyHint("Step", ("replay_step",)),
        KeyHint("Speed", ("replay_slower", "replay_faster")),
    ),
}
"""What the footer shows, the most important first: of the pane that has the keys, of a selected line or of a replay,
then of all ("")."""


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


def hint_labels(table: Iterable[KeyBinding], hint: KeyHint) -> tuple[str, ...]:
    """Returns the labels of a hint's keys; modifiers that they share are said once: `Shift+←`, `→`."""
    first, *others = (label_of(table, id) for id in hint.ids)
    modifiers = first[: first.rfind("+", 0, -1) + 1]
    return (first, *(other.removeprefix(modifiers) for other in others))


def groups(table: Iterable[KeyBinding] = KEYS) -> dict[str, list[KeyBinding]]:
    """Returns the bindings by group, in the order of the table."""
    by_group: dict[str, list[KeyBinding]] = {}
    for key in table:
        by_group.setdefault(key.group, []).append(key)
    return by_group
