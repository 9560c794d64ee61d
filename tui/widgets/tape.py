"""The latest trades of the selected symbol, newest at the top."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from textual.reactive import reactive

from tui import format as fmt
from tui.config.key_table import KeyBinding
from tui.market import Instrument
from tui.market.data_status import UNSERVED, data_status
from tui.market.entitlements import describe_refusal
from tui.market.sessions import Zone, zone
from tui.market.tape import TradeRun, large_trade_threshold
from tui.market.trade_side import TradeSide
from tui.terminal.textual_private import set_bindings
from tui.widgets.bar import sized_bar
from tui.widgets.bindings import bindings
from tui.widgets.pane import Pane, StyledLine, width_of
from tui.widgets.styles import Styles

_SIDE = 2  # cells of "~B"
_COUNT = 4  # cells of "×500"
_TIMES = {12: "%H:%M:%S.%f", 8: "%H:%M:%S", 5: "%H:%M", 0: ""}  # by the cells they take
_ENOUGH = 20  # sizes before one of them is called large
_SIZE = 5  # cells of "2,600", at least
_BAR = 30  # cells of the widest bar: a longer one tells no more
_EACH = 10  # cells that the bars keep for each cell more between columns
_MARGIN = 2  # cells at most before the first column
_DECIMALS = 4  # at most

_ROLES: dict[TradeSide, str] = {"B": "up", "~B": "up", "S": "down", "~S": "down", "·": "flat"}
_BARS: dict[TradeSide, str] = {"B": "bid_bar", "~B": "bid_bar", "S": "ask_bar", "~S": "ask_bar", "·": "cursor"}


class _Columns(NamedTuple):
    """Cells of each; 0 where a column has no room. `gap` is between two columns, `size` includes the bar."""

    time: int
    price: int
    folded: int
    size: int
    gap: int


class _Frame(NamedTuple):
    """What all lines have in common: `scale` is the size whose bar is full, `large` the one from which a trade is
    marked, in units."""

    columns: _Columns
    local: Zone
    scale: float | None
    large: float | None
    live: bool
    look: Styles


class TradeTape(Pane, can_focus=True):
    """Trades of one price and side that follow each other are one line. It stands still while it is scrolled."""

    instrument: reactive[Instrument | None] = reactive(None, repaint=False, init=False)
    """The symbol whose trades are shown."""

    def __init__(self, look: Styles, keys: Sequence[KeyBinding]) -> None:
        super().__init__(look, id="tape")
        set_bindings(self, bindings(keys, "tape"))
        self._proven = False
        self._top: int | None = None  # the newest trade shown while the tape stands still; None while it runs
        self._frame: _Frame | None = None
        self._lines: dict[tuple[TradeRun, str], StyledLine] = {}  # as last drawn, from the top
        self._seen = 0  # trades that were on the screen, or that scrolled away before it stood still

    def watch_instrument(self) -> None:
        self._top = None
        self.update_lines()

    def sync(self, changed: set[Instrument], now: float, proven: bool) -> None:
        """A frame: redraw if the shown symbol changed."""
        if self.instrument in changed or proven != self._proven:
            self._proven = proven
            self.update_lines()

    # --- drawing ---

    @property
    def _live(self) -> bool:
        """Whether trades can come."""
        return self._proven and self.instrument is not None and "tick" not in self.instrument.refused

    def title(self) -> tuple[StyledLine, StyledLine]:
        look, instrument = self.style, self.instrument
        if instrument is None:
            return [look.segment("trades", "muted")], []
        code, region = look.symbol(instrument.symbol)
        words, right = look.segment(" trades", "muted"), self._state(instrument)
        room = self.size.width - 9 - width_of(right)
        return next((line for line in ([code, region, words], [code, words]) if width_of(line) <= room), [code]), right

    def _state(self, instrument: Instrument) -> StyledLine:
        """What must be known of the lines: that they are old, that they stand still and how many wait."""
        look, words = self.style, []
        if not len(instrument.tape):
            return []
        if not self._proven:
            words.append(look.segment("stale", "warning"))
        elif "tick" in instrument.refused:
            words.append(look.segment("refused", "warning"))
        if self._top is not None:
            waiting = instrument.tape.total - self._seen
            words.append(look.segment(f"held +{waiting}" if waiting else "held", "warning", bold=True))
        if len(words) > 1:
            words.insert(1, look.segment(" · ", "muted"))
        return words

    def body(self, width: int, height: int) -> list[StyledLine]:
        instrument = self.instrument
        if instrument is None:
            return []
        if not len(instrument.tape):
            return self._empty(instrument, width, height)
        instrument.infer_precision()
        header = height >= 5
        runs = self._shown(instrument, height - header)
        prices = _prices(runs, instrument.decimals)
        sizes = instrument.tape.known_sizes()
        scale = large_trade_threshold(sizes)
        large = scale if len(sizes) >= _ENOUGH else None
        local = zone(instrument.symbol.region)
        columns = _columns(width, prices, runs)
        frame = _Frame(columns, local, scale, large, self._live, self.style)
        if frame != self._frame:
            self._frame, self._lines = frame, {}
        # A new trade moves the others down: most lines are those of the last frame in another place.
        known = self._lines
        self._lines = {key: known.get(key) or self._line(frame, *key) for key in zip(runs, prices, strict=True)}
        lines = list(self._lines.values())
        return [self._header(columns, local), *lines] if header else lines

    def _empty(self, instrument: Instrument, width: int, height: int) -> list[StyledLine]:
        if (state := data_status(instrument, None, self._proven)) in UNSERVED:
            words = state.value
        elif why := instrument.refused.get("tick"):
            words = describe_refusal("trades", why)
        else:
            words = "no trades yet"
        blank: list[StyledLine] = [[] for _ in range((height - 1) // 2)]
        return [*blank, [self.style.segment(fmt.clip(words, width).center(width), "muted")]]

    def _shown(self, instrument: Instrument, height: int) -> list[TradeRun]:
        """The runs on the screen. Where the oldest trades went from under a tape that stands still, it moves so far
        that the screen stays full."""
        tape = instrument.tape
        runs = list(islice(tape.runs(self._top), height))
        if self._top is not None and len(runs) < height:
            self._top = self._newest_of(list(tape.runs()), len(tape), height)
            runs = list(islice(tape.runs(self._top), height))
        return runs

    def _newest_of(self, runs: list[TradeRun], line: int, height: int) -> int | None:
        """The trade at the top of the screen that begins at that line, or as near as the screen stays full; None for
        the newest."""
        line = max(0, min(line, len(runs) - height))
        return runs[line].newest if line else None

    def _header(self, columns: _Columns, local: Zone) -> StyledLine:
        time, gap = columns.time, " " * columns.gap
        words = f"TIME {local.label}" if time > 5 else "TIME"
        text = " " * min(columns.gap, _MARGIN) + (words.ljust(time) + gap if time else "")
        text += f"{'PRICE'.rjust(columns.price)}{gap}{' ' * _SIDE}{gap}"
        text += " " * (columns.folded + columns.gap) if columns.folded else ""
        return [self.style.segment(text + "SIZE"[: columns.size].rjust(columns.size), "muted")]

    def _line(self, frame: _Frame, run: TradeRun, price: str) -> StyledLine:
        columns, local, scale, large, live, look = frame
        gap = " " * columns.gap
        is_large = large is not None and run.size is not None and run.size >= large
        role = "text" if live else "muted"
        hue = _ROLES[run.side] if live else "muted"
        line = [look.segment(("◆" if is_large else "").ljust(min(columns.gap, _MARGIN)), hue)]
        if columns.time:
            line.append(look.segment(_time(run.time, columns.time, local) + gap, "muted"))
        line.append(look.segment(price.rjust(columns.price) + gap, role, bold=is_large))
        line.append(look.segment(run.side.rjust(_SIDE) + gap, hue, bold=is_large))
        if columns.folded:
            count = f"×{run.trades}" if run.trades > 1 else ""
            line.append(look.segment(count.ljust(columns.folded) + gap, "muted"))
        if not columns.size:
            return line
        part = min(1.0, math.sqrt(run.size / scale)) if run.size and scale else 0.0
        bar = _BARS[run.side] if live else "cursor"
        return [*line, *self._amount(run.size, columns.size, part, bar, role if run.size else "faint", is_large)]

    def _amount(self, size: float | None, width: int, part: float, bar: str, role: str, bold: bool) -> StyledLine:
        """A size at the right edge, on a bar that grows leftward and covers a part of the width."""
        text = (fmt.UNKNOWN if size is None else fmt.size(size)).rjust(width)
        if not part:
            return [self.style.segment(text, role, bold=bold)]
        eighths = round(8 * part * min(width, _BAR))
        return sized_bar(self.style, text, eighths, bar, role=role, off=role, bold=bold, leftward=True)

    # --- moving ---

    def action_tape_up(self) -> None:
        self._scroll(-1)

    def action_tape_down(self) -> None:
        self._scroll(1)

    def action_tape_page_up(self) -> None:
        self._scroll(1 - self._page)

    def action_tape_page_down(self) -> None:
        self._scroll(self._page - 1)

    @property
    def held(self) -> bool:
        """Whether it stands still while new trades wait."""
        return self._top is not None

    def action_tape_live(self) -> None:
        self._top = None
        self.update_lines()

    @property
    def _page(self) -> int:
        return max(2, self.inner_height - (self.inner_height >= 5))

    def _scroll(self, by: int) -> None:
        """Downward is to what is older. At the newest trade the tape runs again."""
        if self.instrument is None:
            return
        tape, top = self.instrument.tape, self._top
        runs = list(tape.runs())
        line = 0 if top is None else next((n for n, run in enumerate(runs) if run.oldest <= top), len(runs))
        self._top = self._newest_of(runs, line + by, self._page)
        if top is None:
            self._seen = tape.total
        elif self._top is not None:
            self._seen = max(self._seen, self._top + 1)
        self.update_lines()


def _prices(runs: list[TradeRun], decimals: int) -> list[str]:
    """Prices with their points in one column. Trades print finer than the book: decimals beyond its own stand only
    where there are some."""
    needed = [
        next(d for d in range(decimals, _DECIMALS + 1) if d == _DECIMALS or round(run.price, d) == round(run.price, 4))
        for run in runs
    ]
    most = max(needed)
    return [fmt.price(run.price, d) + " " * (most - d) for run, d in zip(runs, needed, strict=True)]


def _columns(width: int, prices: list[str], runs: list[TradeRun]) -> _Columns:
    """What there is room for: milliseconds go first, then the count of folded trades, then seconds, then the time.
    Milliseconds that are all zero are none of the feed's."""
    price = max(map(len, prices))
    size = max([_SIZE, *(len(fmt.size(run.size)) for run in runs if run.size)])
    coarse = all(run.time % 1_000 == 0 for run in runs)
    for time, count in ((12, _COUNT), (8, _COUNT), (8, 0), (5, 0), (0, 0)):
        if coarse and time == 12:
            continue
        fixed = time + price + _SIDE + count
        gaps = 3 + (time > 0) + (count > 0)
        if fixed + gaps + size <= width:
            break
    gap = next((gap for gap in (4, 3, 2) if fixed + gap * gaps + (gap - 1) * _EACH <= width), 1)
    room = width - fixed - gap * (gaps - 1) - min(gap, _MARGIN)
    return _Columns(time, price, count, room if room >= size else 0, gap)


def _time(time: int, cells: int, local: Zone) -> str:
    """15:32:07.412 in the exchange's zone, or as much of it as goes into so many cells."""
    return f"{local.at(time):{_TIMES[cells]}}"[:cells] if time else fmt.UNKNOWN.ljust(cells)
