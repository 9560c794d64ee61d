"""The selected symbol's bars over session time: a line or candles, volume below, gaps left open."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from msgspec import structs
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.reactive import reactive

from tui import format as fmt
from tui.config.key_table import KEYS, KeyBinding
from tui.market import Instrument
from tui.market.bars import MINUTE
from tui.market.data_status import UNSERVED, data_status
from tui.market.resample import interval_bars, running_vwap
from tui.market.session_axis import DAY, INTERVALS, Slot, find_slot, segments, slots
from tui.market.sessions import zone
from tui.protocol.messages import Kline
from tui.terminal.textual_private import set_bindings
from tui.widgets.bindings import bindings
from tui.widgets.chart.plot import ChartModel, Plot, level
from tui.widgets.chart.timeline import Timeline, View
from tui.widgets.pane import Pane, StyledLine, fill, width_of
from tui.widgets.styles import Styles

_WIDTHS = {1: 1, 5: 2, 15: 2, 30: 4, 60: 4, DAY: 4}  # half cells of a slot, by interval; a candle takes two
_WIDEST = 4
_REACH = 0.6  # of the bars' range: how far outside it a price may be and still be drawn


class _Axis(NamedTuple):
    """The time axis; the whole of its first date, and when the oldest bar begins, ms UTC."""

    timeline: Timeline
    opening: Slot
    oldest: int


class _Place(NamedTuple):
    """What part of the time axis is shown: in `cells` cells, with the newest bar in the slot `last`."""

    timeline: Timeline
    view: View
    last: int
    cells: int

    @property
    def newest(self) -> bool:
        """Whether the newest bar is in view."""
        return self.view.first <= self.last < self.view.stop


class _Figures(NamedTuple):
    """The bars of the view, and the average price by volume, an entry for each slot."""

    bars: list[Kline | None]
    average: list[float | None]


class MinuteChart(Pane, can_focus=True):
    """Minutes over the session's hours, or longer bars made of them. Nothing is stretched: a slot is as wide as its
    interval and the zoom ask for, also where there are three bars."""

    instrument: reactive[Instrument | None] = reactive(None, repaint=False, init=False)
    """The symbol whose bars are shown."""

    interval: reactive[int] = reactive(1, repaint=False, init=False)
    """Minutes of a bar, one of INTERVALS."""

    candles: reactive[bool] = reactive(False, repaint=False, init=False)
    """Candles in place of the line of closes."""

    vwap: reactive[bool] = reactive(False, repaint=False, init=False)
    """Whether the average price by volume is drawn."""

    time: reactive[float] = reactive(0.0, repaint=False, init=False)
    """The exchange's time, ms UTC, set now and then: it ends the bar in progress where no newer data does."""

    def __init__(self, look: Styles, keys: Sequence[KeyBinding] = KEYS) -> None:
        super().__init__(look, id="chart")
        # Not the class's BINDINGS: the table may be remapped.
        set_bindings(self, bindings(keys, "chart"))
        self._proven = False
        # Times, ms UTC, rather than slots: bars come and go.
        self._crosshair: int | None = None
        self._pointed = False  # whether the crosshair only follows the mouse, and leaves with it
        self._until: int | None = None  # lies in the rightmost slot shown; None follows the newest bar
        self._zoomed: int | None = None  # half cells of a slot; None is what the interval asks for
        # What was made, with all it was made of: bars change once a second or so, a book many times.
        self._kept_axis: tuple[object, _Axis] | None = None
        self._kept_highest: tuple[object, float] | None = None
        self._kept_figures: tuple[object, _Figures] | None = None
        self._kept_lines: tuple[object, list[StyledLine]] | None = None

    def watch_instrument(self) -> None:
        self._crosshair = self._until = None
        self.update_lines()

    def watch_interval(self) -> None:
        self._zoomed = None
        self.update_lines()

    def watch_candles(self) -> None:
        self.update_lines()

    def watch_vwap(self) -> None:
        self.update_lines()

    def watch_time(self, before: float, now: float) -> None:
        if self.instrument is not None and len(self.instrument.bars):
            timeline = self._axis(self.instrument).timeline
            if before < timeline.slots[self._last(self.instrument, timeline)].end <= now:
                self.update_lines()

    def sync(self, changed: set[Instrument], now: float, proven: bool) -> None:
        """A frame: redraw if the shown symbol changed."""
        if self.instrument in changed or proven != self._proven:
            self._proven = proven
            self.update_lines()

    # What the person asks for.

    def shorter(self) -> None:
        """The next shorter interval."""
        self.interval = INTERVALS[max(0, INTERVALS.index(self.interval) - 1)]

    def longer(self) -> None:
        """The next longer interval."""
        self.interval = INTERVALS[min(len(INTERVALS) - 1, INTERVALS.index(self.interval) + 1)]

    def leave_crosshair(self) -> bool:
        """Take the crosshair away; whether there was one."""
        place = self._place(self.inner_width)
        there = place is not None and self._crosshair_slot(place) is not None
        self._crosshair = None
        self.update_lines()
        return there

    def action_chart_left(self) -> None:
        self._move_crosshair(-1)

    def action_chart_right(self) -> None:
        self._move_crosshair(+1)

    def action_chart_pan_left(self) -> None:
        self._pan(-1)

    def action_chart_pan_right(self) -> None:
        self._pan(+1)

    def action_chart_live(self) -> None:
        self._crosshair = self._until = None
        self.update_lines()

    def action_chart_in(self) -> None:
        self._set_width(2 * self._width)

    def action_chart_out(self) -> None:
        self._set_width(self._width // 2)

    def _move_crosshair(self, by: int) -> None:
        """To the next slot, with or without a bar; from nowhere to the newest. The view follows."""
        if (place := self._place(self.inner_width)) is None:
            return
        timeline, view, last, cells = place
        at = self._crosshair_slot(place)
        slot = min(last, view.stop - 1) if at is None else max(0, min(last, at + by))
        self._crosshair, self._pointed = timeline.slots[slot].start, False
        if not view.first <= slot < view.stop:
            self._show_until(place, slot if slot >= view.stop else timeline.reach(slot, cells))
        self.update_lines()

    def _pan(self, by: int) -> None:
        """By a quarter of what is shown."""
        if (place := self._place(self.inner_width)) is not None:
            step = max(1, (place.view.stop - place.view.first) // 4)
            self._show_until(place, min(place.last, place.view.stop - 1) + by * step)
            self.update_lines()

    def _show_until(self, place: _Place, slot: int) -> None:
        """Make `slot` the rightmost of the view, or follow the newest bar where that comes into view."""
        slot = min(place.last, max(slot, place.timeline.reach(0, place.cells)))
        newest = place.timeline.view(place.cells, slot).stop > place.last
        self._until = None if newest else place.timeline.slots[slot].start

    @property
    def _width(self) -> int:
        """Half cells of a slot."""
        return max(self._least, self._zoomed or _WIDTHS[self.interval])

    @property
    def _least(self) -> int:
        return 2 if self.candles else 1

    def _set_width(self, width: int) -> None:
        if self._least <= width <= _WIDEST:
            self._zoomed = width
            self.update_lines()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._crosshair is None or self._pointed:
            self._point(event.x, event.y)

    def on_leave(self) -> None:
        if self._pointed:
            self.leave_crosshair()

    def on_click(self, event: events.Click) -> None:
        """Put the crosshair there, to stay; off the picture, take it away."""
        self._point(event.x, event.y)
        self._pointed = False

    def _point(self, x: int, y: int) -> None:
        """The crosshair to the slot under the mouse: of two in one cell, the later."""
        place = self._place(self.inner_width)
        if place is None or not (0 < x <= place.cells and 0 < y <= self.inner_height):
            self.leave_crosshair()
            return
        timeline, view, last, _ = place
        slot = min(last, timeline.under(view.left + 2 * x - 1))
        if view.first <= slot < view.stop:
            self._crosshair, self._pointed = timeline.slots[slot].start, True
            self.update_lines()

    # What is on the screen.

    def _axis(self, i: Instrument) -> _Axis:
        key = (i, i.bars.slot_version, self.interval, self._width, i.calendar)
        if self._kept_axis is None or self._kept_axis[0] != key:
            minutes = i.bars.minutes()
            parts = segments(minutes, i.calendar)
            timeline = Timeline(slots(parts, self.interval), self._width)
            self._kept_axis = key, _Axis(timeline, slots(parts, DAY)[0], minutes[0])
        return self._kept_axis[1]

    def _last(self, i: Instrument, timeline: Timeline) -> int:
        return find_slot(timeline.slots, i.bars.latest * MINUTE)

    def _place(self, width: int) -> _Place | None:
        """The part of the time axis that so many cells show, prices at the right edge included; None without one."""
        i = self.instrument
        if i is None or not len(i.bars):
            return None
        timeline, room = self._axis(i).timeline, self._label(i)
        cells = width - room if width >= 2 * room else max(1, width)
        last = self._last(i, timeline)
        until = last if self._until is None else min(last, find_slot(timeline.slots, self._until))
        return _Place(timeline, timeline.view(cells, until), last, cells)

    def _crosshair_slot(self, place: _Place) -> int | None:
        """The slot of the crosshair, as long as it is in view."""
        if self._crosshair is None:
            return None
        slot = find_slot(place.timeline.slots, self._crosshair)
        return slot if place.view.first <= slot < place.view.stop else None

    def _label(self, i: Instrument) -> int:
        """Cells at the right edge for the longest price."""
        key = (i, i.bars.version)
        if self._kept_highest is None or self._kept_highest[0] != key:
            self._kept_highest = key, max(bar.high for bar in i.bars)
        return len(fmt.price(max(self._kept_highest[1], i.last or 0.0), i.decimals)) + 3

    def _figures(self, i: Instrument, place: _Place) -> _Figures:
        timeline, view = place.timeline, place.view
        key = (i, i.bars.version, timeline, view, self.vwap)
        if self._kept_figures is None or self._kept_figures[0] != key:
            shown = timeline.slots[view.first : view.stop]
            average: list[float | None] = []
            if self.vwap and shown:
                first = bisect_left(timeline.slots, shown[0].date, key=lambda slot: slot.date)
                average = running_vwap(i.bars, timeline.slots[first : view.stop])[view.first - first :]
            self._kept_figures = key, _Figures(interval_bars(i.bars, shown), average)
        figures = self._kept_figures[1]
        if place.newest:
            bars = figures.bars.copy()
            bars[place.last - view.first] = _up_to_now(i, timeline.slots[place.last], bars[place.last - view.first])
            return figures._replace(bars=bars)
        return figures

    def _live(self, i: Instrument) -> bool:
        """Whether the newest bar is now's: the link is proven, and the stream has brought a price."""
        return self._proven and not i.is_last_known

    def _in_progress(self, i: Instrument, place: _Place) -> bool:
        """Whether the newest bar is: by the exchange's time, as far as it is known."""
        return self._live(i) and max(self.time, i.newest_time) < place.timeline.slots[place.last].end

    def title(self) -> tuple[StyledLine, StyledLine]:
        """The symbol and interval, and a bar in figures: what fits of both; under a crosshair the figures first."""
        i = self.instrument
        if i is None:
            return [self.style.segment(_name(self.interval), "muted")], []
        place = self._place(self.inner_width)
        names = self._names(i, place)
        if place is None:
            return names[0], []
        readouts = self._readouts(i, place)
        pairs = [(name, readout) for name in names for readout in readouts]
        if self._crosshair_slot(place) is not None:
            # All figures beside some name, else as many as there can be.
            whole = [(name, readout) for readout in readouts[:2] for name in names[:-1]]
            pairs = whole + [(name, readout) for readout in readouts for name in names]
        room = self.size.width - 9
        return next((pair for pair in pairs if width_of(pair[0]) + width_of(pair[1]) <= room), pairs[-1])

    def _names(self, i: Instrument, place: _Place | None) -> list[StyledLine]:
        """In full, short, and no more than has to be said."""
        look = self.style
        code, region = look.symbol(i.symbol)
        interval = look.segment(f" {_name(self.interval)}", "muted")
        marks: StyledLine = []
        date = self._other_date(i) if place is not None else ""
        dated = [look.segment(f" {date}", "warning" if i.is_last_known else "muted")] if date else []
        if place is not None and self.vwap:
            marks.append(look.segment(f" VWAP{self._since(i, place)}", "accent"))
        if place is not None and self._until is not None:
            until = self._time(i, place, min(place.last, place.view.stop - 1))
            marks.append(look.segment(f" · until {until}", "accent"))
        long = [look.segment(" built from trades", "warning")] if i.bars.synthesized else []
        short = [look.segment(" built", "warning")] if i.bars.synthesized else []
        least = [look.segment("built", "warning")] if i.bars.synthesized else dated
        return [
            [code, region, interval, *dated, *long, *marks],
            [code, interval, *dated, *short, *marks],
            [code, interval, *dated, *short],
            least,
        ]

    def _other_date(self, i: Instrument) -> str:
        """The newest bar's date, where it is not today's or nothing tells what today is: `Fri 11-20`."""
        local = zone(i.symbol.region)
        newest = local.at(i.bars.latest * MINUTE)
        today = local.at(self.time).date() if self.time else None
        if today == newest.date() or (today is None and not i.is_last_known):
            return ""
        return f"{newest:%a %m-%d}"

    def _readouts(self, i: Instrument, place: _Place) -> list[StyledLine]:
        """A bar in figures, from all of them to none: the one under the crosshair, else the newest."""
        look, d = self.style, i.decimals
        at = self._crosshair_slot(place)
        pointed, slot = at is not None, place.last if at is None else at
        bar = interval_bars(i.bars, place.timeline.slots[slot : slot + 1])[0]
        if slot == place.last:
            bar = _up_to_now(i, place.timeline.slots[slot], bar)
        time = self._time(i, place, slot)
        if slot == place.last and self._in_progress(i, place):
            time += "…"
        if bar is None:
            figures = ["no bar"]
        else:
            prices = [fmt.price(price, d) for price in (bar.open, bar.high, bar.low, bar.close)]
            volume = fmt.compact(bar.volume)
            dense = " ".join(map("".join, zip("OHLC", prices, strict=True)))
            figures = [f"{' '.join(map(' '.join, zip('OHLC', prices, strict=True)))} V {volume}", f"{dense} V{volume}"]
            # The axis tells the time of the crosshair too.
            figures += [dense, f"C {prices[-1]} V {volume}", f"C {prices[-1]}"]
        stale = [] if self._proven or i.is_last_known else [look.segment("stale", "warning")]
        head = look.segment(f"{time} ", "accent" if pointed else "muted", bold=pointed)
        first = [*stale, look.segment(" ", "text")] if stale else []
        role = "text" if pointed and self._proven else "muted"
        readouts = [[*first, head, look.segment(text, role)] for text in figures]
        if pointed and bar is not None:
            readouts.insert(3, [*first, look.segment(figures[2], role)])
        return [*readouts, stale]

    def _time(self, i: Instrument, place: _Place, slot: int) -> str:
        """When a slot begins, with its date where it is not the newest bar's; `from` where its earlier bars are not
        known."""
        local, (start, _, date, _) = zone(i.symbol.region), place.timeline.slots[slot]
        at = local.at(start)
        if slot == 0 and (oldest := self._axis(i).oldest) > start:
            known = f"from {local.at(oldest):%H:%M}"
            return f"{date:%m-%d} {known}" if self.interval == DAY else known
        if self.interval == DAY:
            return f"{date:%m-%d}"
        today = local.at(place.timeline.slots[place.last].start).date()
        return f"{at:%H:%M}" if at.date() == today else f"{at:%m-%d %H:%M}"

    def _since(self, i: Instrument, place: _Place) -> str:
        """Of the newest date's average, since when, where its earlier bars are not known."""
        _, opening, oldest = self._axis(i)
        if place.timeline.slots[place.last].date != opening.date or oldest <= opening.start:
            return ""
        return f" from {zone(i.symbol.region).at(oldest):%H:%M}"

    def body(self, width: int, height: int) -> list[StyledLine]:
        i = self.instrument
        if i is None or height < 3:
            return []
        if (place := self._place(width)) is None:
            return self._empty(i, width, height)
        volume_rows = 2 if height >= 9 else 1 if height >= 6 else 0
        rows = height - 1 - volume_rows
        scene = self._scene(i, place)
        # Of the newest bar, which trades change all the time, only what a dot can show.
        newest = scene.bars[place.last - place.view.first] if place.newest else None
        prices = (newest.open, newest.high, newest.low, newest.close) if newest else ()
        dots = [level(price, scene.low, scene.high, 4 * rows) for price in prices]
        key = (i, i.bars.version, scene, dots, place.cells, height, self.style)
        if self._kept_lines is None or self._kept_lines[0] != key:
            canvas = Plot(scene, self.style, place.cells, rows, volume_rows).draw()
            self._kept_lines = key, [canvas.line(y) for y in range(canvas.height)]
        lines = self._kept_lines[1]
        if place.cells < width:
            labels = self._labels(i, place, scene, rows, width - place.cells - 1)
            labels[height - 1] = self.style.segment(zone(i.symbol.region).label, "faint")
            gap = self.style.segment(" ", "text")
            lines = [[*line, gap, labels[y]] if y in labels else line for y, line in enumerate(lines)]
        return [fill(line, width, self.style("text")) for line in lines]

    def _empty(self, i: Instrument, width: int, height: int) -> list[StyledLine]:
        if (state := data_status(i, None, self._proven)) in UNSERVED:
            words = state.value
        else:
            words = "no trades yet to build bars from" if i.builds_bars else "no minute bars yet"
        blank: list[StyledLine] = [[] for _ in range((height - 1) // 2)]
        return [*blank, [self.style.segment(fmt.clip(words, width).center(width), "muted")]]

    def _scene(self, i: Instrument, place: _Place) -> ChartModel:
        timeline, view, last, _ = place
        bars, average = self._figures(i, place)
        known = [bar for bar in bars if bar is not None]
        prices = [bar.low for bar in known] + [bar.high for bar in known]
        if i.last and (place.newest or not known):
            prices.append(i.last)
        least, most = min(prices, default=0.0), max(prices, default=0.0)
        reach = _REACH * (most - least)

        def near(price: float | None) -> bool:
            """Whether it can be drawn without flattening the bars."""
            return price is not None and least - reach <= price <= most + reach

        base = i.base
        today = bisect_left(timeline.slots, timeline.slots[last].date, key=lambda slot: slot.date)
        close = base.price if base and not base.is_open and today < view.stop and near(base.price) else None
        drawn = [price for price in (least, most, close, *filter(near, average)) if price is not None]
        low, high = _at_least(min(drawn), max(drawn), i.tick_size or 10.0**-i.decimals)
        role = "muted"
        if self._proven and i.last is not None:
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
            proven=self._live(i),
            unfinished=last if place.newest and self._in_progress(i, place) else None,
            crosshair=self._crosshair_slot(place),
            interval=self.interval,
            zone=zone(i.symbol.region),
            candles=self.candles,
        )

    def _labels(self, i: Instrument, place: _Place, scene: ChartModel, rows: int, room: int) -> dict[int, Segment]:
        """Prices at the right edge by row. Where two of them meet the last price stands, then the previous close."""
        look = self.style
        average = next((price for price in reversed(scene.average) if price is not None), None)
        labels: dict[int, Segment] = {}

        def put(price: float | None, style: Style) -> None:
            if price is not None and scene.low <= price <= scene.high:
                text = f" {fmt.price(price, i.decimals)} ".rjust(room)
                labels[level(price, scene.low, scene.high, 4 * rows) // 4] = Segment(text, style)

        put(scene.least, look("muted"))
        put(scene.most, look("muted"))
        put(average, look("accent" if self._proven else "muted"))
        put(scene.close, look("muted"))
        # Light on dark is for what is so now, also where there are no colours.
        style = look("background", scene.role, bold=True) if self._live(i) else look("muted")
        past = i.last_known if i.is_last_known else None
        put(past.price if past is not None else i.last, style)
        return labels


def _name(interval: int) -> str:
    return "day" if interval == DAY else f"{interval} min"


def _up_to_now(i: Instrument, slot: Slot, bar: Kline | None) -> Kline | None:
    """The newest slot's bar: it is sent now and then, and a newer trade of its time belongs to it already."""
    last, time = i.last, i.last_time
    if bar is None or last is None or time // MINUTE < i.bars.latest or time >= slot.end:
        return bar
    return structs.replace(bar, high=max(bar.high, last), low=min(bar.low, last), close=last)


def _at_least(low: float, high: float, tick: float) -> tuple[float, float]:
    """A range at least eight ticks tall, and one that numbers of that size can tell apart: a price that stands still
    must not look like a storm."""
    short = 8 * max(tick, 1e-12 * high) - (high - low)
    return (low - short / 2, high + short / 2) if short > 0 else (low, high)
