from __future__ import annotations

import pytest

from tui.feed.headers import http_date, retry_after


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("", 30),
        ("5", 30),
        ("40", 40),
        ("86400", 3_600),
        ("9" * 400, 3_600),
        ("-60", 30),
        ("1e9", 30),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 30),
        ("\x1b[31m", 30),
    ],
)
def test_how_long_the_vendor_asks_to_wait(header: str, wait: float) -> None:
    assert retry_after(header, 30.0) == wait


@pytest.mark.parametrize(
    ("header", "time"),
    [
        ("Mon, 23 Nov 2026 10:00:00 GMT", 1_795_428_000_000.0),
        ("Mon, 23 Nov 99999999 10:00:00 GMT", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_the_time_of_a_server(header: str | None, time: float | None) -> None:
    assert http_date(header) == time
