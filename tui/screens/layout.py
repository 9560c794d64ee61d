"""Which panes stand where, at any size of the terminal. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

LEAST_WIDTH, LEAST_HEIGHT = 40, 8
PANES = ("watchlist", "ladder", "chart", "tape")
_BARS = 3  # header, status bar and footer
_HEADLINE = 5  # lines of the detail's figures
_LEAST = {"ladder": 12, "chart": 8, "tape": 6}  # lines below which a pane says nothing
_FIRST_TO_GO = ("tape", "chart")


class Box(NamedTuple):
    """A part of the screen between the header and the status bar, in cells, frames included."""

    x: int
    y: int
    width: int
    height: int


Boxes = Mapping[str, Box]


def arrange(width: int, height: int, hidden: Collection[str] = (), zoomed: str = "", *, detail: bool = False) -> Boxes:
    """The box of every pane that is there, by its id; none at all where the terminal is too small.

    `hidden` panes are left out, `zoomed` is alone. `detail` gives the screen to one symbol: figures above, and no
    watchlist."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return {}
    area = Box(0, 0, width, height - _BARS)
    if zoomed:
        return {zoomed: area}
    sides = [pane for pane in ("ladder", "chart", "tape") if pane not in hidden]
    if detail:
        top = Box(0, 0, width, min(_HEADLINE, area.height))
        below = Box(0, top.height, width, area.height - top.height)
        return {"headline": top, **_at_large(sides or ["ladder", "chart", "tape"], below)}
    if "watchlist" in hidden and sides:
        return _at_large(sides, area)
    return _beside_the_list(sides, area)


def _beside_the_list(sides: Sequence[str], area: Box) -> Boxes:
    """The watchlist has the larger part: the others to its right, or below it, as far as they find room."""
    _, _, width, room = area
    if sides and width >= 100 and room >= 12:
        side = 42 + min(68, max(0, width - 120) * 11 // 20)
        right = _stacked(_fitting(sides, room), Box(width - side, 0, side, room))
        return {"watchlist": Box(0, 0, width - side, room), **right}
    if sides and width >= 72 and room >= 18:
        below = min(14, max(10, room * 11 // 20 // 2 * 2))
        pair = _pair(sides)
        return {
            "watchlist": Box(0, 0, width, room - below),
            **_side_by_side(pair, Box(0, room - below, width, below)),
        }
    return {"watchlist": area}


def _at_large(sides: Sequence[str], area: Box) -> Boxes:
    """One symbol's panes with the whole width."""
    x, y, width, room = area
    if room < 3:
        return {}
    if width >= 110 and len(sides) > 1 and room >= 12:
        if "ladder" in sides:
            left = min(72, width * 2 // 5)
            others = [pane for pane in sides if pane != "ladder"]
            return {
                "ladder": Box(x, y, left, room),
                **_stacked(_fitting(others, room), Box(x + left, y, width - left, room)),
            }
        return _side_by_side(sides, area)
    if width >= 72 and len(sides) == 3 and room >= 20:
        chart = room * 9 // 20
        return {
            "chart": Box(x, y, width, chart),
            **_side_by_side(["ladder", "tape"], Box(x, y + chart, width, room - chart)),
        }
    if width >= 72 and len(sides) > 1:
        return _side_by_side(_pair(sides), area)
    fitting = _fitting(sides, room)
    return _stacked(fitting, area)


def _pair(sides: Sequence[str]) -> list[str]:
    """The two that stand side by side where there is no room for three."""
    return [pane for pane in ("ladder", "chart", "tape") if pane in sides][:2]


def _fitting(sides: Sequence[str], room: int) -> list[str]:
    """Those that find room above each other; the first to go is the tape. One always stays."""
    kept = list(sides)
    for pane in _FIRST_TO_GO:
        if pane in kept and len(kept) > 1 and sum(_LEAST[each] for each in kept) > room:
            kept.remove(pane)
    return kept


def _stacked(sides: Sequence[str], area: Box) -> Boxes:
    """Above each other. The ladder's height is even, for its frame, its spread and two equal sides, and no more than
    ten levels a side need; the tape is short beside others; the chart takes what is left."""
    x, y, width, room = area
    heights: dict[str, int] = {}
    if "ladder" in sides and len(sides) > 1:
        heights["ladder"] = min(26, max(12, room * 11 // 20 // 2 * 2))
    if "tape" in sides and len(sides) > 1:
        rest = room - heights.get("ladder", 0)
        heights["tape"] = rest if "chart" not in sides else max(6, min(14, rest * 2 // 5))
    left = room - sum(heights.values())
    boxes = {}
    for pane in sides:
        extent = heights.get(pane, left)
        boxes[pane] = Box(x, y, width, extent)
        y += extent
    return boxes


def _side_by_side(sides: Sequence[str], area: Box) -> Boxes:
    x, y, width, room = area
    boxes = {}
    for n, pane in enumerate(sides):
        start, end = x + width * n // len(sides), x + width * (n + 1) // len(sides)
        boxes[pane] = Box(start, y, end - start, room)
    return boxes
