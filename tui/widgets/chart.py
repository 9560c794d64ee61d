"""The selected symbol's minutes: a line of closes, one slot a minute, gaps left open, volume below."""

from __future__ import annotations

import re
from typing import NamedTuple

from textual.reactive import reactive

from tui import format as fmt
from tui.market import Instrument
from tui.market.bars import MINUTE
from tui.market.row import UNSERVED, row_state
from tui.market.sessions import zone
from tui.protocol import Kline
from tui.widgets.braille import dot_row, draw_line
from tui.widgets.look import Look
from tui.widgets.pane import Line, Pane, fill, width_of

_BLOCKS = " ▁▂▃▄▅▆▇█"
_STEPS = (5, 10, 15, 30, 60, 120, 240)  # minutes between labels of the time axis
_LABEL = 6  # cells of "15:32 "


class _Canvas(NamedTuple):
    """The drawn line by rows, the prices at its bottom and top edge, the least, the most and the first of its closes,
    the previous close where it is in reach, and the lines below the plot."""

    rows: list[str]
    low: float
    high: float
    least: float
    most: float
    first: float
    close: float | None
    below: list[Line]


class MinuteChart(Pane):
    """Two minutes a cell, so that nothing is stretched: three bars are drawn three dots wide at the right edge."""

    instrument: reactive[Instrument | None] = reactive(None, repaint=False, init=False)
    """The symbol whose minutes are shown."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="chart")
        self._proven = False
        self._kept: tuple[object, _Canvas] | None = None

    def watch_instrument(self) -> None:
        self.update_lines()

    def sync(self, changed: set[Instrument], now: float, proven: bool) -> None:
        """A frame: redraw if the shown symbol changed."""
        if self.instrument in changed or proven != self._proven:
            self._proven = proven
            self.update_lines()

    def title(self) -> tuple[Line, Line]:
        look, instrument = self.style, self.instrument
        if instrument is None:
            return [look.segment("1 min", "muted")], []
        code, region = instrument.symbol
        left = [look.segment(code, "text", bold=True), look.segment(f"${region}", "faint")]
        left.append(look.segment(" 1 min", "muted"))
        if instrument.bars.built:
            left.append(look.segment(" built from trades", "warning"))
        bar = instrument.bars.get(instrument.bars.latest)
        if bar is None:
            return left, []
        stale = [] if self._proven else [look.segment("stale", "warning")]
        gap = [look.segment(" ", "muted")] if stale else []
        d = instrument.decimals
        high, low, close = bar.high, bar.low, bar.close
        if instrument.last is not None and instrument.last_time // MINUTE == instrument.bars.latest:
            # The bar in progress is sent now and then; a newer trade of its minute belongs to it already.
            close, high, low = instrument.last, max(high, instrument.last), min(low, instrument.last)
        prices = zip("OHLC", (bar.open, high, low, close), strict=True)
        words = " ".join(f"{name} {fmt.price(value, d)}" for name, value in prices)
        full = [*stale, *gap, look.segment(f"{words} V {fmt.compact(bar.volume)}", "muted")]
        short = [*stale, *gap, look.segment(f"C {fmt.price(close, d)} V {fmt.compact(bar.volume)}", "muted")]
        room = self.size.width - 9 - width_of(left)
        return left, next((right for right in (full, short) if width_of(right) <= room), stale)

    def body(self, width: int, height: int) -> list[Line]:
        look, instrument = self.style, self.instrument
        if instrument is None or height < 3:
            return []
        if not len(instrument.bars):
            if (state := row_state(instrument, None, self._proven)) in UNSERVED:
                words = state.value
            else:
                words = "no trades yet to build bars from" if instrument.builds_bars else "no minute bars yet"
            blank: list[Line] = [[] for _ in range((height - 1) // 2)]
            return [*blank, [look.segment(fmt.clip(words, width).center(width), "muted")]]
        volume_rows = 2 if height >= 9 else 1 if height >= 6 else 0
        canvas = self._canvas(instrument, width, height - 1 - volume_rows, volume_rows)
        lines = self._plot(instrument, canvas, width)
        return [fill(line, width, look("text")) for line in [*lines, *canvas.below]]

    def _canvas(self, i: Instrument, width: int, rows: int, volume_rows: int) -> _Canvas:
        """All that depends on the bars alone, kept until they or the size change: they change once a second or so,
        and the last price many times."""
        base = i.base
        close = base.price if base and not base.is_open else None
        key = (i.symbol, i.bars.version, width, rows, close, i.decimals, self.style)
        if self._kept is not None and self._kept[0] == key:
            return self._kept[1]
        label = len(fmt.price(max(max(bar.high for bar in i.bars), i.last or 0.0), i.decimals)) + 2
        cells = max(1, width - label - 1)
        start = i.bars.latest - 2 * cells + 1
        window = i.bars.window(start, i.bars.latest)
        closes = [bar.close if bar else None for bar in window]
        known = [value for value in closes if value is not None]
        least, most = min(known), max(known)
        low, high, reach = least, most, 0.6 * (most - least)
        if close is not None and low - reach <= close <= high + reach:
            low, high = min(low, close), max(high, close)
        else:
            close = None  # too far away: showing it would flatten the line
        low, high = _at_least(low, high, i.tick_size or 10.0**-i.decimals)
        below = [*self._volume(window, cells, volume_rows), self._axis(i, start, cells)]
        canvas = _Canvas(draw_line(closes, rows, low, high), low, high, least, most, known[0], close, below)
        self._kept = key, canvas
        return canvas

    def _plot(self, i: Instrument, canvas: _Canvas, width: int) -> list[Line]:
        """The line, the previous close dotted where the line leaves room, and prices at the right edge by row; where
        two of them meet, the last price stands, then the previous close."""
        look, rows = self.style, len(canvas.rows)

        def row_of(value: float) -> int:
            return dot_row(value, canvas.low, canvas.high, rows) // 4

        role = "muted"
        if self._proven and i.last is not None:
            base = i.base
            role = ("flat", "up", "down")[fmt.sign(i.last - (base.price if base else canvas.first), 4)]
        room = width - len(canvas.rows[0]) - 1
        labels = {
            row_of(value): look.segment(fmt.price(value, i.decimals).rjust(room - 1), "muted")
            for value in (canvas.most, canvas.least, canvas.close)
            if value is not None
        }
        if i.last is not None:
            tag = f" {fmt.price(i.last, i.decimals)} ".rjust(room)
            # Light on dark is for what is so now, also where there are no colours.
            live = look.segment(tag, "background", role, bold=True)
            labels[row_of(i.last)] = live if self._proven else look.segment(tag, "muted")
        dotted = row_of(canvas.close) if canvas.close is not None else -1
        lines: list[Line] = []
        for y, text in enumerate(canvas.rows):
            line: Line = [look.segment(text, role)]
            if y == dotted:
                line = [
                    look.segment("┄" * len(run), "faint") if run.isspace() else look.segment(run, role)
                    for run in re.findall(" +|[^ ]+", text)
                ]
            lines.append([*line, look.segment(" ", "text"), *([labels[y]] if y in labels else [])])
        return lines

    def _volume(self, window: list[Kline | None], cells: int, rows: int) -> list[Line]:
        """A strip of bars, two minutes a cell, in eighths of a row; a cell without any bar stays empty."""
        pairs = [[bar.volume for bar in window[2 * n : 2 * n + 2] if bar] for n in range(cells)]
        most = max((sum(pair) for pair in pairs), default=0.0) or 1.0
        tall = [max(1, round(8 * rows * sum(pair) / most)) if pair else 0 for pair in pairs]
        return [
            [self.style.segment("".join(_BLOCKS[min(8, max(0, h - 8 * above))] for h in tall), "faint")]
            for above in reversed(range(rows))
        ]

    def _axis(self, i: Instrument, start: int, cells: int) -> Line:
        """Times of the exchange under their minutes, at round steps that leave them apart."""
        local = zone(i.symbol.region)
        step = next((step for step in _STEPS if step // 2 >= _LABEL + 3), _STEPS[-1])
        text = [" "] * cells
        for slot in range(-(-start // step) * step, start + 2 * cells, step):
            label, x = f"{local.at(slot * MINUTE):%H:%M}", (slot - start) // 2
            if x + len(label) <= cells:
                text[x : x + len(label)] = label
        return [self.style.segment("".join(text), "muted"), self.style.segment(f" {local.label}", "faint")]


def _at_least(low: float, high: float, tick: float) -> tuple[float, float]:
    """A range at least eight ticks tall: a price that stands still must not look like a storm."""
    short = 8 * tick - (high - low)
    return (low - short / 2, high + short / 2) if short > 0 else (low, high)
