"""What the headers of an HTTP answer tell: the server's time, and how long to leave it alone."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

_LONGEST_WAIT = 3_600.0  # s


def http_date(header: str | None) -> float | None:
    """A `Date` header in ms UTC; None where there is none that can be read."""
    try:
        return parsedate_to_datetime(header).timestamp() * 1000 if header else None
    except (ValueError, OverflowError):
        return None


def retry_after(header: str | None, least: float) -> float:
    """A `Retry-After` header in s: what the vendor asks, at most an hour, and `least` where it names no time."""
    return min(_LONGEST_WAIT, max(least, float(header) if header and header.isdecimal() else 0.0))
