"""The order book of the selected symbol: asks descending above, the spread between, bids below."""

from __future__ import annotations

import math

from rich.segment import Segment
from textual.reactive import reactive

from tui import format as fmt
from tui.market import Instrument
from tui.market.book import cumulative, imbalance, levels, touch
from tui.market.plan import unserved
from tui.market.row import UNSERVED, row_state
from tui.protocol import Depth, Level
from tui.widgets.look import Look
from tui.widgets.pane import Line, Pane, fill, width_of

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_CUM = 7  # cells of the cumulative size
_DECAY = 8.0  # s in which the scale of the bars falls to a third of what it was


class DepthLadder(Pane):
    """Sizes stand on bars that share one origin, the price, and one scale. Draws as many levels as came and fit."""

    instrument: reactive[Instrument | None] = reactive(None, repaint=False, init=False)
    """The symbol whose book is shown."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="ladder")
        self._scale = 0.0
        self._scaled_at = 0.0
        self._now = 0.0
        self._proven = False

    def watch_instrument(self) -> None:
        self._scale = 0.0
        self._rescale()
        self.update_lines()

    def sync(self, changed: set[Instrument], now: float, proven: bool) -> None:
        """A frame: redraw if the shown symbol changed."""
        if self.instrument in changed or proven != self._proven:
            self._proven = proven
            self._now = now
            self._rescale()
            self.update_lines()

    def _rescale(self) -> None:
        """The largest size shown fills its bar; after it has gone the scale falls slowly, so that bars do not jump."""
        depth = self.instrument.depth if self.instrument else None
        sizes = [level.volume for side in (depth.asks, depth.bids) for level in levels(side)] if depth else []
        faded = self._scale * math.exp((self._scaled_at - self._now) / _DECAY) if self._scale else 0.0
        self._scale, self._scaled_at = max(max(sizes, default=0.0), faded), self._now

    def title(self) -> tuple[Line, Line]:
        look, instrument = self.style, self.instrument
        if instrument is None:
            return [look.segment("depth", "muted")], []
        code, region = instrument.symbol
        left = [look.segment(code, "text", bold=True), look.segment(f"${region}", "faint")]
        left.append(look.segment(" depth", "muted"))
        known = touch(instrument.depth) if instrument.depth else None
        if known is None:
            return left, []
        if not self._proven:
            return left, [look.segment("stale", "warning")]
        if known.spread <= 0:
            return left, [look.segment("locked" if known.spread == 0 else "crossed", "warning")]
        words = f"spread {fmt.price(known.spread, instrument.decimals)}"
        if instrument.tick_size:
            ticks = round(known.spread / instrument.tick_size)
            words += f" · {ticks} tick{'' if ticks == 1 else 's'}"
        return left, [look.segment(f"{words} · {known.bp:.1f} bp", "muted")]

    def body(self, width: int, height: int) -> list[Line]:
        look, instrument = self.style, self.instrument
        if instrument is None:
            return []
        depth = instrument.depth
        asks, bids = (levels(depth.asks), levels(depth.bids)) if depth else ([], [])
        if depth is None or not (asks or bids):
            return self._empty(instrument, width, height)
        instrument.learn_precision()
        room = (height - 2) // 2
        asks, bids = asks[:room], bids[:room]
        price_width = max(len(fmt.price(level.price, instrument.decimals)) for level in asks + bids)
        half = (width - price_width - 2) // 2
        cum = _CUM if half >= _CUM + 8 else 0
        lines = [self._header(width, half, price_width, cum)]
        lines += [[] for _ in range(room - len(asks))]
        totals = cumulative(asks)
        for n in reversed(range(len(asks))):
            lines.append(self._ask(asks[n], totals[n], half, price_width, cum, first=n == 0))
        lines.append(self._spread(depth, width, half, price_width))
        for n, (bid, total) in enumerate(zip(bids, cumulative(bids), strict=True)):
            lines.append(self._bid(bid, total, half, price_width, cum, first=n == 0))
        return [fill(line, width, look("text")) for line in lines]

    def _empty(self, instrument: Instrument, width: int, height: int) -> list[Line]:
        if (state := row_state(instrument, None, self._proven)) in UNSERVED:
            words = state.value
        elif why := instrument.refused.get("depth"):
            words = unserved("order book", why)
        else:
            words = "no book" if instrument.depth else "no book yet"
        blank: list[Line] = [[] for _ in range((height - 1) // 2)]
        return [*blank, [self.style.segment(fmt.clip(words, width).center(width), "muted")]]

    def _header(self, width: int, half: int, price_width: int, cum: int) -> Line:
        bar = half - cum
        left = ("CUM".rjust(cum - 1) + " " if cum else "") + "SIZE".rjust(bar)
        right = "SIZE".ljust(bar) + (" " + "CUM".rjust(cum - 1) if cum else "")
        return [self.style.segment(f"{left} {'PRICE'.rjust(price_width)} {right}", "muted")]

    def _price(self, level: Level, width: int, role: str, first: bool) -> Segment:
        assert self.instrument is not None
        text = fmt.price(level.price, self.instrument.decimals)
        return self.style.segment(f" {text.rjust(width)} ", role if self._proven else "muted", bold=first)

    def _ask(self, level: Level, total: float, half: int, price_width: int, cum: int, *, first: bool) -> Line:
        look, bar = self.style, half - cum
        line = [look.segment(" " * half, "text"), self._price(level, price_width, "down", first)]
        line += self._bar(level.volume, bar, "ask_bar")
        return [*line, look.segment(" " + fmt.size(total).rjust(cum - 1), "muted")] if cum else line

    def _bid(self, level: Level, total: float, half: int, price_width: int, cum: int, *, first: bool) -> Line:
        look, bar = self.style, half - cum
        line = [look.segment(fmt.size(total).rjust(cum - 1) + " ", "muted")] if cum else []
        line += self._bar(level.volume, bar, "bid_bar", leftward=True)
        return [*line, self._price(level, price_width, "up", first)]

    def _bar(self, volume: float, width: int, colour: str, *, leftward: bool = False) -> Line:
        """A size written on its bar, `width` cells in all; the bar's end is drawn to an eighth of a cell where no
        digit stands."""
        look, text = self.style, fmt.size(volume)
        eighths = round(8 * width * min(1.0, volume / self._scale)) if self._scale else 0
        full, part = divmod(max(1, eighths), 8)
        role = "text" if self._proven else "muted"
        colour = colour if self._proven else "cursor"
        text = text[:width]
        on_bar, off_bar = text[:full], text[full:]
        if leftward:
            on_bar, off_bar = text[len(text) - min(full, len(text)) :], text[: len(text) - min(full, len(text))]
        inside = look.segment(" " * (full - len(on_bar)), "text", colour)
        outside = width - full - len(off_bar)
        end: Line = []
        if part and not off_bar and outside > 0:
            # A left block in the bar's colour ends it to the right; to the left it is the ground that is drawn.
            end = [
                look.segment(_EIGHTHS[8 - part], "background", colour)
                if leftward
                else look.segment(_EIGHTHS[part], colour)
            ]
            outside -= 1
        blank = look.segment(" " * max(0, outside), "text")
        if leftward:
            line = [blank, *end, look.segment(off_bar, role), inside, look.segment(on_bar, role, colour)]
        else:
            line = [look.segment(on_bar, role, colour), inside, look.segment(off_bar, role), *end, blank]
        return [segment for segment in line if segment.text]

    def _spread(self, depth: Depth, width: int, half: int, price_width: int) -> Line:
        """`── mid 512.345 ──── 512.34▲ ──── imb5 ▱▱▱▰▰▱ +39% ─`"""
        look, i = self.style, self.instrument
        assert i is not None
        known, rule = touch(depth), look("border")
        left: Line = []
        if known is not None and known.spread > 0:
            left = [
                look.segment(" mid ", "muted"),
                look.segment(f"{known.mid:.{i.decimals + 1}f} ", "text" if self._proven else "muted", bold=True),
            ]
        last = fmt.price(i.last, i.decimals) if i.last is not None else ""
        role = ("flat", "up", "down")[i.direction] if self._proven else "muted"
        mark = {1: "▲", -1: "▼"}.get(i.direction, " ")
        middle = [look.segment(f" {last.rjust(price_width)}{mark} ", role, bold=True)] if last else []
        right = self._imbalance(depth, width - half - width_of(middle) - 1)
        if width_of(left) > half - 2:
            left = []
        start = [Segment("──", rule), *left, Segment("─" * (half - 2 - width_of(left)), rule)]
        after = width - half - width_of(middle) - width_of(right)
        return [*start, *middle, Segment("─" * max(0, after - 1), rule), *right, Segment("─", rule)]

    def _imbalance(self, depth: Depth, room: int) -> Line:
        """`imb5 ▱▱▱▱▰▱▱▱ +28%`: the centre is between the fourth and the fifth cell, filled to the right of it where
        bids outweigh. Without the bar where there is no room for it."""
        known = imbalance(depth)
        if known is None:
            return []
        value, k = known
        look, filled = self.style, round(abs(value) * 4)
        role = ("flat", "up", "down")[fmt.sign(value)] if self._proven else "muted"
        left, right = (filled, 0) if value < 0 else (0, filled)
        bar = f"{'▱' * (4 - left)}{'▰' * (left + right)}{'▱' * (4 - right)} "
        name, figure = f" imb{k} ", f"{fmt.signed(100 * value, 0)}% "
        for text in (bar + figure, figure):
            if len(name) + len(text) <= room:
                return [look.segment(name, "muted"), look.segment(text, role)]
        return []
