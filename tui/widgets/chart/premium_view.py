"""The premium over time in the chart: a value a minute, its mean, and bands of one and two standard deviations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rich.segment import Segment

from tui import format as fmt
from tui.market import Instrument
from tui.market.bars import MINUTE
from tui.market.pair_instrument import PairInstrument
from tui.market.premium import (
    PremiumStatistics,
    current_premium,
    has_basis,
    iopv,
    minute_premiums,
    premium_statistics,
)
from tui.market.sessions import zone
from tui.widgets.canvas import Canvas
from tui.widgets.chart import braille
from tui.widgets.chart.model import with_least_height
from tui.widgets.chart.time_plot import TimeModel, TimePlot, level
from tui.widgets.chart.viewport import VisibleSlots
from tui.widgets.empty_body import empty_body
from tui.widgets.pane import StyledLine, fill, width_of
from tui.widgets.styles import Styles

LABEL_CELLS = 14
"""The cells of the labels at the right."""

_STEP = 0.001  # %: a tenth of a basis point, of which the height has eight at least
_BANDS = ((0, "mean", "─"), (1, "+1σ", "┄"), (-1, "-1σ", "┄"), (2, "+2σ", "┈"), (-2, "-2σ", "┈"))


@dataclass(slots=True, kw_only=True)
class PremiumModel(TimeModel):
    """What is drawn: a premium for each slot of the view, in %, which is ignored in comparisons, and their
    statistics; `live` if the newest one is of this moment."""

    premiums: Sequence[float | None] = field(compare=False)
    statistics: PremiumStatistics | None
    live: bool

    def bands(self) -> list[tuple[str, str, float]]:
        """Returns label, character and value of the lines across, the mean first."""
        if self.statistics is None:
            return []
        mean, deviation = self.statistics
        return [(label, sign, mean + times * deviation) for times, label, sign in _BANDS]


class PremiumPlot(TimePlot):
    """Draws a model on a canvas of `cells` cells: `rows` of premiums, then the time axis."""

    def __init__(self, model: PremiumModel, styles: Styles, cells: int, rows: int) -> None:
        super().__init__(model, styles, cells, rows, 0)
        self._model = model

    def draw(self) -> Canvas:
        """Returns the canvas with everything drawn."""
        self._marks()
        style = self._styles("text" if self._model.live else "muted")
        strokes = [stroke for run in self._runs(self._model.premiums) for stroke in braille.line(run)]
        for (x, y), character in braille.in_cells(strokes).items():
            self._canvas.put(x, y, character, style)
        self._lines_across()
        self._crosshair()
        self._axis()
        return self._canvas

    def _lines_across(self) -> None:
        """Draw the mean and the bands on blank cells, as far as there are slots."""
        model, width = self._model, self._canvas.width
        end = min(width, self._x(model.view.stop - 1) // 2 + 1) if model.view.stop > model.view.first else 0
        for label, sign, value in model.bands():
            y = level(value, model.low, model.high, 4 * self._rows) // 4
            style = self._styles("accent" if label == "mean" else "grid")
            for x in range(end):
                if self._canvas.is_blank(x, y):
                    self._canvas.put(x, y, sign, style)


class PremiumScene(NamedTuple):
    """What a view is drawn of: a symbol at `time` (ms UTC), its visible slots, None without bars, and the slot under
    the crosshair. `doubt` is why nothing is of this moment, "" if it may be."""

    styles: Styles
    instrument: Instrument
    visible: VisibleSlots | None
    crosshair: int | None
    time: float
    is_live: bool
    doubt: str


class PremiumView:
    """Draws the premium of one symbol over the chart's time axis. What was drawn is kept until a minute changes."""

    def __init__(self) -> None:
        self._series: tuple[object, list[float | None]] | None = None
        self._picture: tuple[object, list[StyledLine]] | None = None

    def _model(self, scene: PremiumScene, visible: VisibleSlots) -> PremiumModel:
        i = scene.instrument
        timeline, view, proxy = visible.timeline, visible.view, i.fair_values.proxy
        versions = (i.bars.version, i.fair_values.version, proxy.of.bars.version if proxy is not None else 0)
        key = (i, *versions, has_basis(i), timeline, view)
        if self._series is None or self._series[0] != key:
            minutes = [slot.start // MINUTE for slot in timeline.slots[view.first : view.stop]]
            self._series = key, minute_premiums(i, minutes)
        premiums = self._series[1]
        now = current_premium(i, scene.time)
        if visible.has_newest and now is not None:
            premiums = premiums.copy()
            premiums[visible.last - view.first] = now
        statistics = premium_statistics(premiums)
        drawn = [value for value in premiums if value is not None] or [0.0]
        if statistics is not None:
            drawn += [statistics.mean - 2 * statistics.deviation, statistics.mean + 2 * statistics.deviation]
        low, high = with_least_height(min(drawn), max(drawn), _STEP)
        return PremiumModel(
            timeline=timeline,
            view=view,
            low=low,
            high=high,
            crosshair=scene.crosshair,
            interval=1,
            zone=zone(i.symbol.region),
            premiums=premiums,
            statistics=statistics,
            live=scene.is_live and now is not None and visible.has_newest,
        )

    def title(self, scene: PremiumScene, room: int) -> tuple[StyledLine, StyledLine]:
        """Returns both ends of the title in the longest form that fits into `room` cells: what it is, and the value of
        the minute under the crosshair, else of this moment, with its z-score."""
        styles, i, visible = scene.styles, scene.instrument, scene.visible
        code, region = styles.symbol(i.symbol)
        proxy = i.fair_values.proxy
        of = f" to {proxy.of.symbol} × {proxy.factor:g}" if proxy is not None and has_basis(i) else ""
        name = styles.segment(f" {_name(i)}", "muted")
        if visible is None:
            return [code, region, name], []
        model = self._model(scene, visible)
        right = self._value(scene, model)
        known = [slot for slot, value in enumerate(model.premiums, model.view.first) if value is not None]
        count: StyledLine = []
        if known:
            start = model.timeline.slots[known[0]].start
            count = [styles.segment(f" · {len(known)} min since {_moment(model, start)}", "muted")]
        spread: StyledLine = []
        if model.statistics is not None:
            mean, deviation = model.statistics
            spread = [styles.segment(f" · mean {_percent(mean)} σ {deviation:.3f}%", "muted")]
        named = [code, region, name]
        whole = [*named, styles.segment(of, "muted"), *spread, *count]
        forms = (whole, [*named, *spread, *count], [*named, *count], named, [code, name])
        left = next(
            (form for form in forms if width_of(form) + width_of(right) <= room), [styles.segment(_name(i), "muted")]
        )
        return left, right

    def _value(self, scene: PremiumScene, model: PremiumModel) -> StyledLine:
        """Returns a premium and its z-score, or why there is none."""
        styles, i, crosshair, time = scene.styles, scene.instrument, scene.crosshair, scene.time
        words: StyledLine = []
        if crosshair is not None:
            value = model.premiums[crosshair - model.view.first]
            start = model.timeline.slots[crosshair].start
            words = [styles.segment(f"{_moment(model, start)} ", "accent", bold=True)]
            if value is None:
                return [*words, styles.segment(f"no {_name(i)}", "muted")]
        else:
            value = current_premium(i, time)
            if scene.doubt or value is None:
                return [styles.segment(scene.doubt or _reason(i, time), "warning")]
        score = model.statistics.score(value) if model.statistics is not None else None
        z = [styles.segment(f"  z {score:+.1f}", "text")] if score is not None else []
        return [*words, styles.segment(_percent(value), "text", bold=crosshair is None and model.live), *z]

    def body(self, scene: PremiumScene, trouble: str, width: int, height: int) -> list[StyledLine]:
        """Returns the picture with its labels, or why there is none: the link's `trouble` comes first."""
        styles, i, visible = scene.styles, scene.instrument, scene.visible
        if visible is None:
            return empty_body(styles, i, trouble, "no minute bars yet", width, height)
        model = self._model(scene, visible)
        if all(value is None for value in model.premiums):
            return empty_body(styles, i, trouble, _emptiness(i, scene.time), width, height)
        rows = height - 1
        levels = [None if value is None else level(value, model.low, model.high, 4 * rows) for value in model.premiums]
        bands = [level(value, model.low, model.high, 4 * rows) for *_, value in model.bands()]
        key = (i, model.timeline, model.view, model.crosshair, model.live, levels, bands, visible.cells, height, styles)
        if self._picture is None or self._picture[0] != key:
            canvas = PremiumPlot(model, styles, visible.cells, rows).draw()
            self._picture = key, [canvas.line(y) for y in range(canvas.height)]
        lines = self._picture[1]
        if visible.cells < width:
            labels = _labels(styles, model, rows, width - visible.cells)
            labels[rows] = [styles.segment(f"  {model.zone.label}".ljust(width - visible.cells), "faint")]
            lines = [[*line, *labels[y]] if y in labels else line for y, line in enumerate(lines)]
        return [fill(line, width, styles("text")) for line in lines]


def _labels(styles: Styles, model: PremiumModel, rows: int, width: int) -> dict[int, StyledLine]:
    """Returns labels by row: of several on one row the newest premium's is kept, then the mean's, then the inner
    band's."""
    labels: dict[int, StyledLine] = {}
    newest = next((value for value in reversed(model.premiums) if value is not None), None)
    if newest is not None:
        style = styles("background", "text", bold=True) if model.live else styles("muted")
        text = f" {_percent(newest)} ".rjust(width - 1)
        labels[_row(newest, model, rows)] = [styles.segment(" ", "text"), Segment(text, style)]
    for label, _, value in model.bands():
        role = "accent" if label == "mean" else "muted"
        text = f"  {label:<4} {_percent(value)}".ljust(width)
        labels.setdefault(_row(value, model, rows), [styles.segment(text, role)])
    return labels


def _row(value: float, model: PremiumModel, rows: int) -> int:
    return level(value, model.low, model.high, 4 * rows) // 4


def _percent(value: float) -> str:
    return f"{value:+.3f}%" if fmt.sign(value, 3) else f"{0:.3f}%"


def _name(i: Instrument) -> str:
    return "basis" if has_basis(i) else "premium"


def _moment(model: PremiumModel, start: int) -> str:
    """Returns a minute's time, with its date if that is not the newest slot's."""
    at, newest = model.zone.at(start), model.zone.at(model.timeline.slots[model.view.stop - 1].start)
    return f"{at:%H:%M}" if at.date() == newest.date() else f"{at:%m-%d %H:%M}"


def _reason(i: Instrument, time: float) -> str:
    """Returns why there is no premium at this moment."""
    if i.last is None:
        return "no price yet"
    if has_basis(i):
        return "no fresh price of the other symbol"
    worth = iopv(i)
    if worth is None:
        return "no IOPV"
    if zone(i.symbol.region).at(worth.time).date() != zone(i.symbol.region).at(time).date():
        return f"NAV of {zone(i.symbol.region).at(worth.time):%a %m-%d} only"
    return f"IOPV of {fmt.seconds((time - worth.time) / 1000)} ago"


def _emptiness(i: Instrument, time: float) -> str:
    """Returns why no minute in view has a premium."""
    quote = i.quote
    if isinstance(i, PairInstrument):
        return "a pair has no IOPV"
    if has_basis(i):
        return "no minute in view in which both this and the other symbol of its basis have a price"
    if iopv(i) is None and not len(i.fair_values):
        nav = ", only a NAV of an earlier close" if quote is not None and quote.nav else ""
        return f"no IOPV: the feed sends none{nav}. A command (iopv_command) or another symbol (basis) can tell it"
    return f"no minute in view with a fresh IOPV: {_reason(i, time)}"
