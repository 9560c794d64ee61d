"""The body of a pane that has no data to draw: the reason, centred."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from tui import format as fmt
from tui.market import Instrument
from tui.market.data_status import UNSERVED, DataStatus, data_status
from tui.market.pair_instrument import PairInstrument
from tui.widgets.pane import StyledLine
from tui.widgets.styles import Styles


def empty_body(
    styles: Styles, instrument: Instrument, trouble: str, missing: str, width: int, height: int
) -> list[StyledLine]:
    """Returns lines with the reason in the middle: that the feed does not serve the symbol at all, else the link's
    `trouble`, else that nothing of the symbol came, else what is `missing`. Of a pair it is `missing` alone, unless a
    leg is not served or the link is in trouble."""
    status, reason = data_status(instrument, None, is_link_live=True), trouble or missing
    if status in UNSERVED:
        reason = status.value
    elif status is DataStatus.WAITING and not trouble and not isinstance(instrument, PairInstrument):
        reason = f"the feed has sent nothing for {instrument.symbol}: is it spelled right?"
    lines = wrap(reason, max(1, width - 2))[:height]
    blank: list[StyledLine] = [[] for _ in range((height - len(lines)) // 2)]
    return [*blank, *([styles.segment(fmt.clip(line, width).center(width), "muted")] for line in lines)]


def none_of_pair(instrument: Instrument, what: str) -> str:
    """Returns that a pair has no such thing of its own, "" of a symbol."""
    if not isinstance(instrument, PairInstrument):
        return ""
    return f"a pair has no {what} of its own: see {' and '.join(str(leg.symbol) for leg in instrument.legs)}"


def why_no_bars(shown: Sequence[Instrument]) -> str:
    """Returns why none of these symbols has minute bars."""
    if any(isinstance(i, PairInstrument) for i in shown):
        return "no minute yet in which both traded"
    builds = bool(shown) and all(i.builds_bars for i in shown)
    return "no trades yet to build bars from" if builds else "no minute bars yet"
