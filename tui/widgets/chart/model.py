"""The model of a chart: all that its picture is drawn from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from msgspec import structs

from tui import format as fmt
from tui.market import Instrument
from tui.market.bars import MINUTE, MinuteGap
from tui.market.data_gaps import data_gaps
from tui.market.resample import interval_bars, running_vwap
from tui.market.session_axis import DAY, Slot
from tui.market.sessions import zone
from tui.protocol.messages import Kline
from tui.widgets.chart.time_plot import TimeModel
from tui.widgets.chart.viewport import VisibleSlots

AXIS_REACH = 0.6
"""Of the bars' range, the distance outside it at which a price is still drawn."""


@dataclass(slots=True, kw_only=True)
class ChartModel(TimeModel):
    """What is drawn. `bars` and `average` have an entry for each slot of the view, and are ignored in comparisons."""

    bars: Sequence[Kline | None] = field(compare=False)
    average: Sequence[float | None] = field(compare=False)  # the running VWAP
    least: float  # the lowest price of the bars
    most: float  # the highest price of the bars
    close: float | None  # the previous close, which holds from the slot `today` on
    today: int
    role: str  # of the line
    live: bool  # the last price
    bars_live: bool
    unfinished: int | None  # the slot whose bar is in progress
    incomplete: frozenset[int]  # the slots with a bar in which the link was away
    gaps: Sequence[MinuteGap]  # the minutes that were lost and not filled
    candles: bool


class ChartOptions(NamedTuple):
    """What the person chose: minutes of a bar, candles or a line, the running VWAP."""

    interval: int
    candles: bool
    vwap: bool


class _Series(NamedTuple):
    """The bars of the view and the running VWAP, an entry for each slot."""

    bars: list[Kline | None]
    average: list[float | None]


class ModelBuilder:
    """Makes models. The bars of a view are cached: they change once a second or so, a book many times."""

    def __init__(self) -> None:
        self._cached: tuple[object, _Series] | None = None

    def build(
        self,
        i: Instrument,
        visible: VisibleSlots,
        options: ChartOptions,
        *,
        is_link_live: bool,
        crosshair: int | None,
        unfinished: int | None,
    ) -> ChartModel:
        """Returns the model of the visible slots. `crosshair` and `unfinished` are slots, None if there is no such
        one."""
        timeline, view, last, _ = visible
        bars, average = self._series(i, visible, options)
        known = [bar for bar in bars if bar is not None]
        prices = [bar.low for bar in known] + [bar.high for bar in known]
        if i.last and (visible.has_newest or not known):
            prices.append(i.last)
        least, most = min(prices, default=0.0), max(prices, default=0.0)
        reach = AXIS_REACH * (most - least)

        def is_near(price: float | None) -> bool:
            """Returns True if the price can be drawn without flattening the bars."""
            return price is not None and least - reach <= price <= most + reach

        base = i.base
        today = bisect_left(timeline.slots, timeline.slots[last].date, key=lambda slot: slot.date)
        close = base.price if base and not base.is_open and today < view.stop and is_near(base.price) else None
        drawn = [price for price in (least, most, close, *filter(is_near, average)) if price is not None]
        low, high = with_least_height(min(drawn), max(drawn), i.precision.tick_size or 10.0**-i.precision.decimals)
        role = "muted"
        if is_link_live and i.last is not None and not i.is_last_silent:
            start = base.price if base else known[0].open if known else i.last
            role = ("flat", "up", "down")[fmt.sign(i.last - start, 4)]
        return ChartModel(
            timeline=timeline,
            view=view,
            bars=bars,
            average=average,
            low=low,
            high=high,
            least=least,
            most=most,
            close=close,
            today=today,
            role=role,
            live=is_link_live and not i.is_last_known and not i.is_last_silent,
            bars_live=is_link_live and not i.is_last_known and not i.is_silent(i.bars_type),
            unfinished=unfinished if visible.has_newest else None,
            incomplete=incomplete_slots(i, visible, bars),
            gaps=data_gaps(i) if options.interval != DAY else (),
            crosshair=crosshair,
            interval=options.interval,
            zone=zone(i.symbol.region),
            candles=options.candles,
        )

    def _series(self, i: Instrument, visible: VisibleSlots, options: ChartOptions) -> _Series:
        timeline, view = visible.timeline, visible.view
        key = (i, i.bars.version, timeline, view, options.vwap)
        if self._cached is None or self._cached[0] != key:
            shown = timeline.slots[view.first : view.stop]
            average: list[float | None] = []
            if options.vwap and shown:
                first = bisect_left(timeline.slots, shown[0].date, key=lambda slot: slot.date)
                average = running_vwap(i.bars, timeline.slots[first : view.stop])[view.first - first :]
            self._cached = key, _Series(interval_bars(i.bars, shown), average)
        bars, average = self._cached[1]
        if options.interval == DAY:
            bars = list(map(partial(with_official_close, i), timeline.slots[view.first : view.stop], bars))
        if visible.has_newest:
            bars, at = bars.copy(), visible.last - view.first
            bars[at] = with_last_trade(i, timeline.slots[visible.last], bars[at])
        return _Series(bars, average)


def bar_of(i: Instrument, visible: VisibleSlots, options: ChartOptions, slot: int) -> Kline | None:
    """Returns the bar of a slot; the newest one includes the last trade."""
    bar = interval_bars(i.bars, visible.timeline.slots[slot : slot + 1])[0]
    if options.interval == DAY:
        bar = with_official_close(i, visible.timeline.slots[slot], bar)
    return with_last_trade(i, visible.timeline.slots[slot], bar) if slot == visible.last else bar


def is_incomplete(i: Instrument, slot: Slot) -> bool:
    """Returns True if the link was away in a minute of the slot, and the vendor has not told of that minute since."""
    return any(slot.start <= minute * MINUTE < slot.end for minute in i.bars.incomplete)


def incomplete_slots(i: Instrument, visible: VisibleSlots, bars: Sequence[object | None]) -> frozenset[int]:
    """Returns the slots of the view with an incomplete bar."""
    view, slots = visible.view, visible.timeline.slots
    found = {bisect_right(slots, minute * MINUTE, key=lambda slot: slot.start) - 1 for minute in i.bars.incomplete}
    return frozenset(
        slot
        for slot in found
        if view.first <= slot < view.stop and bars[slot - view.first] and is_incomplete(i, slots[slot])
    )


def with_last_trade(i: Instrument, slot: Slot, bar: Kline | None) -> Kline | None:
    """Returns the newest slot's bar including the last price: bars arrive now and then, and a trade of the bar's time
    that came since belongs to it. A trade older than the newest bar does not."""
    last, time = i.last, i.last_time
    if bar is None or last is None or time // MINUTE < i.bars.latest or time >= slot.end:
        return bar
    return structs.replace(bar, high=max(bar.high, last), low=min(bar.low, last), close=last)


def with_official_close(i: Instrument, slot: Slot, bar: Kline | None) -> Kline | None:
    """Returns a date's bar with its official close, if that is known: where trading goes on after the bell, the auction
    prints it in a minute that is not the regular session's."""
    close = i.day.close_of(slot.date) if i.calendar.has_extended_hours else None
    if bar is None or close is None:
        return bar
    return structs.replace(bar, high=max(bar.high, close), low=min(bar.low, close), close=close)


def with_least_height(low: float, high: float, tick: float) -> tuple[float, float]:
    """Returns a range of at least eight ticks, and of what floats of that size can distinguish: a price that does not
    move must not look volatile."""
    short = 8 * max(tick, 1e-12 * high) - (high - low)
    return (low - short / 2, high + short / 2) if short > 0 else (low, high)
