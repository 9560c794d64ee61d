"""What stands in for a character has its cells, and is what the set may hold."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path
from unicodedata import east_asian_width

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import get_character_cell_size
from textual._border import BORDER_CHARS
from textual.scrollbar import ScrollBarRender

import tui
from tui.config.glyphs import GlyphSet
from tui.terminal.glyphs import translate

ROOT = Path(tui.__file__).parent
DRAWING = ("app", "market", "screens", "widgets", "config/key_table.py", "format.py")
GLYPHS: tuple[GlyphSet, ...] = ("wide-safe", "ascii")
LEVELS = ("▁▂▃▄▅▆▇█", "▏▎▍▌▋▊▉█")


def texts(path: Path) -> Iterator[str]:
    """Yields the text literals of a module without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            yield node.value


def drawn() -> set[str]:
    """Returns the characters beyond ASCII that this program or Textual draws."""
    files = [
        file for part in DRAWING for file in ([ROOT / part] if "." in part else sorted((ROOT / part).rglob("*.py")))
    ]
    ours = {character for file in files for text in texts(file) for character in text}
    borders = {character for rows in BORDER_CHARS.values() for row in rows for part in row for character in part}
    return {
        each
        for each in ours | borders | {*"".join(ScrollBarRender.VERTICAL_BARS + ScrollBarRender.HORIZONTAL_BARS)}
        if not each.isascii()
    }


def test_all_that_is_drawn_has_a_stand_in() -> None:
    found = drawn()
    assert len(found) > 80 and {"▲", "╭", "♥", "▁"} < found
    for glyphs in GLYPHS:
        unknown = {each for each in found if translate(each, glyphs)[:1] == "?"}
        assert not unknown, f"give these a stand-in: {unknown}"
    wide = {each for each in found if east_asian_width(translate(each, "wide-safe")) not in ("N", "Na", "H")}
    assert not wide


@given(st.text())
def test_any_text_keeps_its_cells(text: str) -> None:
    assert translate(text, "full") == text
    for character in text:
        cells = get_character_cell_size(character)
        safe, plain = translate(character, "wide-safe"), translate(character, "ascii")
        assert plain.isascii() and (character.isascii() or len(plain) == cells)
        assert get_character_cell_size(safe) == cells
        assert cells == 0 or east_asian_width(safe) != "A"


@given(st.text(string.printable + "\x1b\x00\x7f"))
def test_control_sequences_stay(text: str) -> None:
    assert translate(f"{text}▲", "ascii") == f"{text}^"
    assert translate(f"{text}▲", "wide-safe") == f"{text}▴"


@pytest.mark.parametrize("glyphs", GLYPHS)
def test_what_is_inferred_left_out_unknown_and_uncertain_look_different(glyphs: GlyphSet) -> None:
    signs = [translate(each, glyphs) for each in ("~", "…", "±", "—", "·", "×", "?", "µ", "√", "▲", "▼")]
    assert len({*signs}) == len(signs)


@pytest.mark.parametrize("levels", LEVELS)
def test_a_larger_bar_is_never_drawn_smaller(levels: str) -> None:
    dots = [ord(each).bit_count() - 0x2800.bit_count() for each in translate(levels, "wide-safe")]
    assert dots == sorted(set(dots)) and dots[-1] == 8
    ink = [" .:-|=+x*#".index(each) for each in translate(levels, "ascii")]
    assert ink == sorted(ink) and ink[0] > 0


def test_letters_lose_their_marks_alone() -> None:
    assert translate("Café ½ Я 国 e\u0301", "wide-safe") == "Cafe ? ? 国 e\u0301"
    assert translate("Café ½ Я 国 e\u0301 Ｑ", "ascii") == "Cafe ? ? ?? e Q "
