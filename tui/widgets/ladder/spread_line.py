"""The line between asks and bids: mid and microprice, the last price, the last trade's side and the imbalance."""

from __future__ import annotations

from collections.abc import Iterator

from rich.segment import Segment

from tui import format as fmt
from tui.market import Instrument
from tui.market.book import imbalance, microprice
from tui.widgets.ladder.rows import LadderGeometry
from tui.widgets.ladder.tracked_book import TrackedBook
from tui.widgets.pane import StyledLine, width_of
from tui.widgets.styles import Styles

SIDE_ROLES = {"B": "up", "S": "down", "": "flat"}
"""The roles of a trade's side."""
_HALF_BARS = (6, 4)  # cells on either side of the imbalance's centre


def spread_line(
    styles: Styles, book: TrackedBook, i: Instrument, geometry: LadderGeometry, width: int, *, live: bool
) -> StyledLine:
    """Returns `µ 512.3454  mid 512.345 ──── 512.34▲ ~B ── imb5 ────┼━━── +39 %`, as much of it as fits."""
    half = geometry.half
    middle = [_rule(styles, geometry.price + 2)]
    if i.last is not None:
        role = ("flat", "up", "down")[i.direction] if live else "muted"
        arrow = {1: "▲", -1: "▼"}.get(i.direction, " ")
        price = fmt.price(i.last, book.decimals).rjust(geometry.price)
        middle = [styles.segment(f" {price}{arrow}", role, bold=True)]
    left = next((line for line in _mids(styles, book, i, live) if width_of(line) <= half), [])
    room = width - half - width_of(middle)
    balances = _balances(styles, book, live)
    side, *balance = next(line for line in balances if width_of(line) <= room or len(line) == 1)
    gap = room - width_of([side, *balance])
    rules = _rule(styles, half - width_of(left)), _rule(styles, gap - 1)
    return [*left, rules[0], *middle, side, rules[1], styles.segment(" " * min(1, gap), "text"), *balance]


def in_ticks(instrument: Instrument, bid: float, ask: float) -> str:
    """Returns a spread in ticks, as ` · 2 ticks`; "" if the tick size is unknown."""
    ticks = instrument.precision.in_ticks(bid, ask)
    return "" if ticks is None else f" · {fmt.count(ticks, 'tick')}"


def _rule(styles: Styles, cells: int) -> Segment:
    """Returns a piece of the rule between asks and bids; blanks if it is so short that it would read as a minus."""
    return Segment(("─" if cells > 2 else " ") * cells, styles("border"))


def _mids(styles: Styles, book: TrackedBook, i: Instrument, live: bool) -> Iterator[StyledLine]:
    """Yields mid and microprice, or why there are none, from the longest form to the shortest."""
    bbo, places = book.bbo, book.decimals
    if bbo is None:
        role = "warning" if live and not book.is_indicative else "muted"
        fault = book.fault
        if fault == "crossed":
            bid, ask = book.bids[0].price, book.asks[0].price
            by = fmt.price(bid - ask, places)
            yield [styles.segment(f" crossed by {by}{in_ticks(i, ask, bid)} ", role)]
            yield [styles.segment(f" crossed by {by} ", role)]
        if book.is_indicative and book.bids[0].price == book.asks[0].price:
            yield [styles.segment(f" indicative {fmt.price(book.bids[0].price, places)} ", role)]
        yield [styles.segment(f" {fault} ", role)]
        return
    role = "text" if live else "muted"
    mid = [styles.segment(" mid ", "muted"), styles.segment(f"{bbo.mid:.{places + 1}f} ", role, bold=True)]
    if book.depth is not None and (micro := microprice(book.depth)) is not None:
        yield [styles.segment(" µ ", "muted"), styles.segment(f"{micro:.{places + 2}f} ", role), *mid]
    yield mid


def _balances(styles: Styles, book: TrackedBook, live: bool) -> Iterator[StyledLine]:
    """Yields the last trade's side and the imbalance, from the longest form to the shortest."""
    words = book.last_side
    side = styles.segment(f" {words} " if words else " ", SIDE_ROLES[words[-1:]] if live else "muted")
    counts = book.bbo is not None and not book.is_silent
    known = imbalance(book.depth) if counts and book.depth is not None else None
    if known is not None:
        value, levels = known
        role = ("flat", "up", "down")[fmt.sign(value)] if live else "muted"
        name, figure = styles.segment(f"imb{levels} ", "muted"), f"{fmt.signed(100 * value, 0)} % "
        for cells in _HALF_BARS:
            bar = _imbalance_bar(styles, value, cells, role)
            yield [side, name, *bar, styles.segment(figure.rjust(7), role)]
        yield [side, name, styles.segment(figure, role)]
    yield [side]


def _imbalance_bar(styles: Styles, value: float, cells: int, role: str) -> StyledLine:
    """Returns a bar of `cells` on either side of its centre, filled to half a cell: to the right if bids outweigh."""
    full, half = divmod(round(abs(value) * 2 * cells), 2)
    empty = "─" * (cells - full - half)
    if value < 0:
        filled = "╼" * half + "━" * full
        line = [styles.segment(empty, "grid"), styles.segment(filled, role), styles.segment("┼", "text")]
        return [*line, styles.segment("─" * cells, "grid")]
    filled = "━" * full + "╾" * half
    line = [styles.segment("─" * cells, "grid"), styles.segment("┼", "text"), styles.segment(filled, role)]
    return [*line, styles.segment(empty, "grid")]
