"""The gate's own tools: what they hold back and what they try."""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parents[2]


def oldest(requirement: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What `.ci/oldest` says of a project with such a dependency."""
    (folder / ".ci").mkdir()
    shutil.copy(HERE / ".ci/oldest", folder / ".ci/oldest")
    extras = '{ test = ["ours[socks]"] }'
    project = f'name = "ours"\ndependencies = ["certifi", "{requirement}"]\noptional-dependencies = {extras}'
    (folder / "pyproject.toml").write_text(f"[project]\n{project}\n")
    return subprocess.run(
        [sys.executable, folder / ".ci/oldest"], check=False, capture_output=True, text=True, timeout=30
    )


@pytest.mark.parametrize("requirement", ["rich>=14.2", "rich[x]>=14.2,!=14.3,<16", "rich>=14.2; python_version>'3'"])
def test_the_oldest_that_is_allowed_is_what_is_tried(requirement: str, tmp_path: Path) -> None:
    result = oldest(requirement, tmp_path)
    assert (result.returncode, result.stdout) == (0, "rich==14.2\n")


@pytest.mark.parametrize("requirement", ["rich", "rich<16", "rich==14.2", "rich>14.2", "rich >= 14.2", "rich>=14.2rc1"])
def test_a_dependency_that_does_not_say_its_oldest_is_not_left_out_silently(requirement: str, tmp_path: Path) -> None:
    result = oldest(requirement, tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"'{requirement}' does not begin with its oldest version")


def test_each_newer_release_is_tried_in_an_environment_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[str] = []

    def run(command: list[object], **_: Any) -> subprocess.CompletedProcess[str]:
        words = " ".join(map(str, command))
        done.append(next(name for name in ("venv", "-e ", "list", "==", "pytest") if name in words))
        newer = [{"name": name, "version": "1", "latest_version": "99"} for name in ("rich", "click", "not-ours")]
        return subprocess.CompletedProcess([], 0, json.dumps(newer))

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(shutil, "copytree", lambda *_, **__: None)
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(HERE / ".ci/outdated"))
    assert caught.value.code == 1
    assert done == ["venv", "-e ", "list", *["venv", "-e ", "==", "pytest"] * 2]
    assert "with rich 99 the checks pass: its cap can be raised" in capsys.readouterr().out
