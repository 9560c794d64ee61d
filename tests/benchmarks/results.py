"""Results of benchmarks, and their table."""

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
    """The bound for the median: a maximum, or a minimum if `at_least`."""

    bound: float
    at_least: bool = False

    def is_met_by(self, figure: float) -> bool:
        return figure >= self.bound if self.at_least else figure <= self.bound


class Result(NamedTuple):
    """One line of the table.

    `figures` are those of the runs; the goal applies to their median. With a side to compare with, each is the ratio of
    a pair. `ours` and `theirs` are texts.
    """

    what: str
    figures: Sequence[float]
    unit: str = ""
    ours: str = ""
    theirs: str = ""
    goal: Goal | None = None
    remark: str = ""
    """Replaces the figures if there are none."""

    @property
    def met(self) -> bool:
        return bool(self.figures) and (self.goal is None or self.goal.is_met_by(statistics.median(self.figures)))

    def cells(self) -> tuple[str, ...]:
        figure = f"{median_and_range(self.figures)} {self.unit}".strip() if self.figures else ""
        figure = "; ".join(words for words in (figure, self.remark) if words)
        goal = (
            f"{'≥' if self.goal.at_least else '≤'} {short_number(self.goal.bound)} {self.unit}".strip()
            if self.goal
            else ""
        )
        met = ("yes" if self.met else "NO" if self.figures else "?") if self.goal else ""
        return self.what, self.ours, self.theirs, figure, goal, met


def short_number(figure: float) -> str:
    """Returns the number with three significant digits."""
    if abs(figure) >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.{1 if abs(figure) >= 10 else 2}f}".rstrip("0").rstrip(".")


def median_text(figures: Iterable[float], unit: str = "") -> str:
    """Returns the median with its unit."""
    return f"{short_number(statistics.median(figures))} {unit}".strip()


def median_and_range(figures: Sequence[float]) -> str:
    """Returns the median, and the range if there are several figures."""
    if len(figures) == 1:
        return short_number(figures[0])
    return f"{median_text(figures)} ({short_number(min(figures))}–{short_number(max(figures))})"


def ratios(ones: Iterable[float], others: Iterable[float]) -> list[float]:
    """Returns the ratios of the pairs."""
    return [one / other if other else float("inf") for one, other in zip(ones, others, strict=True)]


def percentile(figures: Iterable[float], share: float) -> float:
    """Returns the smallest figure that is not exceeded by a share (0 to 1) of the figures."""
    ordered = sorted(figures)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def describe_machine() -> str:
    """Returns date, machine and versions."""
    packages = ", ".join(f"{name} {version(name.lower())}" for name in ("Textual", "websockets"))
    return (
        f"{date.today()}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}, "
        f"{platform.system()} {platform.machine()}"
    )


def format_table(results: Iterable[tuple[str, Result]]) -> str:
    """Returns the table of results with the names of their benchmarks."""
    rows = [_TITLES, *((name, *result.cells()) for name, result in results)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(_TITLES))]
    rows.insert(1, tuple("-" * width for width in widths))
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([*lines, "", describe_machine()])


def print_progress(words: str) -> None:
    """Print progress to standard error."""
    print(words, file=sys.stderr, flush=True)


def argument_parser(what: str | None) -> argparse.ArgumentParser:
    """Returns the parser of a benchmark's options."""
    parser = argparse.ArgumentParser(description=what, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="number of runs (3)")
    return parser


def run_alone(name: str, what: str | None, measure: Callable[[int], list[Result]]) -> None:
    """Run one benchmark as a command."""
    runs = argument_parser(what).parse_args().runs
    print(format_table((name, result) for result in measure(runs)))
