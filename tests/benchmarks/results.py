"""What a benchmark found, and the one table of it all."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from importlib.metadata import version
from typing import NamedTuple

_TITLES = ("benchmark", "what", "ours", "theirs", "figure (min–max)", "goal", "met")


class Goal(NamedTuple):
    """What the median should reach: at most `bound`, or at least."""

    bound: float
    at_least: bool = False

    def met(self, figure: float) -> bool:
        return figure >= self.bound if self.at_least else figure <= self.bound


class Result(NamedTuple):
    """One line of the table. `figures` are those of the runs, and their median is what the goal is for; with a side to
    compare with, each is the ratio of a pair. `ours` and `theirs` are in words."""

    what: str
    figures: Sequence[float]
    unit: str = ""
    ours: str = ""
    theirs: str = ""
    goal: Goal | None = None
    remark: str = ""
    """In place of figures, where there are none."""

    @property
    def met(self) -> bool:
        return bool(self.figures) and (self.goal is None or self.goal.met(statistics.median(self.figures)))

    def cells(self) -> tuple[str, ...]:
        figure = f"{spread(self.figures)} {self.unit}".strip() if self.figures else ""
        figure = "; ".join(words for words in (figure, self.remark) if words)
        goal = f"{'≥' if self.goal.at_least else '≤'} {short(self.goal.bound)} {self.unit}".strip() if self.goal else ""
        met = ("yes" if self.met else "NO" if self.figures else "?") if self.goal else ""
        return self.what, self.ours, self.theirs, figure, goal, met


def short(figure: float) -> str:
    """Three digits that count."""
    if abs(figure) >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.{1 if abs(figure) >= 10 else 2}f}".rstrip("0").rstrip(".")


def middle(figures: Iterable[float], unit: str = "") -> str:
    return f"{short(statistics.median(figures))} {unit}".strip()


def spread(figures: Sequence[float]) -> str:
    """The median, and the range where there is more than one."""
    if len(figures) == 1:
        return short(figures[0])
    return f"{middle(figures)} ({short(min(figures))}–{short(max(figures))})"


def ratios(ones: Iterable[float], others: Iterable[float]) -> list[float]:
    """Of the pairs."""
    return [one / other if other else float("inf") for one, other in zip(ones, others, strict=True)]


def percentile(figures: Iterable[float], share: float) -> float:
    """The smallest figure that at least so much of 1 are not above."""
    ordered = sorted(figures)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def machine() -> str:
    """What it was measured on, and when."""
    packages = ", ".join(f"{name} {version(name.lower())}" for name in ("Textual", "websockets"))
    return (
        f"{date.today()}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}, "
        f"{platform.system()} {platform.machine()}"
    )


def table(results: Iterable[tuple[str, Result]]) -> str:
    """Results under the names of their benchmarks."""
    rows = [_TITLES, *((name, *result.cells()) for name, result in results)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(_TITLES))]
    rows.insert(1, tuple("-" * width for width in widths))
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([*lines, "", machine()])


def say(words: str) -> None:
    """How far it is, for who waits: not part of the result."""
    print(words, file=sys.stderr, flush=True)


def options(what: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=what, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="how often each side has its turn (5)")
    return parser


def alone(name: str, what: str | None, measure: Callable[[int], list[Result]]) -> None:
    """One benchmark as a command."""
    runs = options(what).parse_args().runs
    print(table((name, result) for result in measure(runs)))
