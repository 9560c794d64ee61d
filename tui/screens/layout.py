"""Which panes stand where, at any size of the terminal. Pure."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

LEAST_WIDTH, LEAST_HEIGHT = 40, 8
_BARS = 3  # header, status bar and footer


class Arrangement(Enum):
    """How the panes stand to each other."""

    TOO_SMALL = "one line asks for more room"
    GRID = "the grid alone"
    BESIDE = "ladder above chart, beside the grid"
    BELOW = "ladder beside chart, below the grid"


class Layout(NamedTuple):
    """Sizes in cells, frames included. `ladder` and `chart` are the ladder's and the chart's extent along their common
    edge (heights when BESIDE, widths when BELOW), 0 for a pane that is not there; `side` is their other extent."""

    arrangement: Arrangement
    side: int = 0
    ladder: int = 0
    chart: int = 0


def arrange(width: int, height: int) -> Layout:
    """The layout for a terminal. The grid always has the larger part; the ladder never draws over 10 levels a side, and
    its height is even, for its frame, its header, its spread and two equal sides."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return Layout(Arrangement.TOO_SMALL)
    room = height - _BARS
    if width >= 100 and room >= 12:
        side = 42 + min(68, max(0, width - 120) * 11 // 20)
        if room < 20:
            return Layout(Arrangement.BESIDE, side, ladder=room)
        ladder = min(24, max(12, -(-room * 11 // 20) // 2 * 2))
        return Layout(Arrangement.BESIDE, side, ladder, room - ladder)
    if width >= 72 and room >= 18:
        side = min(14, max(10, room * 11 // 20 // 2 * 2))
        ladder = width // 2
        return Layout(Arrangement.BELOW, side, ladder, width - ladder)
    return Layout(Arrangement.GRID)
