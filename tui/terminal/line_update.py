"""An update of some lines of the screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from rich.cells import cell_len, get_character_cell_size
from rich.console import Console
from rich.segment import Segment

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
            style, row = append_styled(written, _anchored(x, pieces), style, system), y
        if style != NO_STYLE:
            written.append(RESET)
        return "".join(written)


@lru_cache(maxsize=4_096)
def is_narrow(text: str) -> bool:
    """Returns True if each character has one cell. The sum tells nothing: a wide letter makes up for a mark of none."""
    return all(get_character_cell_size(character) == 1 for character in text)


def _anchored(x: int, segments: Iterable[Segment]) -> Iterator[Segment]:
    """Yields the segments of a line from column `x` on. Terminals disagree about the cells of wide letters, marks and
    emoji: theirs are erased first, and behind them the cursor is put where the next segment begins."""
    is_sure = True
    for segment in segments:
        text = segment.text
        if not is_sure:
            yield Segment(f"\x1b[{x + 1}G", segment.style)
        is_sure = text.isascii() or is_narrow(text)
        width = len(text) if is_sure else cell_len(text)
        if not is_sure:
            yield Segment(f"\x1b[{width}X", segment.style)
        yield segment
        x += width
