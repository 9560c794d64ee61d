"""What this machine has, and what a person may have done to it."""

from __future__ import annotations

import os
import pty
import sys
import termios
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.command import KEY
from tests.support.terminal import Terminal
from tui.config.file import ConfigFile
from tui.config.glyphs import GlyphSetting
from tui.doctor.checks import CheckResult, CheckRunner, Status
from tui.doctor.machine import MachineChecks, check_glyphs, check_terminal
from tui.history.store import BarUpdate, Store, default_store_path
from tui.symbol import Symbol

OK, WARN, FAIL, SKIPPED = Status


async def run_checks(machine: MachineChecks) -> dict[str, CheckResult]:
    runner = CheckRunner(lambda name: None, lambda result: None)
    await runner.run(machine.checks())
    assert KEY not in str(runner.results)
    return {result.name: result for result in runner.results}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ConfigFile:
    """A config file of one's own, no key anywhere, and folders that are not there yet."""
    monkeypatch.delenv("ITICK_TOKEN", raising=False)
    for variable in ("XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    return ConfigFile(tmp_path / "config.toml")


async def test_a_bare_machine_lacks_only_the_key(file: ConfigFile) -> None:
    machine = MachineChecks(file)
    results = await run_checks(machine)
    assert [name for name, result in results.items() if result.status is FAIL] == ["key"]
    assert "none: neither --token-file nor ITICK_TOKEN" in results["key"].words
    assert "websockets " in results["python"].words and "OpenSSL 3" in results["python"].words
    assert results["config"].words == f"none at {file.path}: the defaults apply"
    assert results["address"].words == "api.itick.org, the vendor's default"
    assert not list(file.path.parent.iterdir()), "nothing was left behind"


async def test_the_demo_needs_nothing_and_takes_the_key_out_of_the_environment(
    file: ConfigFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITICK_TOKEN", KEY)
    machine = MachineChecks(file, demo_url="ws://127.0.0.1:1/fund")
    results = await run_checks(machine)
    assert {result.status for result in results.values()} <= {OK, SKIPPED}
    assert "ITICK_TOKEN" not in os.environ
    assert machine.url == "ws://127.0.0.1:1/fund"


async def test_where_the_key_is(file: ConfigFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "key"
    key.write_text(KEY)
    key.chmod(0o600)
    file.path.write_text(f'token_command = ["cat", "{key}"]\n[lists]\nA = ["QQQ$US", "SPY$US"]\nB = ["QQQ$US"]')
    machine = MachineChecks(file)
    results = await run_checks(machine)
    assert results["key"].words == "in what token_command ('cat') prints"
    assert results["config"].words == f"{file.path}, 2 lists, 2 symbols"
    monkeypatch.setenv("ITICK_TOKEN", KEY)
    assert (await run_checks(MachineChecks(file)))["key"].words == "in ITICK_TOKEN"
    machine = MachineChecks(file, token_file=key)
    assert (await run_checks(machine))["key"].words == f"in the file {key}"
    assert machine.token is not None and machine.token.reveal() == KEY
    key.chmod(0o644)
    result = (await run_checks(MachineChecks(file, token_file=key)))["key"]
    assert (result.status, result.advice) == (WARN, f"others can read your key in {key}: chmod 600 {key}")
    gone = (await run_checks(MachineChecks(file, token_file=tmp_path / "gone")))["key"]
    assert gone.status is FAIL and "no such file" in gone.words


async def test_a_config_file_that_cannot_be_read_leaves_address_and_key_untried(
    file: ConfigFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.path.write_text("flash = maybe")
    results = await run_checks(MachineChecks(file))
    assert results["config"].status is FAIL
    assert results["config"].words.startswith(f"{file.path}, line 1: ")
    assert results["address"].words == results["key"].words == "not tried, because of config"
    monkeypatch.setenv("ITICK_TOKEN", KEY)
    results = await run_checks(MachineChecks(file, url="ws://127.0.0.1:9/fund"))
    assert results["address"].words == "127.0.0.1:9, from --url"
    assert results["key"].status is OK


async def test_a_config_file_with_an_address_to_which_the_key_may_not_go(file: ConfigFile) -> None:
    file.path.write_text('url = "ws://example.org/fund"')
    result = (await run_checks(MachineChecks(file)))["address"]
    assert result.status is FAIL and "refusing plain ws://" in result.words


async def test_a_config_file_that_others_can_write(file: ConfigFile) -> None:
    file.path.write_text("")
    file.path.chmod(0o666)
    result = (await run_checks(MachineChecks(file)))["config"]
    assert (result.status, result.advice) == (WARN, f"others can write {file.path}: chmod go-w {file.path}")


async def test_a_history_that_is_damaged_is_no_loss_and_stays_as_it_is(file: ConfigFile) -> None:
    path = default_store_path(demo=False)
    with closing(Store(path)) as store:
        store.write([BarUpdate(Symbol("QQQ", "US"), closes={"2026-11-20": 512.3})])
    assert (await run_checks(MachineChecks(file)))["history"].words.startswith(f"{path}, 0.0 MB, whole")
    whole = path.read_bytes()
    torn = whole[:4096] + b"garbage" * ((len(whole) - 4096) // 7)  # the header and what tables there are is right
    for damaged in (b"garbage" * 1_000, torn):
        path.write_bytes(damaged)
        result = (await run_checks(MachineChecks(file)))["history"]
        assert (result.status, result.words) == (WARN, f"{path} is damaged, or not a history of this program")
        assert path.read_bytes() == damaged


async def test_a_history_that_cannot_be_read(file: ConfigFile) -> None:
    default_store_path(demo=False).mkdir(parents=True)
    result = (await run_checks(MachineChecks(file)))["history"]
    assert result.status is WARN and result.words.startswith(f"cannot read {default_store_path(demo=False)}: ")


async def test_a_folder_that_is_a_file(file: ConfigFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nothing").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "nothing"))
    result = (await run_checks(MachineChecks(file)))["folders"]
    assert result.status is WARN
    assert result.words == f"cannot be written: cache {tmp_path}/nothing/itick-tui: not a directory"


@pytest.mark.parametrize(
    ("environment", "encoding", "status", "words"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "UTF-8", OK, "true colour, UTF-8, TERM xterm-256color"),
        ({"TERM": "tmux-256color", "TMUX": "x", "SSH_CONNECTION": "x"}, "utf-8", OK, "256 colours, utf-8, TERM tmux"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "UTF-8", OK, "no colours (NO_COLOR)"),
        ({"TERM": "xterm"}, "UTF-8", WARN, "16 colours"),
        ({"TERM": "screen-256color", "STY": "x"}, "UTF-8", OK, "no notifications on the desktop (GNU screen drops"),
        ({"TERM": "xterm-256color"}, "ISO-8859-1", WARN, "ISO-8859-1"),
        ({"TERM": "dumb"}, "UTF-8", FAIL, "TERM dumb"),
        ({}, "UTF-8", FAIL, "TERM —"),
    ],
)
def test_terminals(environment: Mapping[str, str], encoding: str, status: Status, words: str) -> None:
    ours, theirs = pty.openpty()
    try:
        termios.tcsetwinsize(theirs, (45, 160))
        found = check_terminal(theirs, environment, encoding)
        assert found.status is status
        assert found.words.startswith("160×45, ") and words in found.words
        assert bool(found.advice) == (status is not OK)
        if status is OK:
            termios.tcsetwinsize(theirs, (10, 40))
            assert check_terminal(theirs, environment, encoding).status is WARN
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize(
    ("wide", "setting", "encoding", "inside", "status", "words"),
    [
        (False, "auto", "UTF-8", "", OK, "full: lines, arrows and dots are one cell wide"),
        (True, "auto", "utf8", "TMUX tmux", OK, "wide-safe: lines, arrows and dots are two cells wide"),
        (True, "full", "UTF-8", "", WARN, "full: lines, arrows and dots are two cells wide"),
        (None, "auto", "UTF-8", "", WARN, "full: the terminal does not tell"),
        (None, "wide-safe", "UTF-8", "", OK, "wide-safe: the terminal does not tell"),
        (False, "auto", "GB18030", "", OK, "ascii: "),
        (
            False,
            "auto",
            "UTF-8",
            "TMUX tmux-256color",
            OK,
            "tmux answers for itself: if the terminal around it draws them two cells",
        ),
        (False, "auto", "UTF-8", "STY screen", OK, "GNU screen answers for itself"),
        (False, "auto", "UTF-8", "TMUX xterm-kitty", OK, "full: lines, arrows and dots are one cell wide"),
    ],
)
def test_glyphs(
    wide: bool | None, setting: GlyphSetting, encoding: str, inside: str, status: Status, words: str
) -> None:
    name, _, term = inside.partition(" ")
    found = check_glyphs(wide, setting, encoding, {name: "x", "TERM": term})
    assert found.status is status and words in found.words
    assert ('set glyphs = "wide-safe"' in found.words + found.advice) == (status is WARN or "for itself" in words)


@pytest.mark.parametrize(("ambiguous", "wide"), [(1, False), (2, True), (0, None)])
async def test_the_terminal_is_asked_and_left_as_it_was(ambiguous: int, wide: bool | None) -> None:
    ask = "import tui.terminal.ambiguous_width as it; print('wide', it.ask(0, 0.5)); input()"
    terminal = Terminal(["-c", ask], program=sys.executable, answers=ambiguous > 0)
    terminal.set_ambiguous(max(1, ambiguous))
    try:
        await terminal.until(lambda: f"wide {wide}" in terminal.text())
        assert "▲" not in terminal.text() and termios.tcgetattr(terminal.fileno) == terminal.before
        terminal.press("typed\r")
        assert await terminal.exit_code() == 0
    finally:
        terminal.kill()


def test_no_terminal_at_all() -> None:
    assert check_terminal(None, {}, "UTF-8").status is SKIPPED


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
async def test_folders_that_we_may_not_look_into(
    file: ConfigFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / "closed" / "folder"))
    (tmp_path / "closed").mkdir(0)
    result = (await run_checks(MachineChecks(file)))["folders"]
    assert result.status is WARN and "permission denied" in result.words


async def test_rest_is_looked_for_at_its_own_address_but_not_for_another_feed(file: ConfigFile) -> None:
    file.path.write_text('url = "wss://one.example/fund"\nrest_url = "https://rest.example"')
    machine = MachineChecks(file)
    results = await run_checks(machine)
    assert results["address"].words == "one.example, from the config file, and for REST rest.example"
    assert (machine.url, machine.rest) == ("wss://one.example/fund", "https://rest.example")
    other = MachineChecks(file, url="wss://two.example/fund")
    results = await run_checks(other)
    assert results["address"].words == "two.example, from --url"
    assert (other.url, other.rest) == ("wss://two.example/fund", ""), "the key goes to no third host"
