from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tui.feed.key_lock import KeyInUse, KeyLock
from tui.secrets import Token

KEY = Token("5ecre7-2abf6c0e7dd8a1930a")

HOLD = """
import sys; from pathlib import Path; from tui.feed.key_lock import KeyLock; from tui.secrets import Token
with KeyLock('host', Token(sys.argv[2]), take_over=True, folder=Path(sys.argv[1])): print('held', flush=True); input()
"""


@contextmanager
def another_process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that takes the key, until the end of the block."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder), KEY.reveal()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        yield holder
        holder.communicate("\n")


def test_one_process_per_key_and_host(tmp_path: Path) -> None:
    with KeyLock("api.itick.org", KEY, folder=tmp_path):
        with pytest.raises(KeyInUse, match=rf"itick-tui \(pid {os.getpid()}\) is using this key") as refused:
            KeyLock("api.itick.org", KEY, folder=tmp_path).__enter__()
        assert refused.value.pid == os.getpid()
        assert refused.value.exit_code == 2
        with KeyLock("api0.itick.org", KEY, folder=tmp_path), KeyLock("api.itick.org", Token("other"), folder=tmp_path):
            pass
    with KeyLock("api.itick.org", KEY, folder=tmp_path):
        pass


def test_the_holder_sees_a_take_over_until_that_process_ends_or_the_key_is_claimed_back(tmp_path: Path) -> None:
    with KeyLock("host", KEY, folder=tmp_path) as lock:
        assert lock.other_pid is None
        for _ in range(2):
            with another_process(tmp_path) as taker:
                assert lock.other_pid == taker.pid
                with pytest.raises(KeyInUse) as refused:
                    KeyLock("host", KEY, folder=tmp_path).__enter__()
                assert refused.value.pid == taker.pid
                lock.claim()
                assert lock.other_pid is None
            assert lock.other_pid is None
        with another_process(tmp_path):
            assert lock.other_pid
        assert lock.other_pid is None, "nobody is left who uses it"
        with pytest.raises(KeyInUse):
            KeyLock("host", KEY, folder=tmp_path).__enter__()


def test_a_process_that_took_over_holds_the_lock_after_the_holder_ends(tmp_path: Path) -> None:
    lock = KeyLock("host", KEY, folder=tmp_path).__enter__()
    with another_process(tmp_path) as taker:
        lock.__exit__(None, None, None)
        time.sleep(0.1)
        with pytest.raises(KeyInUse) as refused:
            KeyLock("host", KEY, folder=tmp_path).__enter__()
        assert refused.value.pid == taker.pid
    with KeyLock("host", KEY, folder=tmp_path):
        pass


def test_a_process_that_took_over_and_left_leaves_no_pid_with_the_holder(tmp_path: Path) -> None:
    """Its pid may soon be that of another program."""
    with KeyLock("host", KEY, folder=tmp_path):
        with KeyLock("host", KEY, folder=tmp_path, take_over=True):
            (file,) = tmp_path.iterdir()
            assert file.read_text() == str(os.getpid())
        assert file.read_text() == ""


def test_a_stale_pid_of_another_program_does_not_block(tmp_path: Path) -> None:
    with KeyLock("host", KEY, folder=tmp_path):
        (file,) = tmp_path.iterdir()
    file.write_text(str(os.getppid()))
    with KeyLock("host", KEY, folder=tmp_path) as lock:
        assert lock.other_pid is None


def test_a_lock_knows_for_how_long_nobody_has_held_the_key(tmp_path: Path) -> None:
    """Whoever is the first of its host and key has nobody to wait for, and a killed process leaves no time."""
    with KeyLock("host", KEY, folder=tmp_path) as lock:
        assert lock.free_for == math.inf
        with KeyLock("host", KEY, folder=tmp_path, take_over=True) as taker:
            assert taker.free_for == math.inf, "it does not wait for the lock"
    (file,) = tmp_path.iterdir()
    for ago in (0.0, 40.0, -3_600.0):  # the last as after the clock was set back
        os.utime(file, (time.time() - ago, time.time() - ago))
        begun = time.time()
        with KeyLock("host", KEY, folder=tmp_path) as lock:
            assert max(0.0, ago) - 0.1 <= lock.free_for <= max(0.0, ago) + time.time() - begun + 0.1
    with another_process(tmp_path) as killed:
        killed.kill()
    os.utime(file, (time.time() - 40, time.time() - 40))
    with KeyLock("host", KEY, folder=tmp_path) as lock:
        assert lock.free_for == 0.0


def test_a_lock_file_removed_before_it_is_locked_is_created_again(tmp_path: Path) -> None:
    first = KeyLock("host", KEY, folder=tmp_path).__enter__()
    (file,) = tmp_path.iterdir()
    file.unlink()
    with KeyLock("host", KEY, folder=tmp_path):
        first.__exit__(None, None, None)
        assert file.exists(), "another's file is not removed"
        with pytest.raises(KeyInUse):
            KeyLock("host", KEY, folder=tmp_path).__enter__()


def test_who_made_a_removed_lock_file_anew_owns_the_key(tmp_path: Path) -> None:
    """Else both would connect, and each end the connection of the other."""
    with KeyLock("host", KEY, folder=tmp_path) as lock:
        (file,) = tmp_path.iterdir()
        file.unlink()
        assert lock.other_pid is None
        with another_process(tmp_path) as other:
            assert lock.other_pid == other.pid
        lock.publish(tmp_path / "socket")
        with pytest.raises(KeyInUse):
            KeyLock("host", KEY, folder=tmp_path).__enter__()


def test_a_lock_file_of_anything_names_no_owner(tmp_path: Path) -> None:
    with KeyLock("host", KEY, folder=tmp_path) as lock:
        (file,) = tmp_path.iterdir()
        for text in (b"9" * 5_000, b"\xff", b"-1", b"pid\nsocket"):
            file.write_bytes(text)
            assert lock.other_pid is None and lock.holder() is None


def test_the_key_is_neither_in_the_name_nor_in_the_text_of_the_lock_file(tmp_path: Path) -> None:
    with KeyLock("host", KEY, folder=tmp_path):
        (file,) = tmp_path.iterdir()
        assert KEY.reveal() not in file.name + file.read_text()
        assert file.stat().st_mode & 0o077 == 0


def test_a_killed_process_does_not_block(tmp_path: Path) -> None:
    with another_process(tmp_path) as holder:
        with pytest.raises(KeyInUse) as refused:
            KeyLock("host", KEY, folder=tmp_path).__enter__()
        assert refused.value.pid == holder.pid
        holder.kill()
    with KeyLock("host", KEY, folder=tmp_path):
        pass


def test_an_unreadable_lock_file_names_no_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> str:
        raise OSError(5, "Input/output error")

    with KeyLock("api.itick.org", KEY, folder=tmp_path) as lock:
        monkeypatch.setattr(Path, "read_text", gone)
        assert lock.other_pid is None


def test_a_hanging_disk_does_not_block_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()
    begun = time.monotonic()
    monkeypatch.setattr("tui.feed.key_lock.make_folder", lambda _: answers.wait())
    with KeyLock("api.itick.org", KEY, folder=tmp_path) as lock:
        assert lock.other_pid is None
        lock.claim()
    assert time.monotonic() - begun < 2
    answers.set()


def test_without_a_writable_folder_the_program_runs_without_a_lock(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with KeyLock("host", KEY, folder=tmp_path / "file"), KeyLock("host", KEY, folder=tmp_path / "file"):
        pass
