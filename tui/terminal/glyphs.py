"""Glyph sets: what is written in place of characters that a terminal may draw in other cells than are counted for them.

A character of East Asian class A (ambiguous, UAX #11) has one cell, or two in a terminal that is set up for Chinese,
Japanese or Korean. There the rest of its line is shifted, and a frame of changed cells mixes new digits with old ones.
A stand-in has as many cells as what it stands for, so that only the driver has to know of it.
"""

from __future__ import annotations

from collections.abc import Callable
from unicodedata import category, east_asian_width, normalize

from rich.cells import get_character_cell_size

from tui.config.glyphs import GlyphSet

_UNKNOWN = "?"
_ZERO_WIDTH = ("Mn", "Me", "Cf")  # combining and format characters, by category


def _pairs(*pairs: tuple[str, str]) -> dict[int, str]:
    """Returns a table with the characters of each first text, and those at the same places of the second."""
    return {ord(one): other for ones, others in pairs for one, other in zip(ones, others, strict=True)}


# Frames are ASCII: of line drawing only what joins is ambiguous, and the rest joins to no frame.
_CROSSINGS = "".join(map(chr, (*range(0x250C, 0x254C), *range(0x2552, 0x256D))))
_LINES = _pairs(
    (_CROSSINGS, "+" * len(_CROSSINGS)),
    ("─┄┅┈┉╌╍━═▔╭╮╰╯", "-------==-..''"),
    ("│┃║┆┇┊┋╎╏▕", "|||::::::|"),
)
_SIGNS = _pairs(("–—‘’“”×÷€√", "--''\"\"x/Er"))
_WIDE_SAFE = {
    **_LINES,
    **_SIGNS,
    **_pairs(
        ("▲▼◀▶↑↓←→", "▴▾◂▸▴▾◂▸"),
        ("●○■◆★♥‖", "◉◦▪✦⋆❥ǁ"),
        ("·•…±≤≥μΣσø²", "⋅⋅⋯∓⩽⩾µƩs⌀2"),
        # Eighths of a cell as so many of eight dots; candles with the body in two columns of dots, the wick in one.
        ("▁▂▃▄▅▆▇█", "⡀⣀⣄⣤⣦⣶⣷⣿"),
        ("▏▎▍▌▋▊▉▀", "⠄⠆⠇⡇⡏⡟⡿⠛"),
        ("┃┇╹╻╿╽", "⣿⢕⠛⣤⡟⣧"),
        ("━╼╾", "⠶⠰⠆"),
    ),
}
_ASCII = {
    **_LINES,
    **_SIGNS,
    **_pairs(
        ("▲▼◀▶↑↓←→▴▾◂▸‹›", "^v<>^v<>^v<><>"),
        ("●○◌■▪◆★♥✓⊘‖", "*o.##**@+X="),
        ("·•…±≤≥−", "||_&<>-"),
        ("μµΣσø²£¥", "uuSso2LY"),
        ("▁▂▃▄▅▆▇█", ".:-=+x*#"),
        ("▏▎▍▌▋▊▉▀▐", "::||||##|"),
        ("▖▗▘▝▙▛▜▟▚▞", "..''######"),
        ("╴╶╸╺╼╾", "--==--"),
        ("╵╷┃┇╹╻╽╿", "'.#x####"),
    ),
}


def _wide_safe(character: str) -> str:
    if east_asian_width(character) != "A" or category(character) in _ZERO_WIDTH:
        return character
    plain = _without_marks(character)
    return plain if plain.isascii() and len(plain) == 1 else _UNKNOWN


def _ascii(character: str) -> str:
    if character.isascii():
        return character
    if "\u2800" <= character <= "\u28ff":
        return _dots(ord(character) - 0x2800)
    cells, plain = get_character_cell_size(character), _without_marks(character)
    return plain.ljust(cells) if plain.isascii() and 0 < len(plain) <= cells else _UNKNOWN * cells


def _without_marks(character: str) -> str:
    return "".join(part for part in normalize("NFKD", character) if category(part) not in _ZERO_WIDTH)


def _dots(braille: int) -> str:
    """Returns a stand-in for a braille pattern: by whether it has dots in its upper and its lower half."""
    if braille.bit_count() > 4:
        return "#"
    upper, lower = braille & 0b0001_1011, braille & 0b1110_0100
    return ":" if upper and lower else "'" if upper else "." if lower else " "


class _StandIns(dict[int, str]):
    """A table for `str.translate` that is filled as characters come up."""

    def __init__(self, known: dict[int, str], find: Callable[[str], str]) -> None:
        super().__init__(known)
        self._find = find

    def __missing__(self, code: int) -> str:
        self[code] = stand_in = self._find(chr(code))
        return stand_in


_TABLES = {"wide-safe": _StandIns(_WIDE_SAFE, _wide_safe), "ascii": _StandIns(_ASCII, _ascii)}


def translate(text: str, glyphs: GlyphSet) -> str:
    """Returns the text in the characters of a set. Control sequences stay."""
    return text if glyphs == "full" or text.isascii() else text.translate(_TABLES[glyphs])
