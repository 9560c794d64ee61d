"""The layout of the panes at any size of the terminal. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from tui.config.settings import Below, PaneId

LEAST_WIDTH, LEAST_HEIGHT = 40, 8
PANES: tuple[PaneId, ...] = ("watchlist", "ladder", "chart", "tape")
_BARS = 3  # header, status bar and footer
_QUOTE_HEADER_LINES = 7  # of the detail's figures; one less if there is little room
_LEAST_SIDE = 42  # cells of the panes to the right of the watchlist
_LEAST_LINES = {"ladder": 12, "chart": 8, "tape": 6}
_WIDE = 100  # cells from which on panes stand beside the watchlist, and below it
_FEW = 4  # symbols for which small charts are worth their room
_LIST_FRAME = 3  # lines of the watchlist beside its rows: border and titles
_LEAST_LIST = 7  # lines of a list that scrolls for what stands below it
_LEAST_BELOW: Mapping[Below, int] = {"auto": 8, "wide-chart": 10, "2x2": 14, "3x3": 21}  # lines
_FIRST_LEFT_OUT = ("tape", "chart")


class Box(NamedTuple):
    """A rectangle of the area between the header and the status bar, in cells, borders included."""

    x: int
    y: int
    width: int
    height: int


Boxes = Mapping[str, Box]


def arrange(
    width: int,
    height: int,
    hidden: Collection[str] = (),
    zoomed: str = "",
    below: Below = "nothing",
    *,
    detail: bool = False,
    watchlist_width: int = 0,
    symbols: int = 0,
) -> Boxes:
    """Returns the box of every visible pane by its id; none if the terminal is too small.

    `hidden` panes are left out; `zoomed` is the only one. `detail` gives the screen to one symbol: its quote header
    above, and no watchlist. `watchlist_width` are the cells that the watchlist's columns need, borders included: the
    panes to its right make room for them, down to their least width. `below` is what stands below a list of `symbols`
    rows on a wide terminal: the chart, or the small `charts`.
    """
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return {}
    area = Box(0, 0, width, height - _BARS)
    if zoomed:
        return {zoomed: area}
    sides = [pane for pane in ("ladder", "chart", "tape") if pane not in hidden]
    if detail:
        top = Box(0, 0, width, min(_QUOTE_HEADER_LINES - (area.height < 24), area.height))
        rest = Box(0, top.height, width, area.height - top.height)
        return {"quote_header": top, **_without_watchlist(sides or ["ladder", "chart", "tape"], rest)}
    if "watchlist" in hidden and sides:
        return _without_watchlist(sides, area)
    if width >= _WIDE and symbols and below != "nothing":
        return _with_pane_below(sides, area, watchlist_width, symbols, below)
    return _with_watchlist(sides, area, watchlist_width)


def _with_pane_below(sides: Sequence[str], area: Box, watchlist_width: int, symbols: int, below: Below) -> Boxes:
    """Returns the panes with one below the watchlist, if there is room for it. It is chosen by what the list leaves
    free, and of a list of few symbols it is the chart, which has their charts as well; asked for by hand, it has its
    least height and the list scrolls."""
    boxes = _with_watchlist(sides, area, watchlist_width)
    pane = "chart" if below == "wide-chart" or (below == "auto" and symbols < _FEW) else "charts"
    if pane == "chart" and "chart" not in sides:
        return boxes
    room = boxes["watchlist"].height
    whole = symbols + _LIST_FRAME
    extent = max(room - whole, _LEAST_BELOW[below])
    if room - extent < (whole if below == "auto" else min(whole, _LEAST_LIST)):
        return boxes
    if pane == "chart":
        boxes = _with_watchlist([side for side in sides if side != "chart"], area, watchlist_width)
    x, y, width, room = boxes["watchlist"]
    return {
        **boxes,
        "watchlist": Box(x, y, width, room - extent),
        pane: Box(x, y + room - extent, width, extent),
    }


def _with_watchlist(sides: Sequence[str], area: Box, watchlist_width: int) -> Boxes:
    """Returns the watchlist with the larger part, and the other panes to its right or below it, as far as they fit."""
    _, _, width, room = area
    if sides and width >= _WIDE and room >= 12:
        side = _LEAST_SIDE + min(68, max(0, width - 120) * 11 // 20)
        side = max(_LEAST_SIDE, min(side, width - watchlist_width))
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


def _without_watchlist(sides: Sequence[str], area: Box) -> Boxes:
    """Returns the panes of one symbol over the whole width."""
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
    """Returns the two panes that are shown side by side if there is no room for three."""
    return [pane for pane in ("ladder", "chart", "tape") if pane in sides][:2]


def _fitting(sides: Sequence[str], room: int) -> list[str]:
    """Returns the panes that fit above each other; the tape is left out first, and one always stays."""
    fitting = list(sides)
    for pane in _FIRST_LEFT_OUT:
        if pane in fitting and len(fitting) > 1 and sum(_LEAST_LINES[each] for each in fitting) > room:
            fitting.remove(pane)
    return fitting


def _stacked(sides: Sequence[str], area: Box) -> Boxes:
    """Returns the panes above each other. The ladder has an even height, for its border, its spread and two equal
    sides, up to ten levels a side; the tape is short next to others; the chart has the rest."""
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
