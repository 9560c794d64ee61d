"""What the options of the command line and the config file come to, before anything runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.support.command import KEY
from tui.cli import cli
from tui.cli.doctor import _default_symbols
from tui.cli.options import find_target
from tui.config.file import ConfigFile
from tui.config.settings import Settings
from tui.doctor.machine import MachineChecks
from tui.symbol import Symbol

QQQ, SPY = Symbol("QQQ", "US"), Symbol("SPY", "US")


def test_a_key_that_others_can_read_is_noticed(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(KEY)
    for mode, expected in ((0o600, []), (0o644, [f"others can read your key in {key}: chmod 600 {key}"])):
        key.chmod(mode)
        notices: list[str] = []
        target, token = find_target("ws://127.0.0.1:9/fund", key, ConfigFile(tmp_path / "c.toml"), Settings(), notices)
        assert (target, notices) == ("ws://127.0.0.1:9/fund", expected)
        assert token is not None and token.reveal() == KEY


class LaunchedApp:
    """Takes the place of the app: keeps its launch options and ends at once."""

    settings: ClassVar[list[Settings]] = []
    unsaved: ClassVar[list[str]] = []
    crash = None
    return_code = 0

    def __init__(self, options: Any, *rest: object) -> None:
        self.settings.append(options.settings)

    def run(self, *, mouse: bool) -> None:
        pass


@pytest.mark.parametrize(
    ("config", "arguments", "theme", "bell"),
    [
        ("", (), "midnight", True),
        ("", ("--no-bell",), "midnight", False),
        ("bell = false", (), "midnight", False),
        ('theme = "amber"', (), "amber", True),
        ('theme = "amber"', ("--theme", "harbor"), "harbor", True),
    ],
)
def test_options_of_the_command_line_come_before_the_config_file(
    config: str, arguments: tuple[str, ...], theme: str, bell: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.app.app.ItickApp", LaunchedApp)
    for stream in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(getattr(sys, stream), "isatty", lambda: True)
    file = tmp_path / "config.toml"
    file.write_text(config)
    assert cli.main(["--demo", "--config", str(file), *arguments], standalone_mode=False) == 0
    settings = LaunchedApp.settings.pop()
    assert (settings.theme, settings.bell) == (theme, bell)
    assert file.read_text() == config


def test_the_doctor_watches_the_list_shown_at_the_start(tmp_path: Path) -> None:
    machine = MachineChecks(ConfigFile(tmp_path / "config.toml"))
    assert _default_symbols(machine, demo=False) == [SPY]
    for settings, expected in (
        (Settings(), [SPY]),
        (Settings(lists={"A": (QQQ,), "B": (SPY, QQQ)}), (QQQ,)),
        (Settings(lists={"A": (QQQ,), "B": (SPY, QQQ)}, list="B"), (SPY, QQQ)),
        (Settings(lists={"A": (QQQ,), "B": ()}, list="B"), (QQQ,)),
    ):
        machine.settings = settings
        assert _default_symbols(machine, demo=False) == expected
