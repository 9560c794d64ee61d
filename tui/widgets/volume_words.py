"""What the trades of a date come to, in words: point of control, value area, cumulative delta, and since when."""

from __future__ import annotations

from tui import format as fmt
from tui.market import Instrument
from tui.market.entitlements import describe_refusal
from tui.market.sessions import zone
from tui.market.volume_at_price import VALUE_AREA

_MOST_DECIMALS = 4


def volume_words(i: Instrument, *, delta_first: bool) -> tuple[str, ...]:
    """Returns the words in several lengths, each with the time since which trades are counted. In a short form stands
    the delta if `delta_first`, else the point of control."""
    volumes = i.tape.volume_at_price
    control, area = volumes.point_of_control, volumes.value_area
    if control is None or area is None:
        refusal = i.refused.get("tick")
        return (describe_refusal("trades", refusal) if refusal else "no sizes of trades known yet",)
    is_past = i.session is not None and i.calendar.at(volumes.since).date != i.session.date
    begin = f"since {zone(i.symbol.region).at(volumes.since):{'%m-%d ' * is_past}%H:%M}"
    if i.tape.sizes.gap or i.tape.lacks_sizes:
        begin += f", {fmt.size(i.tape.sizes.gap) if i.tape.sizes.gap else 'some'} missed"
    if volumes.step > (i.precision.tick_at(control) or volumes.step) * (1 + 1e-9):
        begin += f", by {volumes.step:g}"
    signed = f"{'~' * volumes.is_inferred}delta {delta_text(i.tape.cumulative_delta.newest)}"
    point, low, high = (_exact(price, i.precision.decimals) for price in (control, *area))
    return (
        f"POC {point} · {VALUE_AREA:.0%} {low}–{high} · {signed} {begin}",
        f"POC {point} · {signed} {begin}",
        f"{signed if delta_first else f'POC {point}'} {begin}",
        begin,
    )


def delta_text(units: float) -> str:
    """Returns units bought less units sold, with their sign, in at most seven characters."""
    text = fmt.size(abs(units))
    return text if text == "0" else f"{'-' if units < 0 else '+'}{text}"


def _exact(price: float, decimals: int) -> str:
    """Returns a price with more decimals than others of its symbol if it lies between two of them."""
    exact = (n for n in range(decimals, _MOST_DECIMALS) if abs(round(price, n) - price) < 1e-9)
    return fmt.price(price, next(exact, max(decimals, _MOST_DECIMALS)))
