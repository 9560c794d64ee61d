"""Runs all benchmarks, or those named, and prints one table; three runs take forty minutes at most. A missed goal is
reported there and does not fail.

    python -m tests.benchmarks [NAME ...] [--runs N]

Figures are the median and range of the runs, in which the sides alternate. Each benchmark is described at the top of
its file, which `python -m tests.benchmarks.NAME --help` prints.
"""

from __future__ import annotations

from importlib import import_module

from tests.benchmarks.results import Result, argument_parser, format_table, print_progress

NAMES = ("start", "drain", "naive", "latency", "quiet", "bytes", "slow", "far", "relay", "scale", "memory")


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in NAMES]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    results: list[tuple[str, Result]] = []
    try:
        for name in chosen.names or NAMES:
            print_progress(f"{name} …")
            results += [(name, result) for result in import_module(f"tests.benchmarks.{name}").measure(chosen.runs)]
    finally:
        print(format_table(results))  # what was measured before one failed, or Ctrl+C, is not lost


if __name__ == "__main__":
    main()
