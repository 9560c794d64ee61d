"""Whether the cost of work grows with what is not visible.

    python -m tests.benchmarks.scale [--runs N]

The cost of a message with 1, 10, 100 and 500 symbols, 40 rows visible: machine instructions counted by valgrind's
callgrind, from the frame's bytes to the updated market, which do not depend on the load of the machine. And the cost of
a frame, from the messages that change its rows to the bytes for the terminal, with 1 to 40 rows changed of 500 and with
one row changed in lists of 50 to 1,000: instructions and CPU time.

The work is done by a process of its own, `instruction_counts.py`; callgrind writes its counts between its parts.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.benchmarks.instruction_counts import CHANGED, FRAMES, LISTS, MARK, MESSAGES, SYMBOLS
from tests.benchmarks.results import Goal, Result, print_progress, ratios, run_alone, short_number

FLAT = Goal(1.15)
NO_VALGRIND = "not counted: valgrind is not on this machine"
_COUNTED = re.compile(r"^summary: (\d+)", re.MULTILINE)

Costs = Mapping[str, Sequence[float]]
"""By the part's name, one for each run: CPU ms or thousands of instructions, of a message or a frame."""


def _run(what: str, runs: int, *before: str) -> list[tuple[str, float]]:
    """Returns the parts in order, with their CPU seconds."""
    # Hashes, and with them the probes of a dict, would differ between processes; and compiling under valgrind takes
    # minutes.
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [*before, sys.executable, "-m", "tests.benchmarks.instruction_counts", what, str(runs)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-2_000:])
    return [(name, seconds) for name, seconds in json.loads(done.stdout)]


def measure_cpu(what: str, runs: int) -> Costs:
    """Returns CPU ms of the parts."""
    return _by_name([(name, 1000 * seconds) for name, seconds in _run(what, runs)])


def count_instructions(what: str, runs: int) -> Costs | None:
    """Returns thousands of instructions of the parts, None without valgrind."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        parts = _run(
            what, runs, valgrind, "--tool=callgrind", f"--callgrind-out-file={folder}/counted", f"--dump-before={MARK}"
        )
        # One file for the counts before each mark: every second one is that of a part.
        files = sorted(Path(folder).glob("counted.*"), key=lambda file: int(file.suffix[1:]))
        if len(files) != 2 * len(parts):
            raise RuntimeError(f"{len(files)} counts for {len(parts)} parts: is {MARK} called by something else?")
        counts = [int(found.group(1)) for file in files[1::2] if (found := _COUNTED.search(file.read_text()))]
    units = MESSAGES if what == "messages" else FRAMES
    return _by_name([(name, count / units / 1000) for (name, _), count in zip(parts, counts, strict=True)])


def _by_name(parts: Sequence[tuple[str, float]]) -> Costs:
    costs: dict[str, list[float]] = {}
    for name, cost in parts:
        costs.setdefault(name, []).append(cost)
    return costs


def measure(runs: int) -> list[Result]:
    timings = measure_cpu("frames", runs)
    return [
        *_messages("instructions", count_instructions("messages", runs), "k"),
        *_frames("instructions", count_instructions("frames", runs), "k"),
        *_frames("CPU", timings, "ms"),
    ]


def _messages(how: str, costs: Costs | None, unit: str) -> list[Result]:
    what = f"a message with 500 symbols / with 1, {how}"
    if costs is None:
        return [Result(what, [], goal=FLAT, remark=NO_VALGRIND)]
    print_progress(f"scale: {costs}")
    by_count = [costs[f"{count} symbols"] for count in SYMBOLS]
    return [Result(what, ratios(by_count[-1], by_count[0]), "×", ours=_each(SYMBOLS, by_count, unit), goal=FLAT)]


def _frames(how: str, costs: Costs | None, unit: str) -> list[Result]:
    rows = f"a row more, from 20 to 40 / from 1 to 20, {how}"
    long = f"a frame in a list of 1,000 / of 50, {how}"
    if costs is None:
        return [Result(what, [], goal=FLAT, remark=NO_VALGRIND) for what in (rows, long)]
    print_progress(f"scale: {costs}")
    by_rows = [costs[f"{changed} rows"] for changed in CHANGED]
    by_length = [costs[f"list of {length}"] for length in LISTS]
    one, _, _, twenty, forty = by_rows
    more = [(b - a) / 20 for a, b in zip(twenty, forty, strict=True)]
    less = [(b - a) / 19 for a, b in zip(one, twenty, strict=True)]
    return [
        Result(rows, ratios(more, less), "×", ours=_each(CHANGED, by_rows, unit), goal=FLAT),
        Result(long, ratios(by_length[-1], by_length[0]), "×", ours=_each(LISTS, by_length, unit), goal=FLAT),
    ]


def _each(counts: Sequence[int], costs: Sequence[Sequence[float]], unit: str) -> str:
    """Returns the medians."""
    middles = (short_number(statistics.median(figures)) for figures in costs)
    return ", ".join(f"{count:,}: {figure}" for count, figure in zip(counts, middles, strict=True)) + f" {unit}"


if __name__ == "__main__":
    run_alone("scale", __doc__, measure)
