"""The title of the chart: symbol and interval, and one bar in figures."""

from __future__ import annotations

from msgspec import Struct

from tui import format as fmt
from tui.market import Instrument
from tui.market.bars import MINUTE
from tui.market.data_age import describe_silence
from tui.market.pair_instrument import PairInstrument
from tui.market.session_axis import DAY
from tui.market.sessions import Zone, zone
from tui.protocol.messages import Kline
from tui.widgets.chart.model import ChartOptions, bar_of, is_incomplete
from tui.widgets.chart.viewport import TimeAxis, VisibleSlots
from tui.widgets.pane import StyledLine, width_of
from tui.widgets.styles import Styles


class ReadBar(Struct, frozen=True):
    """The bar in figures: the one under the crosshair, else the last one in view."""

    slot: int
    bar: Kline | None
    pointed: bool  # the crosshair is on it
    unfinished: bool
    incomplete: bool  # the link was away in it


def read_bar(
    i: Instrument, visible: VisibleSlots, options: ChartOptions, crosshair: int | None, *, in_progress: bool
) -> ReadBar:
    """Returns the bar of the slot under the crosshair, else of the last one in view; `in_progress`: the newest one
    is."""
    slot = visible.rightmost if crosshair is None else crosshair
    bar = bar_of(i, visible, options, slot)
    unfinished = in_progress and slot == visible.last
    incomplete = bar is not None and is_incomplete(i, visible.timeline.slots[slot])
    return ReadBar(slot, bar, crosshair is not None, unfinished, incomplete)


class Readout(Struct, frozen=True):
    """Both ends of the title, in several lengths. `time` is the exchange's, ms UTC, 0 if unknown; `now` in s
    monotonic."""

    styles: Styles
    instrument: Instrument
    axis: TimeAxis
    visible: VisibleSlots
    options: ChartOptions
    read: ReadBar
    follows_newest: bool
    is_link_live: bool
    is_starting: bool  # it has been neither live nor lost
    time: float
    now: float

    def title(self, room: int) -> tuple[StyledLine, StyledLine]:
        """Returns the longest forms that fit into `room` cells together; with a crosshair the figures come first."""
        names, figures = self._names(), self._figures()
        pairs = [(name, figure) for name in names for figure in figures]
        if self.read.pointed:
            # All figures beside any name, else as many figures as fit.
            whole = [(name, figure) for figure in figures[:2] for name in names[:-1]]
            pairs = whole + [(name, figure) for figure in figures for name in names]
        elif self._is_panned:
            pairs = [(name, figure) for name in names for figure in figures[:-2]] + pairs  # with a price, if it fits
        return next((pair for pair in pairs if width_of(pair[0]) + width_of(pair[1]) <= room), pairs[-1])

    def _names(self) -> list[StyledLine]:
        """Returns symbol and interval from the longest form to the one without which the chart would mislead."""
        styles, i = self.styles, self.instrument
        code, region = styles.symbol(i.symbol)
        interval = styles.segment(f" {interval_name(self.options.interval)}", "muted")
        marks: StyledLine = []
        date = other_date(i, self.time)
        dated = [styles.segment(f" {date}", "warning" if i.is_last_known else "muted")] if date else []
        if self.options.vwap:
            marks.append(styles.segment(f" VWAP{self._vwap_since()}", "accent"))
        synthesized = i.bars.synthesized
        long = [styles.segment(" built from trades", "warning")] if synthesized else []
        short = [styles.segment(" built", "warning")] if synthesized else []
        least = [styles.segment("built", "warning")] if synthesized else dated
        return [
            [code, region, interval, *dated, *long, *marks],
            [code, interval, *dated, *short, *marks],
            [code, interval, *dated, *short],
            least,
        ]

    def _figures(self) -> list[StyledLine]:
        """Returns the bar in figures, from all of them to none."""
        styles, read, i = self.styles, self.read, self.instrument
        local = zone(i.symbol.region)
        time = slot_time(self.axis, self.visible, self.options.interval, local, read.slot)
        time += "…" if read.unfinished else " incomplete" if read.incomplete else ""
        if read.bar is None:
            texts = ["no bar"]
        else:
            bar = read.bar
            prices = [fmt.price(price, i.precision.decimals) for price in (bar.open, bar.high, bar.low, bar.close)]
            volume = fmt.compact(bar.volume)
            dense = " ".join(map("".join, zip("OHLC", prices, strict=True)))
            texts = [f"{' '.join(map(' '.join, zip('OHLC', prices, strict=True)))} V {volume}", f"{dense} V{volume}"]
            texts += [dense, f"C {prices[-1]} V {volume}", f"C {prices[-1]}"]
            if isinstance(i, PairInstrument):
                texts = [f"C {prices[-1]}"] * len(texts)
        doubt = self._doubt()
        stale = [styles.segment(doubt, "warning")] if doubt else []
        first = [*stale, styles.segment(" ", "text")] if stale else []
        panned = self._is_panned
        head = styles.segment(f"until {time} " if panned else f"{time} ", "muted")
        if read.pointed or panned:
            head = styles.segment(head.text, "accent", bold=read.pointed)
        role = "text" if read.pointed and self.is_link_live and not doubt else "muted"
        figures = [[*first, head, styles.segment(text, role)] for text in texts]
        if read.pointed and read.bar is not None:
            # Without the time, which the axis shows below the crosshair too.
            figures.insert(3, [*first, styles.segment(texts[2], role)])
        if panned:
            figures.append([*first, styles.segment(f"until {time}", "accent")])
        return [*figures, stale]

    @property
    def _is_panned(self) -> bool:
        """True if earlier bars are shown, up to the one that is read."""
        return not (self.read.pointed or self.follows_newest or self.read.slot == self.visible.last)

    def _doubt(self) -> str:
        """Returns why the newest bar is not current: `stale` if the link is not proven, or `no bars for 2m`; "" if it
        is, or if the date tells."""
        i = self.instrument
        if i.is_last_known:
            return ""
        if not self.is_link_live:
            return "" if self.is_starting else "stale"
        since = i.ages.silent.get(i.bars_type)
        return "" if since is None else describe_silence({i.bars_type: since}, self.now)

    def _vwap_since(self) -> str:
        """Returns since when the newest date's VWAP is, if that date's earlier bars are unknown."""
        _, opening, oldest = self.axis
        if self.visible.timeline.slots[self.visible.last].date != opening.date or oldest <= opening.start:
            return ""
        return f" from {zone(self.instrument.symbol.region).at(oldest):%H:%M}"


def other_date(i: Instrument, time: float) -> str:
    """Returns the newest bar's date, `Fri 11-20`, unless it is today's or of a live price at an unknown time; "" if
    there are no bars. `time` is the exchange's, ms UTC, 0 if unknown."""
    if not i.bars:
        return ""
    local = zone(i.symbol.region)
    newest = local.at(i.bars.latest * MINUTE)
    today = local.at(time).date() if time else None
    if today == newest.date() or (today is None and not i.is_last_known):
        return ""
    return f"{newest:%a %m-%d}"


def slot_time(axis: TimeAxis, visible: VisibleSlots, interval: int, local: Zone, slot: int) -> str:
    """Returns when a slot begins, with its date if that is not the newest bar's; `only from` if its earlier bars are
    unknown."""
    start, _, date, _ = visible.timeline.slots[slot]
    at, is_day = local.at(start), interval == DAY
    if slot == 0 and (oldest := axis.oldest) > start:
        known = f"only from {local.at(oldest):%H:%M}"
        return f"{date:%m-%d} {known}" if is_day else known
    if is_day:
        return f"{date:%m-%d}"
    today = local.at(visible.timeline.slots[visible.last].start).date()
    return f"{at:%H:%M}" if at.date() == today else f"{at:%m-%d %H:%M}"


def interval_name(interval: int) -> str:
    """Returns the name of an interval in minutes: `5 min`, `day`."""
    return "day" if interval == DAY else f"{interval} min"
