"""One small chart: a row of the watchlist in its border, and the line of its closes below."""

from __future__ import annotations

from rich.segment import Segment

from tui import format as fmt
from tui.market import Instrument
from tui.market.bars import MINUTE
from tui.market.data_status import DataStatus
from tui.market.pair_instrument import PairInstrument
from tui.market.session_axis import DAY, find_slot, segments, slots
from tui.market.sessions import zone
from tui.watchlist.cells import WORD_STATES, Cell, age_cell, dimmed, direction_sign, last_cell, percent_cell
from tui.watchlist.row_figures import RowFigures
from tui.widgets.chart.model import ChartModel, ChartOptions, ModelBuilder
from tui.widgets.chart.plot import Plot
from tui.widgets.chart.readout import interval_name
from tui.widgets.chart.time_plot import level
from tui.widgets.chart.timeline import Timeline
from tui.widgets.chart.viewport import VisibleSlots
from tui.widgets.empty_body import empty_body, why_no_bars
from tui.widgets.pane import StyledLine, border_line, fill, width_of
from tui.widgets.styles import Styles

_SLOT_WIDTH = 1  # half cells


class SmallChart:
    """Draws one symbol at any size. The time axis and the picture as last drawn are cached."""

    def __init__(self) -> None:
        self._models = ModelBuilder()
        self._cached_axis: tuple[object, Timeline] | None = None
        self._cached_picture: tuple[object, list[StyledLine]] | None = None
        self._extremes = ""  # the lowest and the highest price of the picture

    def draw(
        self,
        styles: Styles,
        row: RowFigures,
        interval: int,
        width: int,
        height: int,
        *,
        is_link_live: bool,
        trouble: str,
        edge_role: str,
    ) -> list[StyledLine]:
        """Returns `height` lines of `width` cells, borders included. `interval` are minutes of a slot; `trouble` is why
        no data comes."""
        i, inner, rows = row.instrument, width - 2, height - 2
        i.infer_precision()
        if len(i.bars):
            model, body = self._picture(styles, i, interval, inner, rows, is_link_live)
            decimals = i.precision.decimals
            self._extremes = f"{fmt.price(model.least, decimals)}–{fmt.price(model.most, decimals)}"
        else:
            body = empty_body(styles, i, trouble, why_no_bars([i]), inner, rows)
            self._extremes = ""
        side = Segment("│", styles(edge_role))
        blank: list[StyledLine] = [[] for _ in range(rows - len(body))]
        top, bottom = self.borders(styles, row, interval, width, edge_role)
        return [top, *([side, *fill(line, inner, styles("text")), side] for line in [*body, *blank]), bottom]

    def borders(
        self, styles: Styles, row: RowFigures, interval: int, width: int, edge_role: str
    ) -> tuple[StyledLine, StyledLine]:
        """Returns the upper border, with the row's figures, and the lower one, with the prices of the picture."""
        left, right = _title(styles, row)
        below = [styles.segment(self._extremes, "muted")] if self._extremes else []
        if width_of(left) + width_of(right) > width - 9:  # what does not fit would be left out
            right, below = [], right
        rule, name = Segment("─", styles(edge_role)), styles.segment(_axis_words(row, interval), "muted")
        return border_line("╭", "╮", left, right, width, rule), border_line("╰", "╯", [name], below, width, rule)

    def _picture(
        self, styles: Styles, i: Instrument, interval: int, cells: int, height: int, is_link_live: bool
    ) -> tuple[ChartModel, list[StyledLine]]:
        timeline = self._timeline(i, interval)
        last = find_slot(timeline.slots, i.bars.latest * MINUTE)
        visible = VisibleSlots(timeline, timeline.view(cells, last), last, cells)
        options = ChartOptions(interval, candles=False, vwap=False)
        model = self._models.build(i, visible, options, is_link_live=is_link_live, crosshair=None, unfinished=None)
        volume_rows = 1 if height >= 6 and not isinstance(i, PairInstrument) else 0
        rows = height - 1 - volume_rows
        # Trades change the newest bar all the time: the picture is drawn again when its dot moves.
        newest = model.bars[last - visible.view.first]
        dot = level(newest.close, model.low, model.high, 4 * rows) if newest is not None else None
        key = (i, i.bars.version, model, dot, cells, height, styles)
        if self._cached_picture is None or self._cached_picture[0] != key:
            canvas = Plot(model, styles, cells, rows, volume_rows).draw()
            self._cached_picture = key, [canvas.line(y) for y in range(canvas.height)]
        return model, self._cached_picture[1]

    def _timeline(self, i: Instrument, interval: int) -> Timeline:
        key = (i, i.bars.slot_version, interval, i.calendar)
        if self._cached_axis is None or self._cached_axis[0] != key:
            steps = slots(segments(i.bars.minutes(), i.calendar), interval)
            self._cached_axis = key, Timeline(steps, _SLOT_WIDTH, from_right=interval == DAY)
        return self._cached_axis[1]


def _axis_words(row: RowFigures, interval: int) -> str:
    """Returns the interval, the clock of the time axis, and the date of the newest bar if that is not today."""
    local, bars = zone(row.instrument.symbol.region), row.instrument.bars
    newest = local.at(bars.latest * MINUTE) if len(bars) else None
    is_old = newest is not None and newest.date() != local.at(row.context.time).date()
    words = [interval_name(interval), local.label, f"{newest:%m-%d}" if is_old else ""]
    return " ".join(filter(None, words))


def _title(styles: Styles, row: RowFigures) -> tuple[StyledLine, StyledLine]:
    """Returns the words on the upper border: symbol and last price, and the change or what stands in its way."""
    is_calm = row.status is DataStatus.CLOSED or row.context.standing

    def piece(cell: Cell) -> Segment:
        cell = dimmed(cell) if is_calm else cell
        return styles.segment(cell.text.strip(), cell.role, bold=cell.bold)

    sign = direction_sign(row).strip() if row.stale else ""
    left = [
        styles.segment(f"{sign} " if sign else "", "warning"),
        *styles.symbol(row.instrument.symbol),
        styles.segment(" ", "text"),
        piece(last_cell(row)),
    ]
    has_word = row.status in WORD_STATES and row.status is not DataStatus.CLOSED
    return left, [piece(age_cell(row) if has_word else percent_cell(row))]
