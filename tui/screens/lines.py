"""Some lines of the screen, as they go to the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from textual._compositor import CompositorUpdate
from textual.strip import Strip

from tui.widgets.styled import PLAIN, RESET, system_of, write


class Lines(CompositorUpdate):
    """What Textual's own compositor makes of a change: column and row, both from 0, and what begins there."""

    def __init__(self, lines: Sequence[tuple[int, int, Strip]]) -> None:
        self.lines = lines

    def render_segments(self, console: Console) -> str:
        written: list[str] = []
        style, system = PLAIN, system_of(console)
        for x, y, strip in self.lines:
            written.append(f"\x1b[{y + 1};{x + 1}H")
            style = write(written, strip, style, system)
        written.append(RESET)
        return "".join(written)
