"""The order book of the selected symbol: asks descending above, the spread between, bids below.

Floating, the spread stands still in the middle and prices pass by it; static, prices stand still, levels that are not
there are empty rows, and the touch moves.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from rich.segment import Segment
from textual.message import Message
from textual.reactive import reactive

from tui import format as fmt
from tui.config.key_table import KEYS, KeyBinding
from tui.market import Instrument
from tui.market.book import BestBidOffer, changed_sizes, cumulative, decimals, imbalance, microprice, valid_levels
from tui.market.data_status import UNSERVED, data_status
from tui.market.entitlements import describe_refusal
from tui.market.money import currency_of
from tui.market.price_axis import PriceAxis, centred, common_step
from tui.protocol.messages import Depth, Level
from tui.terminal.textual_private import set_bindings
from tui.widgets.bar import aligned, sized_bar
from tui.widgets.bindings import bindings
from tui.widgets.ladder.cost_table import cost_table
from tui.widgets.pane import Pane, StyledLine, width_of
from tui.widgets.styles import Styles

TINT = 0.3  # s for which a level whose size changed is tinted
OLD = 10.0  # s after which a book is called old, if the last price has moved meanwhile
_CUM = 8  # cells of the cumulative size, a blank on either side
_DECAY = 8.0  # s in which the scale of the bars falls to a third of what it was
_HELD = 30.0  # s for which a static axis moved by hand does not centre itself
_HALF_BARS = (6, 4)  # cells on either side of the imbalance's centre
_KEPT_ROWS = 512
_SIDE_ROLES = {"B": "up", "S": "down", "": "flat"}


class _Cell(NamedTuple):
    """One level in a row: its size as text and in eighths of a cell, the cumulative size, whether it is tinted."""

    size: str
    eighths: int
    total: str
    tinted: bool


class _Side(NamedTuple):
    """One side's levels from the touch outward, and what is drawn for each."""

    levels: list[Level]
    cells: list[_Cell]


class _Row(NamedTuple):
    """All that the look of a row depends on. `mark` is the role of the mark of the last trade, "" where it was not at
    this price."""

    price: str
    role: str
    bold: bool
    mark: str
    ask: _Cell | None
    bid: _Cell | None


class _Frame(NamedTuple):
    """Geometry: cells of the price, of each side of it, and of the cumulative size therein (0: left out)."""

    price: int
    half: int
    total: int


class DepthLadder(Pane, can_focus=True):
    """Sizes stand on bars that share one origin, the price, and one scale. Draws as many levels as came and fit."""

    instrument: reactive[Instrument | None] = reactive(None, repaint=False, init=False)
    """The symbol whose book is shown."""

    static: reactive[bool] = reactive(False, repaint=False, init=False)
    """Whether prices stand still and the touch moves."""

    root: reactive[bool] = reactive(False, repaint=False, init=False)
    """Whether bars are as long as the square root of the size."""

    amount: reactive[float | None] = reactive(None, repaint=False, init=False)
    """What to trade, in units of the fund or in money, to tell its cost; None: the cost is not shown."""

    money: reactive[bool] = reactive(False, repaint=False, init=False)
    """Whether `amount` is an amount of money, in the symbol's trade currency."""

    class Changed(Message):
        """A key changed `static` or `root`."""

    class AskSize(Message):
        """Somebody wants to say what size to trade."""

    def __init__(self, look: Styles, keys: Sequence[KeyBinding] = KEYS) -> None:
        super().__init__(look, id="ladder")
        set_bindings(self, bindings(keys, "ladder"))
        self.flash = True
        """Whether a level whose size changed is tinted for a moment."""
        self._now = 0.0
        self._proven = False
        self._told_age = ""
        self._rows: dict[object, StyledLine] = {}
        self._forget()

    def _forget(self) -> None:
        """Begin with another symbol."""
        self._depth: Depth | None = None
        self._asks: list[Level] = []
        self._bids: list[Level] = []
        self._tinted_asks: dict[float, float] = {}  # by price, when its size changed
        self._tinted_bids: dict[float, float] = {}
        self._scale = 0.0
        self._scaled_at = self._now
        self._last_side = ""  # of the last trade: B, S, ~B, ~S, "" where it is not known
        self._decimals = 2
        self._offset = 0  # rows by which the spread was moved down
        self._axis: PriceAxis | None = None
        self._step = 0
        self._held_until = 0.0

    # --- frames ---

    def watch_instrument(self) -> None:
        self._forget()
        self.update_lines()

    def watch_static(self) -> None:
        self._axis = None
        self._offset = 0
        self.update_lines()

    def watch_root(self) -> None:
        self.update_lines()

    def watch_amount(self) -> None:
        self.update_lines()

    def watch_money(self) -> None:
        self.update_lines()

    @property
    def tint_ends(self) -> float | None:
        """When the first tint on the screen is over, s monotonic; None without one."""
        began = min((*self._tinted_asks.values(), *self._tinted_bids.values()), default=None)
        return None if began is None else began + TINT

    def sync(self, changed: set[Instrument], now: float, proven: bool) -> None:
        """A frame: redraw if the shown symbol changed, or a tint is over."""
        self._now = now
        ends = self.tint_ends
        if self.instrument in changed or proven != self._proven or (ends is not None and ends <= now):
            self._proven = proven
            self.update_lines()

    def tick(self, now: float) -> None:
        """Once a second: a book grows old by the clock alone."""
        self._now = now
        if self._age() != self._told_age:
            self.update_lines()

    def update_lines(self) -> None:
        self._take()
        super().update_lines()

    def _take(self) -> None:
        """See what became of the book since it was last drawn."""
        instrument = self.instrument
        depth = instrument.depth if instrument is not None else None
        if instrument is not None and depth is not self._depth:
            before, self._depth = self._depth, depth
            asks, bids = (valid_levels(depth.asks), valid_levels(depth.bids)) if depth is not None else ([], [])
            if before is not None and self.flash:
                self._tinted_asks |= dict.fromkeys(changed_sizes(self._asks, asks), instrument.depth_at)
                self._tinted_bids |= dict.fromkeys(changed_sizes(self._bids, bids), instrument.depth_at)
            self._asks, self._bids = asks, bids
            instrument.infer_precision()
            needed = decimals((level.price for level in (*asks, *bids)), max(self._decimals, instrument.decimals))
            if needed != self._decimals:
                self._decimals, self._axis, self._step = needed, None, 0
        self._last_side = self._side_of_last()
        for tinted in (self._tinted_asks, self._tinted_bids):
            for price in [price for price, at in tinted.items() if self._now >= at + TINT]:
                del tinted[price]
        # The largest size fills its bar; after it has gone the scale falls slowly, so that bars do not jump.
        faded = self._scale * math.exp((self._scaled_at - self._now) / _DECAY)
        largest = max((level.volume for side in (self._asks, self._bids) for level in side), default=0.0)
        self._scale, self._scaled_at = max(largest, faded), self._now

    def _side_of_last(self) -> str:
        """B or S, with a ~ where that is inferred; "" where nothing is known, or a quote brought the last price."""
        i = self.instrument
        trade = next(i.tape.runs(), None) if i is not None else None
        return "" if i is None or trade is None or trade.price != i.last else trade.side.strip("·")

    def _age(self) -> str:
        """How old the book is, where that matters: the last price has moved since."""
        i = self.instrument
        if i is None or i.depth is None or self._now - i.depth_at < OLD or i.last_changed_at <= i.depth_at:
            return ""
        return fmt.seconds(self._now - i.depth_at)

    @property
    def _live(self) -> bool:
        return self._proven and not self._told_age

    @property
    def _touch(self) -> BestBidOffer | None:
        """Best bid and ask where there is a spread between them: else no figure is derived."""
        if self._asks and self._bids and self._bids[0].price < self._asks[0].price:
            return BestBidOffer(self._bids[0].price, self._asks[0].price)
        return None

    # --- keys ---

    def action_ladder_up(self) -> None:
        self._scroll(-1)

    def action_ladder_down(self) -> None:
        self._scroll(1)

    def action_ladder_centre(self) -> None:
        self._offset, self._axis, self._held_until = 0, None, 0.0
        self.update_lines()

    def action_ladder_static(self) -> None:
        self.static = not self.static
        self.post_message(self.Changed())

    def action_ladder_root(self) -> None:
        self.root = not self.root
        self.post_message(self.Changed())

    def action_ladder_size(self) -> None:
        self.post_message(self.AskSize())

    def _scroll(self, by: int) -> None:
        """Downward is to lower prices."""
        self._held_until = self._now + _HELD
        self._offset -= by
        if self._axis is not None:
            self._axis = self._axis.moved(-by)
        self.update_lines()

    # --- drawing ---

    def title(self) -> tuple[StyledLine, StyledLine]:
        look, instrument = self.style, self.instrument
        self._told_age = self._age()
        if instrument is None:
            return [look.segment("depth", "muted")], []
        short = look.symbol(instrument.symbol)
        full = [*short, look.segment(" depth · static" if self.static else " depth", "muted")]
        if self.static:  # nobody may take a standing axis for a floating one
            short.append(look.segment(" static", "muted"))
        room = self.size.width - 9
        for words, role in self._words(instrument):
            right = [look.segment(words, role)] if words else []
            for left in (full, short):
                if width_of([*left, *right]) <= room:
                    return left, right
        return short, right

    def _words(self, instrument: Instrument) -> Iterator[tuple[str, str]]:
        """What is said of the book as a whole: with its role, the fullest form first."""
        known = self._touch
        if not (self._asks or self._bids):
            yield "", "muted"
        elif not self._proven:
            yield "stale", "warning"
        elif self._told_age:
            yield f"book {self._told_age} old", "warning"
        elif known is None:
            yield self._fault(), "warning"
        else:
            money, ticks = fmt.price(known.spread, self._decimals), self._ticks(instrument, known.spread)
            bp = f"{known.bp:.1f} bp"
            yield f"spread {money}{ticks} · {bp}", "muted"
            yield f"{money}{ticks} · {bp}", "muted"
            yield f"{money} · {bp}", "muted"
            yield bp, "muted"

    def _fault(self) -> str:
        """Why there is no spread."""
        if not self._asks:
            return "no asks"
        if not self._bids:
            return "no bids"
        return "locked" if self._bids[0].price == self._asks[0].price else "crossed"

    def _ticks(self, instrument: Instrument, spread: float) -> str:
        if not instrument.tick_size:
            return ""
        ticks = round(spread / instrument.tick_size)
        return f" · {fmt.count(ticks, 'tick')}"

    def body(self, width: int, height: int) -> list[StyledLine]:
        instrument = self.instrument
        if instrument is None:
            return []
        if not (self._asks or self._bids):
            return self._empty(instrument, width, height)
        foot = self._foot(instrument, width, height)
        head = height - len(foot) >= 6
        rows = height - len(foot) - head
        shown = (*self._asks, *self._bids)
        prices = [*(level.price for level in shown), *([] if instrument.last is None else [instrument.last])]
        price_width = max(len("PRICE"), max(len(fmt.price(price, self._decimals)) for price in prices))
        half = (width - price_width - 2) // 2
        frame = _Frame(price_width, half, _CUM if half >= _CUM + 7 else 0)
        sides = self._side(self._asks, frame, self._tinted_asks), self._side(self._bids, frame, self._tinted_bids)
        lines, away = (self._static if self.static else self._floating)(instrument, frame, width, rows, *sides)
        return [*([self._header(frame, away)] if head else []), *lines, *foot]

    def _empty(self, instrument: Instrument, width: int, height: int) -> list[StyledLine]:
        if (state := data_status(instrument, None, self._proven)) in UNSERVED:
            words = state.value
        elif why := instrument.refused.get("depth"):
            words = describe_refusal("order book", why)
        else:
            words = "no book" if instrument.depth else "no book yet"
        blank: list[StyledLine] = [[] for _ in range((height - 1) // 2)]
        return [*blank, [self.style.segment(fmt.clip(words, width).center(width), "muted")]]

    def _foot(self, instrument: Instrument, width: int, height: int) -> list[StyledLine]:
        """What it costs to trade, where somebody asked. The headings go first, the figures stay longer than the
        ladder's own header."""
        if not self.amount or height < 6:
            return []
        money = currency_of(instrument.symbol.region).code if self.money else ""
        asks, bids = self._asks, self._bids
        table = cost_table(self.style, width, asks, bids, self._touch, self.amount, money, self._decimals, self._live)
        return table if height >= 13 else table[1:]

    def _side(self, side: list[Level], frame: _Frame, tinted: Container[float]) -> _Side:
        width, root = frame.half - frame.total, self.root
        sizes = aligned([fmt.size(level.volume) for level in side])
        if sizes and len(sizes[0]) > width:
            sizes = [fmt.compact(level.volume) for level in side]
        cells: list[_Cell] = []
        for level, size, total in zip(side, sizes, cumulative(side), strict=True):
            share = level.volume / self._scale
            eighths = round(8 * width * (math.sqrt(share) if root else share))
            cells.append(_Cell(size, eighths, fmt.size(total) if frame.total else "", level.price in tinted))
        return _Side(side, cells)

    def _floating(
        self, i: Instrument, frame: _Frame, width: int, rows: int, asks: _Side, bids: _Side
    ) -> tuple[list[StyledLine], int]:
        """Levels next to each other, and the spread in the middle row unless it was moved; where the spread is out of
        sight: 1 above, -1 below."""
        room = (rows - 1) // 2
        self._offset = max(
            min(0, rows - 1 - room - len(bids.levels)), min(self._offset, max(0, len(asks.levels) - room))
        )
        middle = room + self._offset
        lines: list[StyledLine] = []
        for y in range(rows):
            n = abs(y - middle) - 1
            if n < 0:
                lines.append(self._spread(i, frame, width))
                continue
            side = asks if y < middle else bids
            if n >= len(side.levels):
                lines.append([])
                continue
            level, cell = side.levels[n], side.cells[n]
            row = _Row(
                fmt.price(level.price, self._decimals),
                self._price_role(level.price, side is asks),
                n == 0,
                self._mark(i, level.price),
                cell if side is asks else None,
                cell if side is bids else None,
            )
            lines.append(self._row(row, frame))
        return lines, (middle < 0) - (middle >= rows)

    def _static(
        self, i: Instrument, frame: _Frame, width: int, rows: int, asks: _Side, bids: _Side
    ) -> tuple[list[StyledLine], int]:
        """A row for each price, and the spread's figures below them; where the touch is out of sight: 1 above, -1
        below."""
        unit = 10**self._decimals
        at_ask = {round(level.price * unit): n for n, level in enumerate(asks.levels)}
        at_bid = {round(level.price * unit): n for n, level in enumerate(bids.levels)}
        axis = self._settle_axis(i, [*at_ask], [*at_bid], rows - 1)
        lines: list[StyledLine] = []
        for y in range(axis.rows):
            place = axis.price(y)
            n, m = at_ask.get(place, -1), at_bid.get(place, -1)
            price = place / unit
            role = self._price_role(price, n >= 0) if n >= 0 or m >= 0 else "faint"
            row = _Row(
                fmt.price(price, self._decimals) if place > 0 else "",
                role,
                n == 0 or m == 0,
                self._mark(i, price),
                asks.cells[n] if n >= 0 else None,
                bids.cells[m] if m >= 0 else None,
            )
            lines.append(self._row(row, frame))
        lines.append(self._spread(i, frame, width))
        nearest = [axis.row(next(iter(side))) for side in (at_ask, at_bid) if side]
        return lines, (max(nearest) < 0) - (min(nearest) >= axis.rows)

    def _settle_axis(self, i: Instrument, asks: list[int], bids: list[int], rows: int) -> PriceAxis:
        """The axis as it stood, or a new one where the touch nears its edge, unless it was moved by hand lately."""
        tick = round((i.tick_size or 0.0) * 10**self._decimals)
        step = common_step([*asks, *bids], math.gcd(tick, self._step) or 1)
        if tick:
            self._step = step
        touch = (*asks[:1], *bids[:1])
        low, high = min(touch), max(touch)
        axis = self._axis
        stands = axis is not None and (axis.step, axis.rows) == (step, rows)
        if axis is None or not stands or (self._now >= self._held_until and not axis.holds(low, high)):
            axis = centred(low, high, step, rows)
        self._axis = axis = axis.showing(min([*asks, *bids]), max([*asks, *bids]))
        return axis

    def _price_role(self, price: float, ask: bool) -> str:
        if not self._live:
            return "muted"
        crossing = self._asks and self._bids and self._bids[0].price >= self._asks[0].price
        if crossing and self._asks[0].price <= price <= self._bids[0].price:
            return "warning"
        return "down" if ask else "up"

    def _mark(self, i: Instrument, price: float) -> str:
        """The role of the last trade's mark at a price."""
        if i.last is None or abs(price - i.last) > 1e-6:
            return ""
        return _SIDE_ROLES[self._last_side[-1:]] if self._live else "muted"

    def _row(self, row: _Row, frame: _Frame) -> StyledLine:
        """A row, as it was drawn before where nothing about it has changed."""
        key = row, frame, self._live, self.style
        line = self._rows.get(key)
        if line is None:
            if len(self._rows) >= _KEPT_ROWS:
                self._rows.clear()
            line = self._rows[key] = self._draw_row(row, frame)
        return line

    def _draw_row(self, row: _Row, frame: _Frame) -> StyledLine:
        look, width = self.style, frame.half - frame.total
        blank = look.segment(" " * frame.half, "text")
        line: StyledLine = [blank]
        if row.bid is not None:
            line = [look.segment(f"{row.bid.total:>{frame.total - 1}} ", "muted")] if frame.total else []
            line += self._bar(row.bid, width, leftward=True)
        price = row.price.rjust(frame.price)
        if not row.mark:
            line.append(look.segment(f" {price} ", row.role, bold=row.bold))
        elif row.bid is not None and row.ask is None:
            # The mark points at the price from the side that has no bar.
            line += [look.segment(f" {price}", row.role, bold=row.bold), look.segment("◂", row.mark)]
        else:
            line += [look.segment("▸", row.mark), look.segment(f"{price} ", row.role, bold=row.bold)]
        if row.ask is not None:
            line += self._bar(row.ask, width)
            if frame.total:
                line.append(look.segment(f"{row.ask.total:>{frame.total - 1}} ", "muted"))
        return line

    def _bar(self, cell: _Cell, width: int, *, leftward: bool = False) -> StyledLine:
        """A level's size on its bar. What does not fit is left out: no number is cut."""
        text = cell.size if len(cell.size) <= width else ""
        text = text.rjust(width) if leftward else text.ljust(width)
        look, live = self.style, self._live
        if not live:
            return sized_bar(look, text, cell.eighths, "cursor", role="muted", off="muted", leftward=leftward)
        hue = ("flash_up" if cell.tinted else "bid_bar") if leftward else ("flash_down" if cell.tinted else "ask_bar")
        beside = ("up" if leftward else "down") if cell.tinted else "text"
        return sized_bar(look, text, cell.eighths, hue, role="text", off=beside, bold=cell.tinted, leftward=leftward)

    def _header(self, frame: _Frame, away: int) -> StyledLine:
        look, width = self.style, frame.half - frame.total
        size = "√SIZE" if self.root else "SIZE"
        total = f"{'CUM':>{frame.total - 1}} " if frame.total else ""
        left, right = total + size.rjust(width), size.ljust(width) + total
        price = look.segment(f" {'PRICE'.rjust(frame.price)} ", "muted")
        if away:
            arrow = "↑" if away > 0 else "↓"
            price = look.segment(f" {'PRICE'.rjust(frame.price)}{arrow}", "accent")
        return [look.segment(left, "muted"), price, look.segment(right, "muted")]

    def _spread(self, i: Instrument, frame: _Frame, width: int) -> StyledLine:
        """`micro 512.3454  mid 512.345 ──── 512.34▲ ~B ── imb5 ────┼━━── +39 %`, as much of it as there is room for."""
        look, half = self.style, frame.half
        middle = [self._rule(frame.price + 2)]
        if i.last is not None:
            role = ("flat", "up", "down")[i.direction] if self._live else "muted"
            arrow = {1: "▲", -1: "▼"}.get(i.direction, " ")
            middle = [look.segment(f" {fmt.price(i.last, self._decimals).rjust(frame.price)}{arrow}", role, bold=True)]
        left = next((line for line in self._middles(i) if width_of(line) <= half), [])
        room = width - half - width_of(middle)
        side, *balance = next(line for line in self._balances() if width_of(line) <= room or len(line) == 1)
        gap = room - width_of([side, *balance])
        rules = self._rule(half - width_of(left)), self._rule(gap - 1)
        return [*left, rules[0], *middle, side, rules[1], look.segment(" " * min(1, gap), "text"), *balance]

    def _rule(self, cells: int) -> Segment:
        """A piece of the line that parts asks from bids; a stub of it would only look like a minus."""
        return Segment(("─" if cells > 2 else " ") * cells, self.style("border"))

    def _middles(self, i: Instrument) -> Iterator[StyledLine]:
        """Mid and microprice, or why there are none; the fullest form first."""
        look, known, places = self.style, self._touch, self._decimals
        if known is None:
            role = "warning" if self._live else "muted"
            words = self._fault()
            if words == "crossed":
                by = self._bids[0].price - self._asks[0].price
                yield [look.segment(f" crossed by {fmt.price(by, places)}{self._ticks(i, by)} ", role)]
                yield [look.segment(f" crossed by {fmt.price(by, places)} ", role)]
            yield [look.segment(f" {words} ", role)]
            return
        role = "text" if self._live else "muted"
        mid = [look.segment(" mid ", "muted"), look.segment(f"{known.mid:.{places + 1}f} ", role, bold=True)]
        if self._depth is not None and (micro := microprice(self._depth)) is not None:
            for name in ("micro", "µ"):
                yield [look.segment(f" {name} ", "muted"), look.segment(f"{micro:.{places + 2}f} ", role), *mid]
        yield mid

    def _balances(self) -> Iterator[StyledLine]:
        """The last trade's side and the imbalance, the fullest form first. The bar has a centre mark; it is filled to
        the right of it where bids outweigh, to half a cell."""
        look = self.style
        words = self._last_side
        side = look.segment(f" {words} " if words else " ", _SIDE_ROLES[words[-1:]] if self._live else "muted")
        known = imbalance(self._depth) if self._touch is not None and self._depth is not None else None
        if known is not None:
            value, k = known
            role = ("flat", "up", "down")[fmt.sign(value)] if self._live else "muted"
            name, figure = look.segment(f"imb{k} ", "muted"), f"{fmt.signed(100 * value, 0)} % "
            for cells in _HALF_BARS:
                yield [side, name, *self._balance(value, cells, role), look.segment(figure.rjust(7), role)]
            yield [side, name, look.segment(figure, role)]
        yield [side]

    def _balance(self, value: float, cells: int, role: str) -> StyledLine:
        look = self.style
        full, half = divmod(round(abs(value) * 2 * cells), 2)
        if value < 0:
            filled, empty = "╼" * half + "━" * full, "─" * (cells - full - half)
            line = [look.segment(empty, "faint"), look.segment(filled, role), look.segment("┼", "text")]
            return [*line, look.segment("─" * cells, "faint")]
        filled, empty = "━" * full + "╾" * half, "─" * (cells - full - half)
        line = [look.segment("─" * cells, "faint"), look.segment("┼", "text"), look.segment(filled, role)]
        return [*line, look.segment(empty, "faint")]
