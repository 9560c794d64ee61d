"""All benchmarks, or those named, and one table: an hour with five runs. A goal that is missed is said there, and fails
nothing.

    python -m tests.benchmarks [NAME ...] [--runs N]

Median and range of the runs, in which all sides take turns. What each one measures stands at the top of its own file,
and `python -m tests.benchmarks.NAME --help` prints it.
"""

from __future__ import annotations

from importlib import import_module

from tests.benchmarks.results import Result, options, say, table

NAMES = ("start", "drain", "naive", "latency", "quiet", "slow", "scale", "memory")


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in NAMES]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    results: list[tuple[str, Result]] = []
    try:
        for name in chosen.names or NAMES:
            say(f"{name} …")
            results += [(name, result) for result in import_module(f"tests.benchmarks.{name}").measure(chosen.runs)]
    finally:
        print(table(results))  # what was measured before one failed, or Ctrl+C, is not lost


if __name__ == "__main__":
    main()
