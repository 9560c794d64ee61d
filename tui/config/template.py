"""The config file as text: one to begin with, and what is in force, each setting with its words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tui.config.key_table import KEYS, KeyBinding, key_label
from tui.config.settings import COLUMN_IDS, Settings
from tui.market.alerts import Alert

WORDS = {
    "theme": "Colours: midnight, amber, harbor or daylight.",
    "red_up": "Rising prices in red and falling ones in green, as in China.",
    "flash": "The digits of LAST that changed light up for a moment.",
    "bell": "A sound when the link is lost, when it is back, and when an alert fires.",
    "url": 'Your account\'s address where it has another than wss://api.itick.org/fund ("" is that).',
    "rest_url": 'Where history and names are asked for over REST; "" is the host of url.',
    "calls_a_minute": "Calls over REST that your plan has a minute; with 0 nothing is asked for there.",
    "token_command": "A command that prints your key, run without a shell where neither --token-file nor\n"
    '# ITICK_TOKEN gives one: ["pass", "show", "itick"].',
    "columns": "Columns from left to right; [] are the usual ones. There are\n# "
    + "\n# ".join([", ".join(COLUMN_IDS[:11]) + ",", ", ".join(COLUMN_IDS[11:]) + "."]),
    "sort": 'The column to sort by, with - in front the largest first: "-change%". "" is the order made by hand.',
    "hidden": 'Panes that are not shown: "watchlist", "ladder", "chart", "tape".',
    "interval": "Minutes of a bar in the chart: 1, 5, 15, 30, 60, or 1440 for a day.",
    "candles": "Candles in place of a line.",
    "vwap": "The average price by volume, drawn in the chart.",
    "static_ladder": "In the order book prices stand still and the spread moves.",
    "root_ladder": "Its bars are as long as the square root of the sizes, so that small ones show beside large ones.",
    "cost_of": 'What to trade, for its cost under the order book: "3000" shares, or "$20k" of money; "" shows none.',
    "alerts": 'What to be told of: ["QQQ$US > 520", "SPY$US ±2% repeat 0.5%", "TLT$US < 85 off"]. A takes the same\n'
    "# without the symbol, for the selected one.\n"
    "# It fires once, or with repeat each time its figure was back by that much; on live data only. It is told\n"
    "# by a sign in the row, a notice, a sound, a line in the log, and on the desktop if the terminal can (OSC 9\n"
    "# or 777; in tmux with allow-passthrough on).",
    "alert_command": "A command to run when an alert fires, without a shell. What happened is its last argument, or\n"
    '# stands where {words} does: ["notify-send", "itick-tui", "{words}"]. There are {symbol} and {price} too.',
    "list": "The list that is shown at the start.",
    "lists": 'Your lists: Core = ["QQQ$US", "SPY$US"]',
    "keys": 'Other keys for what the help lists: add = "n", help = ["?", "Ctrl+H"]',
}
_HEAD = """\
# itick-tui: what is not set here is as it stands. The program writes its changes into
# this file too, and leaves your comments where they are.
"""


def default_text() -> str:
    """A file to begin with: every setting, commented out."""
    parts = [_HEAD]
    for name, value in _plain(Settings()).items():
        parts.append(f"# {WORDS[name]}\n" + (f"[{name}]\n" if isinstance(value, dict) else f"# {_line(name, value)}"))
    parts[-1] += "".join(f"# {key.id} = {_names(key)}  # {key.help}\n" for key in KEYS)
    return "\n".join(parts)


def _names(key: KeyBinding) -> str:
    """The keys of an id as the file has them."""
    return json.dumps([key_label(name) for name in key.keys], ensure_ascii=False)


def effective_text(settings: Settings) -> str:
    """Every setting as it is."""
    import tomlkit

    return tomlkit.dumps(_plain(settings))


def _plain(settings: Settings) -> dict[str, Any]:
    """As TOML has it, tables last."""
    plain: dict[str, Any] = {name: getattr(settings, name) for name in WORDS}
    for name, value in plain.items():
        if isinstance(value, Mapping):
            plain[name] = {inner: [str(item) for item in items] for inner, items in value.items()}
        elif isinstance(value, tuple):
            plain[name] = [str(item) if isinstance(item, Alert) else item for item in value]
    return plain


def _line(name: str, value: object) -> str:
    import tomlkit

    return tomlkit.dumps({name: value})
