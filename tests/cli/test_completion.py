"""What a shell offers."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from tests.support.command import run_in_process
from tui.cli import cli
from tui.cli.completion import SHELLS
from tui.cli.defaults import COMPLETION_VARIABLE
from tui.config.file import default_config_path
from tui.config.themes import all_themes
from tui.exchange.faults import FAULTS


def offered(*words: str) -> list[str]:
    """What the last word may become."""
    shell = BashComplete(cli, {}, "itick-tui", COMPLETION_VARIABLE)
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
    shell = BashComplete(cli, {}, "itick-tui", COMPLETION_VARIABLE)
    assert [item.type for item in shell.get_completions(["--token-file"], "x")] == ["file"]
    assert [item.type for item in shell.get_completions(["--export-dir"], "x")] == ["dir"]


@pytest.mark.parametrize(
    ("typed", "symbols"),
    [
        ("QQ", ["QQQ.US", "QQQM.US"]),
        ("qqqm", ["qqqm.us"]),
        ("QQQ$", ["QQQ$US"]),
        ("Qqqm", ["Qqqm.US"]),
        ("SPY.US,2828", ["SPY.US,2828.HK"]),
        ("US:QQ", ["US:QQQ", "US:QQQM"]),
        ("us:qqqm", ["us:qqqm"]),
        ("SPY$US,sh:588", ["SPY$US,sh:588100", "SPY$US,sh:588000"]),
        ("5881", ["588100.SH"]),
        ("QQQ/QQQ", ["QQQ/QQQ.US", "QQQ/QQQM.US"]),
        ("GLD,QQQ$US/QQQ$", ["GLD,QQQ$US/QQQ$US"]),
        ("TEC", ["TECA.US"]),
        ("no such", []),
        ("02828", []),  # another beginning: a shell would put its end behind what was typed
        ("sh588100", []),
    ],
)
def test_symbols_of_the_lists_and_of_known_names(typed: str, symbols: list[str]) -> None:
    path = default_config_path()
    path.parent.mkdir(parents=True)
    path.write_text('[lists]\nMine = ["588100$SH", "TECA$US-QQQ$US"]\n', encoding="utf-8")
    assert offered("--watch", typed) == symbols
    assert offered("stream", "--watch", typed) == symbols


def test_the_config_file_of_the_same_line_counts_and_a_broken_one_is_no_word_of_it(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('[lists]\nMine = ["ZZZ$US"]\n', encoding="utf-8")
    assert offered("stream", "--config", str(other), "--watch", "ZZ") == ["ZZZ.US"]
    other.write_text("lists = 1", encoding="utf-8")
    assert offered("stream", "--config", str(other), "--watch", "ZZ") == []
    assert offered("stream", "--config", str(other), "--watch", "QQQM") == ["QQQM.US"]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_a_shell_is_printed(shell: str) -> None:
    result = run_in_process("completion", shell)
    assert (result.returncode, result.stderr) == (0, "")
    assert f"{COMPLETION_VARIABLE}=itick-{shell}_complete itick-tui" in result.stdout
    assert result.stdout.endswith("\n") and not result.stdout.endswith("\n\n")
