"""Runs the steps of a diagnosis in order: results, advice, and steps skipped because one they need failed."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from enum import Enum
from typing import NamedTuple

from tui.errors import FeedError, ItickError, KeyRefused
from tui.feed.clock import monotonic


class Status(Enum):
    """The outcome of a step."""

    OK = "OK"
    WARN = "WARN"  # works in part, or not for long
    FAIL = "FAIL"
    SKIPPED = "skipped"


class Finding(NamedTuple):
    """What a step found, and what to do about it if not all is well.

    `ms` is the duration of what was measured, if that is not the step itself. With `blocks` the steps that need this
    one are skipped although it did not fail.
    """

    words: str
    advice: str = ""
    status: Status = Status.OK
    ms: float | None = None
    blocks: bool = False


class StepSkipped(ItickError):
    """Raised by a step that does not apply any more."""


class Check(NamedTuple):
    """A step: its name, its coroutine, the names of the steps it needs, and the advice for an ItickError without one of
    its own. The duration of a `timed` step is reported."""

    name: str
    run_step: Callable[[], Awaitable[Finding]]
    needs: Sequence[str] = ()
    advice: str = ""
    timed: bool = False


class CheckResult(NamedTuple):
    """The result of a step that was run or skipped."""

    name: str
    status: Status
    words: str
    advice: str = ""
    ms: float | None = None


class CheckRunner:
    """Runs steps and collects their results; calls `on_start` with the name of each before it, `on_result` after it."""

    def __init__(self, on_start: Callable[[str], None], on_result: Callable[[CheckResult], None]) -> None:
        self.results: list[CheckResult] = []
        self._on_start = on_start
        self._on_result = on_result
        self._root_causes: dict[str, str] = {}  # name of a failed or skipped step → the step that failed first

    async def run(self, checks: Iterable[Check], within: float = math.inf) -> None:
        """Run the steps in order, within `within` s altogether.

        An ItickError fails its step; after a KeyRefused the steps that need "key" are skipped. Any other exception is a
        fault in the program and propagates.
        """
        end = monotonic() + within
        for check in checks:
            self._on_start(check.name)
            started = monotonic()
            finding = await self._run_step(check, end - started, within)
            elapsed_ms = (
                1000 * (monotonic() - started) if check.timed and finding.status is not Status.SKIPPED else None
            )
            if finding.blocks or finding.status is Status.FAIL:
                self._root_causes.setdefault(check.name, check.name)
            result = CheckResult(
                check.name,
                finding.status,
                finding.words,
                finding.advice,
                elapsed_ms if finding.ms is None else finding.ms,
            )
            self.results.append(result)
            self._on_result(result)

    async def _run_step(self, check: Check, remaining: float, within: float) -> Finding:
        for need in check.needs:
            if need in self._root_causes:
                self._root_causes[check.name] = self._root_causes[need]
                return Finding(f"not tried, because of {self._root_causes[need]}", status=Status.SKIPPED)
        try:
            async with asyncio.timeout(max(0.0, remaining)):
                return await check.run_step()
        except TimeoutError:
            return Finding(f"not done within the {within:g} s for all steps", check.advice, Status.FAIL)
        except StepSkipped as error:
            return Finding(str(error), status=Status.SKIPPED)
        except ItickError as error:
            if isinstance(error, KeyRefused):
                self._root_causes["key"] = check.name
            advice = error.advice if isinstance(error, FeedError) else ""
            return Finding(str(error), advice or check.advice, Status.FAIL)
