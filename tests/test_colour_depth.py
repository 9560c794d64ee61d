"""How many colours a terminal has by its environment, and on which nothing can be drawn."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tui import colour_depth
from tui.colour_depth import ColourDepth, is_drawable

NONE, ANSI, INDEXED, TRUECOLOR = ColourDepth.NONE, ColourDepth.ANSI, ColourDepth.INDEXED, ColourDepth.TRUECOLOR
KNOWN = {
    "xterm": (8, b"\x1b[%i%p1%d;%p2%dH"),
    "screen": (8, b"\x1b[%i%p1%d;%p2%dH"),
    "rxvt-88color": (88, b"\x1b[%i%p1%d;%p2%dH"),
    "st-meta": (256, b"\x1b[%i%p1%d;%p2%dH"),
    "vt100": (-1, b"\x1b[%i%p1%d;%p2%dH$<5>"),
    "vt52": (-1, b"\x1bY%p1%' '%+%c%p2%' '%+%c"),
    "tty33": (-1, b""),
}


@pytest.fixture(autouse=True)
def terminfo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some entries. The real ones are read by the tests in a terminal: curses reads one in the life of a process."""
    entries = {name: colour_depth._Terminfo(*entry) for name, entry in KNOWN.items()}
    monkeypatch.setattr(colour_depth, "_terminfo", entries.get)


@pytest.mark.parametrize(
    ("environment", "depth"),
    [
        ({"TERM": "xterm"}, ANSI),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, TRUECOLOR),
        ({"TERM": "xterm", "COLORTERM": " 24BIT "}, TRUECOLOR),
        ({"TERM": "xterm", "COLORTERM": "yes"}, ANSI),
        ({"TERM": "xterm-256color"}, INDEXED),
        ({"TERM": "screen-256color-bce"}, INDEXED),
        ({"TERM": "screen.xterm-256color", "STY": "1.x"}, INDEXED),
        ({"TERM": "screen", "STY": "1.x", "COLORTERM": "truecolor"}, INDEXED),
        ({"TERM": "screen", "STY": "1.x"}, ANSI),
        ({"TERM": "xterm-256color", "STY": "", "COLORTERM": "truecolor"}, TRUECOLOR),
        ({"TERM": "st-meta"}, INDEXED),
        ({"TERM": "rxvt-88color"}, ANSI),
        *(({"TERM": name}, INDEXED) for name in ("alacritty", "foot", "xterm-kitty", "xterm-ghostty", "foot-extra")),
        ({"TERM": "foot-direct"}, TRUECOLOR),
        ({"TERM": "nobody-knows-it"}, ANSI),
        ({"TERM": "vt100"}, NONE),
        ({"TERM": "xterm", "COLORTERM": "truecolor", "NO_COLOR": "0"}, NONE),
        ({"TERM": "xterm", "COLORTERM": "truecolor", "NO_COLOR": ""}, TRUECOLOR),
        *(({"TERM": name, "COLORTERM": "truecolor"}, NONE) for name in ("dumb", "unknown", "vt52", "")),
        ({}, NONE),
    ],
)
def test_the_depth(environment: Mapping[str, str], depth: ColourDepth) -> None:
    assert colour_depth.colour_depth(environment) is depth


@pytest.mark.parametrize("term", ["xterm", "vt100", "nobody-knows-it", "xterm-256color"])
def test_drawable(term: str) -> None:
    assert is_drawable(term)


@pytest.mark.parametrize("term", ["", "dumb", "unknown", "vt52", "tty33"])
def test_not_drawable(term: str) -> None:
    assert not is_drawable(term)
