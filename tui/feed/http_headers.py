"""What the headers of an HTTP answer tell: the server's time, and how long to leave it alone."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from tui.format import count

_LONGEST_WAIT = 3_600.0  # s
_LONGEST_SAID = 1e11  # s: some 3,000 years
_UNITS = (("year", 31_556_952.0), ("day", 86_400.0), ("hour", 3_600.0))  # s
_SECONDS = re.compile("[0-9]+")  # RFC 9110 §10.2.3


class RetryAfter(NamedTuple):
    """How long a server asks to be left alone: `wait` in s, at most an hour, 0 where it names no time. `words` tell it,
    and where it asked for more, which is `bounded`, that too: `asked to wait 31 years; waiting an hour`."""

    wait: float = 0.0
    words: str = ""
    bounded: bool = False


def http_date(header: str | None) -> float | None:
    """A `Date` header in ms UTC; None where there is none that can be read."""
    try:
        date = parsedate_to_datetime(header) if header else None
        # RFC 9110 §5.6.7: the oldest of the three forms has no zone, and is in UTC like the others.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() * 1000 if date else None
    except (ValueError, OverflowError):
        return None


def retry_after(values: Iterable[str], now: float) -> RetryAfter:
    """Read the `Retry-After` headers of an answer, each in seconds or as a date: the longest of those that can be read
    counts. `now` is when the answer was made by the clock of who made it, in ms UTC."""
    asked = max((_asked(value.strip(), now) for value in values), default=0.0)
    if asked <= 0:
        return RetryAfter()
    if asked <= _LONGEST_WAIT:
        return RetryAfter(asked, f"asked to wait {math.ceil(asked)} s")
    return RetryAfter(_LONGEST_WAIT, f"asked to wait {_duration(min(asked, _LONGEST_SAID))}; waiting an hour", True)


def _asked(value: str, now: float) -> float:
    if _SECONDS.fullmatch(value):
        return float(value)
    date = http_date(value)
    return 0.0 if date is None else (date - now) / 1000


def _duration(seconds: float) -> str:
    """2 hours, 31 years: more than an hour, in the largest unit of which there are two."""
    for unit, length in _UNITS:
        if seconds >= 2 * length:
            return count(int(seconds / length), unit)
    return "more than an hour"
