"""The config file as text: the initial one with every setting commented out, and the effective settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tui.config.key_table import KEYS, KeyBinding, key_label
from tui.config.settings import COLUMN_IDS, Settings
from tui.market.alerts import Alert
from tui.market.basis import Basis
from tui.market.levels import PriceLevel

SETTING_DESCRIPTIONS = {
    "theme": "Theme: midnight, amber, harbor or daylight.",
    "glyphs": 'The characters that are drawn: "full", "wide-safe" (of one width in every terminal), or "ascii".\n'
    '# "auto" asks the terminal how wide it draws them. tmux, screen and mosh answer for themselves: if figures are\n'
    '# out of place in one of these, set "wide-safe".',
    "red_up": "Rising prices in red and falling ones in green, as in China.",
    "flash": "Flash the digits of LAST that changed.",
    "bell": "Ring the bell when the link is lost, when it is back, and when an alert fires.",
    "mouse": "Use the mouse. Without it the terminal selects text as in a shell, and GNU screen passes Esc on at once.",
    "url": 'The URL of the feed, if your account has another than wss://api.itick.org/fund ("" is that).',
    "rest_url": 'The URL of REST, for history and names; "" is the host of url.',
    "calls_a_minute": "Calls over REST that your plan allows a minute; with 0 there are none.",
    "token_command": "A command that prints your key, run without a shell if neither --token-file nor\n"
    '# ITICK_TOKEN gives one: ["pass", "show", "itick"].',
    "columns": "Columns from left to right; [] are the default ones. There are\n# "
    + "\n# ".join([", ".join(COLUMN_IDS[:14]) + ",", ", ".join(COLUMN_IDS[14:]) + "."]),
    "sort": 'The column to sort by, with - in front the largest first: "-change%". "" is the order made by hand.',
    "hidden": 'Panes that are not shown: "watchlist", "ladder", "chart", "tape".',
    "below": "What stands below the list on a wide terminal: "
    '"auto" (what the room allows), "wide-chart", "2x2" or "3x3"\n# small charts, or "nothing".',
    "interval": "Minutes of a bar in the chart: 1, 5, 15, 30, 60, or 1440 for a day.",
    "candles": "Draw candles instead of a line.",
    "vwap": "Draw the average price by volume (VWAP) in the chart.",
    "static_ladder": "Keep the prices of the ladder in place while the spread moves.",
    "volume_at_price": "Show what was bought and sold at each price: in the ladder, in place of CUM, and in the chart.",
    "root_ladder": "Scale the bars of the ladder by the square root of the size, so that small sizes stay visible.",
    "cost_of": 'The order whose cost is shown below the ladder: "3000" shares, or "$20k" of money; "" shows none.',
    "alerts": 'Alerts: ["QQQ$US > 520", "SPY$US ±2% repeat 0.5%", "TLT$US < 85 off"]. The key A takes the same\n'
    "# without the symbol, for the selected one. There are also ±2%, moves 1% in 5m, spread > 5bp, turnover > 1B,\n"
    "# relvol > 2 (times the usual volume by this minute), premium > 30bp and discount > 30bp (of the IOPV).\n"
    "# An alert fires once, or with repeat each time its figure was back by that much; on live data only. It is\n"
    "# shown by a sign in the row, a notice, the bell, a line in the log, and a notification on the desktop if the\n"
    "# terminal supports it (OSC 9 or 777; in tmux with allow-passthrough on).",
    "levels": 'Prices to mark on the chart: ["QQQ$US 512.34"]. The key i sets one, Shift+↑ and Shift+↓ move it.',
    "alert_command": "A command to run when an alert fires, without a shell. The alert is its last argument, or\n"
    '# replaces {words}: ["notify-send", "itick-tui", "{words}"]. There are {symbol} and {price} too.',
    "iopv_command": "A command that prints IOPVs, run without a shell and without your key: SYMBOL VALUE [TIME]\n"
    "# a line, once (it is run again every 15 s) or for ever. TIME is seconds, or 2026-11-27T15:59:45-05:00; a date\n"
    "# alone says that the value is a NAV, of which there is no premium. An IOPV that the feed sends comes first.",
    "basis": 'For funds without any IOPV, another symbol times a factor: ["SPLG$US = SPY$US × 0.1175"]. How far the\n'
    "# price is from that is called BASIS, not premium. The other symbol is asked of the feed too.",
    "list": "The list that is shown at the start.",
    "layouts": "Layouts by name, the panes that are shown and what stands below the list:\n"
    '# Depth = ["ladder", "tape", "nothing"]',
    "lists": 'Your lists: Core = ["QQQ$US", "SPY$US"]. A pair is a row too, a ratio or a difference:\n'
    '# "QQQ$US/SPY$US", "SPY$US-VOO$US". Its legs are asked of the feed; alerts of it are > < ±2% and moves.',
    "keys": 'Other keys for what the help lists: add = "n", help = ["?", "Ctrl+H"]',
}
"""What each setting does, as comments of the file; a line break is followed by the sign of a comment."""

_HEAD = """\
# itick-tui: a setting that is not set here has the value shown. The program writes its
# changes to this file too, and keeps your comments.
"""


def default_text() -> str:
    """Returns an initial config file: every setting with its description, commented out."""
    parts = [_HEAD]
    for name, value in _toml_values(Settings()).items():
        parts.append(
            f"# {SETTING_DESCRIPTIONS[name]}\n"
            + (f"[{name}]\n" if isinstance(value, dict) else f"# {_toml_line(name, value)}")
        )
    parts[-1] += "".join(f"# {key.id} = {_labels_array(key)}  # {key.help}\n" for key in KEYS)
    return "\n".join(parts)


def _labels_array(key: KeyBinding) -> str:
    """Returns the keys of an action as a TOML array."""
    return json.dumps([key_label(name) for name in key.keys], ensure_ascii=False)


def effective_text(settings: Settings) -> str:
    """Returns all settings in effect, as TOML."""
    import tomlkit

    return tomlkit.dumps(_toml_values(settings))


def _toml_values(settings: Settings) -> dict[str, Any]:
    """Returns the settings as TOML values, tables last."""
    values: dict[str, Any] = {name: getattr(settings, name) for name in SETTING_DESCRIPTIONS}
    for name, value in values.items():
        if isinstance(value, Mapping):
            values[name] = {key: [str(item) for item in items] for key, items in value.items()}
        elif isinstance(value, tuple):
            values[name] = [str(item) if isinstance(item, Alert | Basis | PriceLevel) else item for item in value]
    return values


def _toml_line(name: str, value: object) -> str:
    import tomlkit

    return tomlkit.dumps({name: value})
