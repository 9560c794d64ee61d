from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.feed.heartbeat import MIN_LIMIT, SilenceDetector

START = 1_000.0


def limit_after(gaps: Iterable[float], quiet: float = 0.0) -> float | None:
    """The limit after frames with these gaps and a silence, looked at every half second as the link does."""
    detector = SilenceDetector(START)
    arrivals = [START + at for at in accumulate(gaps)]
    end = (arrivals[-1] if arrivals else START) + quiet
    looks = [START + 0.5 * n for n in range(1, int((end - START) / 0.5) + 1)]
    for moment, is_frame in sorted([(at, True) for at in arrivals] + [(at, False) for at in looks]):
        if is_frame:
            detector.record_frames(moment)
        else:
            detector.limit(moment)
    return detector.limit(end)


@pytest.mark.parametrize(
    ("gaps", "limit"),
    [
        ([0.005] * 5_000, 3.0),
        ([0.5] * 100, 3.0),
        ([0.6] * 80, 3.0),
        ([0.8] * 70, 4.0),
        ([0.1] * 99 + [2.0], 3.0),
        ([0.1] * 98 + [2.0] * 2, 10.0),
        ([0.1] * 198 + [4.0, 2.0], 3.0),
        ([0.1] * 197 + [4.0, 3.0, 2.0], 10.0),
        ([0.5] * 50 + [1.0] * 10, 5.0),
        ([0.5] * 59, None),
        ([], None),
    ],
    ids=[
        "busy: never under 3 s",
        "two a second",
        "just what never matters",
        "five times the usual gap",
        "one long gap in a hundred is the one that only one in a hundred exceeds",
        "two are not",
        "two of two hundred",
        "three of two hundred",
        "a slow minute",
        "59 frames a minute are not busy",
        "nothing yet",
    ],
)
def test_the_limit_is_five_times_the_99th_percentile_of_the_gaps(gaps: list[float], limit: float | None) -> None:
    assert limit_after(gaps) == pytest.approx(limit)


@pytest.mark.parametrize(("quiet", "limit"), [(3.0, 3.0), (50.0, 3.0), (61.0, None)])
def test_a_quiet_minute_ends_the_limit(quiet: float, limit: float | None) -> None:
    assert limit_after([0.1] * 200, quiet) == limit


def test_a_long_gap_expires_after_a_minute() -> None:
    slow = [2.0] * 5
    assert limit_after(slow + [0.1] * 300) == 10.0
    assert limit_after(slow + [0.1] * 620) == 3.0


def test_after_an_hour_without_checks_the_feed_does_not_count_as_busy() -> None:
    detector = SilenceDetector(START)
    for n in range(200):
        detector.record_frames(START + n / 10)
    assert detector.limit(START + 20) == MIN_LIMIT
    assert detector.limit(START + 3_620) is None


def test_the_time_of_the_last_frame_is_exact() -> None:
    detector = SilenceDetector(START)
    detector.record_frames(START + 1.25)
    assert detector.last == START + 1.25


gaps = st.lists(st.floats(0.001, 2.0), min_size=1, max_size=400)


@given(gaps, st.floats(0, 100))
def test_a_limit_is_at_least_three_seconds_and_never_over_five_times_the_longest_gap(
    gaps: list[float], quiet: float
) -> None:
    limit = limit_after(gaps, quiet)
    assert limit is None or 3.0 <= limit <= max(3.0, 5 * max(gaps) + 1e-6)


@given(gaps)
def test_at_most_one_gap_in_a_hundred_exceeds_a_fifth_of_the_limit(gaps: list[float]) -> None:
    limit = limit_after(gaps)
    if limit is not None and sum(gaps) < 59:
        assert sum(5 * gap > limit + 1e-6 for gap in gaps) <= len(gaps) // 100


@given(gaps)
def test_a_steady_feed_never_exceeds_its_own_limit(gaps: list[float]) -> None:
    """What was usual for a minute is no reason to ask."""
    usual = max(gaps)
    limit = limit_after([usual] * len(gaps))
    assert limit is None or usual < limit
