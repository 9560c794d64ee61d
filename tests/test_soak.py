"""A short storm; `python -m tests.soak` makes long ones."""

from __future__ import annotations

from tests.soak import BRIEF, QUICK, soak


async def test_after_a_storm_of_twelve_seconds_everything_is_known_and_nothing_is_left_behind() -> None:
    report = await soak(12, seed=3, timings=BRIEF, cases=QUICK)
    assert not report.failures, str(report)
    assert len(report.measured) >= 4, str(report)
