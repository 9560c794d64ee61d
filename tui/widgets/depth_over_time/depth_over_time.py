"""Depth over time of the selected symbol: time to the right, prices upward, and the darker the more stood there."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment

from tui import format as fmt
from tui.config.key_table import KEYS, KeyBinding
from tui.market import Instrument, Market
from tui.market.depth_histories import MAX_REMEMBERED
from tui.market.depth_history import DepthHistory
from tui.market.entitlements import describe_refusal
from tui.market.sessions import Zone, zone
from tui.terminal.input_driver import TerminalDriver
from tui.terminal.textual_private import current_driver, set_bindings
from tui.widgets.bindings import bindings
from tui.widgets.depth_over_time.heat_map import DepthCell, HeatMap, joined, scale, time_labels
from tui.widgets.depth_over_time.model import ColumnCache, DepthModel, touch_range
from tui.widgets.depth_over_time.window import PriceWindow, TimeWindow, depth_rows
from tui.widgets.empty_body import empty_body, none_of_pair
from tui.widgets.ladder.tracked_book import book_age
from tui.widgets.pane import StyledLine, SymbolPane, width_of
from tui.widgets.styles import Styles

_LABEL_CELLS = 5  # rows of cells from one price to the next


class DepthOverTime(SymbolPane, can_focus=True):
    """The depth of the shown symbol as far back as it is remembered. Only its newest column is drawn with each frame;
    the others when one has ended."""

    def __init__(self, styles: Styles, market: Market, keys: Sequence[KeyBinding] = KEYS) -> None:
        super().__init__(styles, "depth_over_time")
        set_bindings(self, bindings(keys, "depth_over_time"))
        market.depth_histories.limit = MAX_REMEMBERED
        self.market = market
        """The market on the screen."""
        self._now = 0.0
        self._is_link_live = False
        self._time = TimeWindow()
        self._prices = PriceWindow()
        self._cache = ColumnCache()
        self._model: DepthModel | None = None
        self._heat_map: tuple[object, HeatMap] | None = None  # with the scales it draws at
        self._cells: dict[int, list[DepthCell]] = {}  # of columns that have ended, by their numbers
        self._finished: tuple[range, list[StyledLine]] | None = None  # the same as lines, and the time axis below

    # --- frames ---

    def watch_instrument(self) -> None:
        self._time.follow()
        self._prices.centre()
        if self.display:
            self._remember()
        self.update_lines()

    def sync(self, changed: set[Instrument], now: float, is_link_live: bool) -> None:
        """Redraw for a frame if the shown symbol changed. `now` in s monotonic."""
        self._now = now
        if is_link_live != self._is_link_live:
            self._is_link_live = is_link_live
            self._cache.clear()  # the last column ended with the link
            self._heat_map = None
            self.update_lines()
        elif self.instrument in changed:
            self.update_lines()

    def tick(self, now: float) -> None:
        """Go on with time once a second, and remember what is shown for that long."""
        self._now = now
        self._remember()
        self.update_lines()

    def on_show(self) -> None:
        self._remember()
        super().on_show()

    def _remember(self) -> None:
        if self.instrument is not None and self._is_link_live and self._now:
            histories = self.market.depth_histories
            histories.show(self.instrument, self.market.exchange_time(self._now), self._now)

    @property
    def _history(self) -> DepthHistory | None:
        """What is remembered of the symbol; None if no book of it came yet."""
        history = self.instrument.depth_history if self.instrument is not None else None
        return history if history is not None and history.since is not None else None

    # --- keys ---

    @property
    def is_held(self) -> bool:
        """True while it is scrolled back, so that new columns do not move it."""
        return self._time.is_held

    def action_depth_earlier(self) -> None:
        self._scroll_time(-1, "no earlier depth is remembered")

    def action_depth_later(self) -> None:
        self._scroll_time(1, "the newest column is shown already")

    def action_depth_live(self) -> None:
        if not (self._time.is_held or self._prices.is_held):
            self.post_message(self.CannotAct("the newest column is shown already"))
        self._time.follow()
        self._prices.centre()
        self.update_lines()

    def action_depth_higher(self) -> None:
        self._scroll(-1)

    def action_depth_lower(self) -> None:
        self._scroll(1)

    def action_depth_centre(self) -> None:
        self._prices.centre()
        self.update_lines()

    def action_depth_shorter(self) -> None:
        self._change_length(-1, "no columns are shorter than a second")

    def action_depth_longer(self) -> None:
        self._change_length(1, "no columns are longer than five minutes")

    def _change_length(self, by: int, otherwise: str) -> None:
        if self._time.change_length(by):
            self.update_lines()
        else:
            self.post_message(self.CannotAct(otherwise))

    def _scroll_time(self, by: int, otherwise: str) -> None:
        history, model = self._history, self._model
        if history is None or model is None:
            self.post_message(self.CannotAct("there is no order book yet"))
            return
        cells = len(model.columns)
        oldest = history.oldest(minutes=model.seconds >= 60)
        if self._time.scroll(by * max(1, cells // 4), cells, oldest, history.now):
            self.update_lines()
        else:
            self.post_message(self.CannotAct(otherwise))

    def _scroll(self, by: int) -> None:
        self._prices.scroll(by)
        self.update_lines()

    # --- drawing ---

    @property
    def _is_live(self) -> bool:
        return self._is_link_live and not self.standing and not self._time.is_held

    def title(self) -> tuple[StyledLine, StyledLine]:
        i, styles = self.instrument, self.theme_styles
        if i is None:
            return [styles.segment("depth over time", "muted")], []
        right = self._status(i)
        room = self.size.width - 9 - width_of(right)
        seconds = self._time.seconds
        length = f" · {seconds} s a column" if seconds < 60 else f" · {seconds // 60} min a column"
        since = ""
        if (history := self._history) is not None:
            local = zone(i.symbol.region)
            since = f" · since {local.at(1000 * history.oldest(minutes=seconds >= 60)):%H:%M:%S} {local.label}"
        forms = (" depth over time" + length + since, " depth" + length + since, " depth" + length, "")
        lines = [[*styles.symbol(i.symbol), styles.segment(words, "muted")] for words in forms]
        return next((line for line in lines if width_of(line) <= room), lines[-1]), right

    def _status(self, i: Instrument) -> StyledLine:
        """Returns why the newest column is not the present book, else the best bid and ask."""
        styles, model = self.theme_styles, self._model
        if self._history is None:
            return []
        words = []
        if not (self._is_link_live or self.starting):
            words.append("stale")
        elif age := book_age(i, self._now):
            words.append(f"no book for {age}")
        if self._time.is_held and model is not None:
            end = (model.first + len(model.columns)) * model.seconds
            words.append(f"held at {zone(i.symbol.region).at(1000 * end):%H:%M:%S}")
        if words:
            return [styles.segment(" · ".join(words), "warning", bold=self._time.is_held)]
        newest = model.columns[-1] if model is not None else None
        if newest is None:
            return []
        bid, ask = (fmt.price(price or None, i.precision.decimals) for price in (newest.bid, newest.ask))
        roles = ("up", "down") if self._is_live else ("muted", "muted")
        return [styles.segment(f"{bid} ", roles[0]), styles.segment("/ ", "muted"), styles.segment(ask, roles[1])]

    def _framed(self, width: int, height: int) -> list[StyledLine]:
        self._model = self._build(width - 2, height - 2)  # the frame's words are about it too
        return super()._framed(width, height)

    def _build(self, width: int, height: int) -> DepthModel | None:
        """Returns what fits into a body of this size; None if nothing is known."""
        i, history = self.instrument, self._history
        if i is None or history is None or height < 3:
            return None
        if self._is_link_live:
            history.advance(self.market.exchange_time(self._now), self._now, i.tape)
        i.infer_precision()
        cells = width - self._label_width(i)
        seconds = self._time.seconds
        newest = self._time.newest(history.now)
        first = newest - cells + 1
        columns = self._cache.read(history, seconds, first, newest + 1)
        shown = touch_range(columns)
        rows = depth_rows(i, height - 1, shown) if self._has_half_blocks else height - 1
        latest = next((column for column in reversed(columns) if column is not None), None)
        if latest is None:
            return None
        axis = self._prices.axis(i, rows, touch_range([latest]), shown)
        return DepthModel(seconds, first, columns, axis, self._cache.full_scale(columns))

    @property
    def _is_shaded(self) -> bool:
        return self.theme_styles.has_shades and not self.filters()  # no greys of colours: the lines would be lost

    @property
    def _has_half_blocks(self) -> bool:
        driver = current_driver(self.app)
        return self._is_shaded and not (isinstance(driver, TerminalDriver) and driver.glyphs != "full")

    def _label_width(self, i: Instrument) -> int:
        book = i.depth
        prices = [level.price for side in (book.asks, book.bids) for level in side] if book is not None else []
        return len(fmt.price(max([*prices, i.last or 0.0]), i.precision.decimals)) + 2

    def body(self, width: int, height: int) -> list[StyledLine]:
        i, model, styles = self.instrument, self._model, self.theme_styles
        if i is None:
            return []
        if model is None:
            refusal = i.refused.get("depth")
            missing = none_of_pair(i, "book") or "no book yet"
            reason = describe_refusal("order book", refusal) if refusal else missing
            return empty_body(styles, i, self.trouble, reason, width, height)
        rows = height - 1
        heat_map = self._scaled(model, rows)
        finished = self._finished_lines(model, heat_map, rows, zone(i.symbol.region))
        newest = heat_map.column(model.columns[-1], model.columns[-2] if len(model.columns) > 1 else None)
        labels = self._labels(i, model, rows, width - len(model.columns))
        lines = [[*finished[y], Segment(*newest[y]), labels[y]] for y in range(rows)]
        return [*lines, finished[rows]]

    def _scaled(self, model: DepthModel, rows: int) -> HeatMap:
        """Returns what draws columns at the present scales; with others nothing that was drawn can be used."""
        key = (self.instrument, model.seconds, model.axis, model.full, rows, self.theme_styles)
        if self._heat_map is None or self._heat_map[0] != key:
            self._heat_map = key, HeatMap(self.theme_styles, model.axis, model.full, rows, shaded=self._is_shaded)
            self._cells = {}
            self._finished = None
        return self._heat_map[1]

    def _finished_lines(self, model: DepthModel, heat_map: HeatMap, rows: int, local: Zone) -> list[StyledLine]:
        """Returns the rows of all columns but the newest, joined again only if one of them has ended, and the time
        axis."""
        numbers = range(model.first, model.first + len(model.columns) - 1)
        if self._finished is None or self._finished[0] != numbers:
            drawn, self._cells = self._cells, {}
            for number, column, before in zip(numbers, model.columns, (None, *model.columns), strict=False):
                self._cells[number] = drawn.get(number) or heat_map.column(column, before)
            cells = self._cells.values()
            lines = [joined(line) for line in zip(*cells, strict=True)] or [[] for _ in range(rows)]
            self._finished = numbers, [*lines, time_labels(self.theme_styles, model, local)]
        return self._finished[1]

    def _labels(self, i: Instrument, model: DepthModel, rows: int, width: int) -> list[Segment]:
        """Returns the prices at the right: round ones, and the last price of a live picture in place of one."""
        styles, axis = self.theme_styles, model.axis
        halves = axis.rows // rows
        apart = _LABEL_CELLS * halves
        labels = [styles.segment(" " * width, "text")] * rows
        for row in range(axis.rows):
            if (axis.top - row) % apart == 0 and (price := axis.price(row)) > 0:
                text = fmt.price(price, i.precision.decimals)
                labels[row // halves] = styles.segment(f" {text} "[:width].ljust(width), "muted")
        if self._is_live and i.last is not None and 0 <= (row := axis.row(i.last)) < axis.rows:
            text = f" {fmt.price(i.last, i.precision.decimals)} "[:width].ljust(width)
            labels[row // halves] = Segment(text, styles("background", "text", bold=True))
        return labels

    def note(self) -> StyledLine:
        i, model = self.instrument, self._model
        if i is None or model is None:
            return []
        top = model.axis.price(0)
        tick, apart = i.precision.tick_at(top), model.axis.grid.tick(top)
        row = fmt.price(apart, i.precision.decimals) if tick is not None and apart > 1.01 * tick else ""
        trades = [column.trade for column in model.columns if column is not None]
        inferred = any(trade is not None and abs(trade[1]) == 1 for trade in trades)
        return scale(self.theme_styles, fmt.size(model.full), row, shaded=self._is_shaded, inferred=inferred)
