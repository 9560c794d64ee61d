"""The tape: the latest trades of the selected symbol, newest at the top."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, takewhile
from typing import NamedTuple

from msgspec import Struct
from textual.reactive import reactive

from tui import format as fmt
from tui.config.key_table import KeyBinding
from tui.market import Instrument, Market
from tui.market.entitlements import describe_refusal
from tui.market.sessions import Calendar, SessionInterval, Zone, zone
from tui.market.tape import GapReason, Tape, TradeRun, large_trade_threshold
from tui.market.trade_filter import TradeFilter
from tui.market.trade_side import TradeSide
from tui.terminal.textual_private import set_bindings
from tui.widgets.bindings import bindings
from tui.widgets.empty_body import empty_body, none_of_pair
from tui.widgets.pane import StyledLine, SymbolPane, width_of
from tui.widgets.size_bar import sized_bar
from tui.widgets.styles import Styles

_SIDE_CELLS = 2  # of "~B"
_COUNT_CELLS = 5  # of " ×500"
_TIMES = {12: "%H:%M:%S.%f", 8: "%H:%M:%S", 5: "%H:%M", 0: ""}  # by their cells
_DATES = {12: "%m-%d %H:%M", 8: "%m-%d", 5: "%m-%d", 0: ""}  # of trades of an earlier trade date
_LARGE_FROM = 20  # known sizes without which no trade is marked as large
_SIZE_CELLS = 5  # of "2,600", at least
_LONGEST_BAR = 30  # cells: a longer one shows no more
_BAR_SHARE = 10  # cells that the bars keep for each cell that is added to the gaps
_MARGIN = 2  # cells before the first column, at most
_MAX_DECIMALS = 4
_ALL = TradeFilter()
_SIDE_WORDS = {"B": "buys", "S": "sells"}
_AT_NEWEST = "the newest trade is at the top already"

_ROLES: dict[TradeSide, str] = {"B": "up", "~B": "up", "S": "down", "~S": "down", "·": "flat"}
_BARS: dict[TradeSide, str] = {"B": "bid_bar", "~B": "bid_bar", "S": "ask_bar", "~S": "ask_bar", "·": "flat_bar"}


class _Columns(Struct, frozen=True):
    """The cells of each column, 0 for one without room. `gap` is between two columns; `size` includes the bar, `trades`
    the blank before it."""

    time: int
    price: int
    size: int
    trades: int
    gap: int


class _LineContext(NamedTuple):
    """What all lines are drawn with. `scale` is the size of a full bar, `large` the size from which a trade is marked,
    in units of the fund; `date_begins` is when the trade date in force began, ms UTC."""

    columns: _Columns
    local: Zone
    date_begins: int
    scale: float | None
    large: float | None
    live: bool
    styles: Styles


class TradeTape(SymbolPane, can_focus=True):
    """The tape. Consecutive trades of one price and side are one line; while scrolled, new trades do not move it."""

    trade_filter: reactive[TradeFilter] = reactive(_ALL, repaint=False, init=False)
    """Which runs of trades are shown."""

    def __init__(self, styles: Styles, market: Market, keys: Sequence[KeyBinding]) -> None:
        super().__init__(styles, "tape")
        self.market = market
        """The market that is shown."""
        set_bindings(self, bindings(keys, "tape"))
        self._is_link_live = False
        self._time = 0.0  # the exchange's at the last frame, ms UTC
        self._date: tuple[Calendar, SessionInterval, int] | None = None  # see `_date_begins`
        self._top: int | None = None  # the newest trade on a scrolled tape; None if it follows the newest
        self._line_context: _LineContext | None = None
        self._lines: dict[tuple[TradeRun, str], StyledLine] = {}  # as last drawn, from the top
        self._seen = 0  # trades that were on the screen, or went by before the tape was scrolled
        self._pace: tuple[str, ...] = ()  # as last written, from the longest form to the shortest

    def watch_instrument(self) -> None:
        self._top = None
        self._pace = self._pace_words()
        self.update_lines()

    def watch_trade_filter(self) -> None:
        self._top = None
        self.update_lines()

    def sync(self, changed: set[Instrument], now: float, is_link_live: bool) -> None:
        """Redraw for a frame if the shown symbol changed, or its trade date."""
        before, second = (self._date_begins(), self._is_link_live, self._pace), self._time // 1000
        self._time, self._is_link_live = self.market.exchange_time(now), is_link_live
        if self.display and (self._time // 1000 != second or is_link_live != before[1]):
            self._pace = self._pace_words()
        if self.instrument in changed or (self._date_begins(), is_link_live, self._pace) != before:
            self.update_lines()

    # --- drawing ---

    @property
    def _is_live(self) -> bool:
        """True if trades can arrive."""
        trades_are_served = self.instrument is not None and "tick" not in self.instrument.refused
        return self._is_link_live and trades_are_served and not self.standing

    def title(self) -> tuple[StyledLine, StyledLine]:
        styles, instrument = self.theme_styles, self.instrument
        if instrument is None:
            return [styles.segment("trades", "muted")], []
        code, region = styles.symbol(instrument.symbol)
        words, right = [styles.segment(" trades", "muted")], self._status(instrument)
        least = [code]
        if filtered := _filter_words(self.trade_filter):  # also in the shortest form: they must not be read as all
            words = [styles.segment(f" {filtered}", "accent", bold=True)]
            least = [styles.segment(filtered, "accent", bold=True)]
        room = self.size.width - 9 - width_of(right)
        return next((line for line in ([code, region, *words], [code, *words]) if width_of(line) <= room), least), right

    def note(self) -> StyledLine:
        """Returns how many trades come in a minute, and how many usually do."""
        return self.fitting_note(self._pace, "muted")

    def _pace_words(self) -> tuple[str, ...]:
        """Returns the pace in several lengths; () if it is not known, or no trades are expected."""
        i = self.instrument
        if i is None or not self._is_live or i.is_closed or not self._time:
            return ()
        pace = i.tape.trades_a_minute(self._time - 1000 * (self.market.clock.delay() or 0.0))
        if pace is None:
            return ()
        short, usual = f"{pace:,.0f} a minute", i.tape.pace.usual
        if usual is None:
            return (f"{short} · usual {fmt.UNKNOWN}", short)
        ratio = f" · {pace / usual.trades:.1f}×" if usual.trades else ""
        since = f"{zone(i.symbol.region).at(usual.since):%H:%M}"
        known = f"{short}{ratio} · usual {usual.trades:,.0f}"
        return (f"{known} since {since}", known, f"{short}{ratio}", short)

    def _status(self, instrument: Instrument) -> StyledLine:
        """Returns why the lines are not the newest trades: stale, refused, or held with the number of new trades."""
        styles, words = self.theme_styles, []
        if not len(instrument.tape):
            return []
        if not (self._is_link_live or self.starting):
            words.append(styles.segment("stale", "warning"))
        elif "tick" in instrument.refused:
            words.append(styles.segment("refused", "warning"))
        if self._top is not None:
            waiting = self._waiting(instrument.tape)
            words.append(styles.segment(f"held +{waiting}" if waiting else "held", "warning", bold=True))
        if len(words) > 1:
            words.insert(1, styles.segment(" · ", "muted"))
        return words

    def _runs(self, tape: Tape, newest: int | None = None) -> Iterator[TradeRun]:
        """Yields the runs that pass the filter, newest first, from the trade numbered `newest` back; a gap is a run
        without trades."""
        large = _large(tape.known_sizes()) if self.trade_filter.large else None
        for run in tape.runs(newest):
            if self.trade_filter == _ALL or self.trade_filter.passes(run, large):
                yield run
            if run.oldest in tape.gaps:
                yield TradeRun(run.oldest - 1, run.oldest, run.time, run.price, None, "·")

    def _waiting(self, tape: Tape) -> int:
        """Returns the number of trades since the tape was scrolled that pass the filter, as far as remembered."""
        if self.trade_filter == _ALL:
            return tape.total - self._seen
        newer = takewhile(lambda run: run.newest >= self._seen, self._runs(tape))
        return sum(min(run.trades, run.newest + 1 - self._seen) for run in newer)

    def body(self, width: int, height: int) -> list[StyledLine]:
        instrument = self.instrument
        if instrument is None:
            return []
        if not len(instrument.tape):
            refusal = instrument.refused.get("tick")
            missing = none_of_pair(instrument, "trades") or "no trades yet"
            reason = describe_refusal("trades", refusal) if refusal else missing
            return empty_body(self.theme_styles, instrument, self.trouble, reason, width, height)
        instrument.infer_precision()
        header = height >= 5
        runs = self._shown(instrument, height - header)
        if all(not run.trades for run in runs):
            text = f"none of {fmt.count(len(instrument.tape), 'trade')} passes the filter"
            return [[], [self.theme_styles.segment(fmt.clip(f" {text}", width), "muted")]]
        prices = _prices(runs, instrument.precision.decimals)
        sizes = instrument.tape.known_sizes()
        scale, large = large_trade_threshold(sizes), _large(sizes)
        local = zone(instrument.symbol.region)
        columns = _columns(width, prices, runs)
        context = _LineContext(columns, local, self._date_begins(), scale, large, self._is_live, self.theme_styles)
        if context != self._line_context:
            self._line_context, self._lines = context, {}
        # A new trade moves the others down: most lines are those of the last frame in another place.
        drawn = self._lines
        self._lines = {key: drawn.get(key) or _line(context, *key) for key in zip(runs, prices, strict=True)}
        gaps = instrument.tape.gaps
        for key in self._lines:
            if not key[0].trades:
                self._lines[key] = _gap(self.theme_styles, gaps[key[0].oldest], width)
        lines = list(self._lines.values())
        return [self._header(columns, local), *lines] if header else lines

    def _date_begins(self) -> int:
        """Returns when the trade date in force began, ms UTC; 0 before the first frame."""
        if self.instrument is None or not self._time:
            return 0
        calendar, known = self.instrument.calendar, self._date
        if known is None or known[0] is not calendar or not known[1].start <= self._time < known[1].end:
            known = self._date = calendar, calendar.at(self._time), calendar.date_begins(self._time)
        return known[2]

    def _shown(self, instrument: Instrument, height: int) -> list[TradeRun]:
        """Returns the runs on the screen. If the oldest trades were dropped from a scrolled tape, it moves so far that
        the screen stays full."""
        tape = instrument.tape
        runs = list(islice(self._runs(tape, self._top), height))
        if self._top is not None and len(runs) < height:
            self._top = self._newest_of(list(self._runs(tape)), len(tape), height)
            runs = list(islice(self._runs(tape, self._top), height))
        return runs

    def _newest_of(self, runs: list[TradeRun], line: int, height: int) -> int | None:
        """Returns the newest trade of a screen that begins at that line, or as near to it as fills the screen; None for
        the newest of all."""
        line = max(0, min(line, len(runs) - height))
        return runs[line].newest if line else None

    def _header(self, columns: _Columns, local: Zone) -> StyledLine:
        time, gap = columns.time, " " * columns.gap
        words = f"TIME {local.label}" if time > 5 else "TIME"
        text = " " * min(columns.gap, _MARGIN) + (words.ljust(time) + gap if time else "")
        text += f"{'PRICE'.rjust(columns.price)}{gap}{' ' * _SIDE_CELLS}{gap}"
        return [self.theme_styles.segment(text + "SIZE"[: columns.size].rjust(columns.size), "muted")]

    # --- scrolling ---

    def action_tape_up(self) -> None:
        self._scroll_by_key(-1)

    def action_tape_down(self) -> None:
        self._scroll_by_key(1)

    def action_tape_page_up(self) -> None:
        self._scroll_by_key(1 - self._page)

    def action_tape_page_down(self) -> None:
        self._scroll_by_key(self._page - 1)

    @property
    def escape_layer(self) -> tuple[str, Callable[[], None]] | None:
        if self._top is not None:
            return "Newest trades", self.action_tape_live
        return ("All trades", self._show_all) if self.trade_filter != _ALL else None

    def _show_all(self) -> None:
        self.trade_filter = _ALL

    def action_tape_live(self) -> None:
        if self._top is None:
            self.post_message(self.CannotAct(_AT_NEWEST))
        self._top = None
        self.update_lines()

    def _scroll_by_key(self, by: int) -> None:
        """Scroll, or say why that shows no other trades."""
        before = self._top
        self._scroll(by)
        if self.instrument is None or not len(self.instrument.tape):
            self.post_message(self.CannotAct("no trades yet"))
        elif self._top == before:
            self.post_message(self.CannotAct(_AT_NEWEST if by < 0 else "no older trades are known"))

    @property
    def _page(self) -> int:
        return max(2, self.inner_height - (self.inner_height >= 5))

    def _scroll(self, by: int) -> None:
        """Scroll down, to older trades. At the newest trade the tape follows again."""
        if self.instrument is None:
            return
        tape, top = self.instrument.tape, self._top
        runs = list(self._runs(tape))
        line = 0 if top is None else next((n for n, run in enumerate(runs) if run.oldest <= top), len(runs))
        line = max(0, line + by)
        if by < 0 and line < len(runs) and not runs[line].trades:
            line -= 1  # a gap has no trade of its own to begin a screen with
        self._top = self._newest_of(runs, line, self._page)
        if top is None:
            self._seen = tape.total
        elif self._top is not None:
            self._seen = max(self._seen, self._top + 1)
        self.update_lines()


def _large(sizes: list[float]) -> float | None:
    """Returns the size from which a trade is marked as large; None if too few sizes are known."""
    return large_trade_threshold(sizes) if len(sizes) >= _LARGE_FROM else None


def _filter_words(chosen: TradeFilter) -> str:
    """Returns a filter in short: `≥10.0K ◆ buys`."""
    size = f"≥{fmt.size(chosen.least)}" if chosen.least else ""
    return " ".join(filter(None, (size, "◆" * chosen.large, _SIDE_WORDS.get(chosen.side, ""))))


def _gap(styles: Styles, why: GapReason, width: int) -> StyledLine:
    """Returns the line of a gap, in the longest form that fits."""
    forms = (f"╌╌ {why}: trades may be missing ", "╌╌ trades may be missing ", f"╌╌ {why} ", "")
    words = next(form for form in forms if len(form) <= width)
    return [styles.segment(words.ljust(width, "╌"), "warning")]


def _line(context: _LineContext, run: TradeRun, price: str) -> StyledLine:
    columns, local, date_begins, scale, large, live, styles = context
    gap = " " * columns.gap
    is_large = large is not None and run.size is not None and run.size >= large
    role = "text" if live else "muted"
    hue = _ROLES[run.side] if live else "muted"
    line = [styles.segment(("◆" if is_large else "").ljust(min(columns.gap, _MARGIN)), hue)]
    if columns.time:
        line.append(styles.segment(_time(run.time, columns.time, local, date_begins) + gap, "muted"))
    line.append(styles.segment(price.rjust(columns.price) + gap, role, bold=is_large))
    line.append(styles.segment(run.side.rjust(_SIDE_CELLS) + gap, hue, bold=is_large))
    if columns.size:
        line += _size(columns, run, scale, styles, role, live, is_large)
    if columns.trades and run.trades > 1:
        line.append(styles.segment(f" ×{run.trades}", "muted"))
    return line


def _size(
    columns: _Columns, run: TradeRun, scale: float | None, styles: Styles, role: str, live: bool, bold: bool
) -> StyledLine:
    """Returns the size on its bar."""
    text = (fmt.UNKNOWN if run.size is None else fmt.size(run.size)).rjust(columns.size)
    size_role = role if run.size else "faint"
    share = min(1.0, math.sqrt(run.size / scale)) if run.size and scale else 0.0
    if not share:
        return [styles.segment(text, size_role, bold=bold)]
    eighths, colour = round(8 * share * columns.size), _BARS[run.side] if live else "flat_bar"
    return sized_bar(styles, text, eighths, colour, role=size_role, off=size_role, bold=bold, leftward=True)


def _prices(runs: list[TradeRun], decimals: int) -> list[str]:
    """Returns prices with their points in one column. Trades print finer than the book: only prices that need more
    decimals than its own have them."""
    needed = [
        next(
            d
            for d in range(decimals, _MAX_DECIMALS + 1)
            if d == _MAX_DECIMALS or round(run.price, d) == round(run.price, 4)
        )
        for run in runs
    ]
    most = max(needed)
    return [fmt.price(run.price, d) + " " * (most - d) for run, d in zip(runs, needed, strict=True)]


def _columns(width: int, prices: list[str], runs: list[TradeRun]) -> _Columns:
    """Returns the columns that fit: milliseconds are left out first, then the number of trades, then seconds, then the
    time. A feed whose milliseconds are all zero has none."""
    price = max(map(len, prices))
    size = max([_SIZE_CELLS, *(len(fmt.size(run.size)) for run in runs if run.size)])
    coarse = all(run.time % 1_000 == 0 for run in runs)
    for time, count in ((12, _COUNT_CELLS), (8, _COUNT_CELLS), (8, 0), (5, 0), (0, 0)):
        if coarse and time == 12:
            continue
        fixed = time + price + _SIDE_CELLS + count
        gaps = 3 + (time > 0)
        if fixed + gaps + size <= width:
            break
    gap = next((gap for gap in (4, 3, 2) if fixed + gap * gaps + (gap - 1) * _BAR_SHARE <= width), 1)
    room = width - fixed - gap * (gaps - 1) - min(gap, _MARGIN)
    return _Columns(time, price, min(room, _LONGEST_BAR) if room >= size else 0, count, gap)


def _time(time: int, cells: int, local: Zone, date_begins: int) -> str:
    """Returns 15:32:07.412 in the exchange's zone, or as much of it as fits into so many cells; of an earlier trade
    date the date, and the time as far as it fits."""
    form = (_TIMES if time >= date_begins else _DATES)[cells]
    return f"{local.at(time):{form}}"[:cells].ljust(cells) if time else fmt.UNKNOWN.ljust(cells)
