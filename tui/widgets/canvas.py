"""A grid of characters that layers are drawn on, read out as lines."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style


class Canvas:
    """`width` by `height` cells, all blank at first. What is put later stands above what was there."""

    def __init__(self, width: int, height: int, style: Style) -> None:
        self.width, self.height = width, height
        self._characters = [[" "] * width for _ in range(height)]
        self._styles = [[style] * width for _ in range(height)]

    def put(self, x: int, y: int, character: str, style: Style) -> None:
        self._characters[y][x] = character
        self._styles[y][x] = style

    def write(self, x: int, y: int, text: str, style: Style) -> None:
        for n, character in enumerate(text):
            self.put(x + n, y, character, style)

    def restyle(self, x: int, y: int, style: Style) -> None:
        self._styles[y][x] = style

    def is_blank(self, x: int, y: int, width: int = 1) -> bool:
        return all(character == " " for character in self._characters[y][x : x + width])

    def line(self, y: int) -> list[Segment]:
        """One row; a blank joins the piece before it, since it looks the same in any colour of text."""
        text, styles = "".join(self._characters[y]), self._styles[y]
        pieces: list[Segment] = []
        start = 0
        for x in range(1, self.width):
            if styles[x] is not styles[start] and text[x] != " ":
                if not text[start:x].isspace():
                    pieces.append(Segment(text[start:x], styles[start]))
                    start = x
                else:
                    styles[start] = styles[x]
        return [*pieces, Segment(text[start:], styles[start])]
