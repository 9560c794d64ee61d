"""The prices at the right edge of the chart."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style

from tui import format as fmt
from tui.market import Instrument
from tui.widgets.chart.model import ChartModel
from tui.widgets.chart.time_plot import level
from tui.widgets.styles import Styles


class LabelWidth:
    """The cells of the longest price; the highest and the lowest price of the bars are cached."""

    def __init__(self) -> None:
        self._cached: tuple[object, tuple[float, float]] | None = None

    def cells(self, i: Instrument) -> int:
        """Returns the cells of the labels, blanks included."""
        key = (i, i.bars.version)
        if self._cached is None or self._cached[0] != key:
            highest = max((bar.high for bar in i.bars), default=0.0)
            self._cached = key, (highest, min((bar.low for bar in i.bars), default=0.0))
        # A difference may be negative, and its lowest price the longest.
        return max(len(fmt.price(price, i.precision.decimals)) for price in (*self._cached[1], i.last or 0.0)) + 3


def edge_labels(
    styles: Styles,
    i: Instrument,
    model: ChartModel,
    rows: int,
    volume_rows: int,
    delta_rows: int,
    width: int,
    has_newest: bool,
) -> dict[int, Segment]:
    """Returns labels of `width` cells by row: prices beside the `rows` of the picture, and the zone beside the time
    axis, below volume and delta. If the view has not the newest bar the last price stands there, apart from those of
    the bars in view; the zone stays if there is room."""
    labels = _price_labels(styles, i, model, rows, width, has_newest)
    bottom = rows + volume_rows + delta_rows
    labels[bottom] = styles.segment(model.zone.label, "faint")
    if not has_newest and (price := _last_price(i)) is not None:
        bottom -= delta_rows + 1 if delta_rows else volume_rows > 1
        labels[bottom] = _label(i, price, width, _last_style(styles, model))
        labels.setdefault(bottom - 1, styles.segment("now ".rjust(width), "muted"))
    return labels


def _price_labels(
    styles: Styles, i: Instrument, model: ChartModel, rows: int, width: int, has_newest: bool
) -> dict[int, Segment]:
    """Returns the prices. Of several on one row that of the rightmost bar is kept, the last price if the view
    `has_newest`, then the previous close."""
    average = next((price for price in reversed(model.average) if price is not None), None)
    labels: dict[int, Segment] = {}

    def put(price: float | None, style: Style) -> None:
        if price is not None and model.low <= price <= model.high:
            labels[level(price, model.low, model.high, 4 * rows) // 4] = _label(i, price, width, style)

    put(model.least, styles("muted"))
    put(model.most, styles("muted"))
    put(average, styles("accent" if model.bars_live else "muted"))
    put(model.close, styles("muted"))
    if has_newest:
        put(_last_price(i), _last_style(styles, model))
    else:
        put(next((bar.close for bar in reversed(model.bars) if bar is not None), None), styles("text"))
    return labels


def _last_price(i: Instrument) -> float | None:
    return i.last_known.price if i.is_last_known and i.last_known is not None else i.last


def _last_style(styles: Styles, model: ChartModel) -> Style:
    # Dark text on a light background marks a live price, without colours too.
    return styles("background", model.role, bold=True) if model.live else styles("muted")


def _label(i: Instrument, price: float, width: int, style: Style) -> Segment:
    return Segment(f" {fmt.price(price, i.precision.decimals)} ".rjust(width), style)
