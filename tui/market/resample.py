"""Longer bars and running VWAP, from minute bars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite

from tui.market.bars import MINUTE, MinuteBars
from tui.market.session_axis import Slot
from tui.protocol.messages import Kline


def merge_bars(bars: Iterable[Kline | None]) -> Kline | None:
    """Returns one bar of several, given oldest first: first open, last close, highest high, lowest low, total volume.
    None without any."""
    parts = [bar for bar in bars if bar is not None]
    if len(parts) < 2:
        return parts[0] if parts else None
    return Kline(
        symbol=parts[0].symbol,
        region=parts[0].region,
        open=parts[0].open,
        high=max([bar.high for bar in parts]),
        low=min([bar.low for bar in parts]),
        close=parts[-1].close,
        time=parts[0].time,
        volume=sum([bar.volume for bar in parts]),
    )


def interval_bars(bars: MinuteBars, slots: Iterable[Slot]) -> list[Kline | None]:
    """Returns the bar of each slot, None for a slot without bars."""
    return [merge_bars(bars.window(slot.start // MINUTE, slot.end // MINUTE - 1)) for slot in slots]


def running_vwap(bars: MinuteBars, slots: Sequence[Slot]) -> list[float | None]:
    """Returns the VWAP of the date so far at the end of each slot: Σ typical·volume / Σ volume over the minutes, where
    typical is (high + low + close) / 3. None for a slot without bars or while there is no volume. `slots` begin with
    the first of a date."""
    found: list[float | None] = []
    money = volume = 0.0
    date = None
    for slot in slots:
        if slot.date != date:
            money = volume = 0.0
            date = slot.date
        window = [bar for bar in bars.window(slot.start // MINUTE, slot.end // MINUTE - 1) if bar is not None]
        for bar in window:
            money += (bar.high + bar.low + bar.close) / 3 * bar.volume
            volume += bar.volume
        average = money / volume if volume else None
        found.append(average if window and average is not None and isfinite(average) else None)
    return found
