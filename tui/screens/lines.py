"""Some lines of the screen, as they go to the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual._compositor import CompositorUpdate
from textual.strip import Strip

_PLAIN = Style()


class Lines(CompositorUpdate):
    """What Textual's own compositor makes of a change, for lines that are whole and that nothing covers: column and
    row, both from 0, and what begins there.

    From one piece to the next only what differs in their styles is written, which is half of what there is to write.
    """

    def __init__(self, lines: Sequence[tuple[int, int, Strip]]) -> None:
        self._lines = lines

    def render_segments(self, console: Console) -> str:
        system = console._color_system or ColorSystem.TRUECOLOR
        written: list[str] = []
        put, now = written.append, _PLAIN
        for x, y, strip in self._lines:
            put(f"\x1b[{y + 1};{x + 1}H")
            for text, style, _ in strip:
                if style is not now and style is not None:
                    put(_change(now, style, system))
                    now = style
                put(text)
        put("\x1b[0m")
        return "".join(written)


@lru_cache(maxsize=4_096)
def _change(before: Style, after: Style, system: ColorSystem) -> str:
    """What turns one style into the other."""
    codes: list[str] = []
    if _attributes(before) != _attributes(after) or _lacks_colour(before, after):
        codes = ["0", *_attributes(after)]
        before = _PLAIN
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
    """Whether a colour has to go without another in its place."""
    return (before.color is not None and after.color is None) or (before.bgcolor is not None and after.bgcolor is None)
