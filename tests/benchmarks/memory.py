"""Memory of a full day: growth over ten million messages, a symbol's, and against the naive client (`naive_client.py`).

    python -m tests.benchmarks.memory [--millions N]

Resident memory (RSS) of the whole program on a real terminal with 500 symbols, each with a day of minutes, an hour of
spreads and, after two million messages, a full tape: after each million messages of a flood; of that with 10 symbols,
after two million; and of the naive client with 500 symbols, which keeps nothing. Once, whatever the number of runs: it
takes minutes and the figures hardly vary.
"""

from __future__ import annotations

import argparse

from tests.benchmarks.results import Goal, Result, format_table, print_progress, short_number
from tests.benchmarks.running import start_program, start_sender, wait_for_counters
from tests.benchmarks.sender import SYMBOLS

MILLION = 1_000_000
MILLIONS = 10
FULL = 2  # millions of messages, after which every tape is full
MINUTES = ("--minutes", "390")  # of a day of New York
GROWTH = Goal(5)  # MB
SYMBOL = Goal(137)  # kB, half of what it was on 2026-11-30
RATIO = Goal(1.35)
FEW = 10  # symbols
NAIVE_RATE = 1_000  # messages a second, which the naive client keeps up with: in a flood its queue grows
NAIVE_UPDATES = 10_000


def at_each(millions: int, symbols: int) -> list[float]:
    """Returns MB after one million messages, two, and so on."""
    found = []
    with (
        start_sender("--symbols", str(symbols), *MINUTES) as (url, _),
        start_program(url, symbols, "full_day") as running,
    ):
        for million in range(1, millions + 1):
            report = wait_for_counters(running, lambda report, least=million * MILLION: report.messages >= least)  # type: ignore[misc]
            found.append(report.rss / MILLION)
            print_progress(f"memory with {symbols} symbols after {million} million: {found[-1]:.1f} MB")
    return found


def of_naive_client() -> float:
    """Returns MB."""
    with (
        start_sender("--rate", str(NAIVE_RATE)) as (url, _),
        start_program(url, module="naive_client") as running,
    ):
        found = wait_for_counters(running, lambda report: report.updates >= NAIVE_UPDATES).rss / MILLION
    print_progress(f"memory of the naive client: {found:.1f} MB")
    return found


def measure(_runs: int, millions: int = MILLIONS) -> list[Result]:
    many, few, naive = at_each(millions, SYMBOLS), at_each(FULL, FEW), of_naive_client()
    last, between = f"{short_number(many[-1])} MB", ", ".join(map(short_number, many))
    return [
        Result(f"growth from {FULL} to {millions} million messages", [many[-1] - many[FULL - 1]], "MB", goal=GROWTH),
        Result("in use after each million", [], remark=f"{between} MB"),
        Result(
            f"after {millions} million / the naive client's",
            [many[-1] / naive],
            "×",
            ours=last,
            theirs=f"{short_number(naive)} MB",
            goal=RATIO,
        ),
        Result(
            f"a symbol, from {FEW} to {SYMBOLS}",
            [1000 * (many[FULL - 1] - few[-1]) / (SYMBOLS - FEW)],
            "kB",
            goal=SYMBOL,
        ),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millions", type=int, default=MILLIONS)
    print(format_table(("memory", result) for result in measure(1, parser.parse_args().millions)))
