"""The prices at the right edge of the chart."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style

from tui import format as fmt
from tui.market import Instrument
from tui.widgets.chart.model import ChartModel
from tui.widgets.chart.plot import level
from tui.widgets.styles import Styles


class LabelWidth:
    """The cells of the longest price; the highest price of the bars is cached."""

    def __init__(self) -> None:
        self._cached: tuple[object, float] | None = None

    def cells(self, i: Instrument) -> int:
        """Returns the cells of the labels, blanks included, for an instrument that has bars."""
        key = (i, i.bars.version)
        if self._cached is None or self._cached[0] != key:
            self._cached = key, max(bar.high for bar in i.bars)
        return len(fmt.price(max(self._cached[1], i.last or 0.0), i.precision.decimals)) + 3


def price_labels(styles: Styles, i: Instrument, model: ChartModel, rows: int, width: int) -> dict[int, Segment]:
    """Returns labels of `width` cells by row. Of several on one row the last price is kept, then the previous close."""
    average = next((price for price in reversed(model.average) if price is not None), None)
    labels: dict[int, Segment] = {}

    def put(price: float | None, style: Style) -> None:
        if price is not None and model.low <= price <= model.high:
            text = f" {fmt.price(price, i.precision.decimals)} ".rjust(width)
            labels[level(price, model.low, model.high, 4 * rows) // 4] = Segment(text, style)

    put(model.least, styles("muted"))
    put(model.most, styles("muted"))
    put(average, styles("accent" if model.bars_live else "muted"))
    put(model.close, styles("muted"))
    # Dark text on a light background marks a live price, without colours too.
    style = styles("background", model.role, bold=True) if model.live else styles("muted")
    last_known = i.last_known if i.is_last_known else None
    put(last_known.price if last_known is not None else i.last, style)
    return labels
