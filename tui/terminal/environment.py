"""Environment variables that must not reach Textual, and the one that says where the dashboard is drawn."""

from __future__ import annotations

import os

from tui.colour_depth import ColourDepth, colour_depth

_SIZE = ("COLUMNS", "LINES")  # a terminal itself knows its size
_MULTIPLEXERS = ("STY", "TMUX")
_WEB_DRIVER = "textual.drivers.web_driver:WebDriver"


def is_in_page() -> bool:
    """Returns True if textual-serve runs the dashboard, which is drawn in a browser page then and not in a terminal. To
    be called before `prepare_environment`."""
    return os.environ.get("TEXTUAL_DRIVER") == _WEB_DRIVER


def prepare_environment() -> None:
    """Remove Textual's own variables, which load other code, press keys or write files, and those of the terminal's
    size; in a page, where they tell its size, say instead what its terminal is, whatever its server runs in. Set
    NO_COLOR on a terminal without colours, and remove an empty one, which Textual takes for set. To be called before
    Textual is imported."""
    others = _SIZE
    if is_in_page():
        others = _MULTIPLEXERS
        os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    for name in [name for name in os.environ if name.startswith("TEXTUAL_") or name in others]:
        del os.environ[name]
    if colour_depth(os.environ) is ColourDepth.NONE:
        os.environ["NO_COLOR"] = "1"
    else:
        os.environ.pop("NO_COLOR", None)
