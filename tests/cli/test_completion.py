"""What a shell offers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from tests.command import environment, itick_here
from tui.cli import cli
from tui.config.file import default_path
from tui.exchange.faults import FAULTS
from tui.themes import all_themes


def offered(*words: str) -> list[str]:
    """What the last word may become."""
    shell = BashComplete(cli, {}, "itick-tui", "_ITICK_TUI_COMPLETE")
    return [item.value for item in shell.get_completions(list(words[:-1]), words[-1])]


def test_commands_options_themes_faults_and_types() -> None:
    assert set(offered("")) == set(cli.commands)
    assert offered("do") == ["doctor"]
    assert offered("config", "in") == ["init"]
    assert "--token-file" in offered("stream", "--t")
    assert offered("--theme", "") == list(all_themes())
    assert offered("exchange", "--fault", "kline") == ["kline-refused"]
    assert offered("exchange", "--fault", "drop", "--fault", "") == list(FAULTS)
    assert offered("stream", "--types", "quote,d") == ["quote,depth"]
    assert offered("completion", "") == ["bash", "zsh", "fish"]


def test_files() -> None:
    shell = BashComplete(cli, {}, "itick-tui", "_ITICK_TUI_COMPLETE")
    assert [item.type for item in shell.get_completions(["--token-file"], "x")] == ["file"]
    assert [item.type for item in shell.get_completions(["--export-dir"], "x")] == ["dir"]


@pytest.mark.parametrize(
    ("typed", "symbols"),
    [
        ("QQ", ["QQQ.US", "QQQM.US"]),
        ("qqqm", ["qqqm.us"]),
        ("QQQ$", ["QQQ$US"]),
        ("SPY.US,2828", ["SPY.US,2828.HK"]),
        ("5881", ["588100.SH"]),
        ("no such", []),
        ("SPY.US，２８２", ["SPY.US，2828.HK"]),
        ("02828", ["2828.HK"]),
        ("SPY.US,sh588100", ["SPY.US,588100.SH"]),
        ("02829", []),
    ],
)
def test_symbols_of_the_lists_and_of_known_names(typed: str, symbols: list[str]) -> None:
    path = default_path()
    path.parent.mkdir(parents=True)
    path.write_text('[lists]\nMine = ["588100$SH"]\n', encoding="utf-8")
    assert offered("--watch", typed) == symbols
    assert offered("stream", "--watch", typed) == symbols


def test_the_config_file_of_the_same_line_counts_and_a_broken_one_is_no_word_of_it(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('[lists]\nMine = ["ZZZ$US"]\n', encoding="utf-8")
    assert offered("stream", "--config", str(other), "--watch", "ZZ") == ["ZZZ.US"]
    other.write_text("lists = 1", encoding="utf-8")
    assert offered("stream", "--config", str(other), "--watch", "ZZ") == []
    assert offered("stream", "--config", str(other), "--watch", "QQQM") == ["QQQM.US"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_calls_the_program_by_the_variable_it_listens_to(shell: str) -> None:
    result = itick_here("completion", shell)
    assert result.returncode == 0
    assert f"_ITICK_TUI_COMPLETE={shell}_complete" in result.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_a_real_bash_offers_what_the_program_says(tmp_path: Path) -> None:
    program = tmp_path / "itick-tui"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tui "$@"\n')
    program.chmod(0o755)
    script = """
        eval "$(itick-tui completion bash)"
        COMP_WORDS=(itick-tui stream --watch QQQ.US,SP) COMP_CWORD=3
        $(complete -p itick-tui | sed 's/.*-F \\([^ ]*\\).*/\\1/') itick-tui
        echo "${COMPREPLY[@]}"
    """
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    result = subprocess.run(
        ["bash", "--norc", "-c", script],
        env=environment() | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (result.stdout, result.stderr) == ("QQQ.US,SPY.US\n", "")
