"""An update of some lines of the screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from tui.terminal.ansi import NO_STYLE, RESET, Piece, append_styled, color_system
from tui.terminal.textual_private import CompositorUpdate


class LineUpdate(CompositorUpdate):
    """A compositor update that writes pieces of lines."""

    def __init__(self, lines: Sequence[Piece]) -> None:
        self.lines = lines

    def render_segments(self, console: Console) -> str:
        written: list[str] = []
        style, system, row = NO_STYLE, color_system(console), None
        for x, y, _, pieces in self.lines:
            written.append(f"\x1b[{x + 1}G" if y == row else f"\x1b[{y + 1};{x + 1}H")
            style, row = append_styled(written, pieces, style, system), y
        if style != NO_STYLE:
            written.append(RESET)
        return "".join(written)
