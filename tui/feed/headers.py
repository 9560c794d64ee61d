"""What the headers of an HTTP answer tell: the server's time, and how long to leave it alone."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from tui.format import count

_LONGEST_WAIT = 3_600.0  # s
_LONGEST_SAID = 1e11  # s: some 3,000 years
_UNITS = (("year", 31_556_952.0), ("day", 86_400.0), ("hour", 3_600.0), ("minute", 60.0))  # s


class RetryAfter(NamedTuple):
    """How long a server asks to be left alone: `wait` in s, at most an hour, 0 where it names no time. `words` tell
    that it asked for more: `asked to wait 31 years; waiting an hour`."""

    wait: float = 0.0
    words: str = ""


def http_date(header: str | None) -> float | None:
    """A `Date` header in ms UTC; None where there is none that can be read."""
    try:
        date = parsedate_to_datetime(header) if header else None
        # RFC 9110 §5.6.7: the oldest of the three forms has no zone, and is in UTC like the others.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() * 1000 if date else None
    except (ValueError, OverflowError):
        return None


def retry_after(header: str | None, now: float) -> RetryAfter:
    """Read a `Retry-After` header, in seconds or as a date. `now` is when the answer was made by the clock of who made
    it, in ms UTC."""
    try:
        asked = float(header or 0)
    except ValueError:
        date = http_date(header)
        asked = 0.0 if date is None else (date - now) / 1000
    if not asked > 0:  # nan is not
        return RetryAfter()
    if asked <= _LONGEST_WAIT:
        return RetryAfter(asked)
    return RetryAfter(_LONGEST_WAIT, f"asked to wait {_duration(min(asked, _LONGEST_SAID))}; waiting an hour")


def _duration(seconds: float) -> str:
    """90 minutes, 2 hours, 31 years: in the largest unit of which there are two."""
    unit, length = next(((unit, length) for unit, length in _UNITS if seconds >= 2 * length), _UNITS[-1])
    return count(int(seconds / length), unit)
