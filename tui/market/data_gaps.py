"""Where minutes were lost and not filled since: what a chart of the bars must not pass over in silence."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from tui.market.bars import MINUTE, MinuteGap
from tui.market.instrument import Instrument
from tui.market.sessions import Calendar


def data_gaps(i: Instrument) -> list[MinuteGap]:
    """Returns the gaps between the bars of an instrument, oldest first: while the link was away, and before the program
    began to follow the symbol. The minute in progress is none; before the first bar, and while the exchange was closed,
    nothing was lost."""
    bars = i.bars
    if not bars.incomplete and not bars.outages:
        return []
    found: list[MinuteGap] = []
    for gap in sorted({*bars.outages, *_single_minutes(i)}):
        if gap.first >= bars.latest or not _has_trading(i.calendar, gap):
            continue
        if found and gap.first <= found[-1].last + 1:
            found[-1] = MinuteGap(found[-1].first, max(found[-1].last, gap.last))
        else:
            found.append(gap)
    return found


def _single_minutes(i: Instrument) -> Iterator[MinuteGap]:
    """Yields the incomplete minutes beside the outages that came after a bar; with the first one known the minutes
    without a bar before it."""
    bars = i.bars
    for slot in bars.incomplete:
        before = bars.latest_before(slot)
        if before is None or any(gap.first <= slot <= gap.last for gap in bars.outages):
            continue
        is_first = slot == bars.known_from
        yield MinuteGap(min(slot, before.time // MINUTE + 1) if is_first else slot, slot)


@lru_cache(maxsize=256)
def _has_trading(calendar: Calendar, gap: MinuteGap) -> bool:
    """Returns True if the exchange was open in any of the minutes."""
    time, end = gap.first * MINUTE, (gap.last + 1) * MINUTE
    while time < end:
        interval = calendar.at(time)
        if not interval.phase.is_closed:
            return True
        time = interval.end
    return False
