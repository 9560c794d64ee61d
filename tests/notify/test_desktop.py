"""What a terminal is asked for, by what it says of itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tui.notify.desktop import notification_sequence


@pytest.mark.parametrize(
    ("environment", "asked"),
    [
        ({"TERM": "xterm-256color"}, "\x1b]9;itick-tui: QQQ fell\x1b\\"),
        ({"TERM": "xterm-kitty"}, "\x1b]9;itick-tui: QQQ fell\x1b\\"),
        ({"TERM": "foot"}, "\x1b]777;notify;itick-tui;QQQ fell\x1b\\"),
        ({"TERM": "rxvt-unicode-256color"}, "\x1b]777;notify;itick-tui;QQQ fell\x1b\\"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, "\x1b]777;notify;itick-tui;QQQ fell\x1b\\"),
        ({"TERM": "xterm-256color", "KONSOLE_VERSION": "230800"}, "\x1b]777;notify;itick-tui;QQQ fell\x1b\\"),
        ({"TERM": "tmux-256color", "TMUX": "x"}, "\x1bPtmux;\x1b\x1b]9;itick-tui: QQQ fell\x1b\x1b\\\x1b\\"),
        ({"TERM": "xterm-kitty", "TMUX": "inherited"}, "\x1b]9;itick-tui: QQQ fell\x1b\\"),
        ({"TERM": "screen.xterm-256color", "STY": "x"}, ""),
        ({"TERM": "linux"}, ""),
        ({}, ""),
    ],
)
def test_one_sequence_for_each_terminal(environment: dict[str, str], asked: str) -> None:
    assert notification_sequence("QQQ fell", environment) == asked


def test_nothing_that_a_terminal_would_obey_is_in_it() -> None:
    asked = notification_sequence("a\x1b]0;b\x07c\x9cd;e\n" + "x" * 1_000, {"TERM": "foot"})
    text = asked.removeprefix("\x1b]777;notify;itick-tui;").removesuffix("\x1b\\")
    assert text.isprintable() and ";" not in text and len(text) == 200


@pytest.mark.parametrize(("version", "wrapped"), [("tmux 3.4", True), ("kitty(0.35.2)", False), ("XTerm(388)", False)])
def test_the_terminal_s_own_name_counts_for_more_than_what_it_inherited(version: str, wrapped: bool) -> None:
    environment = {"TERM": "xterm-256color", "TMUX": "x"}
    assert notification_sequence("QQQ fell", environment, version).startswith("\x1bPtmux;") is wrapped


def test_a_program_s_parents_are_told_by_the_system(tmp_path: Path) -> None:
    script = tmp_path / "mosh-server"
    script.symlink_to(sys.executable)
    code = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"
    ask = "import os; from tui.multiplexers import notification_obstacle; print(notification_obstacle(os.environ))"
    command: list[str | Path] = [script, "-c", code, sys.executable, "-c", ask]
    found = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | {"STY": ""})
    assert found.stdout.strip() == "mosh"
