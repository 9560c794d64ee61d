"""A part of the dashboard that draws every cell of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.terminal.ansi import Piece


class LineWidget(Widget, can_focus=False):
    """Drawn by `render_line` alone. Textual would look for borders, padding and links in each line first, and turn
    colours by number into others, which costs as much again as drawing the line."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines as they are."""
        strips = self.filtered(crop.line_range)
        return strips if crop.width == self.size.width else [strip.crop(crop.x, crop.right) for strip in strips]

    def filters(self) -> list[LineFilter]:
        """What is done to colours beside: where there are to be none, say."""
        return [each for each in self.get_line_filters() if not isinstance(each, ANSIToTruecolor)]

    def filtered(self, lines: Iterable[int]) -> list[Strip]:
        """These lines by their numbers, as Textual wants them."""
        strips = [self.strip(y) for y in lines]
        for each in self.filters():
            strips = [strip.apply_filter(each, self.background_colors[1]) for strip in strips]
        return strips

    def pieces(self, lines: Sequence[int]) -> list[Piece]:
        """These lines as they go to the terminal."""
        (x, y), width = self.region.offset, self.size.width
        return [(x, y + n, width, strip) for n, strip in zip(lines, self.filtered(lines), strict=True)]

    def strip(self, y: int) -> Strip:
        """A line as it was last drawn, or drawn now."""
        return self.render_line(y)
