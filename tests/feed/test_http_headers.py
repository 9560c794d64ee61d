from __future__ import annotations

import pytest

from tui.feed.http_headers import RetryAfter, http_date, retry_after

NOON = 1_795_435_200_000.0  # Mon, 23 Nov 2026 12:00:00 GMT


def bounded(asked: str) -> RetryAfter:
    return RetryAfter(3_600.0, f"asked to wait {asked}; waiting an hour", True)


def unbounded(seconds: float) -> RetryAfter:
    return RetryAfter(seconds, f"asked to wait {seconds:.0f} s")


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        ("", RetryAfter()),
        ("0", RetryAfter()),
        ("7", unbounded(7.0)),
        (" 7 ", unbounded(7.0)),
        ("2.5", RetryAfter()),
        ("0.3", RetryAfter()),
        ("3600", unbounded(3_600.0)),
        ("3601", bounded("more than an hour")),
        ("7199", bounded("more than an hour")),
        ("7200", bounded("2 hours")),
        ("86400", bounded("24 hours")),
        ("1000000000", bounded("31 years")),
        ("1e9", RetryAfter()),
        ("1e5", RetryAfter()),
        ("1_0", RetryAfter()),
        ("٣", RetryAfter()),
        ("+5", RetryAfter()),
        ("9" * 5_000, bounded("3,168 years")),
        ("inf", RetryAfter()),
        ("nan", RetryAfter()),
        ("-60", RetryAfter()),
        ("soon", RetryAfter()),
        ("\x1b[31m", RetryAfter()),
        ("Mon, 23 Nov 2026 12:02:00 GMT", unbounded(120.0)),
        ("Monday, 23-Nov-26 12:02:00 GMT", unbounded(120.0)),
        ("Mon Nov 23 12:02:00 2026", unbounded(120.0)),
        ("Mon, 23 Nov 2026 11:00:00 GMT", RetryAfter()),
        ("Mon, 23 Nov 2066 12:00:00 GMT", bounded("40 years")),
        ("Mon, 23 Nov 99999999 12:00:00 GMT", RetryAfter()),
    ],
)
def test_retry_after_is_parsed_and_bounded(header: str, asked: RetryAfter) -> None:
    assert retry_after([header], NOON) == asked


def test_the_longest_of_several_retry_after_headers_counts() -> None:
    assert retry_after(["5", "soon", "10", "Mon, 23 Nov 2026 12:00:07 GMT"], NOON) == unbounded(10.0)
    assert retry_after([], NOON) == RetryAfter()


def test_a_fraction_of_a_second_is_rounded_up() -> None:
    assert retry_after(["Mon, 23 Nov 2026 12:00:01 GMT"], NOON + 700) == RetryAfter(0.3, "asked to wait 1 s")


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
def test_date_headers_are_parsed_in_all_three_forms(header: str | None, time: float | None) -> None:
    assert http_date(header) == time
