"""Parsers of the HTTP headers `Date` and `Retry-After`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from tui.format import count

_LONGEST_WAIT = 3_600.0  # s
_LONGEST_SHOWN = 1e11  # s: some 3,000 years
_UNITS = (("year", 31_556_952.0), ("day", 86_400.0), ("hour", 3_600.0))  # s
_SECONDS = re.compile("[0-9]+")


class RetryAfter(NamedTuple):
    """How long a server asks to wait: `wait` in s, at most an hour, 0 if it names no time. `bounded`: it asked for
    more, and `words` say both: `asked to wait 31 years; waiting an hour`."""

    wait: float = 0.0
    words: str = ""
    bounded: bool = False


def http_date(header: str | None) -> float | None:
    """Returns a `Date` header in ms UTC; None if it is missing or invalid."""
    try:
        date = parsedate_to_datetime(header) if header else None
        # RFC 9110 §5.6.7: the asctime form has no zone, and is in UTC like the other two.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() * 1000 if date else None
    except (ValueError, OverflowError):
        return None


def retry_after(values: Iterable[str], now: float) -> RetryAfter:
    """Returns the longest valid wait of a response's `Retry-After` headers, each in seconds or a date (RFC 9110
    §10.2.3). `now` is when the response was made by the server's clock, ms UTC."""
    asked = max((_parse_wait(value.strip(), now) for value in values), default=0.0)
    if asked <= 0:
        return RetryAfter()
    if asked <= _LONGEST_WAIT:
        return RetryAfter(asked, f"asked to wait {math.ceil(asked)} s")
    return RetryAfter(
        _LONGEST_WAIT, f"asked to wait {_format_duration(min(asked, _LONGEST_SHOWN))}; waiting an hour", True
    )


def _parse_wait(value: str, now: float) -> float:
    if _SECONDS.fullmatch(value):
        return float(value)
    date = http_date(value)
    return 0.0 if date is None else (date - now) / 1000


def _format_duration(seconds: float) -> str:
    """Returns a duration of over an hour in the largest unit of which there are two: `2 hours`, `31 years`."""
    for unit, length in _UNITS:
        if seconds >= 2 * length:
            return count(int(seconds / length), unit)
    return "more than an hour"
