"""The cost table below the ladder: what buying and selling would cost now, and the depth near the mid."""

from __future__ import annotations

from tui import format as fmt
from tui.market.book import BestBidOffer
from tui.market.fill_cost import REACH, depth_within, simulate_fill, units_for
from tui.market.money import Currency
from tui.protocol.messages import Level
from tui.widgets.pane import StyledLine
from tui.widgets.styles import Styles

# From the widest table to the narrowest: 3 is the cost in bp and money, 4 in bp alone, 5 the depth near the mid.
_COLUMN_SETS = ((0, 1, 2, 3, 5), (0, 1, 2, 3), (0, 1, 2, 4), (0, 1, 4), (0, 1))


def cost_table(
    styles: Styles,
    width: int,
    asks: list[Level],
    bids: list[Level],
    bbo: BestBidOffer | None,
    amount: float,
    money: bool,
    currency: Currency,
    decimals: int,
    live: bool,
    headings: bool,
) -> list[StyledLine]:
    """Returns the lines of buy and sell, below `headings` if they are wanted. `amount` is in `money` of the currency,
    else in units of the fund. `bbo` is None without a mid to measure from: then there are no figures. Columns are left
    out before a number is cut."""
    rows: list[list[str]] = []
    roles: list[list[str]] = []
    if headings:
        asked = f"{currency.sign}{quantity(amount)}" if currency.sign else f"{quantity(amount)} {currency.code}"
        rows.append([*(("FOR", asked) if money else ("", "TRADE")), "AVERAGE", "COST", "COST", f"±{REACH:.0f} BP"])
        roles.append(["muted"] * 6)
    for word, role, side in (("buy", "up", asks), ("sell", "down", bids)):
        cells, short = _figures(side, bbo, amount, money, currency, decimals)
        rows.append([word, *cells])
        filled = "warning" if short else "text"
        roles.append([role, filled, "text", "text", "text", "muted"] if live else ["muted"] * 6)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    columns, gaps = next(
        ((shown, gaps) for shown in _COLUMN_SETS if (gaps := _gaps([widths[n] for n in shown], width))), ((0,), [1])
    )
    lines: list[StyledLine] = []
    for cells, cell_roles in zip(rows, roles, strict=True):
        line: StyledLine = []
        for n, gap in zip(columns, gaps, strict=True):
            text = cells[n].ljust(widths[n]) if n < 2 else cells[n].rjust(widths[n])
            line.append(styles.segment(" " * gap + text, cell_roles[n]))
        lines.append(line)
    return lines


def _gaps(widths: list[int], width: int) -> list[int]:
    """Returns the blanks before each column, one before the first two, so that the columns share the width; the last
    one ends a cell before the edge, as the ladder's own does, if there is room. Returns [] if they do not fit."""
    others = len(widths) - 2
    free = width - 2 - sum(widths)
    if free < others:
        return []
    each, more = divmod(free - (free > others), max(1, others))
    return [1, 1, *(each + (n < more) for n in range(others))]


def _figures(
    side: list[Level], bbo: BestBidOffer | None, amount: float, money: bool, currency: Currency, decimals: int
) -> tuple[list[str], bool]:
    """Returns units, average price, cost in both forms and depth of one side as text, and whether the book is too
    short."""
    if bbo is None:
        return [fmt.UNKNOWN] * 5, False
    near = depth_within(side, bbo.mid)
    depth = fmt.size(near.size) + "+" * near.beyond
    fill = simulate_fill(side, units_for(amount, bbo.mid) if money else amount, bbo.mid)
    if fill is None:  # money for less than one unit
        return [*[fmt.UNKNOWN] * 4, depth], False
    filled = f"{quantity(fill.filled)} of {quantity(fill.asked)}" if fill.is_partial else quantity(fill.asked)
    # An average lies between ticks: two digits more than prices have.
    average = fmt.price(fill.average, decimals + 2)
    bp = f"{fill.bp:.{2 if abs(fill.bp) < 100 else 0}f} bp"
    return [filled, average, f"{bp} · {_money(fill.cost, currency.sign)}", bp, depth], fill.is_partial


def _money(cost: float, sign: str) -> str:
    """Returns an amount of money as text: $0.18, $1,234.56, $12.3K; less than a cent in full."""
    most = abs(cost)
    text = fmt.size(most) if most >= 9_999.995 else f"{most:,.{2 if most >= 0.1 or not most else 4}f}"
    return f"{'-' if cost < 0 else ''}{sign}{text}"


def quantity(value: float) -> str:
    """Returns a requested quantity as text: 12,500 in full, 20M in short."""
    if value < 999_999.5 and value == int(value):
        return f"{value:,.0f}"
    return fmt.size(value)
