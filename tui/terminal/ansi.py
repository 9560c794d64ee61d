"""The SGR encoder: styled text for the terminal. From one segment to the next only what differs in their styles is
written, which halves the bytes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console
from rich.segment import Segment
from rich.style import Style

NO_STYLE = Style()
RESET = "\x1b[0m"

Piece: TypeAlias = tuple[int, int, int, Iterable[Segment]]
"""A piece of a line: its column and row, both from 0, its width in cells, and its text."""


def append_styled(written: list[str], segments: Iterable[Segment], now: Style, system: ColorSystem) -> Style:
    """Append segments to what is written to a terminal whose style is `now`; returns the style it has then."""
    put = written.append
    for text, style, _ in segments:
        if style is not now:
            style = NO_STYLE if style is None else style
            put(_change(now, style, system))
            now = style
        put(text)
    return now


def color_system(console: Console) -> ColorSystem:
    """Returns the colours that the console's terminal has; all of them for a console that is no terminal."""
    return COLOR_SYSTEMS.get(console.color_system or "", ColorSystem.TRUECOLOR)


@lru_cache(maxsize=4_096)
def _change(before: Style, after: Style, system: ColorSystem) -> str:
    """Returns the SGR sequence that turns one style into the other."""
    codes: list[str] = []
    if _attributes(before) != _attributes(after) or _lacks_colour(before, after):
        codes = ["0", *_attributes(after)]
        before = NO_STYLE
    for colour, other, foreground in (
        (after.color, before.color, True),
        (after.bgcolor, before.bgcolor, False),
    ):
        if colour is not None and colour != other:
            codes += colour.downgrade(system).get_ansi_codes(foreground)
    return f"\x1b[{';'.join(codes)}m" if codes else ""


def _attributes(style: Style) -> list[str]:
    flags = (style.bold, style.dim, style.italic, style.underline, style.blink, None, style.reverse, None, style.strike)
    return [str(code) for code, on in enumerate(flags, 1) if on]


def _lacks_colour(before: Style, after: Style) -> bool:
    """Returns True if a colour is to be reset to the default, for which there is no code but 0."""
    return (before.color is not None and after.color is None) or (before.bgcolor is not None and after.bgcolor is None)
