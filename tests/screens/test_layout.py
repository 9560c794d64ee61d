from __future__ import annotations

from itertools import combinations
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.config.settings import Below
from tui.screens.layout import PANES, Box, Boxes, arrange

SIDES = st.sets(st.sampled_from(PANES))
BELOW: tuple[Below, ...] = get_args(Below)


def cells(box: Box) -> int:
    return box.width * box.height


def apart(one: Box, other: Box) -> bool:
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


@given(
    st.integers(1, 300),
    st.integers(1, 100),
    SIDES,
    st.sampled_from(["", *PANES]),
    st.sampled_from(BELOW),
    st.booleans(),
    st.integers(0, 120),
)
def test_the_panes_fill_the_screen_and_never_overlap(
    width: int, height: int, hidden: set[str], zoomed: str, below: Below, detail: bool, symbols: int
) -> None:
    boxes = arrange(width, height, hidden, zoomed, below, detail=detail, symbols=symbols)
    if width < 40 or height < 8:
        assert boxes == {}
        return
    assert all(box.x >= 0 and box.y >= 0 and box.width > 0 and box.height > 0 for box in boxes.values())
    assert all(apart(one, other) for one, other in combinations(boxes.values(), 2))
    filled = sum(map(cells, boxes.values()))
    assert filled == width * (height - 3) or (detail and height - 3 - 6 < 3)
    if zoomed:
        assert list(boxes) == [zoomed]


@given(st.integers(40, 300), st.integers(8, 100), SIDES)
def test_hidden_panes_are_left_out_and_something_is_always_shown(width: int, height: int, hidden: set[str]) -> None:
    boxes = arrange(width, height, hidden)
    assert boxes
    assert set(boxes).isdisjoint(hidden) or hidden == set(PANES)


@given(st.integers(100, 300), st.integers(15, 100), st.integers(0, 300))
def test_the_right_makes_room_for_the_columns_down_to_its_least_width(width: int, height: int, needed: int) -> None:
    before, after = arrange(width, height), arrange(width, height, watchlist_width=needed)
    assert list(before) == list(after) and sum(map(cells, after.values())) == sum(map(cells, before.values()))
    assert after["watchlist"].width == max(before["watchlist"].width, min(needed, width - 42))


@given(st.integers(40, 300), st.integers(8, 100))
def test_the_watchlist_has_the_larger_part(width: int, height: int) -> None:
    boxes = arrange(width, height)
    beside = [box for pane, box in boxes.items() if pane != "watchlist"]
    assert all(cells(boxes["watchlist"]) > cells(box) or box.width == boxes["watchlist"].width for box in beside)


def shown(boxes: Boxes) -> list[str]:
    return list(boxes)


@pytest.mark.parametrize(
    ("size", "panes"),
    [
        ((160, 45), ["watchlist", "ladder", "chart", "tape"]),
        ((120, 36), ["watchlist", "ladder", "chart", "tape"]),
        ((120, 24), ["watchlist", "ladder", "chart"]),
        ((120, 18), ["watchlist", "ladder"]),
        ((80, 24), ["watchlist", "ladder", "chart"]),
        ((60, 20), ["watchlist"]),
        ((40, 8), ["watchlist"]),
        ((39, 8), []),
        ((40, 7), []),
    ],
)
def test_the_tape_goes_first_then_the_chart_then_the_ladder(size: tuple[int, int], panes: list[str]) -> None:
    assert shown(arrange(*size)) == panes


@pytest.mark.parametrize(
    ("size", "panes"),
    [
        ((160, 45), ["quote_header", "ladder", "chart", "tape"]),
        ((80, 30), ["quote_header", "chart", "ladder", "tape"]),
        ((80, 24), ["quote_header", "ladder", "chart"]),
        ((60, 40), ["quote_header", "ladder", "chart", "tape"]),
        ((60, 24), ["quote_header", "ladder"]),
        ((40, 8), ["quote_header"]),
    ],
)
def test_the_detail_gives_one_symbol_the_screen(size: tuple[int, int], panes: list[str]) -> None:
    assert shown(arrange(*size, detail=True)) == panes


@pytest.mark.parametrize(
    ("size", "symbols", "below", "hidden", "pane", "lines"),
    [
        ((160, 45), 14, "auto", "", "charts", 25),
        ((120, 36), 14, "auto", "", "charts", 16),
        ((160, 45), 31, "auto", "", "charts", 8),
        ((160, 45), 32, "auto", "", "", 0),
        ((160, 45), 3, "auto", "", "chart", 36),
        ((160, 45), 3, "auto", "chart", "", 0),
        ((160, 45), 0, "auto", "", "", 0),
        ((160, 45), 14, "wide-chart", "", "chart", 25),
        ((160, 45), 14, "wide-chart", "chart", "", 0),
        ((160, 45), 14, "nothing", "", "", 0),
        ((160, 45), 200, "3x3", "", "charts", 21),
        ((160, 45), 200, "wide-chart", "", "chart", 10),
        ((120, 24), 14, "3x3", "", "", 0),
        ((120, 24), 14, "2x2", "", "charts", 14),
        ((160, 45), 14, "2x2", "watchlist", "", 0),
    ],
)
def test_what_stands_below_the_list(
    size: tuple[int, int], symbols: int, below: Below, hidden: str, pane: str, lines: int
) -> None:
    boxes = arrange(*size, {hidden}, below=below, symbols=symbols)
    found = [id for id, box in boxes.items() if not box.x and box.y and id != "tape"]
    assert found == ([pane] if pane else [])
    if pane:
        assert boxes[pane].height == lines and boxes[pane].width == boxes["watchlist"].width
        assert "chart" in boxes
        if below == "auto":
            assert boxes["watchlist"].height == symbols + 3, "a line of each symbol, the titles and the border"


@given(st.integers(40, 99), st.integers(8, 100), SIDES, st.integers(0, 50), st.sampled_from(BELOW))
def test_on_a_narrow_terminal_nothing_stands_below_the_list(
    width: int, height: int, hidden: set[str], symbols: int, below: Below
) -> None:
    assert arrange(width, height, hidden, below=below, symbols=symbols) == arrange(width, height, hidden)
