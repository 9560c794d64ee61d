"""What the plan or the vendor does not give, in words for the status bar."""

from __future__ import annotations

from collections.abc import Sequence

from tui.market.instrument import Instrument
from tui.protocol import OVER_LIMIT


def shortfalls(instruments: Sequence[Instrument]) -> list[str]:
    """One line for each kind of thing refused; none where all is served. Looks at every instrument: once a second is
    often enough."""
    words: list[str] = []
    over = sum(OVER_LIMIT in i.refused.values() for i in instruments)
    if over:
        words.append(f"plan limit: {len(instruments) - over} of {len(instruments)} symbols live")
    rest = [i for i in instruments if i.refused and OVER_LIMIT not in i.refused.values()]
    refused = sum("quote" in i.refused and "tick" in i.refused for i in rest)
    if refused:
        words.append(f"{refused} symbol{'' if refused == 1 else 's'} refused")
    served = [i for i in rest if not ("quote" in i.refused and "tick" in i.refused)]
    if any(i.builds_bars for i in served):
        words.append("klines not in this plan: built from trades")
    if any("depth" in i.refused for i in served):
        words.append("no order books in this plan")
    return words
