"""Some lines of the screen, as they go to the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from tui.terminal.ansi import PLAIN, RESET, Piece, append_styled, color_system
from tui.terminal.textual_private import CompositorUpdate


class LineUpdate(CompositorUpdate):
    """What Textual's own compositor makes of a change. `alike`: most of each line stands there already."""

    def __init__(self, lines: Sequence[Piece], *, alike: bool = False) -> None:
        self.lines = lines
        self.alike = alike

    def render_segments(self, console: Console) -> str:
        written: list[str] = []
        style, system = PLAIN, color_system(console)
        for x, y, _, pieces in self.lines:
            written.append(f"\x1b[{y + 1};{x + 1}H")
            style = append_styled(written, pieces, style, system)
        written.append(RESET)
        return "".join(written)
