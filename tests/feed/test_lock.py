from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tui.feed.lock import KeyInUse, KeyLock
from tui.secrets import Token

KEY = Token("5ecre7-2abf6c0e7dd8a1930a")


def test_one_copy_a_key_and_host(tmp_path: Path) -> None:
    with KeyLock("api.itick.org", KEY, folder=tmp_path):
        with pytest.raises(KeyInUse, match=rf"itick-tui \(pid {os.getpid()}\) is using this key") as refused:
            KeyLock("api.itick.org", KEY, folder=tmp_path).__enter__()
        assert refused.value.pid == os.getpid()
        assert refused.value.exit_code == 2
        with KeyLock("api0.itick.org", KEY, folder=tmp_path), KeyLock("api.itick.org", Token("other"), folder=tmp_path):
            pass
    with KeyLock("api.itick.org", KEY, folder=tmp_path):
        pass


def test_taking_over_goes_on_without_the_lock_and_leaves_it_to_its_holder(tmp_path: Path) -> None:
    with KeyLock("host", KEY, folder=tmp_path):
        with KeyLock("host", KEY, folder=tmp_path, take_over=True):
            pass
        with pytest.raises(KeyInUse):
            KeyLock("host", KEY, folder=tmp_path).__enter__()


def test_the_key_is_not_in_the_files_name_or_text(tmp_path: Path) -> None:
    with KeyLock("host", KEY, folder=tmp_path):
        (file,) = tmp_path.iterdir()
        assert KEY.reveal() not in file.name + file.read_text()
        assert file.stat().st_mode & 0o077 == 0


def test_a_copy_that_was_killed_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from tui.feed.lock import KeyLock; from tui.secrets import Token\n"
        "with KeyLock('host', Token(sys.argv[2]), folder=Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), KEY.reveal()], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(KeyInUse) as refused:
            KeyLock("host", KEY, folder=tmp_path).__enter__()
        assert refused.value.pid == holder.pid
        holder.kill()
    with KeyLock("host", KEY, folder=tmp_path):
        pass


def test_without_a_place_for_the_lock_the_program_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with KeyLock("host", KEY, folder=tmp_path / "file"), KeyLock("host", KEY, folder=tmp_path / "file"):
        pass
