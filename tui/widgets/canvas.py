"""A character canvas: layers are drawn on it cell by cell and read out as lines."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style


class Canvas:
    """`width` by `height` cells, all blank at first. A later character replaces an earlier one."""

    def __init__(self, width: int, height: int, style: Style) -> None:
        self.width, self.height = width, height
        self._characters = [[" "] * width for _ in range(height)]
        self._styles = [[style] * width for _ in range(height)]
        self._words: set[tuple[int, int]] = set()  # cells of words, whose blanks are not free

    def put(self, x: int, y: int, character: str, style: Style) -> None:
        """Draw a character in column `x` of row `y`."""
        self._characters[y][x] = character
        self._styles[y][x] = style

    def write(self, x: int, y: int, text: str, style: Style) -> None:
        """Draw characters from column `x` of row `y` on."""
        for n, character in enumerate(text):
            self.put(x + n, y, character, style)

    def put_words(self, x: int, y: int, text: str, style: Style) -> None:
        """Draw words, whose blanks are not free for what is drawn later."""
        self.write(x, y, text, style)
        self._words.update((x + n, y) for n in range(len(text)))

    def restyle(self, x: int, y: int, style: Style) -> None:
        """Give the character that is there another style."""
        self._styles[y][x] = style

    def is_blank(self, x: int, y: int, width: int = 1) -> bool:
        """Returns True if nothing is drawn on `width` cells from column `x` of row `y` on."""
        if self._words and any((x + n, y) in self._words for n in range(width)):
            return False
        return all(character == " " for character in self._characters[y][x : x + width])

    def line(self, y: int) -> list[Segment]:
        """Returns one row; a blank joins the piece before it, since a text colour does not show on it."""
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
