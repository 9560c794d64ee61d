"""The base of every part of the dashboard: a widget that draws each cell of its lines itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.terminal.ansi import Piece
from tui.widgets.styles import Styles


class LineWidget(Widget, can_focus=False):
    """A widget that is drawn by `render_line` alone. Textual would first search each line for borders, padding and
    links and convert its numbered colours, which costs as much again as drawing the line."""

    def __init__(self, styles: Styles, id: str) -> None:
        super().__init__(id=id)
        self.theme_styles = styles
        """The styles by role that lines are drawn with."""

    def apply_styles(self, styles: Styles) -> None:
        """Redraw in the colours of another theme."""
        self.theme_styles = styles
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Returns the lines of `crop` without Textual's own rendering steps."""
        strips = self.filtered(crop.line_range)
        return strips if crop.width == self.size.width else [strip.crop(crop.x, crop.right) for strip in strips]

    def filters(self) -> list[LineFilter]:
        """Returns the filters in force that change colours, such as the one of NO_COLOR."""
        return [each for each in self.get_line_filters() if not isinstance(each, ANSIToTruecolor)]

    def filtered(self, lines: Iterable[int]) -> list[Strip]:
        """Returns lines by their numbers as strips, with the filters applied."""
        strips = [self.strip(y) for y in lines]
        for each in self.filters():
            strips = [strip.apply_filter(each, self.background_colors[1]) for strip in strips]
        return strips

    def pieces(self, lines: Sequence[int]) -> list[Piece]:
        """Returns lines by their numbers, each with its place on the screen, as they are written to the terminal."""
        (x, y), width = self.region.offset, self.size.width
        return [(x, y + n, width, strip) for n, strip in zip(lines, self.filtered(lines), strict=True)]

    def strip(self, y: int) -> Strip:
        """Returns a line; subclasses may return it as it was last drawn."""
        return self.render_line(y)
