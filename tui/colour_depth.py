"""What the terminal can show by its type: how many colours, and whether anything can be drawn at all.

The dashboard and the doctor both ask here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import NamedTuple


class ColourDepth(Enum):
    """The colours of a terminal; the value is its description."""

    NONE = "no colours"
    ANSI = "16 colours"
    INDEXED = "256 colours"
    TRUECOLOR = "true colour"

    @property
    def is_ansi(self) -> bool:
        """True for the 16 named colours; without colours their greys are drawn."""
        return self in (ColourDepth.NONE, ColourDepth.ANSI)


_TRUECOLOR = ("truecolor", "24bit")
_WITH_256 = ("256color", "kitty", "alacritty", "foot", "ghostty", "wezterm", "contour", "rio", "konsole", "st-")
"""Parts of names whose terminals have 256 colours, on machines whose terminfo does not know them."""
_UNDRAWABLE = ("", "dumb", "unknown")
UNDRAWABLE_ADVICE = "nothing can be drawn on it: set TERM, to xterm-256color for example"
"""What to do about a terminal that is not drawable."""


class _Terminfo(NamedTuple):
    """What terminfo says of a type of terminal: its colours, and how the cursor is moved."""

    colours: int
    move: bytes


def colour_depth(environment: Mapping[str, str]) -> ColourDepth:
    """Returns the colours to draw with; none if NO_COLOR is set and not empty."""
    return ColourDepth.NONE if environment.get("NO_COLOR") else terminal_depth(environment)


def terminal_depth(environment: Mapping[str, str]) -> ColourDepth:
    """Returns the colours that the terminal has, whatever NO_COLOR says."""
    term = environment.get("TERM", "")
    if not is_drawable(term):
        return ColourDepth.NONE
    if environment.get("COLORTERM", "").strip().lower() in _TRUECOLOR or term.endswith("-direct"):
        # GNU screen inherits COLORTERM from the terminal outside. Its version 4 misreads these colours.
        return ColourDepth.INDEXED if environment.get("STY") else ColourDepth.TRUECOLOR
    if "256" in term:
        return ColourDepth.INDEXED
    known = _terminfo(term)
    if known is None:
        return ColourDepth.INDEXED if any(name in term for name in _WITH_256) else ColourDepth.ANSI
    if known.colours < 8:
        return ColourDepth.NONE
    return ColourDepth.INDEXED if known.colours >= 256 else ColourDepth.ANSI


def is_drawable(term: str) -> bool:
    """Returns True if the cursor of this type of terminal can be moved as the dashboard moves it: by ANSI sequences."""
    if term in _UNDRAWABLE:
        return False
    known = None if "256" in term else _terminfo(term)
    return known is None or known.move.startswith(b"\x1b[")


@cache
def _terminfo(term: str) -> _Terminfo | None:
    """Returns what terminfo says of a type of terminal, None if it does not know it. The curses library reads one type
    in the life of a process."""
    try:
        import curses

        curses.setupterm(term, 1)
    except (ImportError, curses.error):
        return None
    return _Terminfo(curses.tigetnum("colors"), curses.tigetstr("cup") or b"")
