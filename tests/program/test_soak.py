"""A short soak test; `python -m tests.soak` runs long ones."""

from __future__ import annotations

from tests.soak import CASES, COMPANIONS, FAST_TIMINGS, HEAVY, MIXED_FAULTS, SUITE_CASES, soak
from tui.exchange.faults import FAULTS, FIXED_AT_START


def test_every_fault_is_tried() -> None:
    rest = {name for name in FAULTS if name.startswith("rest-")} - {"rest-extreme"}  # a soak test makes few REST calls
    rest |= {name for name in FAULTS if name.startswith("silent-")}  # what they leave out is never made up for
    tried = {*CASES, *MIXED_FAULTS, *HEAVY, *COMPANIONS}
    assert FAULTS.keys() - FIXED_AT_START - rest == FAULTS.keys() & tried


async def test_after_twelve_seconds_of_faults_everything_is_known_and_nothing_is_left_behind() -> None:
    report = await soak(12, seed=3, timings=FAST_TIMINGS, cases=SUITE_CASES)
    assert not report.failures, str(report)
    assert len(report.measured) >= 4, str(report)
