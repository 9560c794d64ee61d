"""Sparklines of the last hour."""

from __future__ import annotations

from collections.abc import Iterable

from tui.market.bars import MinuteBars

HOUR = 60  # minutes
_SPANS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


def closes_by_cell(bars: MinuteBars, cells: int) -> list[float | None]:
    """Returns the last close in each of `cells` equal parts of the hour up to the latest bar, oldest first; None for a
    part without bars. `cells` divides 60."""
    if bars.latest < 0:
        return [None] * cells
    each = HOUR // cells
    end = bars.latest + 1
    # Parts are aligned to multiples of their length, so that a point does not move while its part lasts.
    start = -(-end // each) * each - HOUR
    parts: list[float | None] = []
    for first in range(start, start + HOUR, each):
        part = [bar.close for bar in bars.window(first, first + each - 1) if bar is not None]
        parts.append(part[-1] if part else None)
    return parts


def extent(points: list[float | None]) -> float:
    """Returns the range of a sparkline, from its lowest point to its highest, in %."""
    known = [point for point in points if point]
    return 100 * (max(known) - min(known)) / min(known) if known else 0.0


def common_span(widths: Iterable[float]) -> float:
    """Returns one vertical scale for many sparklines, in % from bottom to top: the smallest round step that contains
    the widest of them. Rows are comparable on it, and it seldom changes."""
    widest = max(widths, default=0.0)
    return next((step for step in _SPANS if widest <= step), _SPANS[-1])


def heights(points: list[float | None], span: float, levels: int = 8) -> list[int | None]:
    """Returns the height of each point, from 1 to `levels`, None for a gap. The series is centred in the span (%)."""
    known = [point for point in points if point]
    return heights_within(points, (max(known) + min(known)) / 2 * span / 100 if known else 0.0, levels)


def heights_within(points: list[float | None], height: float, levels: int = 8) -> list[int | None]:
    """Returns `heights` of a series centred in a range of so much, in the unit of the points: of a difference, which
    may be zero, no percentage can be told."""
    known = [point for point in points if point is not None]
    if not known:
        return [None] * len(points)
    middle, scale = (max(known) + min(known)) / 2, levels / height
    return [
        None if point is None else max(1, min(levels, round((point - middle) * scale + (levels + 1) / 2)))
        for point in points
    ]
