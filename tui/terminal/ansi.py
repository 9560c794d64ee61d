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
    was, is_ = _attributes(before), _attributes(after)
    off = {_OFF[code] for code in was - is_}
    # Bold and dim have one code for off.
    on = {code for code in is_ if code not in was or _OFF[code] in off}
    codes = [*map(str, sorted(off)), *map(str, sorted(on))]
    for colour, other, default in ((after.color, before.color, "39"), (after.bgcolor, before.bgcolor, "49")):
        if colour != other:
            codes += [default] if colour is None else colour.downgrade(system).get_ansi_codes(default == "39")
    return f"\x1b[{';'.join(codes)}m" if codes else ""


_OFF = {1: 22, 2: 22, 3: 23, 4: 24, 5: 25, 7: 27, 9: 29}
"""The SGR code that turns an attribute off, by the one that turns it on (ECMA-48 §8.3.117)."""


def _attributes(style: Style) -> set[int]:
    flags = (style.bold, style.dim, style.italic, style.underline, style.blink, None, style.reverse, None, style.strike)
    return {code for code, on in enumerate(flags, 1) if on}
