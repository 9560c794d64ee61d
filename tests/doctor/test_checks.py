"""Steps in order, and those that cannot be taken."""

from __future__ import annotations

import asyncio

import pytest

from tui.doctor.checks import Check, CheckResult, CheckRunner, Finding, Status, StepSkipped
from tui.errors import NoConnection


async def fine() -> Finding:
    return Finding("fine")


async def warned() -> Finding:
    return Finding("so so", "mend it", Status.WARN)


async def blocking() -> Finding:
    return Finding("so so", "mend it", Status.WARN, blocks=True)


async def failing() -> Finding:
    raise NoConnection("broken")


async def gone() -> Finding:
    raise StepSkipped("gone")


async def endless() -> Finding:
    await asyncio.sleep(60)
    return Finding("never")


async def at_fault() -> Finding:
    raise ZeroDivisionError


async def run_steps(*checks: Check, within: float = 5.0) -> list[CheckResult]:
    calls: list[str | CheckResult] = []
    runner = CheckRunner(calls.append, calls.append)
    await runner.run(checks, within)
    assert [result for result in calls if isinstance(result, CheckResult)] == runner.results
    assert [name for name in calls if isinstance(name, str)] == [result.name for result in runner.results]
    return runner.results


async def test_what_was_found_is_told_in_order() -> None:
    assert await run_steps(Check("a", fine), Check("b", warned, ("a",)), Check("c", failing, advice="do this")) == [
        CheckResult("a", Status.OK, "fine"),
        CheckResult("b", Status.WARN, "so so", "mend it"),
        CheckResult("c", Status.FAIL, "broken", "do this"),
    ]


@pytest.mark.parametrize("first", [failing, blocking])
async def test_what_builds_on_a_failure_is_not_tried_and_names_where_it_began(first: object) -> None:
    results = await run_steps(
        Check("a", first),  # type: ignore[arg-type]
        Check("b", at_fault, ("a",)),
        Check("c", at_fault, ("b",)),
        Check("d", fine),
    )
    assert [result.status for result in results[1:]] == [Status.SKIPPED, Status.SKIPPED, Status.OK]
    assert [result.words for result in results[1:]] == ["not tried, because of a", "not tried, because of a", "fine"]


async def test_a_warning_or_a_step_that_says_it_does_not_apply_stands_in_nobodys_way() -> None:
    results = await run_steps(Check("a", warned), Check("b", gone), Check("c", fine, ("a", "b")))
    assert [result.status for result in results] == [Status.WARN, Status.SKIPPED, Status.OK]


async def test_all_of_it_is_over_in_time() -> None:
    results = await run_steps(Check("a", endless, advice="hurry"), Check("b", endless), within=0.02)
    assert [result.status for result in results] == [Status.FAIL, Status.FAIL]
    assert results[0].words == "not done within the 0.02 s for all steps"


async def test_only_what_is_worth_it_is_timed() -> None:
    a, b, c = await run_steps(Check("a", fine), Check("b", fine, timed=True), Check("c", gone, timed=True))
    assert a.ms is None and c.ms is None
    assert b.ms is not None and 0 <= b.ms < 1_000


async def test_a_fault_of_ours_goes_on() -> None:
    with pytest.raises(ZeroDivisionError):
        await run_steps(Check("a", at_fault))
