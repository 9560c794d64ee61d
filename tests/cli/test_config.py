"""The config file as the shell sees it."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from tests.cli.test_cli import assert_usage_error
from tests.support.command import KEY, run_in_process, run_program
from tui.config.settings import Settings, parse_settings
from tui.config.template import SETTING_DESCRIPTIONS, default_text, effective_text
from tui.exchange.server import Exchange
from tui.market.alerts import parse_alert
from tui.market.basis import parse_basis
from tui.secrets import Token
from tui.symbol import Symbol

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_path_init_and_show() -> None:
    path = Path(os.environ["XDG_CONFIG_HOME"]) / "itick-tui" / "config.toml"
    assert run_in_process("config", "path").stdout == f"{path}\n"
    assert run_in_process("config", "init").stdout == f"{path}\n"
    assert path.read_text(encoding="utf-8") == default_text()
    assert parse_settings(run_in_process("config", "show").stdout, "") == Settings()
    assert_usage_error(run_in_process("config", "init"), f"there is a file already: {path}")


def test_the_demo_has_a_file_of_its_own() -> None:
    path = Path(os.environ["XDG_CONFIG_HOME"]) / "itick-tui" / "demo.toml"
    assert run_in_process("config", "path", "--demo").stdout == f"{path}\n"
    assert run_in_process("config", "init", "--demo").stdout == f"{path}\n"
    path.write_text('theme = "amber"\n', encoding="utf-8")
    assert 'theme = "amber"' in run_in_process("config", "show", "--demo").stdout
    assert 'theme = "amber"' not in run_in_process("config", "show").stdout
    other = path.with_name("other.toml")
    assert run_in_process("config", "--config", str(other), "path", "--demo").stdout == f"{other}\n"


def test_without_a_command_its_help_is_shown() -> None:
    result = run_in_process("config")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: itick-tui config ")


def test_another_file(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('theme = "amber"\n', encoding="utf-8")
    assert 'theme = "amber"' in run_in_process("config", "--config", str(other), "show").stdout
    assert_usage_error(run_in_process("--config", str(other), "config", "show"), "put --config after the command")


def test_a_fresh_file_sets_nothing_and_names_everything() -> None:
    assert parse_settings(default_text(), "") == Settings()
    lines = default_text().splitlines()
    opened = "\n".join(line[2:] if line[2:].split(" = ")[0] in SETTING_DESCRIPTIONS else line for line in lines)
    assert set(tomllib.loads(opened)) >= set(Settings.__struct_fields__)
    assert set(SETTING_DESCRIPTIONS) == set(Settings.__struct_fields__)


def test_what_is_in_force_can_be_read_back() -> None:
    settings = Settings(
        theme="amber",
        columns=("symbol", "last"),
        lists={"Core": (Symbol("QQQ", "US"),), "A B": ()},
        keys={"add": ("n",)},
        token_command=("pass", "x"),
        alerts=(parse_alert("QQQ$US ±2% repeat 0.5% off"),),
        alert_command=("say", "{words}"),
        iopv_command=("nav", "QQQ$US"),
        basis=(parse_basis("SPLG = SPY × 0.1175"),),
    )
    assert parse_settings(effective_text(settings), "") == settings


def test_the_file_that_readme_shows_can_be_used() -> None:
    part = README.split("\n## Configuration\n")[1].split("\n## ")[0]
    settings = parse_settings(part.split("```toml\n")[1].split("```")[0], "")
    assert (settings.theme, len(settings.alerts), settings.keys) == ("daylight", 3, {"add": ("n",)})


@pytest.mark.parametrize(
    "command", [("--watch", "QQQ$US"), ("stream", "--watch", "QQQ$US")], ids=["dashboard", "stream"]
)
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('theme = "amber"\ncolour = 1', "config.toml, line 2: there is no setting 'colour'"),
        ('url = "ws://example.org/fund"', "config.toml, url: refusing plain ws:// to example.org"),
        ('token_command = ["no-such-program-here"]', "token_command: 'no-such-program-here' cannot be run"),
    ],
)
def test_what_is_wrong_in_the_file_is_said(tmp_path: Path, command: tuple[str, ...], text: str, words: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    assert_usage_error(run_in_process(*command, "--config", str(path)), words)


def test_where_rest_is_asked_is_checked_too_but_for_another_feed(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('rest_url = "http://example.org"', encoding="utf-8")
    own = run_in_process("--watch", "QQQ$US", "--config", str(path), key=KEY)
    assert_usage_error(own, f"{path}, rest_url: refusing plain http:// to example.org")
    for other in (("--demo",), ("--url", "ws://127.0.0.1:9/fund", "--watch", "QQQ$US")):
        elsewhere = run_in_process(*other, "--config", str(path), key=KEY)
        assert_usage_error(elsewhere, "the dashboard needs a terminal")


def test_a_theme_that_is_not_there_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('theme = "pink"', encoding="utf-8")
    assert_usage_error(
        run_in_process("--demo", "--config", str(path)), f"{path}, theme: unknown theme 'pink': choose one of midnight"
    )


async def test_the_key_of_a_command_connects_and_stays_unseen(tmp_path: Path) -> None:
    import asyncio

    key = tmp_path / "key"
    key.write_text(KEY, encoding="utf-8")
    path = tmp_path / "config.toml"
    async with Exchange(key=Token(KEY)) as exchange:
        path.write_text(f'url = "{exchange.url}"\ntoken_command = ["cat", "{key}"]', encoding="utf-8")
        result = await asyncio.to_thread(
            run_program,
            "stream",
            "--config",
            str(path),
            "--watch",
            "QQQ$US",
            "--count",
            "1",
            "--log",
            str(tmp_path / "log"),
        )
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) == 1
    assert KEY not in (tmp_path / "log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "command", [("--watch", "QQQ$US"), ("stream", "--watch", "QQQ$US")], ids=["dashboard", "stream"]
)
def test_a_command_that_others_could_have_written_is_not_run_and_that_is_said(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'token_command = ["touch", "{tmp_path}/ran"]', encoding="utf-8")
    path.chmod(0o666)
    result = run_in_process(*command, "--config", str(path))
    words = f"token_command will not be run: others can write {path}: chmod go-w {path}"
    assert_usage_error(result, "no key: give that of your iTick account in ITICK_TOKEN")
    assert words in result.stderr
    assert not (tmp_path / "ran").exists()
    assert words in run_in_process("config", "--config", str(path), "show").stderr


async def test_without_its_commands_a_config_serves(tmp_path: Path) -> None:
    import asyncio

    path = tmp_path / "config.toml"
    async with Exchange() as exchange:
        path.write_text(f'url = "{exchange.url}"\nalert_command = ["touch", "{tmp_path}/ran"]', encoding="utf-8")
        path.chmod(0o666)
        arguments = ("stream", "--config", str(path), "--watch", "QQQ$US", "--count", "1")
        result = await asyncio.to_thread(run_program, *arguments, key=KEY)
    assert result.returncode == 0
    assert f"itick-tui: alert_command will not be run: others can write {path}" in result.stderr


def test_a_config_that_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        result = run_in_process("config", "--config", str(path), "show")
        assert_usage_error(result, f"cannot read {path}: it is not a regular file")
