"""What ten million messages leave behind, and what a symbol takes.

    python -m tests.benchmarks.memory [--runs N] [--millions N]

Memory in use (RSS) of the whole program on a real terminal, after the first million messages of a flood over 500
symbols and after each of the following; and after half a million over 10 symbols and over 500.
"""

from __future__ import annotations

from tests.benchmarks.results import Goal, Result, middle, options, say, table
from tests.benchmarks.running import program, sender, until
from tests.benchmarks.sender import SYMBOLS

MILLION = 1_000_000
MILLIONS = 10
GROWTH = Goal(5)  # MB
FEW = 10  # symbols
FILLED = MILLION // 2  # messages, after which a symbol has what it keeps of the past


def at_each(millions: int) -> list[float]:
    """MB after one million, two, and so on."""
    found = []
    with sender() as (url, _), program(url) as running:
        for million in range(1, millions + 1):
            report = until(running, lambda report, least=million * MILLION: report.messages >= least)  # type: ignore[misc]
            found.append(report.rss / MILLION)
            say(f"memory after {million} million: {found[-1]:.1f} MB")
    return found


def with_symbols(count: int) -> float:
    """MB with so many symbols."""
    with sender("--symbols", str(count)) as (url, _), program(url, count) as running:
        found = until(running, lambda report: report.messages >= FILLED).rss / MILLION
    say(f"memory with {count} symbols: {found:.1f} MB")
    return found


def measure(runs: int, millions: int = MILLIONS) -> list[Result]:
    flood, few, many = [], [], []
    for _ in range(runs):
        flood.append(at_each(millions))
        few.append(with_symbols(FEW))
        many.append(with_symbols(SYMBOLS))
    columns = list(zip(*flood, strict=True))
    between = ", ".join(middle(column) for column in columns)
    return [
        Result(
            f"growth from 1 to {millions} million messages",
            [after[-1] - after[0] for after in flood],
            "MB",
            ours=middle(columns[-1], "MB"),
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
    parser = options(__doc__)
    parser.add_argument("--millions", type=int, default=MILLIONS)
    chosen = parser.parse_args()
    print(table(("memory", result) for result in measure(chosen.runs, chosen.millions)))
