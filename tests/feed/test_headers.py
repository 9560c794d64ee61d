from __future__ import annotations

import pytest

from tui.feed.headers import RetryAfter, http_date, retry_after

NOON = 1_795_435_200_000.0  # Mon, 23 Nov 2026 12:00:00 GMT


def bounded(asked: str) -> RetryAfter:
    return RetryAfter(3_600.0, f"asked to wait {asked}; waiting an hour")


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        (None, RetryAfter()),
        ("", RetryAfter()),
        ("0", RetryAfter()),
        ("7", RetryAfter(7.0)),
        (" 2.5 ", RetryAfter(2.5)),
        ("3600", RetryAfter(3_600.0)),
        ("3601", bounded("60 minutes")),
        ("7200", bounded("2 hours")),
        ("86400", bounded("24 hours")),
        ("1000000000", bounded("31 years")),
        ("1e9", bounded("31 years")),
        ("9" * 400, bounded("3,168 years")),
        ("inf", bounded("3,168 years")),
        ("nan", RetryAfter()),
        ("-60", RetryAfter()),
        ("soon", RetryAfter()),
        ("\x1b[31m", RetryAfter()),
        ("Mon, 23 Nov 2026 12:02:00 GMT", RetryAfter(120.0)),
        ("Monday, 23-Nov-26 12:02:00 GMT", RetryAfter(120.0)),
        ("Mon Nov 23 12:02:00 2026", RetryAfter(120.0)),
        ("Mon, 23 Nov 2026 11:00:00 GMT", RetryAfter()),
        ("Mon, 23 Nov 2066 12:00:00 GMT", bounded("40 years")),
        ("Mon, 23 Nov 99999999 12:00:00 GMT", RetryAfter()),
    ],
)
def test_how_long_a_server_asks_to_wait(header: str | None, asked: RetryAfter) -> None:
    assert retry_after(header, NOON) == asked


@pytest.mark.parametrize(
    ("header", "time"),
    [
        ("Mon, 23 Nov 2026 10:00:00 GMT", 1_795_428_000_000.0),
        ("Mon Nov 23 10:00:00 2026", 1_795_428_000_000.0),
        ("Mon, 23 Nov 99999999 10:00:00 GMT", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_the_time_of_a_server(header: str | None, time: float | None) -> None:
    assert http_date(header) == time
