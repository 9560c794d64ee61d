"""The chart of the selected symbol: a line or candles over session time, volume below, gaps left open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.reactive import reactive

from tui.config.key_table import KEYS, KeyBinding
from tui.errors import UsageError
from tui.market import Instrument, Market
from tui.market.comparison import Anchor
from tui.market.levels import PriceMark
from tui.market.pair_instrument import PairInstrument
from tui.market.session_axis import INTERVALS
from tui.market.sessions import zone
from tui.symbol import Symbol
from tui.terminal.textual_private import set_bindings
from tui.widgets.bindings import bindings
from tui.widgets.chart.comparison import legend_width
from tui.widgets.chart.comparison_view import ComparisonScene, ComparisonView
from tui.widgets.chart.go_to import find_moment
from tui.widgets.chart.lines import LineLayer, LinePressed, PressableLines, chart_lines, label_cells
from tui.widgets.chart.model import ChartOptions, ModelBuilder, newest_dots
from tui.widgets.chart.plot import Plot
from tui.widgets.chart.premium_view import LABEL_CELLS, PremiumScene, PremiumView
from tui.widgets.chart.price_labels import LabelWidth, edge_labels
from tui.widgets.chart.readout import Readout, interval_name, read_bar
from tui.widgets.chart.traded_view import TradedScene, TradedView, profile_cells, rows_below
from tui.widgets.chart.viewport import TimeAxis, Viewport, VisibleSlots, newest_slot
from tui.widgets.empty_body import empty_body, why_no_bars
from tui.widgets.pane import StyledLine, SymbolPane, fill
from tui.widgets.styles import Styles
from tui.widgets.volume_words import volume_words


class MinuteChart(SymbolPane, can_focus=True):
    """Minute bars over the session's hours, or longer bars made of them. A slot has the width of its interval and the
    zoom: few bars are not stretched over the pane."""

    interval: reactive[int] = reactive(1, repaint=False, init=False)
    """Minutes of a bar, one of INTERVALS."""

    candles: reactive[bool] = reactive(False, repaint=False, init=False)
    """True for candles, False for a line of closes."""

    vwap: reactive[bool] = reactive(False, repaint=False, init=False)
    """True if the running VWAP is drawn."""

    volume_at_price: reactive[bool] = reactive(False, repaint=False, init=False)
    """True if what was traded at each price and the cumulative delta are drawn beside the bars."""

    compared: reactive[tuple[Instrument, ...]] = reactive((), repaint=False, init=False)
    """The symbols of a comparison, at most MAX_COMPARED, which is shown in place of `instrument`; empty for none."""

    compared_from: reactive[Anchor] = reactive(Anchor.FIRST, repaint=False, init=False)
    """What counts as 0 % in a comparison."""

    premium: reactive[bool] = reactive(False, repaint=False, init=False)
    """True if the premium over time is shown in place of the bars."""

    marks: reactive[tuple[PriceMark, ...]] = reactive((), repaint=False, init=False)
    """The alerts and levels of all symbols that are lines on the chart."""

    selected_mark: reactive[PriceMark | None] = reactive(None, repaint=False, init=False)
    """The one of `marks` that the keys move, None for none."""

    time: reactive[float] = reactive(0.0, repaint=False, init=False)
    """The exchange's time, ms UTC, set once a second: it ends the bar in progress if no newer data does."""

    class TimeRequested(Message):
        """The key was pressed that goes to a time."""

    def __init__(self, styles: Styles, keys: Sequence[KeyBinding] = KEYS) -> None:
        super().__init__(styles, "chart")
        # Not the class's BINDINGS: the table may be remapped.
        set_bindings(self, bindings(keys, "chart"))
        self._now = 0.0
        self._is_link_live = False
        self._viewport = Viewport()
        self._label_width = LabelWidth()
        self._models = ModelBuilder()
        self._rows: Sequence[Instrument] = ()
        self._to_compare: tuple[Symbol, ...] = ()
        self._comparison_view = ComparisonView()
        self._premium_view = PremiumView()
        self._traded_view = TradedView()
        self._cached_picture: tuple[object, list[StyledLine]] | None = None
        self._pressable = PressableLines(keys)

    @property
    def shown(self) -> tuple[Instrument, ...]:
        return self.compared or ((self.instrument,) if self.instrument is not None else ())

    def watch_instrument(self) -> None:
        self.selected_mark = None
        if not self.compared:
            self._viewport.follow_newest()
            self.update_lines()

    def watch_compared(self, before: Sequence[Instrument], now: Sequence[Instrument]) -> None:
        if [i.symbol for i in before] != [i.symbol for i in now]:
            self._viewport.follow_newest()
        self.update_lines()

    def watch_interval(self) -> None:
        self._viewport.reset_zoom()
        self.update_lines()

    watch_premium = watch_interval

    def watch_candles(self) -> None:
        self.update_lines()

    watch_vwap = watch_volume_at_price = watch_compared_from = watch_marks = watch_selected_mark = watch_candles

    def watch_time(self, before: float, now: float) -> None:
        if self._shows_premium:
            self.update_lines()  # an IOPV is good for a minute
        elif self._has_bars:
            timeline = self._axis.timeline
            if before < timeline.slots[newest_slot(self.shown, timeline)].end <= now:
                self.update_lines()

    def sync(self, changed: set[Instrument], now: float, is_link_live: bool) -> None:
        """Redraw for a frame if a shown symbol changed. `now` in s monotonic."""
        self._now = now
        if not changed.isdisjoint(self.shown) or is_link_live != self._is_link_live:
            self._is_link_live = is_link_live
            self.update_lines()

    # --- comparison ---

    def compare(self, symbols: Sequence[Symbol]) -> None:
        """Compare symbols while at least two of them are in the shown list; none end it."""
        self._to_compare = tuple(symbols)
        self.offer(self._rows)

    def offer(self, rows: Sequence[Instrument]) -> None:
        """Set the shown list. Only its symbols can be compared: others are not followed, and their prices are old."""
        self._rows = rows
        by_symbol = {row.symbol: row for row in rows}
        found = tuple(by_symbol[symbol] for symbol in self._to_compare if symbol in by_symbol)
        self.compared = found if len(found) > 1 else ()

    def show_market(self, market: Market) -> None:
        """Compare the same symbols of another market, with the position as it is."""
        self.offer([row for i in self._rows if (row := market.row(i.symbol)) is not None])

    # --- keys and mouse ---

    def shorter(self) -> bool:
        """Switch to the next shorter interval; returns False if there is none."""
        return self._change_interval(-1)

    def longer(self) -> bool:
        """Switch to the next longer interval; returns False if there is none."""
        return self._change_interval(1)

    def _change_interval(self, by: int) -> bool:
        to = INTERVALS.index(self.interval) + by
        if not 0 <= to < len(INTERVALS):
            return False
        self.interval = INTERVALS[to]
        return True

    @property
    def has_line(self) -> bool:
        """True if the keys act on a line."""
        return self.display and self.selected_mark is not None and not (self.compared or self.premium)

    @property
    def price_at_crosshair(self) -> float | None:
        """The price that the mouse points at with the crosshair, else the close under it, else the last price."""
        i, visible = self.instrument, self._visible(self.inner_width)
        if i is None or visible is None:
            return None if i is None else i.last
        read = read_bar(i, visible, self._options, self._viewport.crosshair_slot(visible), in_progress=False)
        return self._pressable.price(i, read, self._viewport.position)

    @property
    def has_crosshair(self) -> bool:
        """True if there is a crosshair in view."""
        if not self._viewport.has_crosshair:
            return False
        visible = self._visible(self.inner_width)
        return visible is not None and self._viewport.crosshair_slot(visible) is not None

    @property
    def escape_layer(self) -> tuple[str, Callable[[], None]] | None:
        if self.has_line:
            return "Leave line", partial(setattr, self, "selected_mark", None)
        if self.has_crosshair:
            return "Hide crosshair", self.leave_crosshair
        if self.compared:
            return "End comparison", partial(self.compare, ())
        return ("Price chart", partial(setattr, self, "premium", False)) if self.premium else None

    def leave_crosshair(self) -> None:
        """Remove the crosshair."""
        self._viewport.remove_crosshair()
        self.update_lines()

    def action_chart_left(self) -> None:
        self._move_crosshair(-1)

    def action_chart_right(self) -> None:
        self._move_crosshair(+1)

    def action_chart_pan_left(self) -> None:
        self._pan(-1)

    def action_chart_pan_right(self) -> None:
        self._pan(+1)

    def action_chart_live(self) -> None:
        if self._viewport.follows_newest and not self._viewport.has_crosshair:
            self.post_message(self.CannotAct("the newest bar is shown already"))
        self._viewport.follow_newest()
        self.update_lines()

    def action_chart_time(self) -> None:
        self.post_message(self.TimeRequested())

    def find_moment(self, text: str) -> int:
        """Returns the slot of a time that a person wrote. Raises UsageError if there is none."""
        if not self._has_bars:
            raise UsageError("there are no bars yet")
        timeline = self._axis.timeline
        local = zone(self.shown[0].symbol.region)
        return find_moment(text, timeline.slots[: newest_slot(self.shown, timeline) + 1], local)

    def go_to(self, slot: int) -> None:
        """Put the crosshair on a slot, in view."""
        if (visible := self._visible(self.inner_width)) is not None:
            self._viewport.go_to(visible, slot)
            self.update_lines()

    def action_chart_in(self) -> None:
        self._zoom(wider=True)

    def action_chart_out(self) -> None:
        self._zoom(wider=False)

    def _move_crosshair(self, by: int) -> None:
        end = "the newest bar" if by > 0 else "the oldest bar known"
        self._act(lambda visible: self._viewport.move_crosshair(visible, by), f"the crosshair is on {end}")

    def _pan(self, by: int) -> None:
        end = "no later bars" if by > 0 else "no earlier bars are known"
        self._act(lambda visible: self._viewport.pan(visible, by, self._options.interval), end)

    def _zoom(self, *, wider: bool) -> None:
        if self._viewport.zoom(wider=wider, interval=self._options.interval, candles=self._options.candles):
            self.update_lines()
        else:
            self.post_message(self.CannotAct(f"bars cannot be any {'wider' if wider else 'narrower'}"))

    def _act(self, move: Callable[[VisibleSlots], None], otherwise: str) -> None:
        """Move over the bars, or say why that shows nothing else."""
        if (visible := self._visible(self.inner_width)) is None:
            self.post_message(self.CannotAct(why_no_bars(self.shown)))
            return
        before = self._viewport.position
        move(visible)
        if self._viewport.position == before:
            self.post_message(self.CannotAct(otherwise))
        self.update_lines()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if not self._viewport.has_crosshair or self._viewport.follows_mouse:
            self._point(event.x, event.y)

    def on_leave(self) -> None:
        if self._viewport.follows_mouse:
            self.leave_crosshair()

    def on_click(self, event: events.Click) -> None:
        if not (self.compared or self.premium) and (mark := self._pressable.at(event.x - 1, event.y - 1)):
            self.post_message(LinePressed(mark))
            return
        # The crosshair stays where it was clicked; a click beside the picture removes it.
        self._point(event.x, event.y)
        self._viewport.pin_crosshair()

    def _point(self, x: int, y: int) -> None:
        visible = self._visible(self.inner_width)
        if visible is None or not (0 < x <= visible.cells and 0 < y <= self.inner_height):
            self.leave_crosshair()
        elif self._viewport.point(visible, x):
            self._pressable.point(y - 1, self._viewport.position)
            self.update_lines()

    # --- drawing ---

    @property
    def _has_bars(self) -> bool:
        return any(len(i.bars) for i in self.shown)

    @property
    def _axis(self) -> TimeAxis:
        return self._viewport.axis(self.shown, self._options.interval, self._options.candles)

    def _visible(self, width: int) -> VisibleSlots | None:
        """Returns the slots that are visible in `width` cells, labels included; None without bars."""
        if not self._has_bars:
            return None
        for i in self.shown:
            i.infer_precision()
        bars = LABEL_CELLS if self.premium else label_cells(i := self.shown[0], self.marks, self._label_width.cells(i))
        labels = legend_width(self.compared) if self.compared else bars + self._profile_cells(width)
        cells = width - labels if width >= 2 * labels else max(1, width)
        return self._viewport.visible(self.shown, self._axis.timeline, cells)

    def _is_in_progress(self, i: Instrument, visible: VisibleSlots) -> bool:
        """Returns True if the newest bar is live and its time is not over, as far as the exchange's time is known."""
        end = visible.timeline.slots[visible.last].end
        is_live = self._is_link_live and not i.is_last_known and not i.is_silent(i.bars_type)
        return is_live and max(self.time, i.newest_time) < end

    @property
    def _options(self) -> ChartOptions:
        interval = 1 if self._shows_premium else self.interval
        has_bars = not (self.compared or self.premium or self._is_pair)
        return ChartOptions(interval, self.candles and has_bars, self.vwap and has_bars)

    @property
    def _is_pair(self) -> bool:
        return isinstance(self.instrument, PairInstrument)

    @property
    def _shows_traded(self) -> bool:
        return self.volume_at_price and not (self.compared or self.premium or self._is_pair)

    def _profile_cells(self, width: int) -> int:
        return profile_cells(width) if self._shows_traded else 0

    def note(self) -> StyledLine:
        """Returns what the selected line is, else what all the trades come to, if they are drawn."""
        if self.has_line and self.instrument is not None and self.selected_mark is not None:
            return self._pressable.note(self.theme_styles, self.instrument, self.selected_mark, self.note_room)
        if not self._shows_traded or self.instrument is None or not self._has_bars:
            return []
        forms = volume_words(self.instrument, delta_first=False)
        return self.fitting_note(forms, "text" if self._is_link_live and not self.standing else "muted")

    def title(self) -> tuple[StyledLine, StyledLine]:
        if self.compared:
            return self._comparison_view.title(self._comparison_scene(self._visible(self.inner_width)))
        i, styles = self.instrument, self.theme_styles
        if i is None:
            return [styles.segment(interval_name(self.interval), "muted")], []
        visible = self._visible(self.inner_width)
        if self._shows_premium:
            return self._premium_view.title(self._premium_scene(i, visible), self.size.width - 9)
        if visible is None:
            interval = styles.segment(f" {interval_name(self.interval)}", "muted")
            built = [styles.segment(" built from trades", "warning")] if i.bars.synthesized else []
            return [*styles.symbol(i.symbol), interval, *built], []
        crosshair = self._viewport.crosshair_slot(visible)
        readout = Readout(
            styles,
            i,
            self._axis,
            visible,
            self._options,
            read_bar(i, visible, self._options, crosshair, in_progress=self._is_in_progress(i, visible)),
            self._viewport.follows_newest,
            self._is_link_live,
            self.starting,
            self.time,
            self._now,
        )
        return readout.title(self.size.width - 9)

    @property
    def _shows_premium(self) -> bool:
        return self.premium and not self.compared

    def _comparison_scene(self, visible: VisibleSlots | None) -> ComparisonScene:
        return ComparisonScene(
            self.theme_styles,
            self.compared,
            visible,
            self._axis if visible is not None else None,
            self._viewport.crosshair_slot(visible) if visible is not None else None,
            self.interval,
            self.compared_from,
            self.time,
            self._is_link_live and not self.standing,
            "" if self._is_link_live or self.starting else "stale",
            self.size.width - 9,
        )

    def _premium_scene(self, i: Instrument, visible: VisibleSlots | None) -> PremiumScene:
        crosshair = self._viewport.crosshair_slot(visible) if visible is not None else None
        time, is_live = max(self.time, i.newest_time), self._is_link_live and not self.standing
        doubt = "" if self._is_link_live or self.starting else "stale"
        return PremiumScene(self.theme_styles, i, visible, crosshair, time, is_live, doubt)

    def body(self, width: int, height: int) -> list[StyledLine]:
        styles = self.theme_styles
        if not self.shown or height < 3:
            return []
        i, visible = self.shown[0], self._visible(width)
        if self._shows_premium:
            return self._premium_view.body(self._premium_scene(i, visible), self.trouble, width, height)
        if visible is None:
            return empty_body(styles, i, self.trouble, why_no_bars(self.shown), width, height)
        if self.compared:
            return self._comparison_view.body(self._comparison_scene(visible), visible, self.trouble, width, height)
        volume_rows, delta_rows = (0, 0) if self._is_pair else rows_below(height, delta=self._shows_traded)
        rows = height - 1 - volume_rows - delta_rows
        is_live = self._is_link_live and not self.standing
        model = self._models.build(
            i,
            visible,
            self._options,
            is_link_live=is_live,
            crosshair=self._viewport.crosshair_slot(visible),
            unfinished=visible.last if self._is_in_progress(i, visible) else None,
        )
        layer = LineLayer(chart_lines(i, self.marks, self.selected_mark, visible, model), model, styles, rows)
        dots = newest_dots(model, visible, rows)
        key = (i, i.bars.version, model, dots, visible.cells, height, styles, layer.lines)
        if self._cached_picture is None or self._cached_picture[0] != key:
            canvas = Plot(model, styles, visible.cells, rows, volume_rows).draw(layer)
            self._pressable.layer = layer
            self._cached_picture = key, [canvas.line(y) for y in range(canvas.height)]
        lines, profile = self._cached_picture[1], self._profile_cells(width)
        label_width = width - visible.cells - profile - 1
        traded: Mapping[int, Segment] = {}
        if self._shows_traded:
            scene = TradedScene(styles, i, visible, model, rows, delta_rows, profile, label_width, is_live)
            lines, traded = self._traded_view.beside(lines, scene)
        if label_width >= 0:
            labels = edge_labels(styles, i, model, rows, volume_rows, delta_rows, label_width, visible.has_newest)
            labels |= traded
            self._pressable.labelled = visible.cells + profile, layer.add_labels(labels, label_width)
            gap = styles.segment(" ", "text")
            lines = [[*line, gap, labels[y]] if y in labels else line for y, line in enumerate(lines)]
        return [fill(line, width, styles("text")) for line in lines]
