"""Memory growth over ten million messages, and memory a symbol.

    python -m tests.benchmarks.memory [--runs N] [--millions N]

Resident memory (RSS) of the whole program on a real terminal, after the first million messages of a flood over 500
symbols and after each of the following; and after half a million over 10 symbols and over 500.
"""

from __future__ import annotations

from tests.benchmarks.results import Goal, Result, argument_parser, format_table, median_text, print_progress
from tests.benchmarks.running import start_program, start_sender, wait_for_counters
from tests.benchmarks.sender import SYMBOLS

MILLION = 1_000_000
MILLIONS = 10
GROWTH = Goal(5)  # MB
FEW = 10  # symbols
FILLED = MILLION // 2  # messages, after which the history of each symbol is full


def at_each(millions: int) -> list[float]:
    """Returns MB after one million messages, two, and so on."""
    found = []
    with start_sender() as (url, _), start_program(url) as running:
        for million in range(1, millions + 1):
            report = wait_for_counters(running, lambda report, least=million * MILLION: report.messages >= least)  # type: ignore[misc]
            found.append(report.rss / MILLION)
            print_progress(f"memory after {million} million: {found[-1]:.1f} MB")
    return found


def with_symbols(count: int) -> float:
    """Returns MB with so many symbols."""
    with start_sender("--symbols", str(count)) as (url, _), start_program(url, count) as running:
        found = wait_for_counters(running, lambda report: report.messages >= FILLED).rss / MILLION
    print_progress(f"memory with {count} symbols: {found:.1f} MB")
    return found


def measure(runs: int, millions: int = MILLIONS) -> list[Result]:
    flood, few, many = [], [], []
    for _ in range(runs):
        flood.append(at_each(millions))
        few.append(with_symbols(FEW))
        many.append(with_symbols(SYMBOLS))
    columns = list(zip(*flood, strict=True))
    between = ", ".join(median_text(column) for column in columns)
    return [
        Result(
            f"growth from 1 to {millions} million messages",
            [after[-1] - after[0] for after in flood],
            "MB",
            ours=median_text(columns[-1], "MB"),
            goal=GROWTH,
        ),
        Result("in use after each million", [], remark=f"{between} MB"),
        Result(
            f"a symbol, from {FEW} to {SYMBOLS}",
            [1000 * (more - less) / (SYMBOLS - FEW) for more, less in zip(many, few, strict=True)],
            "kB",
        ),
    ]


if __name__ == "__main__":
    parser = argument_parser(__doc__)
    parser.add_argument("--millions", type=int, default=MILLIONS)
    chosen = parser.parse_args()
    print(format_table(("memory", result) for result in measure(chosen.runs, chosen.millions)))
