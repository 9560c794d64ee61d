"""The selected symbol's minutes: a line of closes, one slot a minute, gaps left open, volume below."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from textual.reactive import reactive

from tui import format as fmt
from tui.market import Instrument
from tui.market.bars import MINUTE
from tui.market.change import reference
from tui.market.sessions import zone
from tui.protocol import Kline
from tui.widgets.look import Look
from tui.widgets.pane import Line, Pane, fill, width_of

_BLOCKS = " ▁▂▃▄▅▆▇█"
# Bits of a braille cell by dot column and dot row, from the top.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_STEPS = (5, 10, 15, 30, 60, 120, 240)  # minutes between labels of the time axis
_LABEL = 6  # cells of "15:32 "


class MinuteChart(Pane):
    """Two minutes a cell, so that nothing is stretched: three bars are drawn three dots wide at the right edge."""

    instrument: reactive[Instrument | None] = reactive(None, repaint=False, init=False)
    """The symbol whose minutes are shown."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="chart")
        self._proven = False

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
        bar = instrument.bars.get(instrument.bars.latest)
        if bar is None:
            return left, []
        d = instrument.decimals
        prices = zip("OHLC", (bar.open, bar.high, bar.low, bar.close), strict=True)
        words = " ".join(f"{name} {fmt.price(value, d)}" for name, value in prices)
        full = look.segment(f"{words} V {fmt.compact(bar.volume)}", "muted")
        short = look.segment(f"C {fmt.price(bar.close, d)} V {fmt.compact(bar.volume)}", "muted")
        fits = width_of([*left, full]) + 8 <= self.size.width
        return left, [full if fits else short]

    def body(self, width: int, height: int) -> list[Line]:
        look, instrument = self.style, self.instrument
        if instrument is None or height < 3:
            return []
        if not len(instrument.bars):
            words = "klines are not served for this symbol" if "kline@1" in instrument.refused else "no minute bars yet"
            blank: list[Line] = [[] for _ in range((height - 1) // 2)]
            return [*blank, [look.segment(fmt.clip(words, width).center(width), "muted")]]
        volume_rows = 2 if height >= 9 else 1 if height >= 6 else 0
        rows = height - 1 - volume_rows
        last = instrument.last if instrument.last is not None else 0.0
        label = max(len(fmt.price(max(last, bar.high), instrument.decimals)) for bar in instrument.bars) + 2
        cells = max(1, width - label - 1)
        end = instrument.bars.latest
        start = end - 2 * cells + 1
        window = instrument.bars.window(start, end)
        lines = self._plot(instrument, window, cells, rows, label)
        lines += self._volume(window, cells, volume_rows)
        lines.append(self._axis(instrument, start, cells))
        return [fill(line, width, look("text")) for line in lines]

    def _plot(self, i: Instrument, window: list[Kline | None], cells: int, rows: int, label: int) -> list[Line]:
        look = self.style
        closes = [bar.close if bar else None for bar in window]
        known = [close for close in closes if close is not None]
        low, high = min(known), max(known)
        base = reference(i.quote) if i.quote else None
        close = base.price if base and not base.is_open else None
        reach = 0.6 * (high - low)
        if close is not None and low - reach <= close <= high + reach:
            low, high = min(low, close), max(high, close)
        else:
            close = None  # too far away: showing it would flatten the line
        low, high = _at_least(low, high, i.tick_size or 10.0**-i.decimals)
        dots = 4 * rows - 1

        def row_of(value: float) -> int:
            return min(dots, max(0, round((high - value) / (high - low) * dots)))

        grid = [[0] * cells for _ in range(rows)]
        before: int | None = None
        for x, value in enumerate(closes):
            if value is None:
                before = None
                continue
            y = row_of(value)
            top, bottom = (y, y) if before is None else (min(y, before), max(y, before))
            if before is not None and bottom - top > 1:
                # The step belongs half to either minute; drawing it all in one would make it look like a range.
                middle = (before + y) // 2
                for step in range(min(before, middle), max(before, middle) + 1):
                    grid[step // 4][(x - 1) // 2] |= _DOTS[(x - 1) % 2][step % 4]
                top, bottom = min(middle, y), max(middle, y)
                before = y
            else:
                before, top, bottom = y, y, y
            for step in range(top, bottom + 1):
                grid[step // 4][x // 2] |= _DOTS[x % 2][step % 4]
        role = "muted"
        if self._proven and i.last is not None:
            role = ("flat", "up", "down")[fmt.sign(i.last - (base.price if base else known[0]), 4)]
        dotted = row_of(close) // 4 if close is not None else -1
        labels = self._labels(i, row_of, min(known), max(known), close, role, label)
        lines: list[Line] = []
        for y, row in enumerate(grid):
            line: Line = []
            for bits in row:
                text, kind = (chr(0x2800 + bits), role) if bits else ("┄", "faint") if y == dotted else (" ", "faint")
                if line and line[-1].style is look(kind):
                    line[-1] = Segment(line[-1].text + text, line[-1].style)
                else:
                    line.append(look.segment(text, kind))
            lines.append([*line, look.segment(" ", "text"), *labels.get(y, [])])
        return lines

    def _labels(
        self,
        i: Instrument,
        row_of: Callable[[float], int],
        low: float,
        high: float,
        close: float | None,
        role: str,
        width: int,
    ) -> dict[int, Line]:
        """Prices at the right edge by row; where two meet, the last price stands, then the previous close."""
        look = self.style
        at: dict[int, Line] = {}
        wanted: list[tuple[float | None, Line]] = []
        for value, colour in ((high, "muted"), (low, "muted"), (close, "muted")):
            text = fmt.price(value, i.decimals).rjust(width - 1) if value is not None else ""
            wanted.append((value, [look.segment(text, colour)]))
        if i.last is not None:
            text = f" {fmt.price(i.last, i.decimals)} ".rjust(width)
            wanted.append((min(high, max(low, i.last)), [look.segment(text, "background", role, bold=True)]))
        for value, line in wanted:
            if value is not None:
                at[row_of(value) // 4] = line
        return at

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
