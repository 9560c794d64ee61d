from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.screens.layout import PANES, Box, Boxes, arrange

SIDES = st.sets(st.sampled_from(PANES))


def cells(box: Box) -> int:
    return box.width * box.height


def apart(one: Box, other: Box) -> bool:
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


@given(st.integers(1, 300), st.integers(1, 100), SIDES, st.sampled_from(["", *PANES]), st.booleans())
def test_the_panes_fill_the_screen_and_never_overlap(
    width: int, height: int, hidden: set[str], zoomed: str, detail: bool
) -> None:
    boxes = arrange(width, height, hidden, zoomed, detail=detail)
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
