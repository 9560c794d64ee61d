"""Candles, drawn to half a cell."""

from __future__ import annotations

from tui.widgets.chart.candles import Candle


def test_a_candle_is_drawn_to_half_a_cell() -> None:
    assert list(Candle(1, 3, 6, 7).cells(dashed=False)) == [(0, "╷"), (1, "╽"), (2, "┃"), (3, "╿")]
    assert list(Candle(0, 2, 5, 7).cells(dashed=True)) == [(0, "┆"), (1, "┇"), (2, "┇"), (3, "┆")]
    assert list(Candle(2, 2, 2, 2).cells(dashed=False)) == [(1, "╹")]
