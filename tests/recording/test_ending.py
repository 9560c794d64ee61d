"""When the last entry of a recording arrived, found from its end."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.support.recordings import BEGAN, compress, header, tick_lines, write_recording
from tui.recording import ending
from tui.recording.ending import last_time

LINES = tick_lines(50, 60.0)
LAST = BEGAN + 49 * 60


def test_of_members_the_last_one_is_read(tmp_path: Path) -> None:
    assert last_time(write_recording(tmp_path / "r.gz", LINES[:30], LINES[30:])) == LAST


def test_of_a_plain_file_too(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(header() + b"".join(LINES))
    assert last_time(path) == LAST


@pytest.mark.parametrize("lost", [1, 9, 40])
def test_of_a_file_that_is_cut_off_what_is_left_counts(tmp_path: Path, lost: int) -> None:
    path = write_recording(tmp_path / "r.gz", LINES[:30], LINES[30:])
    path.write_bytes(path.read_bytes()[:-lost])
    found = last_time(path)
    assert found is not None and BEGAN + 24 * 60 <= found <= LAST


def test_only_the_tail_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    last = len(compress(LINES[40:]))
    path = write_recording(tmp_path / "r.gz", LINES[:40], LINES[40:])
    monkeypatch.setattr(ending, "_TAIL", last)
    assert last_time(path) == LAST
    monkeypatch.setattr(ending, "_TAIL", last - 1)
    assert last_time(path) is None, "no member begins in it"


def test_a_member_that_is_too_large_or_no_member_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r.gz"
    path.write_bytes(gzip.compress(header() + b"".join(LINES)))
    assert last_time(path) == LAST
    monkeypatch.setattr(ending, "_MOST_TEXT", 100)
    assert last_time(path) is None
    path.write_bytes(b"\x1f\x8b\x08" * 20)
    assert last_time(path) is None
    assert last_time(tmp_path / "nowhere") is None
