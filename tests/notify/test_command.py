"""The person's command, as a real child process."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.support.wait_until import until
from tui.notify.command import run_alert_command
from tui.secrets import read_file

VALUES = {"symbol": "QQQ$US", "price": "520.10", "words": "QQQ$US 520.10 crossed above 520; $(rm x)"}
RECORD_CALL = """
import json, os, sys
told = {"arguments": sys.argv[2:], "input": sys.stdin.read(), "env": dict(os.environ)}
told["group"] = os.getpgrp() == os.getpid()
open(sys.argv[1], "w").write(json.dumps(told))
print("seen by nobody")
"""


KILLED = "import os; os.kill(os.getpid(), 15)"


async def run_and_read(tmp_path: Path, *arguments: str) -> dict[str, object]:
    file = tmp_path / "told"
    assert await run_alert_command([sys.executable, "-c", RECORD_CALL, str(file), *arguments], VALUES) == ""
    received: dict[str, object] = json.loads(file.read_text())
    return received


async def test_the_words_are_its_last_argument_and_no_shell_reads_them(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    received = await run_and_read(tmp_path, "alert")
    assert received["arguments"] == ["alert", VALUES["words"]]
    assert (received["input"], received["group"]) == ("", True)
    assert capfd.readouterr() == ("", "")


async def test_placeholders_take_their_place(tmp_path: Path) -> None:
    received = await run_and_read(tmp_path, "{symbol}", "at {price}", "{other}")
    assert received["arguments"] == ["QQQ$US", "at 520.10", "{other}"]


async def test_the_key_is_not_in_its_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("a-key-nobody-may-see")
    (tmp_path / "key").chmod(0o600)
    read_file(tmp_path / "key")
    monkeypatch.setenv("ITICK_TOKEN", "another-key")
    monkeypatch.setenv("COPY", "Bearer a-key-nobody-may-see")
    received = await run_and_read(tmp_path)
    assert "key" not in json.dumps({k: v for k, v in received["env"].items() if k in ("ITICK_TOKEN", "COPY")})  # type: ignore[attr-defined]
    assert "nobody-may-see" not in json.dumps(received)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["no-such-program-here"], "alert_command: 'no-such-program-here' cannot be run: no such file or directory"),
        ([sys.executable, "-c", "raise SystemExit(3)"], f"alert_command: '{sys.executable}' ended with code 3"),
        ([sys.executable, "-c", KILLED], f"alert_command: '{sys.executable}' ended with code -15"),
        (["a\0b"], "alert_command: 'a\0b' cannot be run: there is a character in it that no argument may have"),
    ],
)
async def test_what_goes_wrong_is_said(command: list[str], words: str) -> None:
    assert await run_alert_command(command, VALUES) == words


SLEEPERS = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open(sys.argv[1], "w").write(f"{child.pid} ")
time.sleep(60)
"""


@pytest.mark.parametrize("cancelled", [True, False])
async def test_one_that_does_not_end_is_killed_with_all_that_it_started(tmp_path: Path, cancelled: bool) -> None:
    file = tmp_path / "pid"
    running = asyncio.create_task(run_alert_command([sys.executable, "-c", SLEEPERS, str(file)], VALUES, within=2.0))
    await until(lambda: file.exists() and file.read_text().endswith(" "))
    pid = int(file.read_text())
    assert alive(pid)
    if cancelled:
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    else:
        assert await running == f"alert_command: '{sys.executable}' did not end within 2 s: it was stopped"
    await until(lambda: not alive(pid))


def alive(pid: int) -> bool:
    """Whether it still runs; one that ended and nobody waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
