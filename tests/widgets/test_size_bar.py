from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import format as fmt
from tui.config.themes import DEFAULT_THEME, find_theme
from tui.widgets.size_bar import aligned, sized_bar
from tui.widgets.styles import Styles

STYLES = Styles(find_theme(DEFAULT_THEME))


def drawn(text: str, eighths: int, leftward: bool) -> tuple[str, str]:
    """The characters of a bar, and below each what its ground is: `#` the bar's colour, blank none."""
    line = sized_bar(STYLES, text, eighths, "bid_bar", role="text", off="muted", leftward=leftward)
    bar = STYLES("text", "bid_bar").bgcolor
    characters = "".join(segment.text for segment in line)
    ground = "".join(
        ("#" if segment.style and segment.style.bgcolor == bar else " ") * len(segment.text) for segment in line
    )
    return characters, ground


@pytest.mark.parametrize(
    ("text", "eighths", "characters", "ground"),
    [
        ("100     ", 1, "100     ", "        "),  # no eighth under a digit
        ("100     ", 16, "100     ", "##      "),
        ("100     ", 21, "100     ", "###     "),  # five eighths under the last digit
        ("100     ", 36, "100 ▌   ", "####    "),
        ("100     ", 64, "100     ", "########"),
        ("100     ", 99, "100     ", "########"),
        (" 100    ", 3, "▍100    ", "        "),
    ],
)
def test_a_bar_ends_in_an_eighth_of_a_cell_where_no_digit_stands(
    text: str, eighths: int, characters: str, ground: str
) -> None:
    assert drawn(text, eighths, leftward=False) == (characters, ground)


def test_a_leftward_bar_ends_in_the_ground_drawn_over_it() -> None:
    assert drawn("     100", 36, leftward=True) == ("   ▌ 100", "   #####")
    assert drawn("     100", 16, leftward=True) == ("     100", "      ##")


@given(st.text("0123456789,. ", max_size=30), st.integers(0, 300), st.booleans())
def test_a_bar_is_as_wide_as_its_text_and_keeps_every_digit(text: str, eighths: int, leftward: bool) -> None:
    characters, ground = drawn(text, eighths, leftward)
    assert len(characters) == len(ground) == len(text)
    assert [c for c in characters if c.isdigit()] == [c for c in text if c.isdigit()]
    filled = ground.rstrip() if not leftward else ground.lstrip()
    assert " " not in filled, "in one piece"


def test_units_stand_below_units() -> None:
    assert aligned(["1,200", "0.25", "7", "12.3K", "<0.01"]) == [
        "1,200   ",
        "    0.25",
        "    7   ",
        "   12.3K",
        "   <0.01",
    ]
    assert aligned(["100", "2,600"]) == ["  100", "2,600"]
    assert aligned([]) == []


@given(st.lists(st.floats(0, 1e15), max_size=10))
def test_aligned_numbers_are_of_one_length_and_none_is_changed(values: list[float]) -> None:
    texts = [fmt.size(value) for value in values]
    found = aligned(texts)
    assert [text.strip() for text in found] == texts
    assert len({len(text) for text in found}) <= 1
