"""One step after the other: what was found, what to do about it, and which cannot be taken after one that failed."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from enum import Enum
from typing import NamedTuple

from tui.errors import FeedError, ItickError, KeyRefused
from tui.feed.clock import monotonic


class Status(Enum):
    """How a step ended."""

    OK = "OK"
    WARN = "WARN"  # it works, but not all of it or not for ever
    FAIL = "FAIL"
    SKIPPED = "skipped"


class Found(NamedTuple):
    """What a step found, and what to do where not all is well. `ms`: how long what it is about took, where that is not
    the step itself. `blocks`: what builds on it is not tried."""

    words: str
    advice: str = ""
    status: Status = Status.OK
    ms: float | None = None
    blocks: bool = False


class NotTaken(ItickError):
    """What the step is about is not there any more."""


class Check(NamedTuple):
    """A step: its name, how it is taken, the names of those it builds on, and what to do where it raises ItickError
    that does not know better. `timed`: how long it takes says something."""

    name: str
    take: Callable[[], Awaitable[Found]]
    needs: Sequence[str] = ()
    advice: str = ""
    timed: bool = False


class Result(NamedTuple):
    """A step that was taken, or was not."""

    name: str
    status: Status
    words: str
    advice: str = ""
    ms: float | None = None


class Checkup:
    """Takes steps and keeps their results. `begins` is told of each before, `ends` after it."""

    def __init__(self, begins: Callable[[str], None], ends: Callable[[Result], None]) -> None:
        self.results: list[Result] = []
        self._begins = begins
        self._ends = ends
        self._because: dict[str, str] = {}  # of a step that others cannot build on: the one where it began

    async def run(self, checks: Iterable[Check], within: float = math.inf) -> None:
        """Take them in order, in `within` s altogether. What an ItickError says is a failure, and after a KeyRefused
        nothing is tried that builds on "key"; any other exception is a fault of ours and goes on."""
        end = monotonic() + within
        for check in checks:
            self._begins(check.name)
            begun = monotonic()
            found = await self._take(check, end - begun, within)
            took = 1000 * (monotonic() - begun) if check.timed and found.status is not Status.SKIPPED else None
            if found.blocks or found.status is Status.FAIL:
                self._because.setdefault(check.name, check.name)
            result = Result(check.name, found.status, found.words, found.advice, took if found.ms is None else found.ms)
            self.results.append(result)
            self._ends(result)

    async def _take(self, check: Check, left: float, within: float) -> Found:
        for need in check.needs:
            if need in self._because:
                self._because[check.name] = self._because[need]
                return Found(f"not tried, because of {self._because[need]}", status=Status.SKIPPED)
        try:
            async with asyncio.timeout(max(0.0, left)):
                return await check.take()
        except TimeoutError:
            return Found(f"not done when the {within:g} s for all of this were over", check.advice, Status.FAIL)
        except NotTaken as error:
            return Found(str(error), status=Status.SKIPPED)
        except ItickError as error:
            if isinstance(error, KeyRefused):
                self._because["key"] = check.name
            advice = error.advice if isinstance(error, FeedError) else ""
            return Found(str(error), advice or check.advice, Status.FAIL)
