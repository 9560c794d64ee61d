"""The foot of the ladder: what buying and selling would cost now, and how much there is near the mid."""

from __future__ import annotations

from tui import format as fmt
from tui.market.book import BestBidOffer
from tui.market.fill_cost import REACH, depth_within, simulate_fill, units_for
from tui.protocol.messages import Level
from tui.widgets.pane import StyledLine
from tui.widgets.styles import Styles

_KEPT = ((0, 1, 2, 3, 4), (0, 1, 2, 3), (0, 1, 3), (0, 1))  # columns, from the fullest table to the barest
_GAPS = (4, 3, 2, 1)


def cost_table(
    look: Styles,
    width: int,
    asks: list[Level],
    bids: list[Level],
    touch: BestBidOffer | None,
    amount: float,
    currency: str,
    decimals: int,
    live: bool,
) -> list[StyledLine]:
    """Headings, buy and sell. `amount` is in units of the fund, or in money where there is a `currency`. `touch` is
    None where there is no mid to measure from: then there are no figures. Columns go before a number would be cut."""
    heading = [f"FOR {quantity(amount)} {currency}" if currency else "TO TRADE", "AVERAGE", "COST", f"±{REACH:.0f} BP"]
    rows = [["", *heading]]
    roles = [["muted"] * 5]
    for word, role, side in (("buy", "up", asks), ("sell", "down", bids)):
        cells, short = _figures(side, touch, amount, bool(currency), decimals)
        rows.append([word, *cells])
        roles.append([role, "warning" if short else "text", "text", "text", "muted"] if live else ["muted"] * 5)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    columns, gap = next(
        ((kept, gap) for kept in _KEPT for gap in _GAPS if sum(widths[n] + gap for n in kept) - gap < width),
        ((0,), 0),
    )
    lines: list[StyledLine] = []
    for cells, tones in zip(rows, roles, strict=True):
        line = [look.segment(" ", "text")]
        for n in columns:
            text = cells[n].ljust(widths[n]) if n < 2 else " " * gap + cells[n].rjust(widths[n])
            line.append(look.segment(text + " " * (n == 0), tones[n]))
        lines.append(line)
    return lines


def _figures(
    side: list[Level], touch: BestBidOffer | None, amount: float, money: bool, decimals: int
) -> tuple[list[str], bool]:
    """Units, average, cost and depth of one side as text; whether the book is too short."""
    if touch is None:
        return [fmt.UNKNOWN] * 4, False
    near = depth_within(side, touch.mid)
    depth = fmt.size(near.size) + "+" * near.beyond
    fill = simulate_fill(side, units_for(amount, touch.mid) if money else amount, touch.mid)
    if fill is None:  # money for less than one unit
        return [fmt.UNKNOWN, fmt.UNKNOWN, fmt.UNKNOWN, depth], False
    done = f"{quantity(fill.filled)} of {quantity(fill.asked)}" if fill.is_partial else quantity(fill.asked)
    # An average falls between ticks: two digits more than prices have.
    average = fmt.price(fill.average, decimals + 2)
    return [done, average, f"{fill.bp:.{2 if abs(fill.bp) < 100 else 0}f} bp", depth], fill.is_partial


def quantity(value: float) -> str:
    """A quantity that somebody asked for: 12,500 in full, 20M short."""
    if value < 999_999.5 and value == int(value):
        return f"{value:,.0f}"
    return fmt.size(value)
