"""The benchmarks still measure: nothing else runs them, and much of what they start is named in strings."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.benchmarks import instruction_counts, naive


@pytest.mark.parametrize("module", ["program", "naive_client"])
def test_a_client_reports_its_updates(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naive, "SETTLE", 0.0)
    monkeypatch.setattr(naive, "DURATION", 0.3)
    rate = naive.measure_updates(module)
    assert rate.speed > 100 and rate.cost > 0


@pytest.mark.parametrize(
    ("work", "parts"),
    [
        ("messages", len(instruction_counts.SYMBOLS)),
        ("frames", len(instruction_counts.CHANGED) + len(instruction_counts.LISTS)),
    ],
)
def test_each_part_of_the_work_is_timed(work: str, parts: int) -> None:
    command = [sys.executable, "-m", "tests.benchmarks.instruction_counts", work, "1"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    timings = json.loads(result.stdout)
    assert len(timings) == parts and all(seconds > 0 for _, seconds in timings)
