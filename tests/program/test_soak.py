"""A short storm; `python -m tests.soak` makes long ones."""

from __future__ import annotations

from tests.soak import BRIEF, CASES, COMPANIONS, HEAVY, QUICK, WEATHER, soak
from tui.exchange.faults import FAULTS, FIXED_AT_START


def test_every_fault_is_tried() -> None:
    rest = {name for name in FAULTS if name.startswith("rest-")} - {"rest-extreme"}  # a storm asks for little over REST
    tried = {*CASES, *WEATHER, *HEAVY, *COMPANIONS}
    assert FAULTS.keys() - FIXED_AT_START - rest == FAULTS.keys() & tried


async def test_after_a_storm_of_twelve_seconds_everything_is_known_and_nothing_is_left_behind() -> None:
    report = await soak(12, seed=3, timings=BRIEF, cases=QUICK)
    assert not report.failures, str(report)
    assert len(report.measured) >= 4, str(report)
