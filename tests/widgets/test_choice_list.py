"""Lines to choose from: whatever stands in them, at any width."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from tui.widgets.choice_list import ChoiceRow, lay_out

TEXT = st.text(st.characters(exclude_categories=["C", "M"], exclude_characters="\u2028\u2029"), max_size=30)


def plain(role: str) -> Style:
    return Style.null()


@given(words=TEXT, mark=TEXT, more=TEXT, note=TEXT, width=st.integers(0, 100), marks=st.integers(0, 10))
def test_a_row_is_exactly_as_wide_as_it_is_asked_to_be(
    words: str, mark: str, more: str, note: str, width: int, marks: int
) -> None:
    strip = lay_out(ChoiceRow(words, mark, more, note), width, marks, cell_len(words), plain)
    assert cell_len(strip.text) == width == strip.cell_length


def test_columns_stand_below_each_other_and_what_is_too_long_ends_in_an_ellipsis() -> None:
    rows = [ChoiceRow("LAST", "✓", "the last price"), ChoiceRow("沪深300", "", "一二三四五六七八九十一二三四五", "▼")]
    assert [lay_out(row, 31, 1, 10, plain).text for row in rows] == [
        " ✓  LAST        the last price ",
        "    沪深300     一二三四五…  ▼ ",
    ]
    assert lay_out(ChoiceRow("a long name indeed"), 12, 0, 18, plain).text == " a long na… "
