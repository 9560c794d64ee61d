"""The slot of a time that a person wrote. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui.errors import UsageError
from tui.market.bars import MINUTE
from tui.market.session_axis import DAY, Slot
from tui.market.sessions import Zone

_MOMENT = re.compile(r"(?:(\d{1,2})-(\d{1,2}))? ?(?:([01]?\d|2[0-3]):([0-5]\d))?")


def find_moment(text: str, slots: Sequence[Slot], local: Zone) -> int:
    """Returns the index of the latest slot at a time of day, `14:05`, on a date, `11-20`, or both, by the exchange's
    clock. Raises UsageError for any other text, and if there is no such slot."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None or not match[0]:
        raise UsageError(f"'{text.strip()}' is no time: write 14:05, 11-20 or 11-20 14:05")
    month, day, hour, minute = (int(part) if part else None for part in match.groups())
    for n in reversed(range(len(slots))):
        start, end, date, _ = slots[n]
        at = local.at(start)
        begins, length = 60 * at.hour + at.minute, (end - start) // MINUTE
        is_time = hour is None or minute is None or (60 * hour + minute - begins) % DAY < length
        if is_time and (month is None or (date.month, date.day) == (month, day)):
            return n if hour is not None else _first_of_date(slots, n)
    raise UsageError(f"no bars at {match[0]}: the oldest are of {local.at(slots[0].start):%m-%d %H:%M}")


def _first_of_date(slots: Sequence[Slot], slot: int) -> int:
    while slot and slots[slot - 1].date == slots[slot].date:
        slot -= 1
    return slot
